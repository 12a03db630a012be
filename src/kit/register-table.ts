import type { ModbusTable } from '../contracts/index.ts';
import type { FlagPoint, NumberPoint, PointSpec, PrivacyClass, StatePoint } from '../model/index.ts';
import type { RegisterLayout, RegisterType } from './register-values.ts';

/**
 * One row of a register table: the point and where it is. Plain data, so that a YAML profile has the same shape.
 * `at` is the address on the wire (0-based, not 40001-style).
 */
interface RowBase {
  readonly about: string;
  readonly privacy: PrivacyClass;
  readonly at: number;
  /** Default: that of the whole map. */
  readonly table?: ModbusTable;
  /** It can be written; `rest` is its safe state, `hold` where any state is safe. */
  readonly write?: { readonly rest: number | boolean | string };
}

interface WordRow extends RowBase {
  readonly type?: RegisterType;
  readonly word_order?: RegisterLayout['word_order'];
  readonly byte_order?: RegisterLayout['byte_order'];
  /** Bits of the register that belong to it; they are shifted down so that the lowest counts 1. */
  readonly mask?: number;
  /** Numbers, as the type reads them and before scale, that mean: no valid value. */
  readonly sentinels?: readonly number[];
}

export interface NumberRow extends WordRow {
  readonly kind: 'number';
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  /** value = raw × scale + offset. */
  readonly scale?: number;
  readonly offset?: number;
  readonly decimals?: number;
}

/** A coil, a discrete input, or a bit of a register. */
export interface FlagRow extends RowBase {
  readonly kind: 'flag';
  /** 0 lowest; of a register. Without it any set bit counts. */
  readonly bit?: number;
  /** True when the bit is 0. */
  readonly invert?: boolean;
}

/** A raw number that no state names is no valid value. Of coils: 0 and 1. */
export interface StateRow extends WordRow {
  readonly kind: 'state';
  readonly states: Readonly<Record<string, number>>;
}

export type RegisterRow = NumberRow | FlagRow | StateRow;
export type RegisterTable = Readonly<Record<string, RegisterRow>>;

export interface MapDefaults {
  readonly table?: ModbusTable;
  readonly word_order?: RegisterLayout['word_order'];
  readonly byte_order?: RegisterLayout['byte_order'];
}

type PointOf<R> = R extends { readonly kind: 'number' }
  ? NumberPoint
  : R extends { readonly kind: 'flag' }
    ? FlagPoint
    : R extends { readonly kind: 'state'; readonly states: infer S }
      ? StatePoint<keyof S & string>
      : never;

/** The points of a table, by name. */
export type PointsOf<T extends RegisterTable> = { readonly [K in keyof T]: PointOf<T[K]> };

/** The point of a row, without its place. */
export function pointOf(row: RegisterRow): PointSpec {
  const { about, privacy } = row;
  if (row.kind === 'flag') return { kind: 'flag', about, privacy };
  if (row.kind === 'state') return { kind: 'state', about, privacy, values: Object.keys(row.states) };
  return { kind: 'number', about, privacy, unit: row.unit, min: row.min, max: row.max };
}
