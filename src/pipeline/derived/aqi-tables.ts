import type { ConcentrationUnit, Pollutant } from '../../model/index.ts';

/** Over which time a concentration is averaged before it is looked up. `max-8h`: the largest 8-hour mean of the day. */
export type Averaging = '1h' | '8h' | '24h' | 'nowcast' | 'max-1h' | 'max-8h';

/** One straight piece: concentrations from..to stand for index values low..high. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
}

/** How one average of one pollutant becomes an index. */
export interface IndexTable {
  readonly unit: ConcentrationUnit;
  /** Concentrations are brought to so many decimals first. */
  readonly decimals: number;
  readonly pieces: readonly Piece[];
  /** Above the last piece: stay at its index, or say nothing since another average has the word there. */
  readonly above: 'cap' | 'nothing';
}

export type StandardId = 'hj-633-2012' | 'hj-633-2026' | 'us-epa-2024';

/** A version of a standard as data. */
export interface Standard {
  readonly id: StandardId;
  readonly title: string;
  readonly source: string;
  /** First local day it is in force. */
  readonly valid_from: string;
  readonly rounding: { readonly concentration: 'half-even' | 'down'; readonly index: 'up' | 'nearest' };
  /** Averages looked up for the hourly report, and for the day. The largest index counts. */
  readonly hourly: Readonly<Partial<Record<Pollutant, Readonly<Partial<Record<Averaging, IndexTable>>>>>>;
  readonly daily: Readonly<Partial<Record<Pollutant, Readonly<Partial<Record<Averaging, IndexTable>>>>>>;
  /** Share of an hour that must be measured, hours of eight and of a day that must be there. */
  readonly enough: { readonly hour: number; readonly of_8h: number; readonly of_day: number };
  /** Up to this index nothing is published while a pollutant is missing; undefined: there is no such rule. */
  readonly none_up_to: number | undefined;
  /** Names of the classes, each with its largest index. */
  readonly classes: readonly { readonly upto: number; readonly name: string; readonly colour: string }[];
}

const HJ_INDEX = [0, 50, 100, 150, 200, 300, 400, 500] as const;

/** The break points of a pollutant at 50, 100, 150, 200, 300, 400, 500, as the standard prints them; fewer where it ends sooner. */
function hj(
  unit: ConcentrationUnit,
  points: readonly number[],
  { decimals = 0, above = 'cap' }: Partial<Pick<IndexTable, 'decimals' | 'above'>> = {},
): IndexTable {
  const all = [0, ...points];
  const pieces = points.map((to, index) => ({
    from: all[index] ?? 0,
    to,
    low: HJ_INDEX[index] ?? 0,
    high: HJ_INDEX[index + 1] ?? 0,
  }));
  return { unit, decimals, pieces, above };
}

const EPA_INDEX = [
  [0, 50],
  [51, 100],
  [101, 150],
  [151, 200],
  [201, 300],
  [301, 500],
] as const;

/** The upper ends of the classes, as the document prints them; the next class begins one last digit above. `first`: the first class it has. */
function epa(
  unit: ConcentrationUnit,
  ends: readonly number[],
  { decimals = 0, first = 0, from = 0, above = 'cap' }: Partial<IndexTable & { first: number; from: number }>,
): IndexTable {
  const step = 10 ** -decimals;
  const pieces = ends.map((to, index) => {
    const [low, high] = EPA_INDEX[index + first] ?? [0, 0];
    const begin = index === 0 ? from : Number(((ends[index - 1] ?? 0) + step).toFixed(decimals));
    return { from: begin, to, low, high };
  });
  return { unit, decimals, pieces, above };
}

const HJ_GASES = {
  hourly: {
    // Above 800 the standard looks at the mean of the day; within the hour the index ends at 200.
    so2: { '1h': hj('ug/m3', [150, 500, 650, 800]) },
    no2: { '1h': hj('ug/m3', [100, 200, 700, 1200, 2340, 3090, 3840]) },
    co: { '1h': hj('mg/m3', [5, 10, 35, 60, 90, 120, 150], { decimals: 1 }) },
    o3: { '1h': hj('ug/m3', [160, 200, 300, 400, 800, 1000, 1200]) },
  },
  daily: {
    so2: { '24h': hj('ug/m3', [50, 150, 475, 800, 1600, 2100, 2620]) },
    no2: { '24h': hj('ug/m3', [40, 80, 180, 280, 565, 750, 940]) },
    co: { '24h': hj('mg/m3', [2, 4, 14, 24, 36, 48, 60], { decimals: 1 }) },
    // Above 800 the eight-hour mean has no index; the hour has it.
    o3: {
      'max-8h': hj('ug/m3', [100, 160, 215, 265, 800], { above: 'nothing' }),
      'max-1h': above800(hj('ug/m3', [160, 200, 300, 400, 800, 1000, 1200])),
    },
  },
} as const;

function above800(table: IndexTable): IndexTable {
  return { ...table, pieces: table.pieces.filter(({ from }) => from >= 800) };
}

const HJ_CLASSES = [
  { upto: 50, name: 'excellent', colour: '00E400' },
  { upto: 100, name: 'good', colour: 'FFFF00' },
  { upto: 150, name: 'light', colour: 'FF7E00' },
  { upto: 200, name: 'moderate', colour: 'FF0000' },
  { upto: 300, name: 'heavy', colour: '99004C' },
  { upto: 500, name: 'severe', colour: '7E0023' },
] as const;

// GB 3095-2012, table 4: 45 minutes of an hour, 6 hours of eight, 20 hours of a day.
const HJ_ENOUGH = { hour: 0.75, of_8h: 6, of_day: 20 } as const;

function hj633(
  version: Pick<Standard, 'id' | 'title' | 'source' | 'valid_from' | 'none_up_to'>,
  particles: { readonly pm2_5: readonly number[]; readonly pm10: readonly number[] },
): Standard {
  // Of particles the hour is looked up in the table of the day (real-time report).
  const pm2_5 = hj('ug/m3', particles.pm2_5);
  const pm10 = hj('ug/m3', particles.pm10);
  return {
    ...version,
    rounding: { concentration: 'half-even', index: 'up' },
    hourly: { pm2_5: { '1h': pm2_5 }, pm10: { '1h': pm10 }, ...HJ_GASES.hourly },
    daily: { pm2_5: { '24h': pm2_5 }, pm10: { '24h': pm10 }, ...HJ_GASES.daily },
    enough: HJ_ENOUGH,
    classes: HJ_CLASSES,
  };
}

const OZONE_1H = epa('[ppm]', [0.164, 0.204, 0.404, 0.604], { decimals: 3, first: 2, from: 0.125 });
const OZONE_8H = epa('[ppm]', [0.054, 0.07, 0.085, 0.105, 0.2], { decimals: 3, above: 'nothing' });
const SULFUR_1H = epa('[ppb]', [35, 75, 185, 304], { above: 'cap' });
const SULFUR_24H = epa('[ppb]', [604, 1004], { first: 4, from: 305 });
const NITROGEN_1H = epa('[ppb]', [53, 100, 360, 649, 1249, 2049], {});
const CARBON_8H = epa('[ppm]', [4.4, 9.4, 12.4, 15.4, 30.4, 50.4], { decimals: 1 });
const EPA_PM2_5 = epa('ug/m3', [9, 35.4, 55.4, 125.4, 225.4, 325.4], { decimals: 1 });
const EPA_PM10 = epa('ug/m3', [54, 154, 254, 354, 424, 604], {});

export const STANDARDS: readonly Standard[] = [
  hj633(
    {
      id: 'hj-633-2012',
      title: 'HJ 633-2012',
      source: 'HJ 633-2012, tables 1 and 2; GB 3095-2012, table 4 (how much must be measured)',
      valid_from: '2016-01-01',
      none_up_to: undefined,
    },
    { pm2_5: [35, 75, 115, 150, 250, 350, 500], pm10: [50, 150, 250, 350, 420, 500, 600] },
  ),
  hj633(
    {
      id: 'hj-633-2026',
      title: 'HJ 633-2026',
      source: 'HJ 633-2026, in force since 2026-03-01; GB 3095-2012, table 4 (how much must be measured)',
      valid_from: '2026-03-01',
      none_up_to: 100,
    },
    { pm2_5: [35, 60, 115, 150, 250, 350, 500], pm10: [50, 120, 250, 350, 420, 500, 600] },
  ),
  {
    id: 'us-epa-2024',
    title: 'US EPA 2024',
    source: 'EPA-454/B-24-002, table 6 and NowCast; 40 CFR part 58, appendix G',
    valid_from: '2024-05-06',
    rounding: { concentration: 'down', index: 'nearest' },
    hourly: {
      pm2_5: { nowcast: EPA_PM2_5 },
      pm10: { nowcast: EPA_PM10 },
      so2: { '1h': SULFUR_1H },
      no2: { '1h': NITROGEN_1H },
      co: { '8h': CARBON_8H },
      o3: { '8h': OZONE_8H, '1h': OZONE_1H },
    },
    daily: {
      pm2_5: { '24h': EPA_PM2_5 },
      pm10: { '24h': EPA_PM10 },
      so2: { 'max-1h': SULFUR_1H, '24h': SULFUR_24H },
      no2: { 'max-1h': NITROGEN_1H },
      co: { 'max-8h': CARBON_8H },
      o3: { 'max-8h': OZONE_8H, 'max-1h': OZONE_1H },
    },
    enough: { hour: 0.75, of_8h: 6, of_day: 18 },
    none_up_to: undefined,
    classes: [
      { upto: 50, name: 'good', colour: '00E400' },
      { upto: 100, name: 'moderate', colour: 'FFFF00' },
      { upto: 150, name: 'unhealthy-for-sensitive', colour: 'FF7E00' },
      { upto: 200, name: 'unhealthy', colour: 'FF0000' },
      { upto: 300, name: 'very-unhealthy', colour: '8F3F97' },
      { upto: 500, name: 'hazardous', colour: '7E0023' },
    ],
  },
];
