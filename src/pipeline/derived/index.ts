export { AirMaker, type AirSettings, type AirSource } from './air.ts';
export { AQI_LABELS, caveatOf, type WantedStandard } from './air-points.ts';
export { STANDARDS } from './aqi-tables.ts';
export { BAY_STATES, type BayRules, type BayState } from './bay.ts';
export { Derivation, type DerivedSettings } from './derivation.ts';
export { GB_3096_2008, type NoiseClass } from './levels.ts';
export type { Moment } from './maker.ts';
export { PERIODS, type PeriodRule, type Periods } from './noise-points.ts';
export type { BaySettings, Sense } from './parking.ts';
