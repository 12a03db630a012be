import type { DoorsInput } from '../access/index.ts';
import type { Reading } from '../model/index.ts';
import type { DoorSense } from './door-plan.ts';

/** What a reading says to doors. One that is not good says that its input cannot be read. */
export function inputsOf(
  senses: readonly DoorSense[],
  { device, point, value, quality }: Pick<Reading, 'device' | 'point' | 'value' | 'quality'>,
): readonly DoorsInput[] {
  const good = quality === 'good' || quality === 'simulated';
  return senses
    .filter((sense) => sense.device === device && sense.point === point)
    .map((sense) =>
      inputOf(sense, good && typeof value === 'boolean' ? value !== sense.inverted : undefined),
    );
}

/** All inputs of a device that is away. */
export const unreadable = (senses: readonly DoorSense[], device: string): readonly DoorsInput[] =>
  senses.filter((sense) => sense.device === device).map((sense) => inputOf(sense, undefined));

/** `is`: so it stands; undefined: nobody can tell. */
function inputOf({ is: sensed }: DoorSense, is: boolean | undefined): DoorsInput {
  const level = <T extends string>(yes: T, no: T) => (is === undefined ? 'unreadable' : is ? yes : no);
  switch (sensed.kind) {
    case 'fire':
      return { fire: sensed.input, level: level('active', 'clear') };
    case 'contact':
      return {
        door: sensed.door,
        input: { kind: 'contact', side: sensed.side, level: level('open', 'closed') },
      };
    case 'rex':
      return {
        door: sensed.door,
        input: { kind: 'rex', side: sensed.side, level: level('pressed', 'idle') },
      };
    case 'presence':
      return { door: sensed.door, input: { kind: 'presence', level: level('present', 'clear') } };
    case 'tamper':
      return {
        door: sensed.door,
        input: { kind: 'tamper', input: sensed.input, level: level('tampered', 'fine') },
      };
    case 'relay':
      return {
        door: sensed.door,
        input: { kind: 'relay', gate: sensed.gate, shows: level('unlocked', 'locked') },
      };
  }
}
