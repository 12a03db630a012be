import type { DoorAnswer, DoorEvent, DoorOutput, DoorRules } from '../../contracts/index.ts';
import type { Json, JsonObject, Millis } from '../../model/index.ts';
import { DOOR_EVENTS, type DoorAlarm, type DoorEventName } from '../events.ts';
import type { DoorState } from './state.ts';

/** The work of one step: the state as it becomes, and what is said and done on the way. Nothing of it outlives the step. */
export class Turn {
  readonly rules: DoorRules;
  state: DoorState;
  readonly outputs: DoorOutput[] = [];
  readonly events: DoorEvent[] = [];
  answer: DoorAnswer | undefined;

  constructor(rules: DoorRules, state: DoorState) {
    this.rules = rules;
    this.state = state;
  }

  get up(): Millis {
    return this.state.up;
  }

  set(change: Partial<DoorState>): void {
    this.state = { ...this.state, ...change };
  }

  drive(output: DoorOutput): void {
    this.outputs.push(output);
  }

  say(name: DoorEventName, fields: Readonly<Record<string, Json | undefined>> = {}, up = this.up): void {
    this.events.push({ name, lane: DOOR_EVENTS[name].lane, up, fields: told(fields) });
  }

  /** Raises or ends an alarm, so that it stands while `wrong`. */
  stand(alarm: DoorAlarm, wrong: boolean, facts: Readonly<Record<string, Json | undefined>> = {}): void {
    const stands = this.state.alarms[alarm];
    if (wrong === (stands !== undefined)) return;
    const muted = this.state.maintenance ? true : undefined;
    if (!stands) {
      this.set({ alarms: { ...this.state.alarms, [alarm]: { since_up: this.up } } });
      this.say('alarm', { alarm, ...facts, muted });
      return;
    }
    const { [alarm]: _, ...others } = this.state.alarms;
    this.set({ alarms: others });
    this.say('alarm-ended', { alarm, lasted_ms: this.up - stands.since_up, muted });
  }

  has(alarm: DoorAlarm): boolean {
    return this.state.alarms[alarm] !== undefined;
  }

  reply(ref: string, reason?: string): void {
    this.answer = reason === undefined ? { ref, accepted: true } : { ref, accepted: false, reason };
  }
}

/** Without what is not known. */
function told(fields: Readonly<Record<string, Json | undefined>>): JsonObject {
  const known: Record<string, Json> = {};
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) known[name] = value;
  return known;
}
