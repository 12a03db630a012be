export type NoiseClass = '0' | '1' | '2' | '3' | '4a' | '4b';

/** Limits in dB(A) by class of the area: GB 3096-2008, table 1 (clause 5.1). */
export const GB_3096_2008: Readonly<Record<NoiseClass, { readonly day: number; readonly night: number }>> = {
  '0': { day: 50, night: 40 },
  '1': { day: 55, night: 45 },
  '2': { day: 60, night: 50 },
  '3': { day: 65, night: 55 },
  '4a': { day: 70, night: 55 },
  '4b': { day: 70, night: 60 },
};

/** A sudden noise at night may exceed the limit of the night by so much: GB 3096-2008, clause 5.4. */
export const NIGHT_PEAK_DB = 15;
