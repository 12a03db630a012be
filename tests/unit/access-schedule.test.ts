import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accessTime,
  DAYS,
  doorSchedule,
  type Schedule,
  type Span,
  schedules,
} from '../../src/access/index.ts';
import { offsetAt } from '../../src/model/index.ts';

const LONG = Boolean(process.env.GATELODGE_LONG);
const at = (text: string) => Date.parse(text);
const WEEK = DAYS;
const WORK = DAYS.slice(0, 5);
const minutes = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
const daily = (from: string, to: string, days: Span['days'] = WEEK): Schedule => ({
  id: 's',
  spans: [{ days, from_min: minutes(from), to_min: minutes(to) }],
});

interface Row {
  readonly it: string;
  readonly zone?: string;
  readonly schedule: Schedule;
  readonly calendar?: Readonly<Record<string, 'holiday' | 'mon'>>;
  /** Moments, and whether it holds then. */
  readonly looks: readonly (readonly [string, boolean])[];
}

const NIGHT = daily('22:00', '06:00');
const ROWS: readonly Row[] = [
  {
    it: 'holds from its first minute to before its last',
    schedule: daily('08:00', '18:00'),
    looks: [
      ['2026-11-25T07:59:59.999+08:00', false],
      ['2026-11-25T08:00:00+08:00', true],
      ['2026-11-25T17:59:59.999+08:00', true],
      ['2026-11-25T18:00:00+08:00', false],
    ],
  },
  {
    it: 'knows its weekdays',
    schedule: daily('08:00', '18:00', WORK),
    looks: [
      ['2026-11-27T09:00+08:00', true],
      ['2026-11-28T09:00+08:00', false],
      ['2026-11-30T09:00+08:00', true],
    ],
  },
  {
    it: 'goes on over midnight into the day after, which need not be one of its days',
    schedule: daily('22:00', '06:00', ['fri']),
    looks: [
      ['2026-11-27T21:59+08:00', false],
      ['2026-11-27T23:59:59+08:00', true],
      ['2026-11-28T00:00+08:00', true],
      ['2026-11-28T05:59+08:00', true],
      ['2026-11-28T06:00+08:00', false],
      ['2026-11-28T23:00+08:00', false],
    ],
  },
  {
    it: 'ends at midnight where it says 24:00',
    schedule: daily('08:00', '24:00'),
    looks: [
      ['2026-11-25T23:59:59.999+08:00', true],
      ['2026-11-26T00:00+08:00', false],
    ],
  },
  {
    it: 'begins at midnight sharp',
    schedule: daily('00:00', '01:00', ['thu']),
    looks: [
      ['2026-11-25T23:59:59.999+08:00', false],
      ['2026-11-26T00:00+08:00', true],
    ],
  },
  {
    it: 'is closed on a holiday that it does not name',
    schedule: daily('08:00', '18:00', WORK),
    calendar: { '2026-10-01': 'holiday' },
    looks: [
      ['2026-09-30T09:00+08:00', true],
      ['2026-10-01T09:00+08:00', false],
    ],
  },
  {
    it: 'is open on holidays where it names them',
    schedule: daily('10:00', '12:00', ['holiday']),
    calendar: { '2026-10-01': 'holiday' },
    looks: [
      ['2026-10-01T11:00+08:00', true],
      ['2026-10-02T11:00+08:00', false],
    ],
  },
  {
    it: 'knows a Saturday on which one works for a holiday',
    schedule: daily('08:00', '18:00', WORK),
    calendar: { '2026-10-10': 'mon' },
    looks: [
      ['2026-10-10T09:00+08:00', true],
      ['2026-10-17T09:00+08:00', false],
    ],
  },
  {
    it: 'lets the night before a holiday end as a night does',
    schedule: daily('22:00', '06:00', ['wed']),
    calendar: { '2026-10-01': 'holiday' },
    looks: [['2026-10-01T03:00+08:00', true]],
  },
  {
    it: 'begins when the clocks pass over its beginning, in the night in which they go forward',
    zone: 'Europe/Berlin',
    schedule: daily('02:30', '04:00'),
    looks: [
      ['2026-03-29T01:59:59+01:00', false],
      ['2026-03-29T03:00:00+02:00', true],
      ['2026-03-29T03:59:59+02:00', true],
      ['2026-03-29T04:00:00+02:00', false],
    ],
  },
  {
    it: 'ends when the clocks pass over its end',
    zone: 'Europe/Berlin',
    schedule: daily('01:00', '02:30'),
    looks: [
      ['2026-03-29T01:59:59+01:00', true],
      ['2026-03-29T03:00:00+02:00', false],
    ],
  },
  {
    it: 'is not at all where the clocks pass over all of it',
    zone: 'Europe/Berlin',
    schedule: daily('02:10', '02:50'),
    looks: [
      ['2026-03-29T01:59:59+01:00', false],
      ['2026-03-29T03:00:00+02:00', false],
      ['2026-03-29T03:30:00+02:00', false],
      ['2026-03-28T02:30:00+01:00', true],
    ],
  },
  {
    it: 'holds in both hours that the clocks show twice',
    zone: 'Europe/Berlin',
    schedule: daily('02:00', '03:00'),
    looks: [
      ['2026-10-25T01:59:59+02:00', false],
      ['2026-10-25T02:30:00+02:00', true],
      ['2026-10-25T02:30:00+01:00', true],
      ['2026-10-25T03:00:00+01:00', false],
    ],
  },
  {
    it: 'ends when the clocks show its end for the last time',
    zone: 'Europe/Berlin',
    schedule: daily('01:00', '02:30'),
    looks: [
      ['2026-10-25T02:45:00+02:00', true],
      ['2026-10-25T02:29:59+01:00', true],
      ['2026-10-25T02:30:00+01:00', false],
    ],
  },
  {
    it: 'has a night of seven hours and one of nine',
    zone: 'America/New_York',
    schedule: NIGHT,
    looks: [
      ['2026-03-08T05:59:59-04:00', true],
      ['2026-03-08T06:00:00-04:00', false],
      ['2026-11-01T05:59:59-05:00', true],
      ['2026-11-01T06:00:00-05:00', false],
    ],
  },
  {
    it: 'knows clocks that go forward by half an hour',
    zone: 'Australia/Lord_Howe',
    schedule: daily('02:15', '05:00'),
    looks: [
      ['2026-10-04T01:59:59+10:30', false],
      ['2026-10-04T02:30:00+11:00', true],
    ],
  },
  {
    it: 'is as well at home in 1970',
    zone: 'UTC',
    schedule: daily('00:00', '01:00', ['thu']),
    looks: [
      ['1970-01-01T00:30Z', true],
      ['1969-12-31T23:59Z', false],
    ],
  },
];

describe('a schedule', () => {
  it.each(ROWS)('$it', ({ zone = 'Asia/Shanghai', schedule, calendar = {}, looks }) => {
    const { holds } = schedules({ zone, calendar });

    expect(looks.map(([moment]) => [moment, holds(schedule, at(moment))])).toEqual(looks);
  });

  it('says when it will change: begin, end, and the end of what follows without a gap', () => {
    const { next } = schedules({ zone: 'Asia/Shanghai', calendar: {} });
    const twice: Schedule = {
      id: 's',
      spans: [...daily('08:00', '12:00').spans, ...daily('12:00', '18:00').spans],
    };

    expect(next(twice, at('2026-11-25T07:00+08:00'))).toBe(at('2026-11-25T08:00+08:00'));
    expect(next(twice, at('2026-11-25T09:00+08:00'))).toBe(at('2026-11-25T18:00+08:00'));
    expect(next(twice, at('2026-11-25T20:00+08:00'))).toBe(at('2026-11-26T08:00+08:00'));
  });

  it('never changes where it is always or never so', () => {
    const { next, holds } = schedules({ zone: 'Europe/Berlin', calendar: {} });
    const always = daily('00:00', '24:00');
    const never: Schedule = { id: 'n', spans: [] };
    const now = at('2026-11-25T07:00Z');

    expect([holds(always, now), next(always, now)]).toEqual([true, undefined]);
    expect([holds(never, now), next(never, now)]).toEqual([false, undefined]);
  });

  it('finds a day that is in the calendar only once', () => {
    const { next } = schedules({ zone: 'Asia/Shanghai', calendar: { '2027-02-06': 'holiday' } });

    expect(next(daily('09:00', '10:00', ['holiday']), at('2026-11-25T07:00Z'))).toBe(
      at('2027-02-06T09:00+08:00'),
    );
  });
});

describe('any schedule in any zone', () => {
  const zone = fc.constantFrom(
    'Asia/Shanghai',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
  );
  const moment = fc.integer({ min: at('2025-12-01T00:00Z'), max: at('2027-01-01T00:00Z') });
  const edge = fc.constantFrom(
    at('2026-03-29T01:00Z'),
    at('2026-10-25T01:00Z'),
    at('2026-03-08T07:00Z'),
    at('2026-11-01T06:00Z'),
    at('2026-10-03T15:30Z'),
    at('2026-04-04T15:00Z'),
  );
  const near = fc
    .tuple(edge, fc.integer({ min: -7_200_000, max: 7_200_000 }))
    .map(([change, offset]) => change + offset);
  const span = fc.record({
    days: fc.subarray([...DAYS]),
    from_min: fc.integer({ min: 0, max: 1439 }),
    to_min: fc.integer({ min: 0, max: 1440 }),
  });

  it('holds whenever the clocks of the site show a time within one of its spans', () => {
    fc.assert(
      fc.property(zone, fc.array(span, { maxLength: 3 }), fc.oneof(moment, near), (where, spans, now) => {
        const schedule = { id: 's', spans };
        const shown = new Date(now + offsetAt(now, where));
        const minute = shown.getUTCHours() * 60 + shown.getUTCMinutes();
        const today = DAYS[(shown.getUTCDay() + 6) % 7];
        const yesterday = DAYS[(shown.getUTCDay() + 5) % 7];
        const within = spans.some(({ days, from_min, to_min }) => {
          const over = to_min <= from_min;
          const early = days.some((day) => day === today) && minute >= from_min && (over || minute < to_min);
          return early || (over && days.some((day) => day === yesterday) && minute < to_min);
        });

        const held = schedules({ zone: where, calendar: {} }).holds(schedule, now);
        // In the hour that comes twice it may hold on though its end was shown before.
        const repeated = offsetAt(now - 7_200_000, where) > offsetAt(now + 7_200_000, where);
        if (within || !repeated) expect(held).toBe(within);
      }),
      { numRuns: LONG ? 20_000 : 1000 },
    );
  });

  it('changes when it says so, and not before', () => {
    fc.assert(
      fc.property(
        zone,
        fc.array(span, { maxLength: 3 }),
        fc.oneof(moment, near),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (where, spans, now, part) => {
          const schedule = { id: 's', spans };
          const { holds, next } = schedules({ zone: where, calendar: {} });
          const before = holds(schedule, now);
          const then = next(schedule, now);
          if (then === undefined) return;

          expect(then).toBeGreaterThan(now);
          expect(holds(schedule, then)).toBe(!before);
          expect(holds(schedule, Math.floor(now + (then - now) * part))).toBe(before);
        },
      ),
      { numRuns: LONG ? 20_000 : 500 },
    );
  });
});

describe('a clock that nobody has set', () => {
  const newest = at('2026-11-25T12:00Z');

  it('is later than what was ever stored, and does not know the time', () => {
    expect(accessTime({ unix_ms: 0, clock: 'unsynced' }, newest)).toEqual({ unix_ms: newest, known: false });
    expect(accessTime(undefined, newest)).toEqual({ unix_ms: newest, known: false });
  });

  it('knows it while it was set and is not kept any more', () => {
    const wall = { unix_ms: newest + 5, clock: 'holdover' } as const;

    expect(accessTime(wall, newest)).toEqual({ unix_ms: newest + 5, known: true });
  });

  it('starts no schedule and ends none', () => {
    const book = schedules({ zone: 'UTC', calendar: {} });
    const always = daily('00:00', '24:00');

    expect(doorSchedule(always, book, { unix_ms: newest, known: false })).toBe('unknown');
    expect(doorSchedule(always, book, { unix_ms: newest, known: true })).toBe('unlock');
    expect(doorSchedule({ id: 'n', spans: [] }, book, { unix_ms: newest, known: true })).toBe('lock');
  });
});
