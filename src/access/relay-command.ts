import type { DoorOutput } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';

/**
 * How a lock hangs on its relay. `fail-secure`: power unlocks it, without power it stays locked. `fail-safe` (every magnet): power locks it,
 * so its relay is energised at rest and "off" means unlocked.
 */
export type LockWiring = 'fail-secure' | 'fail-safe';

/** A command of a relay driver, beside the arguments that name the relay. */
export interface RelayCommand {
  readonly name: 'on' | 'off' | 'pulse' | 'off-pulse';
  readonly ms?: Millis;
}

/** What the relay of a lock is told; undefined for what is no matter of a lock. */
export function relayCommand(output: DoorOutput, lock: LockWiring): RelayCommand | undefined {
  const unlocks = lock === 'fail-secure' ? 'on' : 'off';
  const locks = lock === 'fail-secure' ? 'off' : 'on';
  switch (output.do) {
    case 'lock':
      return { name: locks };
    case 'release':
      return { name: unlocks };
    case 'unlock':
      // A pulse of the board, or until the `lock` that follows.
      if (output.timing === 'board' && output.for_ms !== undefined)
        return { name: unlocks === 'on' ? 'pulse' : 'off-pulse', ms: output.for_ms };
      return { name: unlocks };
    default:
      return undefined;
  }
}
