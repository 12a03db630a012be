import type { DoorMode, DoorRules, KeptDoor } from '../../contracts/index.ts';
import type { DoorState, Position } from './state.ts';
import { firing, wanted } from './wanted.ts';

/** What others may see of a door. */
export interface DoorView {
  readonly position: Position;
  readonly mode: DoorMode;
  readonly lock: 'locked' | 'unlocked' | 'released';
  readonly alarms: readonly string[];
  readonly lockdown: boolean;
  readonly maintenance: KeptDoor['maintenance'];
  /** Another door of its group must wait for it. */
  readonly occupied: boolean;
}

export function viewDoor(rules: DoorRules, state: DoorState): DoorView {
  const wants = rules.gates.map((gate) => wanted(rules, state, gate).lock);
  const unlocked = wants.some((lock) => lock !== 'locked');
  const shut = state.position === 'closed' || state.position === 'none';
  return {
    position: state.position,
    mode: state.mode,
    lock: firing(rules, state) ? 'released' : unlocked ? 'unlocked' : 'locked',
    alarms: Object.keys(state.alarms),
    lockdown: state.lockdown !== undefined,
    maintenance: state.maintenance,
    occupied: unlocked || !shut,
  };
}
