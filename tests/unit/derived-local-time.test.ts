import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { offsetAt } from '../../src/model/index.ts';
import { hourAt, type PartStart, partAt } from '../../src/pipeline/derived/local-time.ts';

const at = (text: string) => Date.parse(text);
const PARTS: readonly PartStart[] = [
  { name: 'day', from_min: 7 * 60 },
  { name: 'evening', from_min: 19 * 60 },
  { name: 'night', from_min: 23 * 60 },
];
const ZONES = [
  'Asia/Shanghai',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'UTC',
];

describe('local time', () => {
  it.each([
    ['Asia/Shanghai', '2026-11-25T00:00:00Z', 8],
    ['Europe/Berlin', '2026-03-29T00:59:59Z', 1],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', 2],
    ['Asia/Kathmandu', '2026-01-01T00:00:00Z', 5.75],
    ['America/New_York', '1970-01-01T00:00:00Z', -5],
  ])('in %s at %s is %d h from UTC', (zone, moment, hours) => {
    expect(offsetAt(at(moment), zone)).toBe(hours * 3_600_000);
  });

  it('hours are those of the clock on the wall, also where that is off by three quarters of an hour', () => {
    expect(hourAt(at('2026-11-25T12:20:00+05:45'), 'Asia/Kathmandu')).toEqual({
      from: at('2026-11-25T12:00:00+05:45'),
      to: at('2026-11-25T13:00:00+05:45'),
      day: '2026-11-25',
    });
  });

  it.each([
    ['the evening', '2026-11-25T20:00:00+01:00', 'evening', '2026-11-25', 4],
    [
      'a night after midnight belongs to the day before',
      '2026-11-26T03:00:00+01:00',
      'night',
      '2026-11-25',
      8,
    ],
    ['the first moment of the day', '2026-11-25T07:00:00+01:00', 'day', '2026-11-25', 12],
    ['the last moment of the night', '2026-11-25T06:59:59.999+01:00', 'night', '2026-11-24', 8],
    [
      'a night in which the clocks go forward is short',
      '2026-03-29T04:00:00+02:00',
      'night',
      '2026-03-28',
      7,
    ],
    ['a night in which they go back is long', '2026-10-25T02:30:00+01:00', 'night', '2026-10-24', 9],
  ])('%s', (_what, moment, name, day, hours) => {
    const part = partAt(at(moment), PARTS, 'Europe/Berlin');

    expect([part.name, part.day, (part.to - part.from) / 3_600_000]).toEqual([name, day, hours]);
  });

  it('a part begins by the clock as it is then, also hours after it was changed', () => {
    const parts = [
      { name: 'day', from_min: 6 * 60 },
      { name: 'night', from_min: 22 * 60 },
    ];

    const part = partAt(at('2026-03-08T12:00:00-04:00'), parts, 'America/New_York');

    expect(part.from).toBe(at('2026-03-08T06:00:00-04:00'));
  });

  it('parts and hours hold their moment and follow each other without a hole, in every zone and any year', () => {
    const moment = fc.integer({ min: at('1990-01-01T00:00:00Z'), max: at('2060-01-01T00:00:00Z') });
    fc.assert(
      fc.property(moment, fc.constantFrom(...ZONES), (unix, zone) => {
        const part = partAt(unix, PARTS, zone);
        const hour = hourAt(unix, zone);

        expect(part.from <= unix && unix < part.to).toBe(true);
        expect(hour.from <= unix && unix < hour.to).toBe(true);
        expect(partAt(part.to, PARTS, zone).from).toBe(part.to);
      }),
      { numRuns: 300 },
    );
  });
});
