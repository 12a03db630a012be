import type { ModbusFarEnd } from '../contracts/index.ts';
import type { Value } from '../model/index.ts';
import {
  answerFromBank,
  type BankBehaviour,
  seededRandom,
  settable,
  wandering,
  wordBank,
} from './far-end.ts';
import { registerMap } from './register-map.ts';
import type { MapDefaults, NumberRow, RegisterRow, RegisterTable } from './register-table.ts';
import { decimalsOf, limitsOf } from './register-values.ts';

/** How the numbers of a unit behave in nature; what is left out wanders over the whole range of its point. */
export type Nature = Readonly<Record<string, Omit<Parameters<typeof wandering>[1], 'decimals'>>>;

/**
 * The own side of a unit that is only a register map: numbers wander within their range, flags and states change now and then, what can be
 * written stays as written. Any point can be set to a fixed value.
 */
export function mapFarEnd(
  table: RegisterTable,
  seed: number,
  more: {
    readonly defaults?: MapDefaults;
    readonly nature?: Nature;
    readonly also?: readonly number[];
    readonly behaviour?: Omit<BankBehaviour, 'beforeRead'>;
  } = {},
): ModbusFarEnd {
  const random = seededRandom(seed);
  const map = registerMap(table, more.defaults);
  const rows = Object.entries(table);
  const moves = new Map(rows.map(([name, row]) => [name, mover(row, random, more.nature?.[name])]));
  const bank = wordBank();
  const fixed = settable(Object.keys(map.points));
  const told: Record<string, Value | null> = {};
  const store = (name: string, row: RegisterRow) => {
    const value = fixed.get(name) ?? moves.get(name)?.();
    if (fixed.get(name) === null) map.store(name, null, bank);
    else if (value !== undefined) map.store(name, value, bank);
    // Written state has no other source than the host.
    else if (row.write) map.store(name, restOf(row), bank);
  };
  for (const [name, row] of rows) store(name, row);
  return {
    kind: 'modbus',
    ...(more.also && { also: more.also }),
    said: () => told,
    set(values) {
      // What the register cannot hold is refused before anything is remembered.
      for (const [name, value] of Object.entries(values))
        if (name in table && (typeof value !== 'object' || value === null))
          map.store(name, value, wordBank());
      fixed.set(values);
      for (const [name, row] of rows) if (name in values) store(name, row);
    },
    respond: (pdu) =>
      answerFromBank(bank, pdu, {
        ...more.behaviour,
        beforeRead(kind, at, count) {
          for (const [name, row] of rows) if (!row.write) store(name, row);
          const words = Array.from({ length: count }, (_, offset) => bank.get(kind, at + offset));
          Object.assign(told, map.decodeRange({ table: kind, at }, words));
        },
      }),
  };
}

/** How a point moves by itself; nothing for those that are written. */
function mover(row: RegisterRow, random: () => number, nature?: Nature[string]): () => Value | undefined {
  if (row.write) return () => undefined;
  if (row.kind === 'flag') return () => random() < 0.1;
  if (row.kind === 'state') {
    const names = Object.keys(row.states);
    let index = 0;
    return () => {
      if (random() < 0.05) index = Math.floor(random() * names.length);
      return names[index];
    };
  }
  const [min, max] = rangeOf(row);
  const decimals = row.decimals ?? Math.max(decimalsOf(row.scale ?? 1), decimalsOf(row.offset ?? 0));
  const anywhere = { from: (min + max) / 2, min, max, step: (max - min) / 50 };
  return wandering(random, { ...(nature ?? anywhere), decimals });
}

/** What the register can hold and the point may show. */
function rangeOf(row: NumberRow): readonly [number, number] {
  const [low, high] =
    row.mask === undefined ? limitsOf(row.type ?? 'u16') : [0, row.mask / (row.mask & -row.mask)];
  const ends = [low, high].map((raw) => raw * (row.scale ?? 1) + (row.offset ?? 0));
  return [Math.max(row.min, Math.min(...ends)), Math.min(row.max, Math.max(...ends))];
}

/** A written point begins in its safe state; one that holds begins at its first. */
function restOf(row: RegisterRow): Value {
  const rest = row.write?.rest ?? 'hold';
  if (rest !== 'hold') return rest;
  if (row.kind === 'state') return Object.keys(row.states)[0] ?? '';
  return row.kind === 'flag' ? false : Math.max(0, row.min);
}
