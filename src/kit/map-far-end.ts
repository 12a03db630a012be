import type { ModbusFarEnd, ModbusRange } from '../contracts/index.ts';
import type { PointSpecs, Value } from '../model/index.ts';
import { answerFromBank, seededRandom, settable, wandering, wordBank } from './far-end.ts';
import type { RegisterMap } from './register-map.ts';
import type { NumberRow, RegisterRow, RegisterTable } from './register-table.ts';
import { decimalsOf, limitsOf } from './register-values.ts';

/**
 * How numbers move in place of wandering through their whole range: where they begin, between what, by how much a look; or at which places
 * they stay for a hundred looks or so, give or take the jitter (a floor, the roof of a car).
 */
export type MapShapes = Readonly<Record<string, Wander | Stay>>;
interface Wander {
  readonly from: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
}
interface Stay {
  readonly places: readonly number[];
  readonly jitter: number;
}

export interface SpareRegister {
  readonly table?: 'holding' | 'input';
  readonly at: number;
  readonly word: number;
}

/** Any register map's own side: numbers wander, what can be written stays as written. Each point can be set to a fixed value. */
export function mapFarEnd(
  map: RegisterMap<PointSpecs>,
  table: RegisterTable,
  how: {
    readonly seed: number;
    readonly shapes?: MapShapes;
    /** Registers that are no points; holding ones unless said. */
    readonly registers?: readonly SpareRegister[];
    /** Registers that are there and read 0 where nothing else stands in them. */
    readonly between?: readonly ModbusRange[];
    readonly also?: readonly number[];
  },
): ModbusFarEnd {
  const random = seededRandom(how.seed);
  const rows = Object.entries(table);
  const moves = new Map(rows.map(([name, row]) => [name, mover(row, random, how.shapes?.[name])]));
  const bank = wordBank();
  const fixed = settable(Object.keys(map.points));
  const told: Record<string, Value | null> = {};
  const store = (name: string, row: RegisterRow) => {
    const set = fixed.get(name);
    const value = set === undefined ? moves.get(name)?.() : set;
    if (value !== undefined) map.store(name, value, bank);
    // Written state has no other source than the host.
    else if (row.write) map.store(name, restOf(row), bank);
  };
  for (const { table: kind, at, count } of how.between ?? [])
    for (let offset = 0; offset < count; offset += 1) bank.set(kind, at + offset, 0);
  for (const { table: kind = 'holding', at, word } of how.registers ?? []) bank.set(kind, at, word);
  for (const [name, row] of rows) store(name, row);
  return {
    kind: 'modbus',
    ...(how.also && { also: how.also }),
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
        beforeRead(kind, at, count) {
          for (const [name, row] of rows) if (!row.write) store(name, row);
          const words = Array.from({ length: count }, (_, offset) => bank.get(kind, at + offset));
          Object.assign(told, map.decodeRange({ table: kind, at }, words));
        },
      }),
  };
}

/** How a point moves by itself; nothing for those that are written. */
function mover(
  row: RegisterRow,
  random: () => number,
  shape: MapShapes[string] | undefined,
): () => Value | undefined {
  if (row.write) return () => undefined;
  if (row.kind === 'flag') return contact(random);
  if (row.kind === 'state') {
    const names = Object.keys(row.states);
    let index = 0;
    return () => {
      if (random() < 0.05) index = Math.floor(random() * names.length);
      return names[index];
    };
  }
  const decimals =
    row.decimals ??
    (row.type === 'f32' && row.scale === undefined
      ? 3
      : Math.max(decimalsOf(row.scale ?? 1), decimalsOf(row.offset ?? 0)));
  const [low, high] = rangeOf(row);
  if (shape && 'places' in shape) return staying(random, shape, [low, high]);
  const min = Math.max(low, shape?.min ?? low);
  const max = Math.min(high, shape?.max ?? high);
  // A shape for another model or unit may lie outside of what this one can say.
  if (shape && min < max)
    return wandering(random, {
      from: Math.min(max, Math.max(min, shape.from)),
      min,
      max,
      step: shape.step,
      decimals,
    });
  return wandering(random, {
    from: (low + high) / 2,
    min: low,
    max: high,
    step: (high - low) / 50,
    decimals,
  });
}

/** A contact stays as it is for fifty looks or so: what flickers at every look is broken, not busy. */
function contact(random: () => number): () => boolean {
  let on = random() < 0.1;
  return () => {
    if (random() < 0.02) on = !on;
    return on;
  };
}

function staying(random: () => number, { places, jitter }: Stay, [low, high]: readonly [number, number]) {
  let at = 0;
  return (): number => {
    if (random() < 0.01) at = Math.floor(random() * places.length);
    const value = (places[at] ?? 0) + Math.round((2 * random() - 1) * jitter);
    return Math.min(high, Math.max(low, value));
  };
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
