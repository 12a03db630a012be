export type { AirSource } from './air.ts';
export type { WantedStandard } from './air-points.ts';
export { STANDARDS } from './aqi-tables.ts';
export type { BayRules, BayState } from './bay.ts';
export { Derivation, type DerivedSettings } from './derivation.ts';
export type { Moment } from './maker.ts';
export { PERIODS, type Periods } from './noise-points.ts';
export type { BaySettings, Sense } from './parking.ts';
