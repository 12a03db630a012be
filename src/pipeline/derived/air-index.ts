import { concentrationFactor, type Pollutant } from '../../model/index.ts';
import { type AqiLabel, isPmOnly, isWhole } from './air-points.ts';
import { indexOf, nowcast, worstOf } from './aqi.ts';
import type { Averaging, IndexTable, Standard } from './aqi-tables.ts';
import { meanOf, type PollutantHours } from './hours.ts';

/** One pollutant as it is measured here. */
export interface Measured {
  readonly pollutant: Pollutant;
  readonly unit: string;
  readonly hours: PollutantHours;
}

export interface Verdict {
  readonly label: AqiLabel;
  /** undefined where the label says why. */
  readonly worst: { readonly index: number; readonly primary: Pollutant | 'none' } | undefined;
  readonly parts: readonly { readonly pollutant: Pollutant; readonly index: number }[];
}

type Averages = Standard['hourly'];

/** The index of the hour that began at `from`. */
export function hourlyIndex(measured: readonly Measured[], standard: Standard, from: number): Verdict {
  return judged(measured, standard, standard.hourly, ({ hours }, average) => {
    switch (average) {
      case '1h':
        return hours.latest(from, 1)[0];
      case '8h':
        return meanOf(hours.latest(from, 8), standard.enough.of_8h);
      case 'nowcast':
        return nowcast(hours.latest(from, 12));
      default:
        return undefined;
    }
  });
}

/** The index of a whole local day. */
export function dailyIndex(measured: readonly Measured[], standard: Standard, day: string): Verdict {
  return judged(measured, standard, standard.daily, ({ hours }, average) => {
    const ofDay = hours.ofDay(day);
    if (ofDay.length < standard.enough.of_day) return undefined;
    switch (average) {
      case '24h':
        return meanOf(
          ofDay.map(({ mean }) => mean),
          1,
        );
      case 'max-1h':
        return Math.max(...ofDay.map(({ mean }) => mean));
      case 'max-8h':
        return largest(ofDay.map(({ from }) => meanOf(hours.latest(from, 8), standard.enough.of_8h)));
      default:
        return undefined;
    }
  });
}

function largest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length ? Math.max(...known) : undefined;
}

function judged(
  measured: readonly Measured[],
  standard: Standard,
  averages: Averages,
  concentration: (one: Measured, average: Averaging) => number | undefined,
): Verdict {
  const parts = measured.flatMap((one) => {
    const tables = Object.entries(averages[one.pollutant] ?? {});
    // The keys of a table of averages are averages.
    const found = tables.map(([average, table]) =>
      indexIn(one, table, concentration(one, average as Averaging), standard),
    );
    const index = largest(found);
    return index === undefined ? [] : [{ pollutant: one.pollutant, index }];
  });
  const worst = worstOf(parts);
  const label = labelOf(
    measured.map(({ pollutant }) => pollutant),
    parts.map(({ pollutant }) => pollutant),
    { none_up_to: standard.none_up_to, index: worst?.index ?? 0 },
  );
  const told = label === 'not-available' || label === 'insufficient-data' ? undefined : worst;
  return { label, worst: told, parts };
}

function indexIn(
  { pollutant, unit }: Measured,
  table: IndexTable,
  value: number | undefined,
  { rounding }: Standard,
): number | undefined {
  const times = concentrationFactor(pollutant, unit, table.unit);
  return value === undefined || times === undefined ? undefined : indexOf(value * times, table, rounding);
}

/** What an index is worth, by what should be there and what is. */
export function labelOf(
  measured: readonly Pollutant[],
  there: readonly Pollutant[],
  { none_up_to, index }: { readonly none_up_to: number | undefined; readonly index: number },
): AqiLabel {
  if (there.length === 0) return 'insufficient-data';
  const all = there.length === measured.length;
  if (isWhole(measured)) {
    if (all) return 'complete';
    return none_up_to !== undefined && index <= none_up_to ? 'not-available' : 'partial-indicative';
  }
  return all && isPmOnly(measured) ? 'pm-only-indicative' : 'partial-indicative';
}
