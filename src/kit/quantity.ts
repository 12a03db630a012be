import type { NumberRow } from './register-table.ts';

/** A row of a register table for a thing's own quantity: where it is, its unit (UCUM), its range, one sentence, and what else differs. */
export const quantity = (
  at: number,
  unit: string,
  [min, max]: readonly [number, number],
  about: string,
  more: Partial<NumberRow> = {},
): NumberRow => ({ kind: 'number', at, unit, min, max, about, privacy: 'plain', ...more });
