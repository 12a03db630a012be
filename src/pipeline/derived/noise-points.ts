import {
  type FlagPoint,
  GB_3096_2008,
  NIGHT_PEAK_DB,
  type NoiseClass,
  type NumberPoint,
  type PointSpecs,
  type StatePoint,
} from '../../model/index.ts';

export type PartName = 'day' | 'evening' | 'night';

/** The parts of a day by the rule of a country; hours are local. */
export interface PeriodRule {
  readonly parts: readonly {
    readonly name: PartName;
    readonly from_h: number;
    /** dB added to it in the level of the whole day. */
    readonly penalty: number;
  }[];
  readonly whole: 'ldn' | 'lden';
  readonly source: string;
}

export type Periods = 'china' | 'eu' | 'us';

export const PERIODS: Readonly<Record<Periods, PeriodRule>> = {
  china: {
    parts: [
      { name: 'day', from_h: 6, penalty: 0 },
      { name: 'night', from_h: 22, penalty: 10 },
    ],
    whole: 'ldn',
    source: 'GB 3096-2008, 3.4',
  },
  eu: {
    parts: [
      { name: 'day', from_h: 7, penalty: 0 },
      { name: 'evening', from_h: 19, penalty: 5 },
      { name: 'night', from_h: 23, penalty: 10 },
    ],
    whole: 'lden',
    source: '2002/49/EC, annex I',
  },
  us: {
    parts: [
      { name: 'day', from_h: 7, penalty: 0 },
      { name: 'night', from_h: 22, penalty: 10 },
    ],
    whole: 'ldn',
    source: 'EPA 550/9-74-004',
  },
};

export const PART_STATUS = ['measuring', 'measured', 'insufficient-data', 'clock-unsynced'] as const;
export type PartStatus = (typeof PART_STATUS)[number];

/** The level of a part of the day: `ld`, `le`, `ln`. */
export const levelPoint = (part: PartName): 'ld' | 'le' | 'ln' =>
  (({ day: 'ld', evening: 'le', night: 'ln' }) as const)[part];

const level = (about: string): NumberPoint => ({
  kind: 'number',
  unit: 'dB[A]',
  min: 0,
  max: 150,
  about: `${about} Indicative: made from single slow values, not by an IEC 61672 instrument.`,
  privacy: 'plain',
});
const share = (about: string): NumberPoint => ({
  kind: 'number',
  unit: '%',
  min: 0,
  max: 100,
  about,
  privacy: 'plain',
});
const flag = (about: string): FlagPoint => ({ kind: 'flag', about, privacy: 'plain' });

/** What a noise device gives; `limits` adds whether those of GB 3096-2008 were exceeded. */
export function noisePoints({
  rule,
  window_s,
  limits,
}: {
  readonly rule: PeriodRule;
  readonly window_s: number;
  readonly limits: NoiseClass | undefined;
}): PointSpecs {
  const points: Record<string, NumberPoint | FlagPoint | StatePoint> = {
    laeq: level(`Energy mean (LAeq) of each ${window_s} s.`),
    lamax: level(`Largest single value in ${window_s} s (like LAFmax).`),
    l10: level(`Exceeded 10 % of ${window_s} s.`),
    l50: level(`Exceeded 50 % of ${window_s} s.`),
    l90: level(`Exceeded 90 % of ${window_s} s: the background.`),
    window_complete: share(`How much of the last ${window_s} s was measured.`),
  };
  for (const { name } of rule.parts) {
    points[levelPoint(name)] = level(`Energy mean of the last ${name} (${rule.source}).`);
    points[`${name}_complete`] = share(`How much of the last ${name} was measured.`);
  }
  points[rule.whole] = level(
    `Level of the last whole day with additions for ${rule.whole === 'lden' ? 'evening and night' : 'the night'}.`,
  );
  points.part_status = {
    kind: 'state',
    values: PART_STATUS,
    about:
      'How the newest level of a part of the day came about; clock-unsynced: none is made while nobody tells the time.',
    privacy: 'plain',
  };
  if (limits !== undefined) {
    const { day, night } = GB_3096_2008[limits];
    const of = `GB 3096-2008, class ${limits}`;
    points.day_over = flag(`The last day was above ${day} dB(A) (${of}).`);
    points.night_over = flag(`The last night was above ${night} dB(A) (${of}).`);
    points.night_peak_over = flag(
      `A single value of the last night was above ${night + NIGHT_PEAK_DB} dB(A) (${of}: limit + ${NIGHT_PEAK_DB} dB).`,
    );
  }
  return points;
}
