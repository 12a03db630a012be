/** Sound power of a level, relative to 0 dB: what may be added and averaged. */
export const powerOf = (level: number): number => 10 ** (level / 10);
export const levelOf = (power: number): number => 10 * Math.log10(power);

/** LAeq,T of levels that stood equally long: 10·lg((1/N)·Σ10^(L/10)) (GB 3096-2008, 3.2; ISO 1996-1). Never the arithmetic mean. */
export const energyMean = (levels: readonly number[]): number =>
  levelOf(levels.reduce((sum, level) => sum + powerOf(level), 0) / levels.length);

/** L10, L50, L90: the level exceeded `percent` % of the time; of 100 levels in descending order the 10th, 50th, 90th (GB 3096-2008, 3.6). */
export function exceeded(levels: readonly number[], percent: number): number | undefined {
  return levels.toSorted((x, y) => y - x)[rankOf(levels.length, percent) - 1];
}

/** Place in descending order, from 1. */
export const rankOf = (count: number, percent: number): number =>
  Math.max(1, Math.ceil((count * percent) / 100 - 1e-9));

/** One part of the day: how long it nominally is, what is added to its level, and the level itself. */
export interface DayPart {
  readonly hours: number;
  readonly penalty: number;
  readonly level: number;
}

/**
 * Lden = 10·lg((12·10^(Ld/10) + 4·10^((Le+5)/10) + 8·10^((Ln+10)/10)) / 24) (2002/49/EC, annex I, 1), and Ldn with two parts (15 and 9 h in the
 * US, 16 and 8 h with the periods of GB 3096-2008).
 */
export function dayLevel(parts: readonly DayPart[]): number {
  const hours = parts.reduce((sum, part) => sum + part.hours, 0);
  return levelOf(
    parts.reduce((sum, { hours: long, penalty, level }) => sum + long * powerOf(level + penalty), 0) / hours,
  );
}
