import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandWorld, DESK, keyPair, RULES, signed } from '../support/command-world.ts';

const LONG = Boolean(process.env.GATELODGE_LONG);
const CASES = LONG ? 10_000 : 400;
const OTHER = keyPair('desk-1');
const NOW = 1_800_000_000_000;

/** Mostly right in each single thing, so that many are right in all. */
const rightOr = <T>(right: T, ...wrong: readonly unknown[]) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(right as unknown) },
    ...wrong.map((one) => ({ weight: 1, arbitrary: fc.constant(one) })),
  );

const DAY = 86_400_000;
const envelopes = fc.record({
  id: fc.integer({ min: 1, max: 1_000_000 }),
  gateway: rightOr('gate-1', 'gate-2', '', undefined),
  target: rightOr('gate', 'lamp', 'pump'),
  name: rightOr('open', 'on', 'set-address', 'dance'),
  args: rightOr({}, { wrong: 1 }),
  issuer: rightOr('desk', 'guard', 'local:pi'),
  beat: rightOr('n3', 'n2', 'n1', 'n0', '', undefined),
  ttl_ms: rightOr(10_000, 1, 3_600_000),
  age_ms: rightOr(0, 5000, DAY, -DAY, 3650 * DAY, -3650 * DAY, 3_500_000),
  sign: rightOr('desk', 'other', 'clear', 'list'),
  retained: rightOr(false, true),
  uplink: rightOr('town', 'street'),
  clock: rightOr('set', 'set a day ahead', '1970', 'years ahead, never set'),
});
type Drawn = typeof envelopes extends fc.Arbitrary<infer T> ? T : never;

const CLOCKS: Readonly<Record<string, { readonly ms: number; readonly state: 'synced' | 'unsynced' }>> = {
  set: { ms: 0, state: 'synced' },
  'set a day ahead': { ms: DAY, state: 'synced' },
  1970: { ms: -NOW, state: 'unsynced' },
  'years ahead, never set': { ms: 3650 * DAY, state: 'unsynced' },
};

/** The rules of the contract once more, as one plain condition. */
function mayMove(drawn: Drawn): boolean {
  const { ms, state } = CLOCKS[String(drawn.clock)] ?? { ms: 0, state: 'synced' };
  const age = Number(drawn.age_ms) + ms;
  const timely = state === 'unsynced' || (age <= Number(drawn.ttl_ms) + 5000 && age >= -5000);
  const clear =
    drawn.sign === 'clear' &&
    drawn.target === 'lamp' &&
    [undefined, 'gate-1'].includes(drawn.gateway as undefined);
  const may = RULES.issuers[0]?.may.some(
    ({ targets, commands }) =>
      targets.includes(String(drawn.target)) &&
      (commands.includes(String(drawn.name)) || (commands.includes('*') && drawn.name !== 'set-address')),
  );
  const desk = drawn.sign === 'desk' && drawn.issuer === 'desk' && drawn.gateway === 'gate-1' && may === true;
  return (
    (clear || desk) &&
    ['n1', 'n2', 'n3'].includes(String(drawn.beat)) &&
    timely &&
    drawn.retained === false &&
    drawn.uplink === 'town' &&
    ['open', 'on', 'set-address'].includes(String(drawn.name)) &&
    !('wrong' in (drawn.args as object))
  );
}

describe('AC-2', () => {
  it(`of ${CASES} drawn messages exactly those move something that the contract lets, and each is answered once`, async () => {
    const world = await commandWorld();
    const moved = () => world.targets.gate.acts.length + world.targets.lamp.acts.length;
    const drawn = fc.sample(envelopes, { numRuns: CASES, seed: 20_261_125 });
    let expected = 0;

    for (const [nr, one] of drawn.entries()) {
      const { age_ms, sign, retained, uplink, clock, ...claims } = one;
      const issued_at = Math.max(0, Math.round(world.clock.read().unix_ms - Number(age_ms)));
      const said = { ...claims, id: `c-${nr}`, issued_at };
      const { ms, state } = CLOCKS[String(clock)] ?? { ms: 0, state: 'synced' };
      world.clock.step(ms, state);
      const message =
        sign === 'clear'
          ? said
          : {
              v: 1,
              jws: await signed(
                said,
                sign === 'other' ? OTHER : DESK,
                sign === 'list' ? { typ: 'gl-list' } : {},
              ),
            };
      const before = { moved: moved(), told: world.final().length + world.bad.length };
      await world.come(message, { retained: retained === true, uplink: String(uplink) });
      world.clock.step(-ms, 'synced');
      await world.clock.advance(1000);

      const may = mayMove({ ...one, age_ms: age_ms });
      expected += may ? 1 : 0;
      expect(moved() - before.moved, JSON.stringify(one)).toBe(may ? 1 : 0);
      expect(world.final().length + world.bad.length - before.told, JSON.stringify(one)).toBe(1);
    }

    expect(expected).toBeGreaterThan(CASES / 10);
    expect(expected).toBeLessThan(CASES / 2);
  });
});
