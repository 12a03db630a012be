import { createHash } from 'node:crypto';
import { z } from 'zod';
import { count, EXAMPLE, epoch, gateway, lane, range, seq, sha256, v } from './words.ts';

/** The records of the example of a batch. */
const EXAMPLE_SEQS = [108, 109, 110];
const sumOf = (seqs: readonly number[]): string => {
  const bytes = Buffer.alloc(8 * seqs.length);
  for (const [index, one] of seqs.entries()) bytes.writeBigUInt64BE(BigInt(one), 8 * index);
  return createHash('sha256').update(bytes).digest('hex');
};

export const digestSchema = z
  .looseObject({
    v,
    gateway,
    epoch,
    lane,
    from: seq.describe('First seq of the range.'),
    to: z.int().min(0).describe('Last seq of the range.'),
    count: count.describe('Records of this lane in the range.'),
    sha256: sha256.describe('Over the seqs of this lane in the range, 8 bytes big-endian each, ascending.'),
    head: z.int().min(0).describe('Last seq given in this epoch, over all lanes.'),
  })
  .describe('Completeness: what this platform acknowledged in a range of a lane.')
  .meta({
    examples: [
      {
        v: 1,
        gateway: EXAMPLE.gateway,
        epoch: EXAMPLE.epoch,
        lane: 'c',
        from: 1,
        to: 110,
        count: EXAMPLE_SEQS.length,
        sha256: sumOf(EXAMPLE_SEQS),
        head: 110,
      },
    ],
  });

export const ackSchema = z
  .looseObject({
    v: v.optional(),
    epoch,
    lane,
    ranges: z.array(range).max(10_000).describe('What is stored durably, in any order.'),
    nacks: z
      .array(z.looseObject({ seq, reason: z.string().max(200) }))
      .max(10_000)
      .default([])
      .describe('Single records that are refused for good.'),
    replay: z.array(range).max(1000).optional().describe('Ranges wanted again.'),
  })
  .describe(
    'The platform has these ranges of a lane durably; the gateway may forget them. Merged, at most two a second.',
  )
  .meta({
    examples: [
      { v: 1, epoch: EXAMPLE.epoch, lane: 'c', ranges: [[1, 110]], nacks: [] },
      {
        v: 1,
        epoch: EXAMPLE.epoch,
        lane: 'a',
        ranges: [],
        nacks: [{ seq: 111, reason: 'unknown door' }],
        replay: [[40, 60]],
      },
    ],
  });
