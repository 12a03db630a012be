export type { AirSettings, AirSource } from './air.ts';
export type { WantedStandard } from './air-points.ts';
export type { BayRules, BayState } from './bay.ts';
export { Derivation, type DerivedSettings } from './derivation.ts';
export type { NoiseClass } from './levels.ts';
export type { Moment } from './maker.ts';
export { PERIODS, type PeriodRule, type Periods } from './noise-points.ts';
export type { BaySettings, Sense } from './parking.ts';
