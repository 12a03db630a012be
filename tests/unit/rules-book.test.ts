import { describe, expect, it } from 'vitest';
import { RuleBook, type RuleInput } from '../../src/rules/index.ts';
import { planOf, played, reading } from '../support/rule-play.ts';

const ACTION = { target: 'lamp', command: 'on', args: {} };
const wait: RuleInput = { kind: 'time' };

describe('a rule with a limit', () => {
  it('alarms above it, and is over only when the value is back by the hysteresis', () => {
    const said = played(
      [planOf()],
      [
        [1, reading(75)],
        [2, reading(76)],
        [3, reading(71)],
        [4, reading(70)],
      ],
    );

    expect(said).toEqual(['2 begin', '4 end']);
  });

  it('below a limit works the other way round', () => {
    const when = {
      type: 'threshold',
      device: 'air',
      point: 'pm2_5',
      side: 'below',
      limit: 30,
      hysteresis: 5,
    } as const;

    const said = played(
      [planOf({ when })],
      [
        [1, reading(29)],
        [2, reading(34)],
        [3, reading(35)],
      ],
    );

    expect(said).toEqual(['1 begin', '3 end']);
  });

  it('waits until it was so for long enough without a break, at the exact moment', () => {
    const said = played(
      [planOf({ for_ms: 60_000, clear_for_ms: 30_000 })],
      [
        [0, reading(90)],
        [50, reading(60)],
        [55, reading(90)],
        [200, wait],
        [210, reading(60)],
        [230, reading(90)],
        [235, reading(60)],
        [300, wait],
      ],
    );

    expect(said).toEqual(['115 begin', '265 end']);
  });

  it.each([
    ['stale', 90],
    ['suspect', 90],
    ['out-of-range', 900],
    ['suspect', null],
  ] as const)('neither alarms nor ends for a value that is %s', (quality, value) => {
    const said = played(
      [planOf()],
      [
        [1, reading(value, quality)],
        [2, reading(90)],
        [3, reading(value === null ? null : 0, quality)],
        [9, wait],
      ],
    );

    expect(said).toEqual(['2 begin']);
  });

  it('does not count time in which nobody could tell', () => {
    const said = played(
      [planOf({ for_ms: 60_000 })],
      [
        [0, reading(90)],
        [40, reading(90, 'stale')],
        [500, reading(90)],
        [600, wait],
      ],
    );

    expect(said).toEqual(['520 begin']);
  });

  it('counts only while its schedule holds, and stands still while nobody knows the time', () => {
    const and = [{ type: 'schedule', schedule: 'night' } as const];
    const says = (truth: 'yes' | 'no' | 'unknown'): RuleInput => ({
      kind: 'says',
      source: 'schedule night',
      truth,
    });

    const said = played(
      [planOf({ and })],
      [
        [1, reading(90)],
        [2, says('no')],
        [3, says('yes')],
        [4, says('unknown')],
        [5, says('yes')],
        [6, says('no')],
      ],
    );

    expect(said).toEqual(['3 begin', '6 end']);
  });
});

describe('a rule about an event', () => {
  const event = (name: string, fields = {}): RuleInput => ({ kind: 'event', subject: 'gate', name, fields });
  const forced = {
    type: 'event',
    subject: 'gate',
    name: 'alarm',
    where: { alarm: ['forced', 'tamper'] },
  } as const;

  it('stands until the event that ends it, and heeds the fields of both', () => {
    const when = { ...forced, until: { name: 'alarm-ended', where: { alarm: 'forced' } } };

    const said = played(
      [planOf({ when })],
      [
        [1, event('alarm', { alarm: 'held' })],
        [2, event('alarm', { alarm: 'forced' })],
        [3, event('alarm-ended', { alarm: 'held' })],
        [4, event('alarm-ended', { alarm: 'forced' })],
      ],
    );

    expect(said).toEqual(['2 begin', '4 end']);
  });

  it('is over by itself after its time, counted from the last one', () => {
    const said = played(
      [planOf({ when: { ...forced, lasts_ms: 60_000 } })],
      [
        [1, event('alarm', { alarm: 'forced' })],
        [30, event('alarm', { alarm: 'forced' })],
        [200, wait],
      ],
    );

    expect(said).toEqual(['1 begin', '90 end']);
  });

  it('that is over at once acts each time, though not more often than it may', () => {
    const said = played(
      [planOf({ when: forced, alarm: undefined, begin: [ACTION] })],
      [1, 2, 3, 12].map((s) => [s, event('alarm', { alarm: 'forced' })] as const),
    );

    expect(said).toEqual(['1 act begin', '2 hold-back', '12 act begin']);
  });

  it('during maintenance is no cause', () => {
    const said = played(
      [planOf({ when: { ...forced, lasts_ms: 1000 } })],
      [[1, event('alarm', { alarm: 'forced', muted: true })]],
    );

    expect(said).toEqual([]);
  });
});

describe('a rule about what somebody works at', () => {
  const working: RuleInput = { kind: 'maintenance', subjects: new Set(['air']) };
  const done: RuleInput = { kind: 'maintenance', subjects: new Set() };

  it('begins nothing meanwhile, and begins when that is over if it is still so', () => {
    const said = played(
      [planOf({ for_ms: 10_000, begin: [ACTION] })],
      [
        [1, working],
        [2, reading(90)],
        [100, wait],
        [101, done],
        [110, wait],
        [112, wait],
      ],
    );

    expect(said).toEqual(['111 begin', '111 act begin']);
  });

  it('ends nothing meanwhile: an alarm that stood stands until that is over', () => {
    const said = played(
      [planOf({})],
      [
        [1, reading(90)],
        [2, working],
        [3, reading(10)],
        [60, wait],
        [61, done],
        [62, wait],
      ],
    );

    expect(said).toEqual(['1 begin', '61 end']);
  });

  it('does nothing for what happens meanwhile', () => {
    const when = { type: 'event', subject: 'gate', name: 'alarm', where: {} } as const;
    const fields = { alarm: 'forced' };
    const said = played(
      [planOf({ subject: 'gate', when, alarm: undefined, begin: [ACTION] })],
      [
        [1, { kind: 'maintenance', subjects: new Set(['gate']) }],
        [2, { kind: 'event', subject: 'gate', name: 'alarm', fields }],
        [3, done],
      ],
    );

    expect(said).toEqual([]);
  });

  it('is not held up by work at anything else', () => {
    const said = played(
      [planOf({})],
      [
        [1, { kind: 'maintenance', subjects: new Set(['other']) }],
        [2, reading(90)],
      ],
    );

    expect(said).toEqual(['2 begin']);
  });
});

describe('the actions of a rule', () => {
  it('do not wear a relay when its input flaps, and what stands in the end is what should', () => {
    const plan = planOf({
      begin: [ACTION],
      end: [{ ...ACTION, command: 'off' }],
      alarm: undefined,
      per_hour: 12,
    });
    const flapping = Array.from({ length: 3001 }, (_, s) => [s, reading(s % 2 ? 90 : 10)] as const);

    const said = played([plan], [...flapping, [20_000, wait]]).filter((one) => one.includes('act'));

    expect(said.length).toBeLessThanOrEqual(6 + 12);
    expect(said.at(-1)).toContain('act end');
    expect(said.every((one, index) => one.includes(index % 2 ? 'end' : 'begin'))).toBe(true);
  });

  it('end the gateway once where the rule says so', () => {
    const said = played(
      [planOf({ stop: true })],
      [
        [1, reading(90)],
        [2, reading(95)],
      ],
    );

    expect(said).toEqual(['1 begin', '1 stop']);
  });
});

describe('a rule that was on when an earlier run ended', () => {
  const kept = new Map([['dust/air', { alarm: 'dust.air.1', boot: 'boot-0', up: 5000 }]]);

  it('does not alarm again, and ends with the id of its alarm', () => {
    const book = new RuleBook([planOf()], { kept, boot: 'boot-1', up: 0 });

    const still = book.take(reading(72), 1000);
    const over = book.take(reading(60), 2000);

    expect(still).toEqual([]);
    expect(over).toMatchObject([{ do: 'end', alarm: 'dust.air.1', lasted_ms: undefined }]);
  });

  it('is told its lasting actions again, since outputs may be at rest, but does not repeat a single one', () => {
    const lamp = planOf({ begin: [ACTION], end: [{ ...ACTION, command: 'off' }] });
    const photo = planOf({ begin: [ACTION] });

    expect(played([lamp], [[1, wait]], kept)).toEqual(['0 act begin']);
    expect(played([photo], [[1, wait]], kept)).toEqual([]);
  });
});

describe('alarms of one rule', () => {
  it('have ids of their own, also within one moment', () => {
    const book = new RuleBook([planOf()], { boot: 'boot-1', up: 0 });

    const ids = [90, 10, 90, 10]
      .flatMap((value) => book.take(reading(value), 1000))
      .map((one) => ('alarm' in one ? one.alarm : ''));

    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).toBe(ids[3]);
    expect(ids[0]).not.toBe(ids[2]);
  });
});
