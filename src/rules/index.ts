export { CountSign, type SignCount, type SignRules } from './count-sign.ts';
export type { Done } from './day-count.ts';
export { type Fed, PowerCycle, type SupplyLook, type SupplyRules, type SupplyWish } from './power-cycle.ts';
