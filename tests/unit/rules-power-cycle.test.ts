import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agedAtLeast, DAY_MS, type Done, dated, withinDay } from '../../src/rules/day-count.ts';
import { type Fed, PowerCycle, type SupplyLook, type SupplyRules } from '../../src/rules/index.ts';

const HOUR = 3_600_000;
const RULES: SupplyRules = { silent_ms: 600_000, most_per_day: 3, when: 'all', warm_up_ms: 30_000 };

const unit = (id: string, condition: Fed['condition'] = 'silent', more: Partial<Fed> = {}): Fed => ({
  id,
  condition,
  known: true,
  bus: 'wire',
  wireLives: () => true,
  ...more,
});
const seen = (fed: readonly Fed[], more: Partial<SupplyLook> = {}): SupplyLook => ({
  fed,
  relay_answers: true,
  switched_off: false,
  forbidden: undefined,
  ...more,
});
const at = (up: number): Done => ({ boot: 'now', up });

/** Looks each second; carries out each cycle in no time. When each began. */
function live(rule: PowerCycle, span: readonly [number, number], look: (up: number) => SupplyLook) {
  const cycles: number[] = [];
  const wishes = new Set<string>();
  for (let up = span[0]; up <= span[1]; up += 1000) {
    const wish = rule.look(look(up), at(up));
    wishes.add(wish.wish);
    if (wish.wish !== 'cycle') continue;
    cycles.push(up);
    rule.begin(at(up));
    rule.powered(up);
  }
  return { cycles, wishes: [...wishes] };
}

describe('the supply of a silent unit', () => {
  it('is cut when it has been silent for so long since it could have started, and again only after as long', () => {
    const rule = new PowerCycle(RULES, 0);

    const { cycles } = live(rule, [0, 2 * HOUR], () => seen([unit('a')]));

    expect(cycles).toEqual([630_000, 1_260_000, 1_890_000]);
  });

  it('that answered once in between begins to be silent anew', () => {
    const rule = new PowerCycle(RULES, 0);

    const { cycles } = live(rule, [0, 1_200_000], (up) =>
      seen([unit('a', up === 600_000 ? 'well' : 'silent')]),
    );

    expect(cycles).toEqual([]);
    expect(live(rule, [1_201_000, 1_202_000], () => seen([unit('a')])).cycles).toEqual([1_201_000]);
  });

  it('says until when it has given up', () => {
    const rule = new PowerCycle(RULES, 0);
    live(rule, [0, 2 * HOUR], () => seen([unit('a')]));

    expect(rule.look(seen([unit('a')]), at(3 * HOUR))).toEqual({
      wish: 'give-up',
      silent: ['a'],
      next_ms: 630_000 + DAY_MS - 3 * HOUR,
    });
    expect(rule.look(seen([unit('a')]), at(630_000 + DAY_MS)).wish).toBe('cycle');
  });

  it('never exceeds its most in any 24 hours, whatever comes and goes', () => {
    const conditions = fc.constantFrom<Fed['condition']>('well', 'silent', 'unclear');
    fc.assert(
      fc.property(
        fc.array(conditions, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        (story, most) => {
          const rule = new PowerCycle({ ...RULES, most_per_day: most, silent_ms: 60_000 }, 0);
          const cycles: number[] = [];
          for (let minute = 0; minute < 4 * 1440; minute += 1) {
            const up = minute * 60_000;
            const wish = rule.look(seen([unit('a', story[minute % story.length])]), at(up));
            if (wish.wish !== 'cycle') continue;
            cycles.push(up);
            rule.begin(at(up));
            rule.powered(up);
          }
          for (const [index, up] of cycles.entries()) {
            const later = cycles[index + most];
            if (later !== undefined) expect(later - up).toBeGreaterThanOrEqual(DAY_MS);
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  it.each<[string, SupplyLook, RegExp]>([
    ['another unit behind it answers', seen([unit('a'), unit('b', 'well')]), /b on the same supply has not/],
    ['the relay board is silent too', seen([unit('a')], { relay_answers: false }), /relay of its supply/],
    ['somebody has switched it off', seen([unit('a')], { switched_off: true }), /switched its supply off/],
    [
      'nothing on its wire answers',
      seen([unit('a', 'silent', { wireLives: () => false })]),
      /the wire is dead/,
    ],
    ['the unit has never answered', seen([unit('a', 'silent', { known: false })]), /never answered/],
    ['it may not', seen([unit('a')], { forbidden: 'it feeds a lock' }), /it feeds a lock/],
  ])('is not cut while %s, and that is said', (_, look, because) => {
    const rule = new PowerCycle(RULES, 0);

    const { cycles } = live(rule, [0, 2 * HOUR], () => look);

    expect(cycles).toEqual([]);
    expect(rule.look(look, at(2 * HOUR))).toEqual({
      wish: 'hold',
      silent: ['a'],
      because: expect.stringMatching(because),
    });
  });

  it('that feeds several is cut for one of them where the site says so', () => {
    const rule = new PowerCycle({ ...RULES, when: 'any' }, 0);

    expect(live(rule, [0, 700_000], () => seen([unit('a'), unit('b', 'well')])).cycles).toEqual([630_000]);
  });

  it('is nobody’s business while the unit is merely unclear: noise, a wire that is down', () => {
    const rule = new PowerCycle(RULES, 0);

    expect(live(rule, [0, HOUR], () => seen([unit('a', 'unclear')]))).toEqual({
      cycles: [],
      wishes: ['nothing'],
    });
  });

  it('was not cut after all: that does not count', () => {
    const rule = new PowerCycle({ ...RULES, most_per_day: 1 }, 0);
    rule.look(seen([unit('a')]), at(0));
    rule.begin(at(630_000));
    rule.takeBack();

    expect(rule.look(seen([unit('a')]), at(640_000)).wish).toBe('cycle');
  });
});

describe('the age of what was done', () => {
  const done: Done = { boot: 'one', up: 5 * HOUR, unix_ms: 1000 * HOUR };

  it.each<[string, Done, Done, number]>([
    [
      'in the same boot is that of its own time',
      done,
      { boot: 'one', up: 7 * HOUR, unix_ms: 1002 * HOUR },
      2 * HOUR,
    ],
    [
      '… whatever the time of day does',
      done,
      { boot: 'one', up: 7 * HOUR, unix_ms: 90_000 * HOUR },
      2 * HOUR,
    ],
    [
      'over a boot is that of the time of day',
      done,
      { boot: 'two', up: HOUR, unix_ms: 1030 * HOUR },
      30 * HOUR,
    ],
    ['over a boot without a time of day is at least that boot', done, { boot: 'two', up: HOUR }, HOUR],
    [
      '… also when nobody knew the time then',
      { boot: 'one', up: 0 },
      { boot: 'two', up: HOUR, unix_ms: 9e12 },
      HOUR,
    ],
    [
      'over a boot whose time of day was set back is at least that boot',
      done,
      { boot: 'two', up: HOUR, unix_ms: 3 },
      HOUR,
    ],
  ])('%s', (_, what, now, age) => {
    expect(agedAtLeast(what, now)).toBe(age);
  });

  it('over a boot is known too when the time of day came later in that boot', () => {
    const early: Done = { boot: 'one', up: HOUR };

    const [known] = dated([early], { boot: 'one', up: 3 * HOUR, unix_ms: 1000 * HOUR });

    expect(known).toEqual({ ...early, unix_ms: 998 * HOUR });
    expect(dated([early], { boot: 'two', up: 3 * HOUR, unix_ms: 1000 * HOUR })).toEqual([early]);
  });

  it('keeps what cannot be shown to be older than a day', () => {
    expect(
      withinDay([done, { boot: 'zero', up: 1 }], { boot: 'two', up: HOUR, unix_ms: 1030 * HOUR }),
    ).toEqual([{ boot: 'zero', up: 1 }]);
    expect(withinDay([{ boot: 'zero', up: 1 }], { boot: 'two', up: 25 * HOUR })).toEqual([]);
  });
});
