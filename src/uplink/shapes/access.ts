import { z } from 'zod';
import { boot, count, EXAMPLE, gateway, known, up, v } from './words.ts';

/** A page stays below 64 KiB (contract, Topics). */
const MOST_JWS = 65_536;

export const accessSchema = z
  .looseObject({
    v,
    jws: z
      .string()
      .min(1)
      .max(MOST_JWS)
      .describe(
        'JWS in compact form: EdDSA, `kid`, typ `gl-list`, by a key of `trust.lists`; its payload is one page of the list.',
      ),
  })
  .describe(
    'One page of a list of credentials, or of a delta to the one in force. Pages come in any order; what one revokes opens nothing from then on, and the list holds when its last page has come.',
  )
  .meta({ examples: [{ v: 1, jws: EXAMPLE.page }] });

const listVersion = z.int().min(0);

export const accessStateSchema = z
  .looseObject({
    v,
    gateway,
    version: listVersion.describe('Of the list in force; 0: there has been none.'),
    count: count.describe('Credentials in it.'),
    offline_until: z
      .int()
      .optional()
      .describe('Unix ms: without a newer list by then, only groups marked `keep` open.'),
    standing: known('good', 'ends-soon', 'past').describe(
      '`ends-soon`: within a week. `past`: only groups marked `keep` open.',
    ),
    pending: z
      .looseObject({ version: listVersion, pages: count, missing: z.array(count) })
      .optional()
      .describe('A list that is under way, and its pages that have not come. A restart forgets it.'),
    refused: z
      .looseObject({
        reason: z.string(),
        version: listVersion.optional(),
        page: count.optional(),
        boot,
        up,
      })
      .optional()
      .describe('The last page or list that was not taken, and why; gone when a list comes in force.'),
  })
  .describe('How the list of credentials stands, retained. It is told when it changes.')
  .meta({
    examples: [
      {
        v: 1,
        gateway: EXAMPLE.gateway,
        version: 7,
        count: 480,
        offline_until: 1798761600000,
        standing: 'good',
      },
      {
        v: 1,
        gateway: EXAMPLE.gateway,
        version: 7,
        count: 480,
        standing: 'good',
        pending: { version: 8, pages: 3, missing: [1] },
        refused: { reason: 'older', version: 6, page: 0, boot: EXAMPLE.boot, up: 864210.5 },
      },
    ],
  });
