import type { JsonObject } from '../model/index.ts';
import type { Done } from '../rules/index.ts';

/** What of a supply outlives this process. */
export interface SupplyState {
  /** Cycles of the last day. */
  readonly past: readonly Done[];
  /** Devices that have answered once. */
  readonly known: readonly string[];
  /** The cycle under way. */
  readonly left: LeftCycle | undefined;
  /** It was told that the cycles of the day are used up, and none of its units has come back since. */
  readonly gave_up: boolean;
}

export interface LeftCycle {
  readonly silent: readonly string[];
  readonly count: number;
  /** In that boot the supply is to be off until then. */
  readonly off_until?: { readonly boot: string; readonly up: number };
}

export const keepSupply = ({ past, known, left, gave_up }: SupplyState): JsonObject => ({
  past: past.map((done) => ({ ...done })),
  known,
  ...(left && { left: { ...left } }),
  ...(gave_up && { gave_up }),
});

/** What was kept, as far as it can be understood: an older or newer version may have written it. */
export function recallSupply(kept: JsonObject | undefined): SupplyState {
  const { past, known, left, gave_up } = kept ?? {};
  return {
    past: listOf(past).flatMap((one) => doneOf(one)),
    known: listOf(known).filter((id) => typeof id === 'string'),
    left: isObject(left)
      ? {
          silent: listOf(left.silent).filter((id) => typeof id === 'string'),
          count: typeof left.count === 'number' ? left.count : 0,
          ...momentOf(left.off_until),
        }
      : undefined,
    gave_up: gave_up === true,
  };
}

function momentOf(one: unknown): Pick<LeftCycle, 'off_until'> {
  if (!isObject(one)) return {};
  const { boot, up } = one;
  return typeof boot === 'string' && typeof up === 'number' ? { off_until: { boot, up } } : {};
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
