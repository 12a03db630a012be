import type { SaidLevels } from './said-levels.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Share of a window or a part of the day that must be measured. */
const ENOUGH = 0.75;

interface PartOfDay {
  readonly name: string;
  readonly point: string;
  readonly from_h: number;
  readonly to_h: number;
  readonly penalty: number;
}

/** GB 3096-2008, 3.4. */
export const CHINA: readonly PartOfDay[] = [
  { name: 'day', point: 'ld', from_h: 6, to_h: 22, penalty: 0 },
  { name: 'night', point: 'ln', from_h: 22, to_h: 30, penalty: 10 },
];
/** 2002/49/EC, annex I. */
export const EU: readonly PartOfDay[] = [
  { name: 'day', point: 'ld', from_h: 7, to_h: 19, penalty: 0 },
  { name: 'evening', point: 'le', from_h: 19, to_h: 23, penalty: 5 },
  { name: 'night', point: 'ln', from_h: 23, to_h: 31, penalty: 10 },
];

/** A level that is to be told at a moment: of a window, a part of the day, a whole day. */
export interface ExpectedLevel {
  readonly point: string;
  /** Where its share stands. */
  readonly complete: string;
  readonly unix_ms: number;
  readonly percent: number;
  /** null: too little was measured. */
  readonly level: number | null;
}

/** Of every round quarter of an hour that ends in that time. */
export function windowsOf(truth: SaidLevels, device: string, [begin, end]: readonly [number, number]) {
  const length = HOUR / 4;
  const ends: number[] = [];
  for (let at = (Math.floor(begin / length) + 1) * length; at <= end; at += length) ends.push(at);
  return ends.map((at) =>
    told(truth, device, {
      point: 'laeq',
      complete: 'window_complete',
      from: Math.max(begin, at - length),
      length,
      to: at,
    }),
  );
}

/** Of each part of the day that ends in that time, and with the last part of a day the whole of it as `whole`. `midnight`: one at the site. */
export function partsOf(
  truth: SaidLevels,
  device: string,
  {
    parts,
    whole,
    time: [begin, end],
    midnight,
  }: {
    readonly parts: readonly PartOfDay[];
    readonly whole: string;
    readonly time: readonly [number, number];
    readonly midnight: number;
  },
): ExpectedLevel[] {
  const first = midnight + Math.floor((begin - midnight) / DAY) * DAY - DAY;
  const expected: ExpectedLevel[] = [];
  for (let day = first; day <= end; day += DAY) {
    const ofDay = parts.map(({ name, point, from_h, to_h }) =>
      told(truth, device, {
        point,
        complete: `${name}_complete`,
        from: day + from_h * HOUR,
        length: (to_h - from_h) * HOUR,
        to: day + to_h * HOUR,
      }),
    );
    const last = ofDay.at(-1);
    if (last) expected.push(...ofDay, { ...last, point: whole, level: wholeOf(parts, ofDay) });
  }
  return expected.filter(({ unix_ms }) => unix_ms > begin && unix_ms <= end);
}

function wholeOf(parts: readonly PartOfDay[], levels: readonly ExpectedLevel[]): number | null {
  let energy = 0;
  for (const [index, { from_h, to_h, penalty }] of parts.entries()) {
    const level = levels[index]?.level ?? null;
    if (level === null) return null;
    energy += (to_h - from_h) * 10 ** ((level + penalty) / 10);
  }
  return 10 * Math.log10(energy / 24);
}

function told(
  truth: SaidLevels,
  device: string,
  {
    point,
    complete,
    from,
    to,
    length,
  }: {
    readonly point: string;
    readonly complete: string;
    readonly from: number;
    readonly to: number;
    readonly length: number;
  },
): ExpectedLevel {
  const { level, share } = truth.level(device, { from, to });
  const measured = (share * (to - from)) / length;
  return {
    point,
    complete,
    unix_ms: to,
    percent: 100 * measured,
    level: measured >= ENOUGH ? level : null,
  };
}
