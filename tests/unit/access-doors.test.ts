import { describe, expect, it } from 'vitest';
import {
  beginDoors,
  type Doors,
  type DoorsInput,
  type DoorsPlan,
  relayCommand,
  stepDoors,
} from '../../src/access/index.ts';
import type { DoorInput, DoorOutput } from '../../src/contracts/index.ts';
import { street } from '../support/door-play.ts';

const lock = { outer: street({ contacts: ['in'] }), inner: street({ contacts: ['in'] }) };
const PLAN: DoorsPlan = {
  doors: [
    { ...lock.outer, id: 'outer' },
    { ...lock.inner, id: 'inner' },
    { ...street(), id: 'cellar' },
  ],
  interlocks: [['outer', 'inner']],
};

/** Doors that have all been read as shut. */
function shut(plan: DoorsPlan): Doors {
  let { doors } = beginDoors(plan, () => ({ boot: 'b', schedule: 'lock' }), 0);
  for (const { id } of plan.doors)
    for (const input of [
      { kind: 'contact', side: 'in', level: 'closed' },
      { kind: 'rex', side: 'out', level: 'idle' },
      { kind: 'fire', input: 'panel', level: 'clear' },
    ] as const satisfies DoorInput[])
      ({ doors } = stepDoors(plan, doors, { door: id, input }, 0));
  return doors;
}

const card = (door: string, ref: string): DoorsInput => ({ door, input: { kind: 'grant', ref, side: 'in' } });
const contact = (door: string, level: 'open' | 'closed'): DoorsInput => ({
  door,
  input: { kind: 'contact', side: 'in', level },
});

function playDoors(plan: DoorsPlan, inputs: readonly (readonly [number, DoorsInput])[]) {
  let doors = shut(plan);
  const answers: (string | undefined)[] = [];
  const outputs: string[] = [];
  for (const [up, input] of inputs) {
    const step = stepDoors(plan, doors, input, up);
    doors = step.doors;
    if (step.answer) answers.push(step.answer.accepted ? 'yes' : step.answer.reason);
    for (const { door, output } of step.outputs)
      if (output.do !== 'show' && output.do !== 'signal') outputs.push(`${up} ${door} ${output.do}`);
  }
  return { answers, outputs, doors };
}

describe('doors of one interlock', () => {
  it('let one through at a time', () => {
    const played = playDoors(PLAN, [
      [1000, card('outer', 'a')],
      [2000, card('inner', 'b')],
      [3000, card('cellar', 'c')],
    ]);

    expect(played.answers).toEqual(['yes', 'interlock', 'yes']);
  });

  it('let the next through as soon as the first has shut and locked, without anybody waking them', () => {
    const played = playDoors(PLAN, [
      [1000, card('outer', 'a')],
      [2000, contact('outer', 'open')],
      [4000, contact('outer', 'closed')],
      [4051, card('inner', 'b')],
    ]);

    expect(played.answers).toEqual(['yes', 'yes']);
  });

  it('keep the other shut while one is held open', () => {
    const played = playDoors(PLAN, [
      [1000, card('outer', 'a')],
      [2000, contact('outer', 'open')],
      [90_000, card('inner', 'b')],
      [91_000, contact('outer', 'closed')],
      [92_000, card('inner', 'c')],
    ]);

    expect(played.answers).toEqual(['yes', 'interlock', 'yes']);
  });

  it('keep the other shut while the contact of one cannot be read', () => {
    const played = playDoors(PLAN, [
      [1000, { door: 'outer', input: { kind: 'contact', side: 'in', level: 'unreadable' } }],
      [2000, card('inner', 'b')],
    ]);

    expect(played.answers).toEqual(['interlock']);
  });

  it('all open in a fire', () => {
    const played = playDoors(PLAN, [
      [1000, card('outer', 'a')],
      [2000, { fire: 'panel', level: 'active' }],
      [50_000, card('inner', 'b')],
    ]);

    expect(played.outputs).toEqual([
      '1000 outer unlock',
      '2000 outer release',
      '2000 inner release',
      '2000 cellar release',
    ]);
    expect(played.answers).toEqual(['yes', 'yes']);
  });

  it('are locked both when a break-in opens one during the unlock of the other', () => {
    const played = playDoors(PLAN, [
      [1000, card('outer', 'a')],
      [2000, contact('inner', 'open')],
      [2050, { time: true }],
    ]);

    expect(played.outputs).toEqual(['1000 outer unlock', '2050 outer lock']);
  });

  it('are unlocked by their schedules one at a time, and none before its neighbour has been read as shut', () => {
    const start = beginDoors(PLAN, () => ({ boot: 'b', schedule: 'unlock' }), 0);
    const unlocked = (doors: Doors) =>
      Object.keys(doors).filter((id) => doors[id]?.state.driven.lock?.as === 'held');

    let { doors } = start;
    for (const id of ['outer', 'inner']) ({ doors } = stepDoors(PLAN, doors, contact(id, 'closed'), 10));

    expect(unlocked(start.doors)).toEqual(['cellar']);
    expect(start.outputs.filter(({ output }) => output.do === 'unlock')).toHaveLength(1);
    expect(unlocked(doors)).toEqual(['inner', 'cellar']);
  });
});

describe('what the relay of a lock is told', () => {
  const pulse: DoorOutput = {
    do: 'unlock',
    gate: 'lock',
    for_ms: 5000,
    timing: 'board',
    on_stop: 'rest',
    because: 'card',
  };
  const byHost: DoorOutput = { ...pulse, timing: 'host' };
  const held: DoorOutput = {
    do: 'unlock',
    gate: 'lock',
    timing: 'none',
    on_stop: 'hold',
    because: 'schedule',
  };
  const release: DoorOutput = { do: 'release', gate: 'lock', on_stop: 'hold', because: 'fire' };
  const shutIt: DoorOutput = { do: 'lock', gate: 'lock', because: 'rest' };

  it('is to take current where power unlocks, and to drop it where power locks', () => {
    const told = (wiring: 'fail-secure' | 'fail-safe') =>
      [pulse, byHost, held, release, shutIt].map((output) => relayCommand(output, wiring));

    expect(told('fail-secure')).toEqual([
      { name: 'pulse', ms: 5000 },
      { name: 'on' },
      { name: 'on' },
      { name: 'on' },
      { name: 'off' },
    ]);
    expect(told('fail-safe')).toEqual([
      { name: 'off-pulse', ms: 5000 },
      { name: 'off' },
      { name: 'off' },
      { name: 'off' },
      { name: 'on' },
    ]);
  });

  it('is nothing where a reader blinks', () => {
    expect(relayCommand({ do: 'show', signal: 'held' }, 'fail-safe')).toBeUndefined();
  });
});
