import type { DoorInput } from '../../contracts/index.ts';
import { endMaintenance } from './commands.ts';
import { driveUnchanged } from './drive.ts';
import { recallFire } from './fire.ts';
import type { Turn } from './turn.ts';
import { endForbidden } from './unlocking.ts';

/**
 * What an earlier run left comes only now, since the disk was slow: the door becomes what it had been from the start, but for what has been read or
 * ordered since. Its gates are told how to stand, which the start could not know.
 */
export function recall(turn: Turn, { kept, schedule }: Extract<DoorInput, { kind: 'kept' }>): void {
  if (kept) {
    const { state } = turn;
    const same = kept.boot === state.boot;
    recallFire(turn, kept.fire);
    if (kept.lockdown && !state.lockdown) turn.set({ lockdown: kept.lockdown, hold: undefined });
    const { hold, maintenance } = kept;
    const lasts = hold && (same || hold.until_up === undefined);
    if (lasts && !state.hold && !turn.state.lockdown) turn.set({ hold });
    if (kept.stopped) turn.set({ stopped: true });
    if (kept.schedule_off && schedule !== 'lock') turn.set({ schedule_off: true });
    if (kept.scheduled && same && schedule === 'unknown') turn.set({ scheduled: true });
    if (maintenance && !state.maintenance) {
      turn.set({ maintenance });
      if (!same) endMaintenance(turn, 'restart');
    }
    endForbidden(turn, 'lockdown');
  }
  if (schedule === 'unlock') turn.set({ scheduled: true });
  driveUnchanged(turn);
}
