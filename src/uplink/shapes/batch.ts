import { z } from 'zod';
import { boot, clock, EXAMPLE, epoch, gateway, json, lane, range, seq, up, v } from './words.ts';

const value = z.union([z.number(), z.boolean(), z.string(), z.null()]);
const column = z
  .tuple([
    z.string(),
    z.string(),
    z.array(z.int().min(0)),
    z.array(z.number()),
    z.array(value),
    z.record(z.string(), z.string()).optional(),
  ])
  .rest(z.unknown())
  .describe(
    'Device, point, seq offsets from `first`, time offsets (ms) from `up`, values, and by index the quality of those that are not good.',
  );
const eventRow = z
  .tuple([z.int().min(0), z.number(), z.string(), z.string(), z.string(), json])
  .rest(z.unknown())
  .describe(
    'Seq offset, time offset, kind, subject, name, fields. Unknown kinds are ignored, and acknowledged.',
  );
const part = z
  .looseObject({
    boot,
    up,
    rev: z.int().describe('Revision of the inventory the records were taken under.'),
    first: seq.describe('Seq of the first record.'),
    n: z.int().min(1).describe('Number of records; the last seq is first + n - 1.'),
    points: z.array(column).describe('Readings, a column for each point.'),
    events: z.array(eventRow).describe('Everything that is not a reading.'),
  })
  .describe('Records of one boot with consecutive seqs from `first`; `up` is the base of their times.');
const base = z
  .looseObject({ boot, unix_ms: z.number().nullable(), clock })
  .describe('Wall time of the base `up` of a part as known when it was sent; null when unknown.');
/** A batch without a look inside its parts; receivers take those apart themselves. */
export const batchHeadSchema = z.looseObject({
  v,
  gateway,
  site: z.string().describe('Id of the site.'),
  epoch,
  lane,
  covers: range.describe('All records of the lane in this seq range that this platform may have are inside.'),
  historical: z.boolean().describe('Stored before this connection began.'),
  sent: z
    .looseObject({ unix_ms: z.number(), clock })
    .describe('Time of day when the batch was put together.'),
  base: z.array(base).describe('One per part, in their order.'),
  parts: z.array(z.unknown()),
});
export const batchSchema = batchHeadSchema
  .extend({ parts: z.array(part) })
  .describe(
    'A batch of records of one lane, on …/a, …/b or …/c. Compact JSON, or the same as zlib: the first byte tells, `{` or 0x78.',
  )
  .meta({
    examples: [
      {
        v: 1,
        gateway: EXAMPLE.gateway,
        site: 'riverside',
        epoch: EXAMPLE.epoch,
        lane: 'c',
        covers: [101, 110],
        historical: false,
        sent: { unix_ms: 1794000000000, clock: 'synced' },
        base: [{ boot: EXAMPLE.boot, unix_ms: 1793999997000, clock: 'synced' }],
        parts: [
          {
            boot: EXAMPLE.boot,
            up: 864210.5,
            rev: 3,
            first: 108,
            n: 3,
            points: [['air-1', 'pm2_5', [0, 1], [0, 1000], [12, null], { 1: 'suspect' }]],
            events: [[2, 1000, 'event', 'gate', 'opened', {}]],
          },
        ],
      },
    ],
  });
