import type { JsonObject } from '../model/index.ts';
import type { Done } from '../rules/index.ts';

/** What of a supply outlives this process. */
export interface SupplyState {
  /** Cycles of the last day. */
  readonly past: readonly Done[];
  /** Devices that have answered once. */
  readonly known: readonly string[];
  /** The cycle under way. */
  readonly left: { readonly silent: readonly string[]; readonly count: number } | undefined;
}

export const keepSupply = ({ past, known, left }: SupplyState): JsonObject => ({
  past: past.map((done) => ({ ...done })),
  known,
  ...(left && { left: { ...left } }),
});

/** What was kept, as far as it can be understood: an older or newer version may have written it. */
export function recallSupply(kept: JsonObject | undefined): SupplyState {
  const { past, known, left } = kept ?? {};
  return {
    past: listOf(past).flatMap((one) => doneOf(one)),
    known: listOf(known).filter((id) => typeof id === 'string'),
    left: isObject(left)
      ? {
          silent: listOf(left.silent).filter((id) => typeof id === 'string'),
          count: typeof left.count === 'number' ? left.count : 0,
        }
      : undefined,
  };
}

function doneOf(one: unknown): Done[] {
  if (!isObject(one)) return [];
  const { boot, up, unix_ms } = one;
  if (typeof boot !== 'string' || typeof up !== 'number') return [];
  return [{ boot, up, ...(typeof unix_ms === 'number' && { unix_ms }) }];
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
