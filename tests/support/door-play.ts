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

/**
 * Plays a door. `play` is a line such as `0 closed | 1 card ann | 2 open | 4 closed`: seconds and what happens. What comes of it is a list of
 * lines in the same manner, with what is only shown and told of the mode left out. Time then goes on for `after` seconds.
 */
export function play(rules: DoorRules, text: string, start: Partial<DoorStart> = {}, after = 0): string[] {
  const lines: string[] = [];
  const note = (up: number, step: { outputs: readonly DoorOutput[]; events: readonly DoorEvent[] }) => {
    lines.push(
      ...step.events.flatMap(eventLine),
      ...step.outputs.flatMap((output) => outputLine(up, output)),
    );
  };
  const from: DoorStart = { boot: 'b1', schedule: 'lock', ...start };
  let step = beginDoor(rules, from, 0);
  note(0, step);
  const wakeUntil = (up: number) => {
    while (step.wake_at !== undefined && step.wake_at <= up) {
      const at = step.wake_at;
      step = stepDoor(rules, step.state, { kind: 'time' }, at);
      note(at, step);
    }
  };
  let last = 0;
  for (const part of text.split('|').map((word) => word.trim())) {
    const [at = '0', ...words] = part.split(' ');
    last = Math.round(Number(at) * 1000);
    wakeUntil(last);
    if (words[0] === 'restart' || words[0] === 'reboot') {
      const boot = words[0] === 'reboot' ? `${from.boot}-again` : from.boot;
      const schedule = words[1] === 'unlock' || words[1] === 'unknown' ? words[1] : 'lock';
      step = beginDoor(rules, { boot, schedule, kept: keep(step.state) }, last);
      lines.push(`${at} ${words.join(' ')}`);
    } else step = stepDoor(rules, step.state, inputOf(words), last);
    note(last, step);
    if (step.answer && !step.answer.accepted) lines.push(`${at} refused ${step.answer.reason}`);
  }
  wakeUntil(last + after * 1000);
  return lines;
}

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
