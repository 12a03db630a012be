import type { ModbusRange, ModbusTable } from '../../contracts/index.ts';
import { holdsBits } from '../../kit/index.ts';

/** Modbus Application Protocol 1.1b3, 6.1 to 6.4: most bits and registers of one read. */
const MOST = { bits: 2000, registers: 125 } as const;

/** One read on the wire, and which of the wanted ranges it answers. */
export interface Block extends ModbusRange {
  readonly wants: readonly ModbusRange[];
}

/** Addresses that a unit refused to read in one block with their neighbours: between these two a block is cut. */
export class LearnedHoles {
  private readonly cuts = new Map<ModbusTable, Set<number>>();

  /** A block that starts before `at` may not reach it or beyond. */
  cutBefore(table: ModbusTable, at: number): void {
    const known = this.cuts.get(table) ?? new Set();
    known.add(at);
    this.cuts.set(table, known);
  }

  /** That was not the place after all. */
  forget(table: ModbusTable, at: number): void {
    this.cuts.get(table)?.delete(at);
  }

  separates(table: ModbusTable, from: number, to: number): boolean {
    for (const at of this.cuts.get(table) ?? []) if (from < at && at <= to) return true;
    return false;
  }
}

/** Puts ranges together: neighbours, overlaps and small holes of one table become one read, within the limits of Modbus. */
export function planBlocks(wants: readonly ModbusRange[], max_hole: number, holes: LearnedHoles): Block[] {
  const sorted = [...new Set(wants)].sort((x, y) => compareTables(x.table, y.table) || x.at - y.at);
  const blocks: { table: ModbusTable; at: number; count: number; wants: ModbusRange[] }[] = [];
  for (const want of sorted) {
    const block = blocks.at(-1);
    if (block && joins(block, want, max_hole, holes)) {
      block.count = Math.max(block.count, want.at + want.count - block.at);
      block.wants.push(want);
    } else blocks.push({ ...want, wants: [want] });
  }
  return blocks;
}

function joins(block: ModbusRange, want: ModbusRange, max_hole: number, holes: LearnedHoles): boolean {
  if (block.table !== want.table) return false;
  const end = block.at + block.count;
  if (want.at > end + max_hole) return false;
  const length = Math.max(end, want.at + want.count) - block.at;
  if (length > (holdsBits(want.table) ? MOST.bits : MOST.registers)) return false;
  return !holes.separates(want.table, block.at, want.at);
}

/**
 * The two parts of a refused block, cut between wants; undefined when there is but one want, which then is the hole itself. What nobody wants
 * is the likeliest hole, so the cut is at the widest gap; a block without gaps is halved.
 */
export function parted({ at, wants }: Block): Parted | undefined {
  if (wants.length < 2) return undefined;
  let cut = Math.ceil(wants.length / 2);
  let widest = 0;
  let end = at;
  for (const [index, want] of wants.entries()) {
    if (want.at - end > widest) {
      widest = want.at - end;
      cut = index;
    }
    end = Math.max(end, want.at + want.count);
  }
  const second = wants.slice(cut);
  return { wants: [wants.slice(0, cut), second], cut_at: second[0]?.at ?? end };
}

interface Parted {
  readonly wants: readonly [readonly ModbusRange[], readonly ModbusRange[]];
  /** Where the second part begins. */
  readonly cut_at: number;
}

const compareTables = (x: ModbusTable, y: ModbusTable): number => (x < y ? -1 : x > y ? 1 : 0);
