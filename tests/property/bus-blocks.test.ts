import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LearnedHoles, planBlocks } from '../../src/buses/modbus/blocks.ts';
import { openModbusLink } from '../../src/buses/modbus/link.ts';
import type { Call, ModbusRange, ModbusTable } from '../../src/contracts/index.ts';
import { isFault } from '../../src/faults/index.ts';
import { answerFromBank, wordBank } from '../../src/kit/index.ts';

const RUNS = process.env.GATELODGE_LONG === undefined ? {} : { numRuns: 5000 };

const tables = fc.constantFrom<ModbusTable[]>('coil', 'discrete', 'holding', 'input');
const range: fc.Arbitrary<ModbusRange> = fc.record({
  table: fc.oneof({ weight: 3, arbitrary: fc.constant('holding' as const) }, tables),
  at: fc.integer({ min: 0, max: 400 }),
  count: fc.integer({ min: 1, max: 125 }),
});
const wanted = fc.array(range, { minLength: 1, maxLength: 30, size: 'max' });
const cuts = fc.array(fc.record({ table: tables, at: fc.integer({ min: 0, max: 440 }) }), { maxLength: 20 });
const hole = fc.integer({ min: 0, max: 20 });
const most = (table: ModbusTable) => (table === 'coil' || table === 'discrete' ? 2000 : 125);
const call: Call = { signal: new AbortController().signal, priority: 'poll' };

describe('reading ranges together (BU-3)', () => {
  it('covers every range by exactly one block of its table, within what one read may carry', () => {
    fc.assert(
      fc.property(wanted, hole, (wants, max_hole) => {
        const blocks = planBlocks(wants, max_hole, new LearnedHoles());

        for (const want of new Set(wants)) {
          const carriers = blocks.filter((block) => block.wants.includes(want));
          expect(carriers).toHaveLength(1);
          for (const { table, at, count } of carriers) {
            expect(table).toBe(want.table);
            expect(at).toBeLessThanOrEqual(want.at);
            expect(at + count).toBeGreaterThanOrEqual(want.at + want.count);
          }
        }
        for (const { table, count } of blocks) expect(count).toBeLessThanOrEqual(most(table));
      }),
      RUNS,
    );
  });

  it('reads along no more unused registers in one place than allowed, and none at the ends', () => {
    fc.assert(
      fc.property(wanted, hole, (wants, max_hole) => {
        for (const { at, count, wants: carried } of planBlocks(wants, max_hole, new LearnedHoles())) {
          const used = new Set(
            carried.flatMap((want) => Array.from({ length: want.count }, (_, index) => want.at + index)),
          );
          let unused = 0;
          for (let register = at; register < at + count; register += 1) {
            unused = used.has(register) ? 0 : unused + 1;
            expect(unused).toBeLessThanOrEqual(max_hole);
          }
          expect([used.has(at), unused]).toEqual([true, 0]);
        }
      }),
      RUNS,
    );
  });

  it('lets no block go from before a learned cut to a range that begins at it or beyond', () => {
    fc.assert(
      fc.property(wanted, hole, cuts, (wants, max_hole, learned) => {
        const holes = new LearnedHoles();
        for (const { table, at } of learned) holes.cutBefore(table, at);

        const blocks = planBlocks(wants, max_hole, holes);

        for (const block of blocks) {
          const across = learned.filter(
            ({ table, at }) =>
              table === block.table && at > block.at && block.wants.some((want) => want.at >= at),
          );
          expect(across).toEqual([]);
        }
      }),
      RUNS,
    );
  });

  it('whatever a unit is missing: gives every range that is there, a fault for the others, and comes to rest', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          fc.record({ at: fc.integer({ min: 0, max: 60 }), count: fc.integer({ min: 1, max: 6 }) }),
          {
            minLength: 1,
            maxLength: 12,
            selector: ({ at }) => at,
          },
        ),
        fc.uniqueArray(fc.integer({ min: 0, max: 66 }), { maxLength: 8 }),
        fc.integer({ min: 6, max: 125 }),
        hole,
        async (places, missing, unitBears, max_hole) => {
          const wants = places.map((place): ModbusRange => ({ table: 'holding', ...place }));
          const bank = wordBank();
          for (let at = 0; at <= 66; at += 1) if (!missing.includes(at)) bank.set('holding', at, 1000 + at);
          let reads = 0;
          const link = openModbusLink(
            { bus: 'bus', device: 'dut', unit: 1, max_hole, onHole() {} },
            async ({ pdu }, _call, read) => {
              reads += 1;
              return read(answerFromBank(bank, pdu, { most: unitBears }));
            },
          );
          // Each cycle keeps at least one more cut, and there are fewer cuts than ranges.
          for (let cycle = 0; cycle <= wants.length; cycle += 1) await link.readAll(wants, call);
          reads = 0;

          const given = await link.readAll(wants, call);

          const settled = reads;
          reads = 0;
          await link.readAll(wants, call);
          expect(reads).toBe(settled);
          expect(settled).toBeLessThanOrEqual(wants.length);
          for (const [index, { at, count }] of wants.entries()) {
            const registers = Array.from({ length: count }, (_, offset) => at + offset);
            if (registers.some((register) => missing.includes(register)))
              expect(isFault(given[index], 'bus.exception')).toBe(true);
            else expect(given[index]).toEqual(registers.map((register) => 1000 + register));
          }
        },
      ),
      RUNS,
    );
  });
});
