import type { MapShapes } from './map-far-end.ts';

const VOLTAGE = { from: 230, min: 207, max: 253, step: 1.5 };
const CURRENT = { from: 4.2, min: 0.1, max: 40, step: 0.8 };
const POWER = { from: 950, min: -2000, max: 9000, step: 150 };
const ENERGY = { from: 20_481, min: 20_481, max: 90_000, step: 1 };

/** How a house on the mains looks to a meter (V, A, W, var, VA, Hz, kW.h), by the names of the points; a meter takes those it has. */
export const MAINS = {
  voltage: VOLTAGE,
  voltage_l1: VOLTAGE,
  voltage_l2: VOLTAGE,
  voltage_l3: VOLTAGE,
  current: CURRENT,
  current_l1: CURRENT,
  current_l2: CURRENT,
  current_l3: CURRENT,
  power: POWER,
  power_l1: POWER,
  power_l2: POWER,
  power_l3: POWER,
  apparent: { from: 980, min: 10, max: 9000, step: 150 },
  reactive: { from: 60, min: -400, max: 400, step: 20 },
  power_factor: { from: 0.95, min: 0.2, max: 1, step: 0.02 },
  frequency: { from: 50, min: 49.8, max: 50.2, step: 0.1 },
  import: ENERGY,
  export: ENERGY,
  total: ENERGY,
} as const satisfies MapShapes;
