export { CountSign, type SignCount, type SignRules } from './count-sign.ts';
export type { Done } from './day-count.ts';
export { type RuleInput, sourceOf } from './gauge.ts';
export { LoadRelay, type ToldResult } from './load-relay.ts';
export { type LoadNow, type LoadWanted, LoadWill } from './load-will.ts';
export { type Fed, PowerCycle, type SupplyLook, type SupplyRules, type SupplyWish } from './power-cycle.ts';
export { planName, RuleBook } from './rule-book.ts';
export type { KeptWatch, RuleOutput, WatchView } from './watch.ts';
