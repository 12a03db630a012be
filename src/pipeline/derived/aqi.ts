import type { Pollutant } from '../../model/index.ts';
import { type IndexTable, STANDARDS, type Standard } from './aqi-tables.ts';

/**
 * The standard a site means: one version by its id, or with `hj-633` the version in force on that local day (`2026-03-01`).
 * Before the first version the first one is taken.
 */
export function standardOn(wanted: 'hj-633' | Standard['id'], day: string): Standard {
  const family = STANDARDS.filter(({ id }) =>
    wanted === 'hj-633' ? id.startsWith('hj-633') : id === wanted,
  );
  const known = family.findLast(({ valid_from }) => valid_from <= day) ?? family[0];
  if (!known) throw new RangeError(`there is no standard ${wanted}`);
  return known;
}

/**
 * Index of one average, in the unit of its table; undefined where this table has nothing to say (below its first piece, or above its last
 * where another average has the word). Linear within a piece: HJ 633, formula (1); EPA-454/B-24-002, equation 1.
 */
export function indexOf(
  concentration: number,
  table: IndexTable,
  rounding: Standard['rounding'],
): number | undefined {
  const value = rounded(Math.max(0, concentration), table.decimals, rounding.concentration);
  const [first] = table.pieces;
  const last = table.pieces.at(-1);
  if (!first || !last || value < first.from) return undefined;
  if (value > last.to) return table.above === 'cap' ? last.high : undefined;
  const piece = table.pieces.find(({ to }) => value <= to) ?? last;
  const { from, to, low, high } = piece;
  const exact = low + ((high - low) * (value - from)) / (to - from);
  // Binary dust must not lift 62 to 63, nor 62.5 fall to 62.
  return Math.max(0, rounding.index === 'up' ? Math.ceil(exact - 1e-9) : Math.floor(exact + 0.5 + 1e-9));
}

/** To so many decimals: half to even as GB/T 8170 says it, or the rest cut off as the US EPA says it. */
export function rounded(value: number, decimals: number, how: 'half-even' | 'down'): number {
  const factor = 10 ** decimals;
  const scaled = value * factor;
  const floor = Math.floor(scaled + 1e-9);
  if (how === 'down') return floor / factor;
  const rest = scaled - floor;
  if (Math.abs(rest - 0.5) < 1e-9) return (floor + (floor % 2)) / factor;
  return Math.round(scaled) / factor;
}

/** The whole index: the largest of its parts, and which pollutant that is. Primary only above 50 (HJ 633; of equals the first named). */
export function worstOf(
  parts: readonly { readonly pollutant: Pollutant; readonly index: number }[],
): { readonly index: number; readonly primary: Pollutant | 'none' } | undefined {
  const [first] = parts;
  if (!first) return undefined;
  const worst = parts.reduce((most, part) => (part.index > most.index ? part : most), first);
  return { index: worst.index, primary: worst.index > 50 ? worst.pollutant : 'none' };
}

export const classOf = (index: number, { classes }: Standard): string =>
  classes.find(({ upto }) => index <= upto)?.name ?? classes.at(-1)?.name ?? '';

/**
 * NowCast of particles (EPA-454/B-24-002; nepis P100X0J6): hourly means, newest first, at most twelve; undefined where one is missing.
 * Each counts with w^hours-ago, w = smallest / largest, at least 0.5. Two of the latest three hours must be there.
 */
export function nowcast(hours: readonly (number | undefined)[]): number | undefined {
  const latest = hours.slice(0, 12);
  if (latest.slice(0, 3).filter((hour) => hour !== undefined).length < 2) return undefined;
  const known = latest.filter((hour) => hour !== undefined);
  const most = Math.max(...known);
  const weight = most > 0 ? Math.max(0.5, Math.min(...known) / most) : 1;
  let sum = 0;
  let weights = 0;
  for (const [ago, hour] of latest.entries()) {
    if (hour === undefined) continue;
    sum += hour * weight ** ago;
    weights += weight ** ago;
  }
  return sum / weights;
}
