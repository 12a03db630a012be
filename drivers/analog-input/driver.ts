import { z } from 'zod';
import { defineDriver, Fault } from '#kit';
import { CURVES, rangeOf, type Scale, valueAt } from './codec.ts';

const share = z.number().min(0).max(1);
export const options = z
  .strictObject({
    sensor: z
      .enum(['voltage', 'sharp-gp2y0a21yk0f', 'sharp-gp2y0a02yk0f'])
      .default('voltage')
      .describe(
        'voltage: what it means is said by unit, low, high and curve; a Sharp distance sensor brings its curve, in cm',
      ),
    unit: z.string().min(1).default('%').describe('Unit of the value, in UCUM (Cel, mm, %)'),
    low: z.number().default(0).describe('Value at 0 V'),
    high: z.number().default(100).describe('Value at full scale'),
    curve: z
      .array(z.tuple([z.number().min(0), z.number()]))
      .min(2)
      .optional()
      .describe('Pairs of volts and value, the volts rising, in place of low and high'),
    reference_v: z
      .number()
      .min(1)
      .max(30)
      .default(5)
      .describe('Volts of full scale: 5 on an Uno, 3.3 on others'),
    alive: z
      .tuple([share, share])
      .optional()
      .describe('Shares of full scale between which a sensor is there; outside there is no value'),
    decimals: z.int().min(0).max(6).default(1).describe('Decimals of the value'),
  })
  .refine(
    ({ curve = [] }) => curve.every(([volts], index) => index === 0 || volts > (curve[index - 1]?.[0] ?? 0)),
    {
      path: ['curve'],
      error: 'pairs whose volts rise',
    },
  );
export type Options = z.infer<typeof options>;

/** A sensor that is known brings its own curve. */
export const scaleOf = ({ sensor, ...chosen }: Options): Scale & { readonly unit: string } =>
  sensor === 'voltage' ? chosen : { ...chosen, unit: 'cm', curve: CURVES[sensor], decimals: 0 };

export default defineDriver({
  id: 'analog-input',
  aliases: ['firmata-analog'],
  about: 'A voltage on an analogue input of a Firmata board, as a value: a straight line or a curve.',
  category: 'analog',
  link: 'line',
  evidence: 'simulated',
  wire: { baud: 57_600, parity: 'none', timeout_ms: 500, gap_ms: 0 },
  // The board tells every 100 ms; a look takes the middle of what came since the one before.
  poll_ms: { default: 1000, min: 250 },
  options,
  points: (chosen) => {
    const { unit, ...scale } = scaleOf(chosen);
    const [min, max] = rangeOf(scale);
    const about = 'What the voltage stands for.';
    return { value: { kind: 'number', about, unit, min, max, privacy: 'plain' } };
  },
  events: {},
  commands: {},
  decode: () => {
    throw new Fault('driver.frame-unknown', { driver: 'analog-input', reason: 'a line carries no frames' });
  },
  lines: () => ({
    input: {
      about: 'The analogue input',
      direction: 'analog',
      edges: 'none',
      debounce_ms: 0,
      initial: false,
    },
  }),
  open: (link, chosen) => ({
    sample: async (call) => ({ value: valueAt(await link.measure('input', call), scaleOf(chosen)) }),
  }),
});
