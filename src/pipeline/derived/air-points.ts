import {
  type NumberPoint,
  POLLUTANTS,
  type PointSpecs,
  type Pollutant,
  type StatePoint,
} from '../../model/index.ts';
import { STANDARDS, type StandardId } from './aqi-tables.ts';

/** A standard by the version in force, or one version. */
export type WantedStandard = 'hj-633' | StandardId;

/**
 * What an index is worth. `complete`: every pollutant of the standard; `pm-only-indicative`: particles alone are measured here;
 * `partial-indicative`: a pollutant is missing; `not-available`: the standard publishes none while one is missing and the index is low;
 * `insufficient-data`: too little was measured; `clock-unsynced`: nobody tells the time, so there is no hour.
 */
export const AQI_LABELS = [
  'complete',
  'pm-only-indicative',
  'partial-indicative',
  'not-available',
  'insufficient-data',
  'clock-unsynced',
] as const;
export type AqiLabel = (typeof AQI_LABELS)[number];

const NAMES: Readonly<Record<Pollutant, string>> = {
  pm2_5: 'particles up to 2.5 um',
  pm10: 'particles up to 10 um',
  so2: 'sulfur dioxide',
  no2: 'nitrogen dioxide',
  co: 'carbon monoxide',
  o3: 'ozone',
};

const CLASSES = [...new Set(STANDARDS.flatMap(({ classes }) => classes.map(({ name }) => name)))];

export const isPmOnly = (measured: readonly Pollutant[]): boolean =>
  measured.every((pollutant) => pollutant === 'pm2_5' || pollutant === 'pm10');

export const isWhole = (measured: readonly Pollutant[]): boolean =>
  POLLUTANTS.every((pollutant) => measured.includes(pollutant));

/** Said with each index that is not one of the standard. */
function caveatOf(measured: readonly Pollutant[]): string {
  if (isPmOnly(measured)) return ' PM only, indicative: gases are not measured here.';
  if (isWhole(measured)) return '';
  return ' Indicative: not every pollutant of the standard is measured here.';
}

/** What an air-quality device gives. `units`: what each pollutant is measured in. */
export function airPoints(
  units: Readonly<Partial<Record<Pollutant, string>>>,
  wanted: WantedStandard,
): PointSpecs {
  const measured = POLLUTANTS.filter((pollutant) => units[pollutant] !== undefined);
  const title = wanted === 'hj-633' ? 'HJ 633' : (STANDARDS.find(({ id }) => id === wanted)?.title ?? wanted);
  const caveat = caveatOf(measured);
  const index = (about: string): NumberPoint => number('1', 500, `${about}${caveat}`);
  const points: Record<string, NumberPoint | StatePoint> = {
    aqi: index(`Air quality index of the last hour by ${title}.`),
    aqi_label: state(AQI_LABELS, 'What the index of the hour is worth.'),
    class: state(CLASSES, 'Class of the index of the hour.'),
    primary: state(['none', ...measured], 'Pollutant that makes the index of the hour; none up to 50.'),
    hour_complete: number(
      '%',
      100,
      'How much of the last hour was measured, of the pollutant measured least.',
    ),
    aqi_day: index(`Air quality index of the last whole day by ${title}.`),
    aqi_day_label: state(AQI_LABELS, 'What the index of the day is worth.'),
    class_day: state(CLASSES, 'Class of the index of the day.'),
    primary_day: state(['none', ...measured], 'Pollutant that makes the index of the day; none up to 50.'),
    day_hours: number('h', 25, 'Hours of the last day that were measured, of the pollutant measured least.'),
    standard: state(
      STANDARDS.map(({ id }) => id),
      'Version of the standard by which the newest index was made.',
    ),
  };
  for (const pollutant of measured) {
    points[`mean_${pollutant}`] = number(
      units[pollutant] ?? '1',
      100_000,
      `Mean of ${NAMES[pollutant]} over the last hour.`,
    );
    points[`iaqi_${pollutant}`] = index(`Index of ${NAMES[pollutant]} alone, of the last hour.`);
  }
  return points;
}

const number = (unit: string, max: number, about: string): NumberPoint => ({
  kind: 'number',
  unit,
  min: 0,
  max,
  about,
  privacy: 'plain',
});
const state = (values: readonly string[], about: string): StatePoint => ({
  kind: 'state',
  values,
  about,
  privacy: 'plain',
});
