import type { SaidLevels, Stretch } from './said-levels.ts';

const HOUR = 3_600_000;
/** Share of an hour that must be measured (GB 3095-2012). */
const ENOUGH = 0.75;

/** Concentrations at which the index is 0, 50, 100, 150, 200: HJ 633-2026, the same for an hour and a day. */
const STEPS = { pm2_5: [0, 35, 60, 115, 150], pm10: [0, 50, 120, 250, 350] } as const;
type Dust = keyof typeof STEPS;
const DUSTS = ['pm2_5', 'pm10'] as const;

/** Means of a place, and the indices they may be read as: a mean next to a step may be rounded to either side. */
export interface ExpectedAir {
  readonly pm2_5: number;
  readonly pm10: number;
  readonly index: { readonly least: number; readonly most: number };
}

/** Of an hour; undefined where too little was measured. */
export function airOfHour(truth: SaidLevels, device: string, hour: Stretch): ExpectedAir | undefined {
  const [fine, coarse] = DUSTS.map((dust) => truth.mean(device, dust, hour));
  if (!fine || !coarse || Math.min(fine.share, coarse.share) < ENOUGH) return undefined;
  return airOf({ pm2_5: fine.mean, pm10: coarse.mean });
}

/** Of the day that ends then: the mean of its hours, and how many of them were measured. */
export function airOfDay(truth: SaidLevels, device: string, end: number) {
  const hours = Array.from({ length: 24 }, (_, ago) =>
    airOfHour(truth, device, { from: end - (ago + 1) * HOUR, to: end - ago * HOUR }),
  ).filter((hour) => hour !== undefined);
  const mean = (dust: Dust) => hours.reduce((sum, hour) => sum + hour[dust], 0) / hours.length;
  const air = hours.length < 20 ? undefined : airOf({ pm2_5: mean('pm2_5'), pm10: mean('pm10') });
  return { hours: hours.length, air };
}

function airOf(means: Readonly<Record<Dust, number>>): ExpectedAir {
  const worst = (shift: number) => Math.max(...DUSTS.map((dust) => indexOf(dust, means[dust] + shift)));
  return { ...means, index: { least: worst(-0.02), most: worst(0.02) } };
}

/** As a person would reckon it: whole micrograms, and always up. */
function indexOf(dust: Dust, mean: number): number {
  const value = Math.round(mean);
  const steps: readonly number[] = STEPS[dust];
  const at = steps.findIndex((step) => value <= step);
  const [low = 0, high = 0] = [steps[at - 1], steps[at]];
  return at <= 0 ? 0 : Math.ceil(50 * (at - 1) + (50 * (value - low)) / (high - low) - 1e-9);
}
