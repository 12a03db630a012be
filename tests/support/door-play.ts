import { describe, expect, it } from 'vitest';
import {
  beginDoor,
  type DoorStart,
  type DoorState,
  doorRules,
  keep,
  stepDoor,
} from '../../src/access/index.ts';
import type {
  DoorCommand,
  DoorEvent,
  DoorInput,
  DoorOutput,
  DoorRules,
  Side,
} from '../../src/contracts/index.ts';

export type Rules = Partial<Omit<DoorRules, 'fire'>> & { readonly fire?: Partial<DoorRules['fire']> };

/** A plain street door: a contact, an exit button inside, one fire input. */
export const street = (given: Rules = {}): DoorRules =>
  doorRules({
    id: 'gate',
    kind: 'door',
    contacts: ['in'],
    rex: { out: 'unlock' },
    fire: { inputs: ['panel'] },
    ...given,
  });

/** One sentence, what is played, and all that comes of it. */
export interface Scenario extends Playing {
  readonly it: string;
  readonly rules?: Rules;
  readonly play: string;
  readonly told: string;
}

/** Each scenario is a test of its own. */
export function scenarios(about: string, table: readonly Scenario[]): void {
  describe(about, () => {
    it.each(table)('$it', ({ rules, play: text, told, ...playing }) => {
      const lines = play(street(rules), text, playing);

      expect(lines).toEqual(told.split(' | ').filter((line) => line !== ''));
    });
  });
}

export interface Playing {
  readonly start?: Partial<DoorStart>;
  /** Time goes on for so many seconds. */
  readonly after?: number;
  /** Nothing has been read of its inputs; else all are at rest. */
  readonly unread?: boolean;
}

/**
 * Plays a door. `text` is a line such as `1 card ann | 2 open | 4 closed`: seconds, and what happens. What comes of it is a list of lines in the
 * same manner, events in capitals, without what is only shown and told of the mode.
 */
export function play(
  rules: DoorRules,
  text: string,
  { start, after = 0, unread = false }: Playing = {},
): string[] {
  const lines: string[] = [];
  const from: DoorStart = { boot: 'b1', schedule: 'lock', ...start };
  let step = beginDoor(rules, from, 0);
  const note = (up: number) => {
    lines.push(
      ...step.events.flatMap(eventLine),
      ...step.outputs.flatMap((output) => outputLine(up, output)),
    );
    const { answer } = step;
    if (answer && !answer.accepted) lines.push(`${up / 1000} refused ${answer.reason}`);
  };
  const take = (input: DoorInput, up: number) => {
    step = stepDoor(rules, step.state, input, up);
    note(up);
  };
  const wakeUntil = (up: number) => {
    for (let at = step.wake_at; at !== undefined && at <= up; at = step.wake_at) take({ kind: 'time' }, at);
  };
  note(0);
  if (!unread) for (const input of atRest(rules)) take(input, 0);
  // That a door at rest is locked at the start need not be said each time.
  if (!unread && lines[0] === '0 lock rest') lines.shift();
  let last = 0;
  for (const part of text.split('|').map((word) => word.trim())) {
    const [at = '', ...words] = part.split(' ');
    if (at === '') continue;
    last = Math.round(Number(at) * 1000);
    wakeUntil(last);
    const [what, schedule = 'lock'] = words;
    if (what === 'restart' || what === 'reboot') {
      lines.push(`${at} -- ${what}`);
      const boot = what === 'reboot' ? 'b2' : from.boot;
      const says = schedule === 'unlock' || schedule === 'unknown' ? schedule : 'lock';
      step = beginDoor(rules, { boot, schedule: says, kept: keep(step.state) }, last);
      note(last);
      // All but the fire input is read again at once.
      for (const input of atRest(rules)) if (input.kind !== 'fire') take(input, last);
    } else take(inputOf(words), last);
  }
  wakeUntil(last + after * 1000);
  return lines;
}

/** Everything shut, let go and clear. */
const atRest = (rules: DoorRules): DoorInput[] => [
  ...rules.contacts.map((side) => ({ kind: 'contact', side, level: 'closed' }) as const),
  ...(['in', 'out'] as const).flatMap((side) =>
    rules.rex[side] ? [{ kind: 'rex', side, level: 'idle' } as const] : [],
  ),
  ...rules.fire.inputs.map((input) => ({ kind: 'fire', input, level: 'clear' }) as const),
  ...(rules.presence ? [{ kind: 'presence', level: 'clear' } as const] : []),
];

/** The state after a play, for what is looked at rather than told. */
export function stateAfter(rules: DoorRules, inputs: readonly (readonly [number, DoorInput])[]): DoorState {
  let { state } = beginDoor(rules, { boot: 'b1', schedule: 'lock' }, 0);
  for (const [up, input] of inputs) ({ state } = stepDoor(rules, state, input, up));
  return state;
}

const sideOf = (words: readonly string[]): Side => (words.includes('out') ? 'out' : 'in');

function inputOf(words: readonly string[]): DoorInput {
  const [first = '', second = '', third = ''] = words;
  const after = (name: string) => words[words.indexOf(name) + 1] ?? '';
  const gates = words.includes('to') ? { gates: after('to').split(',') } : {};
  switch (first) {
    case 'time':
      return { kind: 'time' };
    case 'open':
    case 'closed':
    case 'unreadable':
      return { kind: 'contact', side: sideOf(words), level: first };
    case 'press':
      return { kind: 'rex', side: second === 'in' ? 'in' : 'out', level: 'pressed' };
    case 'let-go':
      return { kind: 'rex', side: second === 'in' ? 'in' : 'out', level: 'idle' };
    case 'button?':
      return { kind: 'rex', side: 'out', level: 'unreadable' };
    case 'fire':
      return { kind: 'fire', input: second || 'panel', level: 'active' };
    case 'no-fire':
      return { kind: 'fire', input: second || 'panel', level: 'clear' };
    case 'fire?':
      return { kind: 'fire', input: second || 'panel', level: 'unreadable' };
    case 'card':
      return {
        kind: 'grant',
        ref: second,
        who: `p-${second}`,
        side: sideOf(words),
        extended: words.includes('extended'),
        override: words.includes('override'),
        ...gates,
      };
    case 'deny':
      return { kind: 'deny', ref: second, side: 'in', reason: third };
    case 'says':
      return { kind: 'schedule', says: second === 'unlock' || second === 'lock' ? second : 'unknown' };
    case 'blocked':
      return { kind: 'interlock', blocked_by: second };
    case 'free':
      return { kind: 'interlock', blocked_by: undefined };
    case 'present':
      return { kind: 'presence', level: 'present' };
    case 'gone':
      return { kind: 'presence', level: 'clear' };
    case 'presence?':
      return { kind: 'presence', level: 'unreadable' };
    case 'relay':
      return {
        kind: 'relay',
        gate: 'lock',
        shows: second === 'unlocked' || second === 'locked' ? second : 'unreadable',
      };
    case 'board':
      return { kind: 'board', state: second === 'lost' ? 'lost' : 'back' };
    case 'tampered':
      return { kind: 'tamper', input: second, level: 'tampered' };
    case 'fine':
      return { kind: 'tamper', input: second, level: 'fine' };
    case 'order':
      return orderOf(words.slice(1), gates);
    default:
      throw new Error(`no such input: ${words.join(' ')}`);
  }
}

function orderOf(words: readonly string[], gates: { readonly gates?: readonly string[] }): DoorCommand {
  const [name = '', ...rest] = words;
  const seconds = rest.find((word) => /^\d+$/.test(word));
  const for_ms = seconds === undefined ? {} : { for_ms: Number(seconds) * 1000 };
  const base = { kind: 'command', ref: 'c', by: 'op' } as const;
  if (name === 'maintenance') return { ...base, name, why: 'repair', for_ms: Number(seconds) * 1000 };
  if (name === 'unlock') return { ...base, name, ...for_ms, ...gates, override: rest.includes('override') };
  if (name === 'hold-open') return { ...base, name, ...for_ms };
  // A word of a test; a wrong one is refused by the compiler of the reader.
  return { ...base, name: name as 'lock' };
}

function eventLine({ name, up, fields }: DoorEvent): string[] {
  if (name === 'mode') return [];
  const { alarm, ref, why, evidence, ended_by, reason, muted, again, gate, inputs, open_ms } = fields;
  const words = [alarm, why, ref, gate, evidence, ended_by, reason, open_ms];
  const said = words.filter((word) => word !== undefined && word !== 'op').map(String);
  const about = name === 'fire' && Array.isArray(inputs) ? inputs.map(String) : [];
  const marks = [...(muted ? ['(muted)'] : []), ...(again ? ['(again)'] : [])];
  return [[String(up / 1000), name.toUpperCase(), ...said, ...about, ...marks].join(' ')];
}

function outputLine(up: number, output: DoorOutput): string[] {
  const at = String(up / 1000);
  switch (output.do) {
    case 'show':
    case 'signal':
      return [];
    case 'unlock': {
      const gate = output.gate === 'lock' ? [] : [output.gate];
      const length = output.for_ms === undefined ? ['held'] : [`for ${output.for_ms / 1000}`];
      const host = output.timing === 'host' ? ['by-host'] : [];
      return [[at, 'unlock', ...gate, ...length, ...host, output.because].join(' ')];
    }
    default: {
      const gate = ['lock', 'arm'].includes(output.gate) ? [] : [output.gate];
      return [[at, output.do, ...gate, output.because].join(' ')];
    }
  }
}
