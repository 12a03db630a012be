import type { FireLevel } from '../../contracts/index.ts';
import type { Turn } from './turn.ts';
import { endTimed } from './unlocking.ts';
import { fireInputs, firing } from './wanted.ts';

/** A fire input as it is read. Once active it counts as active until it is read as clear: the fire may have burnt its wire. */
export function readFire(turn: Turn, name: string, level: FireLevel): void {
  const input = turn.state.fire[name];
  if (!input || input.level === level) return;
  const active = level === 'active' || (input.active && level !== 'clear');
  change(turn, () => turn.set({ fire: { ...turn.state.fire, [name]: { level, active } } }));
}

/** Back to what else is wanted, by hand. Says why not. */
export function resetFire(turn: Turn): string | undefined {
  if (fireInputs(turn.rules, turn.state).length > 0) return 'fire';
  change(turn, () => turn.set({ fire_stays: false }));
  return undefined;
}

/** An earlier run had these active: they are so until they are read as clear, unless they have been by now. */
export function recallFire(turn: Turn, names: readonly string[]): void {
  const before = turn.state.fire;
  const fire = Object.fromEntries(
    Object.entries(before).map(([name, input]) => [
      name,
      names.includes(name) && input.level !== 'clear' ? { ...input, active: true } : input,
    ]),
  );
  const stays = names.includes('*') || turn.state.fire_stays;
  change(turn, () => turn.set({ fire, fire_stays: stays }));
}

/** At a start: what an earlier run left is still released, and says so. */
export function beginFire(turn: Turn): void {
  if (firing(turn.rules, turn.state)) turn.say('fire', { inputs: fireInputs(turn.rules, turn.state) });
}

function change(turn: Turn, apply: () => void): void {
  const before = firing(turn.rules, turn.state);
  apply();
  const { rules, state } = turn;
  if (fireInputs(rules, state).length > 0 && rules.fire.after === 'stay') turn.set({ fire_stays: true });
  const after = firing(rules, turn.state);
  if (after === before) return;
  if (!after) return turn.say('fire-ended');
  turn.say('fire', { inputs: fireInputs(rules, state) });
  for (const gate of rules.gates) endTimed(turn, gate, 'fire');
}
