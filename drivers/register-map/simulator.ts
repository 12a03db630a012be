import {
  type AnySimulator,
  answerFromBank,
  anySimulator,
  decimalsOf,
  defineSimulator,
  type FarEnd,
  limitsOf,
  type NumberRow,
  type RegisterRow,
  seededRandom,
  settable,
  type Value,
  wandering,
  wordBank,
} from '#kit';
import type { Options } from './driver.ts';
import { mapOf, type Profile, tableOf } from './profile.ts';

/** Any register map's own side: numbers wander within their range, what can be written stays as written. */
export default defineSimulator<Options>({
  driver: 'register-map',
  open: ({ profile }, seed) => farEnd(profile, seed),
});

export const simulatorFromProfile = (profile: Profile): AnySimulator =>
  anySimulator(
    defineSimulator({ driver: profile.id, open: (_options: unknown, seed) => farEnd(profile, seed) }),
  );

function farEnd(profile: Profile, seed: number): FarEnd {
  const random = seededRandom(seed);
  const map = mapOf(profile);
  const rows = Object.entries(tableOf(profile));
  const moves = new Map(rows.map(([name, row]) => [name, mover(row, random)]));
  const bank = wordBank();
  const fixed = settable(Object.keys(map.points));
  const told: Record<string, Value | null> = {};
  const store = (name: string, row: RegisterRow) => {
    const value = fixed.get(name) ?? moves.get(name)?.();
    if (value !== undefined) map.store(name, value, bank);
    // Written state has no other source than the host.
    else if (row.write) map.store(name, restOf(row), bank);
  };
  for (const [name, row] of rows) store(name, row);
  return {
    kind: 'modbus',
    said: () => told,
    set(values) {
      fixed.set(values);
      for (const [name, row] of rows) if (name in values) store(name, row);
    },
    respond: (pdu) =>
      answerFromBank(bank, pdu, {
        beforeRead(table, at, count) {
          for (const [name, row] of rows) if (!row.write) store(name, row);
          const words = Array.from({ length: count }, (_, offset) => bank.get(table, at + offset));
          Object.assign(told, map.decodeRange({ table, at }, words));
        },
      }),
  };
}

/** How a point moves by itself; nothing for those that are written. */
function mover(row: RegisterRow, random: () => number): () => Value | undefined {
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
  return wandering(random, { from: (min + max) / 2, min, max, step: (max - min) / 50, decimals });
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
