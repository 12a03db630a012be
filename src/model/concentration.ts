/** What an index of air quality is made of, in the order they are named. */
export const POLLUTANTS = ['pm2_5', 'pm10', 'so2', 'no2', 'co', 'o3'] as const;
export type Pollutant = (typeof POLLUTANTS)[number];

/** Units (UCUM) in which the tables of the standards give a concentration. */
export type ConcentrationUnit = 'ug/m3' | 'mg/m3' | '[ppm]' | '[ppb]';

/** Grams per mole. */
const MOLAR: Readonly<Partial<Record<Pollutant, number>>> = {
  so2: 64.066,
  no2: 46.006,
  co: 28.01,
  o3: 47.998,
};
/** Litres per mole at 298.15 K and 1013.25 hPa: the reference of GB 3095-2012 (amendment of 2018) and of the US EPA. */
const LITRES = 24.465;

const PARTS: Readonly<Record<string, number>> = { '[ppm]': 1000, '[ppb]': 1 };
const MASS: Readonly<Record<string, number>> = { 'mg/m3': 1000, 'ug/m3': 1 };

/** Units (UCUM) a pollutant may be measured in. */
export const concentrationUnits = (pollutant: Pollutant): readonly string[] =>
  MOLAR[pollutant] === undefined ? Object.keys(MASS) : [...Object.keys(MASS), ...Object.keys(PARTS)];

/** What a value of `from` must be multiplied with to be one of `to`; undefined when that cannot be (particles have no ppb). */
export function concentrationFactor(
  pollutant: Pollutant,
  from: string,
  to: ConcentrationUnit,
): number | undefined {
  const micrograms = inMicrograms(pollutant, from);
  const wanted = inMicrograms(pollutant, to);
  return micrograms === undefined || wanted === undefined ? undefined : micrograms / wanted;
}

function inMicrograms(pollutant: Pollutant, unit: string): number | undefined {
  const mass = MASS[unit];
  if (mass !== undefined) return mass;
  const molar = MOLAR[pollutant];
  const parts = PARTS[unit];
  return molar === undefined || parts === undefined ? undefined : (parts * molar) / LITRES;
}
