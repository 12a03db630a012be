import type { DoorAnswer, DoorEvent, DoorInput, DoorOutput, DoorRules } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';
import type { DoorStart, DoorState } from './door/state.ts';
import { beginDoor, type DoorStep, stepDoor } from './door/step.ts';
import { viewDoor } from './door/view.ts';

export interface DoorsPlan {
  readonly doors: readonly DoorRules[];
  /** Groups of doors of which one may be open at a time. */
  readonly interlocks: readonly (readonly string[])[];
}

/** All doors of a gateway. */
export type Doors = Readonly<
  Record<string, { readonly state: DoorState; readonly wake_at: Millis | undefined }>
>;

export interface DoorsStep {
  readonly doors: Doors;
  readonly outputs: readonly { readonly door: string; readonly output: DoorOutput }[];
  readonly events: readonly { readonly door: string; readonly event: DoorEvent }[];
  readonly answer?: DoorAnswer;
  readonly wake_at: Millis | undefined;
}

/** What one door, every door, or every door that follows a fire input is told. */
export type DoorsInput =
  | { readonly door: string; readonly input: DoorInput }
  | { readonly fire: string; readonly level: 'active' | 'clear' | 'unreadable' }
  | { readonly time: true };

/** All doors as they are found at a start. */
export function beginDoors(plan: DoorsPlan, startOf: (door: string) => DoorStart, up: Millis): DoorsStep {
  const work = new Work(plan, {});
  for (const rules of plan.doors) {
    // Nothing is known of the others yet, so none of a group is the first to open.
    const blocked_by = plan.interlocks
      .find((group) => group.includes(rules.id))
      ?.find((id) => id !== rules.id);
    work.put(
      rules,
      beginDoor(rules, { ...startOf(rules.id), ...(blocked_by !== undefined && { blocked_by }) }, up),
    );
  }
  for (const { id } of plan.doors) work.tellNeighbours(id, up);
  return work.done();
}

/**
 * One input. What is due before it happens first, in the order of its times; what one door does is told to those of its interlock groups before
 * anything else happens, so two of them never take the same moment.
 */
export function stepDoors(plan: DoorsPlan, before: Doors, input: DoorsInput, now: Millis): DoorsStep {
  const work = new Work(plan, before);
  work.passTime(now);
  if ('door' in input) work.tell(input.door, input.input, now);
  if ('fire' in input)
    for (const { id, fire } of plan.doors)
      if (fire.inputs.includes(input.fire))
        work.tell(id, { kind: 'fire', input: input.fire, level: input.level }, now);
  return work.done();
}

class Work {
  private readonly plan: DoorsPlan;
  private readonly doors: Record<string, { readonly state: DoorState; readonly wake_at: Millis | undefined }>;
  private readonly outputs: { readonly door: string; readonly output: DoorOutput }[] = [];
  private readonly events: { readonly door: string; readonly event: DoorEvent }[] = [];
  private answer: DoorAnswer | undefined;

  constructor(plan: DoorsPlan, doors: Doors) {
    this.plan = plan;
    this.doors = { ...doors };
  }

  passTime(now: Millis): void {
    for (let next = this.soonest(); next && next.wake_at <= now; next = this.soonest())
      this.tell(next.id, { kind: 'time' }, next.wake_at);
  }

  tell(id: string, input: DoorInput, up: Millis): void {
    const rules = this.plan.doors.find((door) => door.id === id);
    const door = this.doors[id];
    if (!rules || !door) return;
    this.put(rules, stepDoor(rules, door.state, input, up));
    this.tellNeighbours(id, up);
  }

  /** Ends: a door that is blocked never blocks more than before. */
  tellNeighbours(id: string, up: Millis): void {
    const groups = this.plan.interlocks.filter((group) => group.includes(id));
    for (const other of new Set(groups.flat())) {
      if (other === id) continue;
      const blocked_by = this.blockerOf(other);
      if (blocked_by !== this.doors[other]?.state.blocked_by)
        this.tell(other, { kind: 'interlock', blocked_by }, up);
    }
  }

  put(rules: DoorRules, { state, wake_at, outputs, events, answer }: DoorStep): void {
    const door = rules.id;
    this.doors[door] = { state, wake_at };
    this.outputs.push(...outputs.map((output) => ({ door, output })));
    this.events.push(...events.map((event) => ({ door, event })));
    this.answer ??= answer;
  }

  done(): DoorsStep {
    const { doors, outputs, events, answer } = this;
    return { doors, outputs, events, ...(answer && { answer }), wake_at: this.soonest()?.wake_at };
  }

  private blockerOf(id: string): string | undefined {
    const groups = this.plan.interlocks.filter((group) => group.includes(id));
    return groups.flat().find((other) => other !== id && this.occupied(other));
  }

  private occupied(id: string): boolean {
    const rules = this.plan.doors.find((door) => door.id === id);
    const door = this.doors[id];
    return rules !== undefined && door !== undefined && viewDoor(rules, door.state).occupied;
  }

  private soonest(): { readonly id: string; readonly wake_at: Millis } | undefined {
    let first: { readonly id: string; readonly wake_at: Millis } | undefined;
    for (const [id, { wake_at }] of Object.entries(this.doors))
      if (wake_at !== undefined && (!first || wake_at < first.wake_at)) first = { id, wake_at };
    return first;
  }
}
