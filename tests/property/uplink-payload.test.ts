import { constants, deflateRawSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PackedPart } from '../../src/contracts/index.ts';
import { adler32, joinAdler } from '../../src/uplink/adler.ts';
import { type BatchHead, planBatch } from '../../src/uplink/payload.ts';

const RUNS = process.env.GATELODGE_LONG ? 5000 : 300;

/** Any JSON stands for a part here: what matters is how texts are strung together. */
const parts = fc.array(fc.tuple(fc.jsonValue({ maxDepth: 4 }), fc.nat(3)), { minLength: 1, maxLength: 60 });
const head: BatchHead = {
  v: 1,
  gateway: 'gäte-1',
  site: 'riverside',
  epoch: '00112233445566aa',
  lane: 'c',
  covers: [1, 9],
  historical: true,
  sent: { unix_ms: 1_794_000_000_000, clock: 'synced' },
};

function packed(value: unknown, level: number): PackedPart {
  const text = Buffer.from(JSON.stringify(value));
  const deflated = deflateRawSync(text, { level, finishFlush: constants.Z_SYNC_FLUSH });
  return {
    deflated,
    adler: adler32(text),
    length: text.length,
    first: 1,
    n: 1,
    boot: 'boot-1',
    base: undefined,
  };
}

describe('a batch', () => {
  it('is exactly the JSON of its head and parts, compressed or not, and as large as it was planned', () => {
    fc.assert(
      fc.property(parts, (given) => {
        const base = given.map(() => ({ boot: 'boot-1', unix_ms: null, clock: 'unsynced' }));
        const expected = JSON.stringify({ ...head, base, parts: given.map(([value]) => value) });
        const stored = given.map(([value, level]) => packed(value, level));

        const zlib = planBatch(head, stored, true);
        const plain = planBatch(head, stored, false);

        expect(inflateSync(zlib.build()).toString()).toBe(expected);
        expect(Buffer.from(plain.build()).toString()).toBe(expected);
        expect([zlib.build().length, plain.build().length]).toEqual([zlib.bytes, plain.bytes]);
      }),
      { numRuns: RUNS },
    );
  });

  it('strings parts above the window and above a stored block together', () => {
    const big = Array.from({ length: 40_000 }, (_, index) => (index * 7919) % 10_007);
    const stored = [packed(big, 1), packed('x', 0), packed(big, 9)];
    const long = { ...head, gateway: 'g'.repeat(70_000) };
    const text = inflateSync(planBatch(long, stored, true).build()).toString();
    expect(JSON.parse(text)).toMatchObject({ gateway: long.gateway, parts: [big, 'x', big] });
  });

  it('tells its form by its first byte', () => {
    expect(planBatch(head, [packed(1, 1)], true).build()[0]).toBe(0x78);
    expect(planBatch(head, [packed(1, 1)], false).build()[0]).toBe('{'.charCodeAt(0));
  });
});

describe('adler-32', () => {
  it('of two texts together follows from their sums', () => {
    const bytes = fc.uint8Array({ maxLength: 20_000 });
    fc.assert(
      fc.property(bytes, bytes, (first, second) => {
        const joined = joinAdler(adler32(first), adler32(second), second.length);
        expect(joined).toBe(adler32(Buffer.concat([first, second])));
      }),
      { numRuns: RUNS },
    );
  });

  it('stays exact where the sums are largest', () => {
    const worst = new Uint8Array(300_000).fill(255);
    expect(joinAdler(adler32(worst), adler32(worst), worst.length)).toBe(
      adler32(Buffer.concat([worst, worst])),
    );
  });
});
