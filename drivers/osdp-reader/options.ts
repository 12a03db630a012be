import { z } from 'zod';
import { MOST_LINES } from './commands.ts';

/** 32 hex digits, or where they are. */
const KEY = /^(?:\$\{(?:env|file):[^}]+\}|[0-9A-Fa-f]{32})$/;

export const options = z.strictObject({
  address: z.int().min(0).max(126).default(0).describe('Its address on the wire'),
  channel: z
    .enum(['secure', 'clear'])
    .default('secure')
    .describe('clear: whoever reaches the wire sees every card and may send any'),
  key: z
    .string()
    .regex(KEY, 'a reference to 32 hex digits')
    .optional()
    .describe(
      'Key of the secure channel, 32 hex digits; a reference ($' +
        '{file:PATH}, $' +
        '{env:NAME}), never the key itself',
    ),
  old_key: z
    .string()
    .regex(KEY, 'a reference to 32 hex digits')
    .optional()
    .describe('The key it has had so far, by reference, while install-key is to give it another one'),
  key_is: z
    .enum(['reader', 'site'])
    .default('reader')
    .describe('site: every reader has a key of its own that is made of this one and its id'),
  check: z
    .enum(['auto', 'crc', 'sum'])
    .default('auto')
    .describe('How frames are checked; auto: by CRC, or by a sum where the reader does not understand that'),
  inputs: z.int().min(0).max(MOST_LINES).default(0).describe('Inputs that are wired'),
  outputs: z.int().min(0).max(MOST_LINES).default(0).describe('Outputs that are wired'),
  rest: z.enum(['off', 'on', 'hold']).default('off').describe('Safe state of its outputs: off, on, hold'),
  facility_bits: z
    .int()
    .min(0)
    .max(32)
    .optional()
    .describe('How many bits of a card are the facility; default 8 of 26, 16 of 34 and 37, none of others'),
  pin_ends: z
    .enum(['hash', 'hash-or-silence'])
    .default('hash')
    .describe('What ends a PIN; one that only a silence ended is forgotten unless that counts'),
  pin_timeout_ms: z.int().min(1000).max(60_000).default(5000).describe('Silence after a key'),
});
export type Options = z.infer<typeof options>;
