import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  beginDoor,
  DOOR_ALARMS,
  DOOR_EVENTS,
  type DoorStep,
  keep,
  stepDoor,
  viewDoor,
} from '../../src/access/index.ts';
import type { DoorEvent, DoorInput, DoorOutput, DoorRules } from '../../src/contracts/index.ts';
import { type Rules, street } from '../support/door-play.ts';

const LONG = Boolean(process.env.GATELODGE_LONG);
const numRuns = LONG ? 10_000 : 250;

const KINDS: readonly Rules[] = [
  {},
  { relock: 'on-time', escape_route: true, contacts: ['in', 'out'], rex: { in: 'shunt', out: 'unlock' } },
  { relock: 'on-open', lockdown_exit: false, fire: { inputs: ['panel', 'attic'], after: 'stay' } },
  { contacts: [], longest_ms: 4000, feedback: ['lock'] },
  { kind: 'turnstile', gates: ['in', 'out'], contacts: ['in', 'out'], rex: {} },
  { kind: 'barrier', gates: ['arm'], relock: 'on-passage', presence: true },
  { kind: 'lift', gates: ['f1', 'f2'], contacts: [], rex: {} },
];

const side = fc.constantFrom('in', 'out');
const flag = fc.boolean();
const input: fc.Arbitrary<DoorInput> = fc.oneof(
  fc.record({
    kind: fc.constant('contact'),
    side,
    level: fc.constantFrom('open', 'closed', 'closed', 'unreadable'),
  }),
  fc.record({
    kind: fc.constant('contact'),
    side: fc.constant('in'),
    level: fc.constantFrom('open', 'closed'),
  }),
  fc.record({
    kind: fc.constant('rex'),
    side,
    level: fc.constantFrom('pressed', 'idle', 'idle', 'unreadable'),
  }),
  fc.record({
    kind: fc.constant('fire'),
    input: fc.constantFrom('panel', 'attic'),
    level: fc.constantFrom('active', 'clear', 'clear', 'unreadable'),
  }),
  fc.record({ kind: fc.constant('presence'), level: fc.constantFrom('present', 'clear', 'unreadable') }),
  fc.record({
    kind: fc.constant('relay'),
    gate: fc.constant('lock'),
    shows: fc.constantFrom('unlocked', 'locked', 'unreadable'),
  }),
  fc.record({ kind: fc.constant('board'), state: fc.constantFrom('lost', 'back') }),
  fc.record({ kind: fc.constant('interlock'), blocked_by: fc.constantFrom('lobby', undefined, undefined) }),
  fc.record({ kind: fc.constant('schedule'), says: fc.constantFrom('unlock', 'lock', 'lock', 'unknown') }),
  fc.record({
    kind: fc.constant('grant'),
    ref: fc.uuid(),
    side,
    extended: flag,
    override: flag,
    gates: fc.constantFrom(['f1'], ['f2', 'f1']),
  }),
  fc.record({
    kind: fc.constant('command'),
    name: fc.constant('unlock'),
    ref: fc.uuid(),
    by: fc.constant('op'),
    for_ms: fc.integer({ min: 1, max: 9000 }),
    override: flag,
  }),
  fc.record({
    kind: fc.constant('command'),
    name: fc.constant('hold-open'),
    ref: fc.uuid(),
    by: fc.constant('op'),
    for_ms: fc.integer({ min: 1, max: 90_000 }),
  }),
  fc.record({
    kind: fc.constant('command'),
    name: fc.constant('maintenance'),
    ref: fc.uuid(),
    by: fc.constant('op'),
    why: fc.constant('repair'),
    for_ms: fc.integer({ min: 1, max: 90_000 }),
  }),
  fc.record({
    kind: fc.constant('command'),
    name: fc.constantFrom('lockdown', 'end-lockdown'),
    ref: fc.uuid(),
    by: fc.constant('op'),
  }),
  fc.record({
    kind: fc.constant('command'),
    name: fc.constantFrom(
      'lock',
      'end-hold',
      'resume',
      'lockdown',
      'end-lockdown',
      'end-maintenance',
      'reset-fire',
      'open',
      'close',
      'stop',
    ),
    ref: fc.uuid(),
    by: fc.constant('op'),
  }),
) as fc.Arbitrary<DoorInput>;
const history = fc.array(
  fc.record({
    after_ms: fc.oneof(
      fc.constant(0),
      fc.integer({ min: 1, max: 3000 }),
      fc.integer({ min: 1, max: 70_000 }),
    ),
    input,
  }),
  { maxLength: 60, size: 'max' },
);
const kinds = fc.constantFrom(...KINDS.keys());
type History = readonly { readonly after_ms: number; readonly input: DoorInput }[];

interface Played {
  readonly rules: DoorRules;
  readonly up: number;
  /** undefined: time alone. */
  readonly input: DoorInput | undefined;
  readonly step: DoorStep;
}

/** Plays a history, waking the door whenever it wants to be woken, and once for long after its end. */
function playAll(rules: DoorRules, given: History): Played[] {
  let up = 0;
  let step = beginDoor(rules, { boot: 'b', schedule: 'lock' }, 0);
  const played: Played[] = [{ rules, up, input: undefined, step }];
  const take = (input: DoorInput, at: number) => {
    step = stepDoor(rules, frozen(step.state), input, at);
    played.push({ rules, up: at, input: input.kind === 'time' ? undefined : input, step });
  };
  const wake = (until: number) => {
    for (let at = step.wake_at; at !== undefined && at <= until; at = step.wake_at)
      take({ kind: 'time' }, at);
  };
  for (const { after_ms, input } of given) {
    up += after_ms;
    wake(up);
    take(input, up);
  }
  wake(up + 100_000);
  return played;
}

function frozen<T>(thing: T): T {
  if (typeof thing === 'object' && thing !== null && !Object.isFrozen(thing)) {
    Object.freeze(thing);
    Object.values(thing).forEach(frozen);
  }
  return thing;
}

const holds = (claim: (played: readonly Played[], rules: DoorRules) => void) =>
  fc.assert(
    fc.property(kinds, history, (kind, given) => {
      const rules = street(KINDS[kind]);
      claim(playAll(rules, given), rules);
    }),
    { numRuns },
  );

/** The lock itself, at the other end of the relay: it knows only what it was told. */
class Bolt {
  private readonly gates = new Map<string, { free: boolean; until: number }>();
  take(output: DoorOutput, up: number): void {
    if (output.do === 'show' || output.do === 'signal') return;
    const free = ['unlock', 'release', 'open'].includes(output.do);
    const timed = output.do === 'unlock' && output.timing === 'board' ? (output.for_ms ?? 0) : undefined;
    this.gates.set(output.gate, { free, until: timed === undefined ? Number.POSITIVE_INFINITY : up + timed });
  }
  isFree(gate: string, up: number): boolean {
    const state = this.gates.get(gate);
    return state?.free === true && up < state.until;
  }
  anyFree(up: number): boolean {
    return [...this.gates.keys()].some((gate) => this.isFree(gate, up));
  }
}

/** What may let somebody through, judged from the inputs alone, by other means than the door's. */
class Causes {
  private readonly rules: DoorRules;
  private readonly fires = new Map<string, boolean>();
  private readonly pressed = new Map<string, number>();
  private stays = false;
  private until = Number.NEGATIVE_INFINITY;
  private through = Number.NEGATIVE_INFINITY;
  private rexUntil = Number.NEGATIVE_INFINITY;
  private shuntUntil = Number.NEGATIVE_INFINITY;
  private hold = Number.NEGATIVE_INFINITY;
  private scheduled = false;
  lockdown = false;
  blocked = false;
  presence = 'unread';
  constructor(rules: DoorRules) {
    this.rules = rules;
  }
  get fire(): boolean {
    return this.stays || [...this.fires.values()].some(Boolean);
  }
  take(input: DoorInput | undefined, up: number, accepted: boolean): void {
    const { rules } = this;
    if (input?.kind === 'fire' && rules.fire.inputs.includes(input.input)) {
      if (input.level === 'active') this.fires.set(input.input, true);
      if (input.level === 'clear') this.fires.set(input.input, false);
      if (rules.fire.after === 'stay' && input.level === 'active') this.stays = true;
    }
    if (input?.kind === 'rex' && rules.rex[input.side]) {
      if (input.level === 'pressed') this.pressed.set(input.side, this.pressed.get(input.side) ?? up);
      else {
        const since = this.pressed.get(input.side);
        if (this.pressed.delete(input.side))
          this.rexUntil = up + Math.max(rules.unlock_ms, rules.rex_shunt_ms);
        if (since !== undefined && this.believed(since, up)) this.shuntUntil = up + rules.rex_shunt_ms;
      }
    }
    if (input?.kind === 'schedule' && input.says !== 'unknown') this.scheduled = input.says === 'unlock';
    if (input?.kind === 'interlock') this.blocked = input.blocked_by !== undefined;
    if (input?.kind === 'presence') this.presence = input.level;
    if (input?.kind === 'grant' && accepted) {
      this.until = Math.max(this.until, up + (input.extended ? rules.extended_ms : rules.unlock_ms));
      if (input.override) this.through = this.until;
    }
    if (input?.kind !== 'command' || !accepted) return;
    if (input.name === 'unlock') this.until = Math.max(this.until, up + (input.for_ms ?? rules.unlock_ms));
    if (input.name === 'unlock' && input.override) this.through = this.until;
    if (input.name === 'open') this.until = Math.max(this.until, up + rules.unlock_ms);
    if (input.name === 'hold-open') this.hold = up + (input.for_ms ?? Number.POSITIVE_INFINITY);
    if (input.name === 'reset-fire') this.stays = false;
    if (input.name === 'lockdown') this.lockdown = true;
    if (input.name === 'end-lockdown' || input.name === 'resume') this.lockdown = false;
  }
  private believed(since: number, up: number): boolean {
    return this.rules.escape_route || up - since < this.rules.rex_stuck_ms;
  }
  shunted(up: number): boolean {
    return up <= this.shuntUntil || [...this.pressed.values()].some((since) => this.believed(since, up));
  }
  rex(up: number): boolean {
    const stuck = (since: number) =>
      !this.rules.escape_route && up - since >= this.rules.rex_stuck_ms + this.rules.unlock_ms;
    return up <= this.rexUntil || [...this.pressed.values()].some((since) => !stuck(since));
  }
  any(up: number): boolean {
    return this.fire || up < this.until || up < this.hold || this.scheduled || this.rex(up);
  }
  inLockdown(up: number): boolean {
    return this.fire || up < this.through || this.rex(up);
  }
}

const accepted = ({ step: { answer } }: Played): boolean => answer?.accepted ?? false;
const unreadable = (rules: DoorRules, events: readonly DoorEvent[]) =>
  rules.fire.unreadable === 'release' && events.some(({ name }) => name === 'fire');

describe('any history of a door', { timeout: LONG ? 1_200_000 : 60_000 }, () => {
  it('is never locked while a fire input is active', () => {
    holds((played, rules) => {
      const bolt = new Bolt();
      const causes = new Causes(rules);
      for (const one of played) {
        causes.take(one.input, one.up, accepted(one));
        for (const output of one.step.outputs) bolt.take(output, one.up);
        if (causes.fire) for (const gate of rules.gates) expect(bolt.isFree(gate, one.up)).toBe(true);
      }
    });
  });

  it('is never unlocked without a cause, and in lockdown and interlock only by what passes', () => {
    holds((played, rules) => {
      const bolt = new Bolt();
      const causes = new Causes(rules);
      let released = false;
      for (const one of played) {
        causes.take(one.input, one.up, accepted(one));
        for (const output of one.step.outputs) bolt.take(output, one.up);
        if (unreadable(rules, one.step.events)) released = true;
        if (one.step.events.some(({ name }) => name === 'fire-ended')) released = false;
        // A barrier that may not come down stands open, which no lock does.
        if (released || rules.kind === 'barrier' || !bolt.anyFree(one.up)) continue;
        expect(causes.any(one.up)).toBe(true);
        if (causes.lockdown) expect(causes.inLockdown(one.up)).toBe(true);
        if (causes.blocked && !rules.escape_route) expect(causes.fire).toBe(true);
      }
    });
  });

  it('is told as forced only when nothing let it open', () => {
    holds((played, rules) => {
      if (rules.kind === 'turnstile') return;
      const bolt = new Bolt();
      const causes = new Causes(rules);
      let free_up = Number.NEGATIVE_INFINITY;
      // By contact: whether it was let in the moment it opened.
      const opened = new Map<string, boolean>();
      for (const one of played) {
        const { input, up, step } = one;
        causes.take(input, up, accepted(one));
        if (bolt.anyFree(up)) free_up = up;
        const may = up - free_up <= rules.grace_ms || causes.shunted(up);
        if (input?.kind === 'contact' && rules.contacts.includes(input.side)) {
          if (input.level !== 'open') opened.delete(input.side);
          else if (!opened.has(input.side)) opened.set(input.side, may);
        }
        for (const output of step.outputs) bolt.take(output, up);
        for (const { name, fields } of step.events)
          if (name === 'alarm' && fields.alarm === 'forced' && !fields.again)
            expect([...opened.values()]).toContain(false);
      }
    });
  });

  it('says opened only after its contact was read as open (AC-11)', () => {
    holds((played, rules) => {
      let read = false;
      for (const { input, step } of played) {
        if (input?.kind === 'contact' && rules.contacts.includes(input.side)) read ||= input.level === 'open';
        const opened = step.events.filter(
          ({ name, fields }) =>
            name === 'opened' || (name === 'unlock-ended' && fields.evidence === 'opened'),
        );
        if (opened.length) expect(read).toBe(true);
      }
    });
  });

  it('ends every timed unlock, and says of each grant once how it ended', () => {
    holds((played, rules) => {
      const granted = new Map<string, number>();
      for (const { input, step } of played) {
        const fire = viewDoor(rules, step.state).lock === 'released';
        if (input?.kind === 'grant' && step.answer?.accepted && !fire) {
          const floors = rules.kind === 'lift' ? (input.gates?.length ?? 0) : 1;
          granted.set(input.ref, floors);
        }
        for (const { name, fields } of step.events) {
          if (name !== 'unlock-ended' || typeof fields.ref !== 'string') continue;
          const left = granted.get(fields.ref);
          if (left !== undefined) granted.set(fields.ref, left - 1);
        }
      }
      expect([...granted.values()].filter((left) => left !== 0)).toEqual([]);
      const last = played.at(-1)?.step.state;
      const rexHeld = Object.values(last?.exits ?? {}).some(({ level }) => level === 'pressed');
      if (last && !(rexHeld && rules.escape_route)) expect(last.timed).toEqual({});
    });
  });

  it('does nothing when it is told the same again, or time has not gone on', () => {
    const levels = ['contact', 'rex', 'fire', 'presence', 'relay', 'interlock', 'schedule', 'tamper'];
    holds((played, rules) => {
      for (const { input, up, step } of played) {
        const again: DoorInput[] = [{ kind: 'time' }];
        if (input && levels.includes(input.kind)) again.push(input);
        for (const one of again) {
          const { outputs, events, state } = stepDoor(rules, step.state, one, up);
          expect({ outputs, events, state }).toEqual({ outputs: [], events: [], state: step.state });
        }
      }
    });
  });

  it('comes to the same however late it is woken', () => {
    fc.assert(
      fc.property(kinds, history, (kind, given) => {
        const rules = street(KINDS[kind]);
        const woken = playAll(rules, given);
        let step = beginDoor(rules, { boot: 'b', schedule: 'lock' }, 0);
        const late = [step];
        let up = 0;
        for (const { after_ms, input } of given) {
          up += after_ms;
          step = stepDoor(rules, step.state, input, up);
          late.push(step);
        }
        late.push(stepDoor(rules, step.state, { kind: 'time' }, up + 100_000));

        expect(late.flatMap(({ events }) => events)).toEqual(woken.flatMap(({ step: one }) => one.events));
        expect(late.flatMap(({ outputs }) => outputs)).toEqual(woken.flatMap(({ step: one }) => one.outputs));
      }),
      { numRuns },
    );
  });

  it('never brings a barrier down on what stands below, or on what nobody can see', () => {
    holds((played, rules) => {
      if (rules.kind !== 'barrier') return;
      let presence = 'unread';
      for (const { input, step } of played) {
        if (input?.kind === 'presence') presence = input.level;
        if (step.outputs.some((output) => output.do === 'close')) expect(presence).toBe('clear');
      }
    });
  });

  it('answers every grant and command once, says nothing undeclared, and raises and ends alarms in turns', () => {
    holds((played) => {
      const standing = new Set<unknown>();
      for (const { input, step } of played) {
        const asked = input?.kind === 'grant' || input?.kind === 'command' ? input.ref : undefined;
        expect(step.answer?.ref).toBe(asked);
        for (const { name, fields, lane } of step.events) {
          const spec = Object.entries(DOOR_EVENTS).find(([event]) => event === name)?.[1];
          expect(lane).toBe(spec?.lane);
          for (const field of Object.keys(fields)) expect(Object.keys(spec?.fields ?? {})).toContain(field);
          if (!name.startsWith('alarm')) continue;
          expect(Object.keys(DOOR_ALARMS)).toContain(fields.alarm);
          if (name === 'alarm-ended') expect(standing.delete(fields.alarm)).toBe(true);
          else if (fields.again) expect(standing.has(fields.alarm)).toBe(true);
          else expect(standing.has(fields.alarm)).toBe(false);
          if (name === 'alarm') standing.add(fields.alarm);
        }
      }
    });
  });

  it('is taken up where it was: released in a fire, locked in a lockdown, unlocked in a schedule', () => {
    holds((played, rules) => {
      for (const { step, up } of played) {
        const kept = JSON.parse(JSON.stringify(keep(step.state)));
        const before = viewDoor(rules, step.state);
        const after = beginDoor(rules, { boot: 'b', schedule: 'unknown', kept }, up);
        const now = viewDoor(rules, after.state);
        expect(now.lockdown).toBe(before.lockdown);
        const latched = kept.fire.length > 0;
        if (latched) expect(now.lock).toBe('released');
        else if (!before.lockdown && ['scheduled', 'hold-open'].includes(before.mode))
          expect(now.mode).toBe(before.mode);
        else if (step.state.blocked_by === undefined && before.mode === 'locked')
          expect(now.lock).toBe('locked');
      }
    });
  });
});
