import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Truth } from '../../src/contracts/index.ts';
import { type LoadNow, LoadRelay, LoadWill } from '../../src/rules/index.ts';

const HOUR = 3_600_000;
/** So many hours after the boot, at a known time of day. */
const at = (hours: number, schedule: Truth | undefined, more: Partial<LoadNow> = {}): LoadNow => ({
  ...{ boot: 'boot-1', up: hours * HOUR, schedule },
  ...(schedule !== 'unknown' && { unix_ms: 1_800_000_000_000 + hours * HOUR }),
  ...more,
});
const dated = (now: LoadNow): LoadNow => now;
const undated = ({ unix_ms: _, ...now }: LoadNow): LoadNow => now;
const button = { type: 'momentary', lasts_ms: undefined, lit: false } as const;
const lever = { type: 'maintained', lasts_ms: undefined, lit: false } as const;
const words = (will: LoadWill, now: LoadNow): string => {
  const { on, by } = will.wanted(now);
  return `${on === undefined ? 'as it is' : on ? 'on' : 'off'} by ${by}`;
};
/** The same after a restart: what was kept went through JSON. */
const restarted = (will: LoadWill): LoadWill => new LoadWill(JSON.parse(JSON.stringify(will.kept)));

/** A press: nobody, then somebody, then nobody. */
function press(will: LoadWill, now: LoadNow, how: Parameters<LoadWill['feel']>[1] = button): void {
  for (const closed of [false, true, false]) will.feel(closed, how, now);
}

describe('whose word counts for a load', () => {
  it.each([
    ['the schedule, on', at(1, 'yes'), 'on by schedule'],
    ['the schedule, off', at(1, 'no'), 'off by schedule'],
    [
      'nobody, while nobody knows the time of day: it stays as it is',
      at(1, 'unknown'),
      'as it is by time-unknown',
    ],
    ['nobody, without a schedule: off', at(1, undefined), 'off by no-schedule'],
  ])('%s', (_, now, wanted) => {
    const will = new LoadWill();

    expect(words(will, now)).toBe(wanted);
  });

  it('a command, until another one gives it back', () => {
    const will = new LoadWill();

    will.command('on', { who: 'desk' }, at(1, 'no'));

    expect(words(will, at(2, 'yes'))).toBe('on by command');
    expect(words(will, at(500, 'no'))).toBe('on by command');
    will.command('auto', { who: 'desk' }, at(500, 'no'));
    expect(words(will, at(500, 'no'))).toBe('off by schedule');
  });

  it('a command for a time, then the schedule; setting the time of day changes nothing of that', () => {
    const will = new LoadWill();

    will.command('off', { who: 'desk', for_ms: 2 * HOUR }, at(1, 'yes'));

    expect(words(will, at(2.99, 'yes', { unix_ms: 1_900_000_000_000 }))).toBe('off by command');
    expect(words(will, at(3, 'yes', { unix_ms: 1_700_000_000_000 }))).toBe('on by schedule');
  });

  it('a command for a time that a restart of the machine falls into, as far as the time of day tells', () => {
    const will = new LoadWill();
    will.command('on', { who: 'desk', for_ms: 2 * HOUR }, at(1, 'no'));

    const later = restarted(will);

    const again = (hours: number, schedule: Truth) => ({ ...at(hours, schedule), boot: 'boot-2', up: 1000 });
    expect(words(later, again(2.9, 'no'))).toBe('on by command');
    expect(words(later, { boot: 'boot-2', up: 1000, schedule: 'unknown' })).toBe('on by command');
    expect(words(later, again(3.1, 'no'))).toBe('off by schedule');
  });

  it.each([
    ['when it was said', undated, dated],
    ['after the restart', dated, undated],
  ])('a command for a time ends after a restart of the machine, though nobody knew the time of day %s', (_, then, later) => {
    const will = new LoadWill();
    will.command('on', { who: 'desk', for_ms: 2 * HOUR }, then(at(1, undefined)));

    const after = restarted(will);

    const again = (up: number) => ({ ...later(at(1, undefined)), boot: 'boot-2', up });
    expect(words(after, again(1000))).toBe('on by command');
    expect(after.ends_up).toBe(1000 + 2 * HOUR);
    expect(words(restarted(after), again(999 + 2 * HOUR))).toBe('on by command');
    expect(words(restarted(after), again(1000 + 2 * HOUR))).toBe('off by no-schedule');
  });

  it('a button turns it over until the schedule changes, and a second press gives it back', () => {
    const will = new LoadWill();

    press(will, at(1, 'no'));
    const pressed = words(will, at(2, 'no'));
    press(will, at(3, 'no'));
    const twice = words(will, at(3, 'no'));
    press(will, at(4, 'no'));

    expect([pressed, twice]).toEqual(['on by switch', 'off by schedule']);
    expect(words(will, at(5, 'yes'))).toBe('on by schedule');
    expect(words(will, at(6, 'no'))).toBe('off by schedule');
  });

  it('a button that lasts for a time at most', () => {
    const will = new LoadWill();

    press(will, at(1, 'no'), { ...button, lasts_ms: HOUR });

    expect(words(will, at(1.9, 'yes'))).toBe('on by switch');
    expect(words(will, at(2, 'no'))).toBe('off by schedule');
  });

  it('a button while nobody knows the time turns over what is lit, and lasts until the first change that is known', () => {
    const will = new LoadWill();

    press(will, at(1, 'unknown'), { ...button, lit: true });

    expect(words(will, at(2, 'unknown'))).toBe('off by switch');
    expect(words(will, at(3, 'yes'))).toBe('off by switch');
    expect(words(will, at(4, 'no'))).toBe('off by schedule');
    expect(words(will, at(5, 'yes'))).toBe('on by schedule');
  });

  it('a button that was pressed while nobody looked says nothing', () => {
    const will = new LoadWill();

    will.feel(true, button, at(1, 'no'));

    expect(words(will, at(1, 'no'))).toBe('off by schedule');
  });

  it('a change of the schedule that nobody saw, during an outage, ends what a button said', () => {
    const will = new LoadWill();
    press(will, at(1, 'no', { edge_unix_ms: 1_800_000_000_000 + 2 * HOUR }));

    // On and off again meanwhile: it says what it said then.
    const later = restarted(will);

    expect(words(restarted(will), at(1.5, 'no'))).toBe('on by switch');
    expect(words(later, { ...at(9, 'no'), boot: 'boot-2', up: 0 })).toBe('off by schedule');
  });

  it('a switch, on while it is closed', () => {
    const will = new LoadWill();
    will.feel(false, lever, at(0, 'no'));

    will.feel(true, lever, at(1, 'no'));

    expect(words(will, at(2, 'yes'))).toBe('on by switch');
    expect(words(will, at(3, 'no'))).toBe('on by switch');
    will.feel(false, lever, at(4, 'no'));
    expect(words(will, at(4, 'no'))).toBe('off by schedule');
  });

  it('a switch that was closed before a restart is no news, and one that was opened meanwhile is', () => {
    const will = new LoadWill();
    will.feel(true, lever, at(1, 'no'));
    will.command('off', { who: 'desk' }, at(2, 'no'));

    const same = restarted(will);
    same.feel(true, lever, at(3, 'no'));
    const before = new LoadWill();
    before.feel(true, lever, at(1, 'no'));
    const opened = restarted(before);
    opened.feel(false, lever, at(3, 'no'));

    expect(words(same, at(3, 'no'))).toBe('off by command');
    expect(words(opened, at(3, 'no'))).toBe('off by schedule');
  });

  it('the newest word of several', () => {
    const will = new LoadWill();
    will.feel(true, lever, at(1, 'no'));

    will.command('off', { who: 'desk' }, at(2, 'yes'));
    const commanded = words(will, at(2, 'yes'));
    will.feel(false, lever, at(3, 'yes'));

    // What is opened takes back only what it said itself.
    expect([commanded, words(will, at(3, 'yes'))]).toEqual(['off by command', 'off by command']);
  });

  it.each([
    [undefined],
    [{}],
    [{ hand: 7 }],
    [{ hand: { on: 1, by: 'me', ends: 'soon' }, closed: 'x' }],
    [{ hand: null }],
  ])('not what cannot be understood: %j', (kept) => {
    const will = new LoadWill(kept);

    expect(words(will, at(1, 'yes'))).toBe('on by schedule');
    expect(will.kept).toEqual({});
  });
});

/** A relay that shows itself, with what it is told in its order: `12 on`. */
function shownRelay() {
  const rule = new LoadRelay(true);
  const told: string[] = [];
  return {
    rule,
    told,
    /** At most one order: `stands` is what the relay does with it. */
    tell: (up: number, result: 'done' | 'failed' | 'unknown' | 'made-way' = 'done') => {
      const on = rule.due(up);
      if (on === undefined) return;
      told.push(`${up / 1000} ${on ? 'on' : 'off'}`);
      rule.told(on, result, up);
    },
  };
}

describe('a relay of a load', () => {
  it('that stands right already is told nothing: nothing flickers at a start', () => {
    const { rule, told, tell } = shownRelay();

    rule.wish(true);
    tell(0);
    rule.see(true, 1000);
    tell(1000);

    expect(told).toEqual([]);
    expect([rule.right, rule.wrong]).toEqual([true, false]);
  });

  it('is told only after it was seen, once, and again only after it was seen to disobey', () => {
    const { rule, told, tell } = shownRelay();
    rule.wish(true);

    tell(1000);
    rule.see(false, 2000);
    tell(2000);
    for (let up = 3000; up < 60_000; up += 1000) tell(up);
    const patient = [...told];
    rule.see(false, 60_000);
    tell(60_000);

    expect(patient).toEqual(['2 on']);
    expect(told).toEqual(['2 on', '60 on']);
  });

  it('that never obeys is told after 5, 15, 60 and then every 300 s, and is wrong meanwhile', () => {
    const { rule, told, tell } = shownRelay();
    rule.wish(true);

    for (let up = 0; up <= 1_000_000; up += 1000) {
      rule.see(false, up);
      tell(up);
    }

    expect(told).toEqual(['0 on', '5 on', '20 on', '80 on', '380 on', '680 on', '980 on']);
    expect(rule.wrong).toBe(true);
  });

  it('that somebody turns back by hand again and again does not wear out, and is forgiven after 10 min', () => {
    const { rule, told, tell } = shownRelay();
    rule.wish(true);

    let on = false;
    for (let up = 0; up <= 3_600_000; up += 1000) {
      rule.see(on, up);
      const before = told.length;
      tell(up);
      // It obeys, and 20 s later somebody is there again.
      if (told.length > before) on = true;
      else if (up < 300_000 && up % 20_000 === 19_000) on = false;
    }

    expect(told.length).toBeLessThan(8);
    expect(rule.right).toBe(true);
    rule.see(false, 3_700_000);
    expect(rule.due(3_700_000)).toBe(true);
  });

  it('whose board was away is told when it is seen again, and that is no disobedience', () => {
    const { rule, told, tell } = shownRelay();
    rule.wish(true);
    rule.see(false, 0);
    tell(0);
    rule.see(true, 1000);

    rule.see(undefined, 2000);
    rule.back();
    rule.see(false, 9000);
    const wrong = rule.wrong;
    tell(9000);

    expect(wrong).toBe(false);
    expect(told).toEqual(['0 on', '9 on']);
  });

  it('that made way for a door is told half a second later: nothing had been sent', () => {
    const { rule, told, tell } = shownRelay();
    rule.wish(true);
    rule.see(false, 0);

    tell(0, 'made-way');
    tell(499);
    tell(500);

    expect(told).toEqual(['0 on', '0.5 on']);
  });

  it('that nothing shows is told until its board says done, by the same rhythm', () => {
    const rule = new LoadRelay(false);
    rule.wish(true);
    const told: number[] = [];

    for (let up = 0; up <= 120_000; up += 1000) {
      if (rule.due(up) === undefined) continue;
      told.push(up / 1000);
      rule.told(true, told.length < 4 ? 'unknown' : 'done', up);
    }

    expect(told).toEqual([0, 5, 20, 80]);
    expect([rule.on, rule.right, rule.wrong]).toEqual([true, true, false]);
  });

  it('is told what is wanted in the end, whatever was wanted in between, and never the same twice within 5 s', () => {
    const moves = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 4000 }), fc.option(fc.boolean(), { nil: undefined })),
      {
        maxLength: 40,
      },
    );

    fc.assert(
      fc.property(moves, (all) => {
        const rule = new LoadRelay(true);
        let stands = false;
        let up = 0;
        let last: { on: boolean; up: number } | undefined;
        const live = (ms: number) => {
          for (const end = up + ms; up <= end; up += 250) {
            rule.see(stands, up);
            const on = rule.due(up);
            if (on === undefined) continue;
            expect(last?.on === on && up - last.up < 5000).toBe(false);
            last = { on, up };
            stands = on;
            rule.told(on, 'done', up);
          }
        };
        let want: boolean | undefined;
        for (const [ms, on] of all) {
          want = on;
          rule.wish(on);
          live(ms);
        }
        live(20_000);
        if (want !== undefined) expect(stands).toBe(want);
      }),
    );
  });
});
