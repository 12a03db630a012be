import { z } from 'zod';

/** Gases by the code that stands in what a module says, and the unit they are given in here. */
export const GASES = {
  nh3: { code: 0x02, unit: '[ppm]', name: 'Ammonia' },
  h2s: { code: 0x03, unit: '[ppm]', name: 'Hydrogen sulfide' },
  co: { code: 0x04, unit: '[ppm]', name: 'Carbon monoxide' },
  o2: { code: 0x05, unit: '%', name: 'Oxygen' },
  h2: { code: 0x06, unit: '[ppm]', name: 'Hydrogen' },
  formaldehyde: { code: 0x17, unit: '[ppb]', name: 'Formaldehyde' },
  o3: { code: 0x2a, unit: '[ppb]', name: 'Ozone' },
  so2: { code: 0x2b, unit: '[ppb]', name: 'Sulfur dioxide' },
  no2: { code: 0x2c, unit: '[ppb]', name: 'Nitrogen dioxide' },
  hcl: { code: 0x2e, unit: '[ppm]', name: 'Hydrogen chloride' },
  hcn: { code: 0x2f, unit: '[ppm]', name: 'Hydrogen cyanide' },
  cl2: { code: 0x31, unit: '[ppm]', name: 'Chlorine' },
  hf: { code: 0x33, unit: '[ppm]', name: 'Hydrogen fluoride' },
  ph3: { code: 0x45, unit: '[ppm]', name: 'Phosphine' },
} as const satisfies Record<string, { readonly code: number; readonly unit: string; readonly name: string }>;
export type Gas = keyof typeof GASES;

export interface Model {
  readonly gas: Gas;
  /** End of the range, in the unit of the gas. */
  readonly max: number;
  /** Where the value stands in the answer to a question (byte of the frame), and what one step of it is, in the unit of the gas. */
  readonly answer: { readonly at: number; readonly step: number };
  /** Older modules are told their mode by other numbers, and answer in the same form whether they are asked or not. */
  readonly old: boolean;
}

const model = (gas: Gas, max: number, step: number, at = 2): Model => ({
  gas,
  max,
  answer: { at, step },
  old: false,
});
/** ZE03: whole or tenths of a ppm, as the gas is. */
const ze03 = (gas: Gas, max: number, step: number): Model => ({ ...model(gas, max, step), old: true });

export const MODELS = {
  'ze07-co': model('co', 500, 0.1),
  'ze07-ch2o': model('formaldehyde', 5000, 1, 6),
  'ze08-ch2o': model('formaldehyde', 5000, 1, 6),
  'ze25-o3': model('o3', 10_000, 1),
  'ze27-o3': model('o3', 10_000, 1),
  'ze03-co': ze03('co', 1000, 1),
  'ze03-o2': ze03('o2', 25, 0.1),
  'ze03-nh3': ze03('nh3', 100, 1),
  'ze03-h2s': ze03('h2s', 100, 1),
  'ze03-h2': ze03('h2', 1000, 1),
  'ze03-so2': ze03('so2', 20_000, 100),
  'ze03-no2': ze03('no2', 20_000, 100),
  'ze03-o3': ze03('o3', 10_000, 100),
  'ze03-hcl': ze03('hcl', 20, 0.1),
  'ze03-hcn': ze03('hcn', 50, 0.1),
  'ze03-cl2': ze03('cl2', 10, 0.1),
  'ze03-hf': ze03('hf', 10, 0.1),
  'ze03-ph3': ze03('ph3', 20, 0.1),
} as const satisfies Record<string, Model>;
export type ModelName = keyof typeof MODELS;

// The keys of a literal are its own names.
const names = Object.keys(MODELS) as [ModelName, ...ModelName[]];

export const options = z.strictObject({
  model: z.enum(names).default('ze07-co').describe('Module and gas'),
  mode: z
    .enum(['active', 'passive'])
    .default('active')
    .describe('active: the module speaks every second; passive: it is polled'),
});
export type Options = z.infer<typeof options>;
