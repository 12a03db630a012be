import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bay, type BayRules, type Seen } from '../../src/pipeline/derived/bay.ts';
import type { BaySettings, DerivedSettings, Sense } from '../../src/pipeline/derived/index.ts';
import { derivedWorld } from '../support/derived-world.ts';

const RULES: BayRules = {
  enter_ms: 3000,
  leave_ms: 5000,
  samples: 3,
  unknown_after_ms: 60_000,
  presence_limit_ms: Number.POSITIVE_INFINITY,
};
const DISTANCE: Sense = { kind: 'distance', below: 1200, hysteresis: 300, factor: 1 };
const FLAG: Sense = { kind: 'flag', inverted: false };

const bay = (id: string, sense: Sense, more: Partial<BaySettings> = {}): BaySettings => ({
  id,
  device: `det-${id}`,
  point: 'it',
  sense,
  fault_point: undefined,
  rules: RULES,
  ...more,
});
const zone = (...bays: readonly BaySettings[]): DerivedSettings => ({ id: 'b1', type: 'parking', bays });

describe('a bay with a distance sensor', () => {
  it('is occupied only when enough looks agree for long enough, and free only when they agree longer', () => {
    const world = derivedWorld([zone(bay('p1', DISTANCE))]);

    world.pass(3000, () => world.hear('det-p1', 'it', 900));
    expect(world.said('p1')).toEqual([]);
    world.pass(2000, () => world.hear('det-p1', 'it', 900));
    world.pass(5000, () => world.hear('det-p1', 'it', 2600));
    expect(world.said('p1')).toEqual(['occupied']);
    world.pass(1000, () => world.hear('det-p1', 'it', 2600));

    expect(world.said('p1')).toEqual(['occupied', 'free']);
  });

  it('does not change within the hysteresis, nor for a passer-by', () => {
    const world = derivedWorld([zone(bay('p1', DISTANCE))]);
    world.pass(10_000, () => world.hear('det-p1', 'it', 900));

    world.pass(60_000, () => world.hear('det-p1', 'it', 1400));
    world.pass(4000, () => world.hear('det-p1', 'it', 2600));
    world.pass(10_000, () => world.hear('det-p1', 'it', 900));

    expect(world.said('p1')).toEqual(['occupied']);
  });

  it('takes no side within the hysteresis while nothing is known', () => {
    const world = derivedWorld([zone(bay('p1', DISTANCE))]);

    world.pass(120_000, () => world.hear('det-p1', 'it', 1400));

    expect(world.said('p1')).toEqual([]);
  });

  it('is unknown, never free, after a minute without a valid value, and comes back by the same rules', () => {
    const world = derivedWorld([zone(bay('p1', DISTANCE))]);
    world.pass(10_000, () => world.hear('det-p1', 'it', 900));

    world.pass(59_000, () => world.hear('det-p1', 'it', null));
    expect(world.said('p1')).toEqual(['occupied']);
    world.pass(2000, () => world.hear('det-p1', 'it', 9000, 'out-of-range'));
    expect(world.said('p1')).toEqual(['occupied', 'unknown']);
    world.pass(6000, () => world.hear('det-p1', 'it', 2600));

    expect(world.said('p1')).toEqual(['occupied', 'unknown', 'free']);
  });

  it('is unknown at once when its device is told to be down, with the time of that and not of the old value', () => {
    const world = derivedWorld([zone(bay('p1', DISTANCE))]);
    world.pass(10_000, () => world.hear('det-p1', 'it', 2600));
    const [free] = world.saidAt('p1');

    world.pass(20_000);
    world.hear('det-p1', 'it', 2600, 'stale');

    expect(world.said('p1')).toEqual(['free', 'unknown']);
    expect(world.saidAt('p1')).toEqual([free, world.up()]);
  });

  it('measures in the unit of its point', () => {
    const world = derivedWorld([zone(bay('p1', { ...DISTANCE, factor: 10 }))]);

    world.pass(10_000, () => world.hear('det-p1', 'it', 202));

    expect(world.said('p1')).toEqual(['free']);
  });
});

describe('a bay with a contact', () => {
  it('that tells only changes is decided by the time that passes', () => {
    const once = { ...RULES, samples: 1, unknown_after_ms: Number.POSITIVE_INFINITY };
    const world = derivedWorld([zone(bay('p1', FLAG, { rules: once }))]);

    world.hear('det-p1', 'it', true);
    world.pass(2000);
    expect(world.said('p1')).toEqual([]);
    world.pass(1000);
    world.pass(3_000_000);

    expect(world.said('p1').at(0)).toBe('occupied');
    expect(new Set(world.said('p1'))).toEqual(new Set(['occupied']));
  });

  it('may be wired the other way round', () => {
    const world = derivedWorld([zone(bay('p1', { kind: 'flag', inverted: true }))]);

    world.pass(10_000, () => world.hear('det-p1', 'it', true));

    expect(world.said('p1')).toEqual(['free']);
  });

  it('is unknown while its detector tells a fault, whatever its contact says', () => {
    const world = derivedWorld([zone(bay('p1', FLAG, { fault_point: 'fault' }))]);
    const look = (fault: boolean) => () => {
      world.hear('det-p1', 'fault', fault);
      world.hear('det-p1', 'it', false);
    };

    world.pass(10_000, look(false));
    world.pass(10_000, look(true));
    world.pass(10_000, look(false));

    expect(world.said('p1')).toEqual(['free', 'unknown', 'free']);
  });

  it('is unknown, not free, when presence ends just when the detector forgets it, until a vehicle is seen again', () => {
    const forgetful = { ...RULES, presence_limit_ms: 240_000 };
    const world = derivedWorld([zone(bay('p1', FLAG, { rules: forgetful }))]);

    world.pass(240_000, () => world.hear('det-p1', 'it', true));
    world.pass(600_000, () => world.hear('det-p1', 'it', false));
    expect(new Set(world.said('p1'))).toEqual(new Set(['occupied', 'unknown']));
    world.pass(100_000, () => world.hear('det-p1', 'it', true));
    world.pass(10_000, () => world.hear('det-p1', 'it', false));

    expect(world.said('p1').at(-1)).toBe('free');
  });

  it('of a detector that knows its bays by itself follows it, its unknown too', () => {
    const world = derivedWorld([zone(bay('p1', { kind: 'state' }))]);
    const pass = (state: string) => world.pass(10_000, () => world.hear('det-p1', 'it', state));

    for (const state of ['occupied', 'unknown', 'free']) pass(state);

    expect(world.said('p1')).toEqual(['occupied', 'unknown', 'free']);
  });
});

describe('a parking zone', () => {
  it('counts nothing before each bay has been decided, and then whatever changes', () => {
    const world = derivedWorld([zone(bay('p1', FLAG), bay('p2', FLAG), bay('p3', FLAG))]);
    const look = (first: boolean) => () => {
      world.hear('det-p1', 'it', first);
      world.hear('det-p2', 'it', false);
    };

    world.pass(50_000, look(false));
    expect(world.derivation.zone('b1')).toBeUndefined();
    expect(world.said('bays_free')).toEqual([]);
    world.pass(20_000, look(false));
    expect(world.derivation.zone('b1')).toEqual({ free: 2, occupied: 0, unknown: 1 });
    world.pass(10_000, look(true));

    expect(world.said('bays_free')).toEqual([2, 1]);
    expect(world.said('bays_occupied')).toEqual([0, 1]);
    expect(world.said('bays_unknown')).toEqual([1]);
  });

  it('says again every quarter of an hour what has not changed', () => {
    const world = derivedWorld([zone(bay('p1', FLAG))]);

    world.pass(3_600_000, () => world.hear('det-p1', 'it', true));

    expect(world.said('p1')).toHaveLength(5);
    expect(world.said('bays_occupied')).toHaveLength(5);
  });

  it('made of simulated detectors is simulated', () => {
    const world = derivedWorld([zone(bay('p1', FLAG))]);

    world.pass(10_000, () => world.hear('det-p1', 'it', true, 'simulated'));

    expect(world.said('p1')).toEqual(['occupied simulated']);
    expect(world.said('bays_free')).toEqual(['0 simulated']);
  });
});

describe('every bay', () => {
  const seen = fc.constantFrom<Seen>('free', 'occupied', 'between', 'nothing', 'fault');
  const looks = fc.array(fc.record({ seen, after: fc.integer({ min: 50, max: 20_000 }) }), { maxLength: 60 });

  it('becomes free or occupied only after enough agreeing looks over the whole hold time', () => {
    fc.assert(
      fc.property(looks, (list) => {
        const one = new Bay(RULES, 0);
        let up = 0;
        let agreeing: { what: Seen; since: number; count: number } = { what: 'fault', since: 0, count: 0 };
        for (const { seen: what, after } of list) {
          up += after;
          const before = one.state;
          const changed = one.see(what, up);
          if (what === 'free' || what === 'occupied') {
            agreeing = what === agreeing.what ? agreeing : { what, since: up, count: 0 };
            agreeing.count += 1;
          } else if (what === 'fault') agreeing = { what, since: up, count: 0 };
          if (!changed || one.state === 'unknown') continue;
          expect(one.state).not.toBe(before);
          expect(agreeing.what).toBe(one.state);
          expect(agreeing.count).toBeGreaterThanOrEqual(3);
          expect(up - agreeing.since).toBeGreaterThanOrEqual(one.state === 'free' ? 5000 : 3000);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('is unknown whenever nothing valid came for the time that is allowed', () => {
    fc.assert(
      fc.property(looks, (list) => {
        const one = new Bay(RULES, 0);
        let up = 0;
        let valid = 0;
        for (const { seen: what, after } of list) {
          up += after;
          one.pass(up);
          if (up - valid >= 60_000) expect(one.state).toBe('unknown');
          one.see(what, up);
          if (what !== 'nothing' && what !== 'fault') valid = up;
          if (what === 'fault') expect(one.state).toBe('unknown');
        }
      }),
      { numRuns: 2000 },
    );
  });
});
