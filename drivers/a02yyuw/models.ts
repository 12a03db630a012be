import { z } from 'zod';
import type { Dialect } from './codec.ts';

/**
 * Blind zone and reach in mm. Blind zones are those ESPHome's components refuse; the reach of the A02YYUW is DFRobot's figure,
 * the others' are the sellers' and were not measured.
 */
export const MODELS = {
  a02yyuw: { min: 30, max: 4500, sum_has_header: true },
  a01nyub: { min: 280, max: 7500, sum_has_header: true },
  sen0754: { min: 30, max: 6000, sum_has_header: true },
  'jsn-sr04t': { min: 250, max: 6000, sum_has_header: true },
  'aj-sr04m': { min: 200, max: 8000, sum_has_header: false },
} as const satisfies Record<string, Dialect & { readonly min: number; readonly max: number }>;

export const options = z.strictObject({
  model: z
    .enum(['a02yyuw', 'a01nyub', 'sen0754', 'jsn-sr04t', 'aj-sr04m'])
    .default('a02yyuw')
    .describe('Blind zone, reach and checksum'),
  trigger: z
    .boolean()
    .default(false)
    .describe('It measures when it is sent 0x55 (JSN-SR04T with 120k, AJ-SR04M), not by itself'),
});
export type Options = z.infer<typeof options>;

export const TRIGGER = 0x55;
