import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { commandWorld, DESK, DONE, keyPair, signed, wish } from '../support/command-world.ts';

const LONG = Boolean(process.env.GATELODGE_LONG);
const GUARD = keyPair('guard-1');

describe('a signed command', () => {
  it('moves its target once, and is answered, audited and recorded once', async () => {
    const world = await commandWorld();
    const claims = wish(world.clock, { args: { channel: 1 }, reason: 'a visitor' });

    await world.come({ v: 1, jws: await signed(claims) });

    expect(world.targets.gate.acts).toEqual([{ name: 'open', args: { channel: 1 } }]);
    expect(world.reports).toEqual([
      { v: 1, id: claims.id, result: 'accepted', facts: {} },
      { v: 1, id: claims.id, ...DONE },
    ]);
    const who = { id: claims.id, command: 'open', issuer: 'desk' };
    expect(world.audits()).toEqual([{ ...who, why: 'a visitor', via: 'desk', decision: 'accepted' }]);
    expect(world.outcomes()).toEqual([{ ...who, ...DONE }]);
  });

  it('tells that it has moved before the evidence is there', async () => {
    const world = await commandWorld();
    world.targets.gate.end = async (_signal, actuated) => {
      actuated();
      return { result: 'confirmed', facts: {} };
    };

    await world.come({ v: 1, jws: await signed(wish(world.clock)) });

    expect(world.reports.map(({ result }) => result)).toEqual(['accepted', 'actuated', 'confirmed']);
  });

  it(`AC-1: delivered again and again moves it once, with one outcome (${LONG ? 1000 : 50} times)`, async () => {
    const world = await commandWorld();
    const message = { v: 1, jws: await signed(wish(world.clock)) };
    const times = LONG ? 1000 : 50;

    for (let nr = 0; nr < times / 2; nr += 1) world.send(message);
    await world.settled();
    for (let nr = 0; nr < times / 2; nr += 1) await world.come(message);

    expect(world.targets.gate.acts).toHaveLength(1);
    expect(world.final()).toHaveLength(times);
    expect(new Set(world.final().map((report) => JSON.stringify(report))).size).toBe(1);
    expect(world.audits()).toHaveLength(1);
    expect(world.outcomes()).toHaveLength(1);
  });
});

describe('AC-2: nothing is moved, and it is said why, by', () => {
  it.each([
    ['one that the broker had kept', {}, { retained: true }, 'retained'],
    ['an uplink that may not command', {}, { uplink: 'street' }, 'uplink-may-not-command'],
    ['an old beat', { beat: 'n0' }, {}, 'stale'],
    ['no beat', { beat: undefined }, {}, 'no-beat'],
    ['no time of issue', { issued_at: undefined }, {}, 'no-issued-at'],
    ['one for another gateway', { gateway: 'gate-2' }, {}, 'wrong-gateway'],
    ['one for no gateway', { gateway: undefined }, {}, 'wrong-gateway'],
    ['an issuer whose key it is not', { issuer: 'guard' }, {}, 'wrong-issuer'],
    ['a target that it may not command', { target: 'pump' }, {}, 'not-permitted'],
    ['a command that it may not give', { target: 'lamp', name: 'open' }, {}, 'not-permitted'],
    ['a setting of the unit that is not named', { name: 'set-address' }, {}, 'not-permitted'],
    ['a command that there is not', { name: 'dance' }, {}, 'command.unknown'],
    ['arguments that do not fit', { args: { wrong: 1 } }, {}, 'command.bad-args'],
  ])('%s', async (_what, but, how, reason) => {
    const world = await commandWorld();
    const claims = wish(world.clock, but);

    await world.come({ v: 1, jws: await signed(claims) }, how);

    expect(world.reports).toMatchObject([{ id: claims.id, result: 'refused', facts: { reason } }]);
    expect(world.audits()).toMatchObject([{ id: claims.id, decision: 'refused', reason }]);
    expect([world.targets.gate.acts, world.targets.lamp.acts]).toEqual([[], []]);
  });

  it.each([
    ['a day old', -86_400_000, 'issued-too-long-ago'],
    ['ten years old', -315_360_000_000, 'issued-too-long-ago'],
    ['older than its ttl and what clocks may differ', -15_001, 'issued-too-long-ago'],
    ['from tomorrow', 86_400_000, 'issued-in-the-future'],
  ])('one that is %s, while the clock is set', async (_what, ms, reason) => {
    const world = await commandWorld();
    const issued_at = world.clock.read().unix_ms + ms;

    await world.come({ v: 1, jws: await signed(wish(world.clock, { issued_at })) });

    expect(world.final()).toMatchObject([{ result: 'refused', facts: { reason } }]);
    expect(world.targets.gate.acts).toEqual([]);
  });

  it.each([
    ['1970', -1_800_000_000_000],
    ['yesterday', -86_400_000],
    ['in ten years', 315_360_000_000],
  ])('no clock at all: one that was never set and says %s lets the beat decide', async (_when, ms) => {
    const world = await commandWorld();
    const [fresh, old] = [wish(world.clock), wish(world.clock, { beat: 'n0' })];
    world.clock.step(ms, 'unsynced');

    await world.come({ v: 1, jws: await signed(fresh) });
    await world.come({ v: 1, jws: await signed(old) });

    expect(world.final()).toMatchObject([
      { id: fresh.id, result: 'done' },
      { id: old.id, result: 'refused' },
    ]);
  });

  it('one whose time ran out while it waited for its turn', async () => {
    const world = await commandWorld();
    world.targets.gate.end = (signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

    world.send({ v: 1, jws: await signed(wish(world.clock, { ttl_ms: 2000 })) });
    await world.clock.advance(1999);
    const before = world.final().length;
    await world.clock.advance(1);
    await world.settled();

    expect(before).toBe(0);
    expect(world.final()).toMatchObject([{ result: 'expired' }]);
    expect(world.outcomes()).toMatchObject([{ result: 'expired' }]);
  });

  it('one issuer who sends more than the site allows', async () => {
    const world = await commandWorld({ rules: { per_minute: 4 } });
    const give = async () => world.come({ v: 1, jws: await signed(wish(world.clock)) });

    for (let nr = 0; nr < 4; nr += 1) await give();
    await world.clock.advance(15_000);
    await give();

    expect(world.final().map(({ result }) => result)).toEqual(['done', 'done', 'refused', 'refused', 'done']);
    expect(world.final()[2]).toMatchObject({ facts: { reason: 'too-many' } });
  });

  it('a relay that a door owns', async () => {
    const world = await commandWorld();
    world.targets.gate.owner = 'main-door';

    await world.come({ v: 1, jws: await signed(wish(world.clock)) });

    expect(world.final()).toMatchObject([
      { result: 'refused', facts: { reason: 'owned', owner: 'main-door' } },
    ]);
    expect(world.targets.gate.acts).toEqual([]);
  });
});

describe('AC-3: a signature that does not count moves nothing:', () => {
  it('with any byte of the message changed', async () => {
    const world = await commandWorld();
    const text = JSON.stringify({ v: 1, jws: await signed(wish(world.clock)) });
    const masks = LONG ? [1, 2, 4, 8, 16, 32, 64] : [1, 32];

    for (let at = 0; at < text.length; at += 1) {
      for (const mask of masks) {
        const changed =
          text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ mask) + text.slice(at + 1);
        await world.come(changed);
      }
    }
    const accepted = world.targets.gate.acts.length;
    await world.come(text);

    expect(accepted).toBe(0);
    expect(world.targets.gate.acts).toHaveLength(1);
  });

  it('cut off anywhere', async () => {
    const world = await commandWorld();
    const jws = await signed(wish(world.clock));

    for (let length = 0; length < jws.length; length += 1)
      await world.come({ v: 1, jws: jws.slice(0, length) });

    expect(world.targets.gate.acts).toEqual([]);
  });

  it.each([
    [
      'another key under the same kid',
      async (claims: object) => signed(claims, { ...GUARD, kid: 'desk-1' }),
      'bad-signature',
    ],
    [
      'a kid that nobody knows',
      async (claims: object) => signed(claims, { ...DESK, kid: 'desk-0' }),
      'unknown-key',
    ],
    [
      'a signature for something else',
      async (claims: object) => signed(claims, DESK, { typ: 'gl-list' }),
      'wrong-kind',
    ],
    [
      'no algorithm',
      async (claims: object) => `${part({ alg: 'none', kid: 'desk-1', typ: 'gl-cmd' })}.${part(claims)}.`,
      'malformed',
    ],
    [
      'no algorithm, and something for a signature',
      async (claims: object) => `${part({ alg: 'none', kid: 'desk-1', typ: 'gl-cmd' })}.${part(claims)}.AA`,
      'wrong-algorithm',
    ],
    ['the public key as a shared secret', async (claims: object) => sharedSecret(claims), 'wrong-algorithm'],
    [
      'an extension that must be understood',
      async (claims: object) => {
        const [, body, signature] = (await signed(claims)).split('.');
        return `${part({ alg: 'EdDSA', kid: 'desk-1', typ: 'gl-cmd', crit: ['x'] })}.${body}.${signature}`;
      },
      'malformed',
    ],
    [
      'letters that no encoder writes',
      async (claims: object) => sameBytes(await signed(claims)),
      'malformed',
    ],
  ])('%s', async (_what, made, reason) => {
    const world = await commandWorld({ keys: [DESK, keyPair('guard-2')] });
    const claims = wish(world.clock);

    await world.come({ v: 1, jws: await made(claims) });

    expect(world.final()).toMatchObject([{ id: claims.id, result: 'refused', facts: { reason } }]);
    expect(world.audits()).toMatchObject([{ via: 'stranger:town', decision: 'refused', reason }]);
    expect(world.targets.gate.acts).toEqual([]);
  });

  it('and burns no id: the true one is done afterwards', async () => {
    const world = await commandWorld();
    const claims = wish(world.clock);

    await world.come({ v: 1, jws: await signed(claims, { ...GUARD, kid: 'desk-1' }) });
    await world.come(claims);
    await world.come({ v: 1, jws: await signed(claims) });

    expect(world.final().map(({ result }) => result)).toEqual(['refused', 'refused', 'done']);
  });

  it('in clear, but for what the site exempts', async () => {
    const world = await commandWorld();

    await world.come(wish(world.clock));
    await world.come(wish(world.clock, { target: 'lamp', name: 'on' }));
    await world.come(wish(world.clock, { target: 'lamp', name: 'on', beat: 'n0' }));

    expect(world.final()).toMatchObject([
      { result: 'refused', facts: { reason: 'unsigned' } },
      { result: 'done' },
      { result: 'refused', facts: { reason: 'stale' } },
    ]);
  });

  it('in a flood, is told one by one only so often, and the rest as a number', async () => {
    const world = await commandWorld();

    for (let nr = 0; nr < 100; nr += 1) await world.come(wish(world.clock));
    await world.clock.advance(60_000);
    await world.come(wish(world.clock));

    expect(world.reports).toHaveLength(101);
    expect(world.audits()).toHaveLength(31);
    expect(world.audits().at(-1)).toMatchObject({ untold_before: 70 });
  });
});

describe('across a restart', () => {
  it('AC-5: what was begun and not ended is unknown, is told so once, and never begun again', async () => {
    const world = await commandWorld();
    const claims = wish(world.clock);
    world.targets.gate.end = () => new Promise(() => {});
    world.send({ v: 1, jws: await signed(claims) });
    await world.clock.advance(100);
    const moved = world.targets.gate.acts.length;

    await world.restart();
    world.beat('m1');
    await world.come({ v: 1, jws: await signed({ ...claims, beat: 'm1' }) });
    await world.restart();

    expect(moved).toBe(1);
    expect(world.targets.gate.acts).toHaveLength(1);
    const unknown = { result: 'unknown', facts: { reason: 'restarted', after_restart: true } };
    expect(world.final()).toMatchObject([{ id: claims.id, ...unknown }]);
    expect(world.outcomes()).toMatchObject([{ id: claims.id, command: 'open', issuer: 'desk', ...unknown }]);
  });

  it('what was ended is answered with the outcome it had', async () => {
    const world = await commandWorld();
    const claims = wish(world.clock);
    await world.come({ v: 1, jws: await signed(claims) });

    await world.restart();
    world.beat('m1');
    await world.come({ v: 1, jws: await signed(claims) });
    await world.come({ v: 1, jws: await signed({ ...claims, beat: 'm1' }) });

    expect(world.targets.gate.acts).toHaveLength(1);
    expect(world.final().map(({ result }) => result)).toEqual(['done', 'done', 'done']);
  });

  it('what left no trace is refused, and it is said that this may be for the restart', async () => {
    const world = await commandWorld();
    const claims = wish(world.clock);
    world.beat('m1');

    await world.come({ v: 1, jws: await signed(claims) });

    expect(world.final()).toMatchObject([
      { result: 'refused', facts: { reason: 'stale', after_restart: true } },
    ]);
  });

  it('an old beat of this run is plainly stale', async () => {
    const world = await commandWorld();
    await world.come({ v: 1, jws: await signed(wish(world.clock)) });
    world.beat('m3', 'm2', 'm1');

    await world.come({ v: 1, jws: await signed(wish(world.clock)) });

    expect(world.final()[1]).toMatchObject({ result: 'refused', facts: { reason: 'stale' } });
    expect(world.final()[1]?.facts).not.toHaveProperty('after_restart');
  });
});

describe('a disk', () => {
  it('that stalls is waited for 30 ms, not longer', async () => {
    const world = await commandWorld();
    const { journal } = world.disk;
    world.disk.journal = { ...journal, intend: () => new Promise(() => {}) };

    world.send({ v: 1, jws: await signed(wish(world.clock)) });
    await world.clock.advance(29);
    const before = world.targets.gate.acts.length;
    await world.clock.advance(1);

    expect([before, world.targets.gate.acts.length]).toEqual([0, 1]);
  });

  it('that stalls does not let an id of an earlier run move anything again', async () => {
    const world = await commandWorld();
    const claims = wish(world.clock);
    await world.come({ v: 1, jws: await signed(claims) });
    const { journal } = world.disk;
    await world.restart();
    world.disk.journal = { ...journal, intend: () => new Promise(() => {}) };

    world.send({ v: 1, jws: await signed({ ...claims, beat: 'n2' }) });
    await world.clock.advance(100);

    expect(world.targets.gate.acts).toHaveLength(1);
  });

  it('that refuses everything keeps no door shut, and an id still moves it once', async () => {
    const world = await commandWorld();
    const broken = () => Promise.reject(new Error('EIO'));
    world.disk.journal = { ...world.disk.journal, intend: broken, conclude: broken };
    const message = { v: 1, jws: await signed(wish(world.clock)) };

    await world.come(message);
    await world.come(message);

    expect(world.targets.gate.acts).toHaveLength(1);
    expect(world.final().map(({ result }) => result)).toEqual(['done', 'done']);
  });
});

describe('somebody at the machine', () => {
  it('is the issuer, and is audited like anybody', async () => {
    const world = await commandWorld();

    const outcome = await world.inbox().submit({ target: 'gate', name: 'open', args: {}, user: 'pi' });

    expect(outcome).toEqual(DONE);
    expect(world.audits()).toMatchObject([{ issuer: 'local:pi', decision: 'accepted', command: 'open' }]);
    expect(world.outcomes()).toMatchObject([{ issuer: 'local:pi', result: 'done' }]);
  });

  it.each([
    ['a target that there is not', { target: 'gaet', name: 'open', args: {} }, 'device.unknown'],
    ['a command that there is not', { target: 'gate', name: 'oben', args: {} }, 'command.unknown'],
    ['wrong arguments', { target: 'gate', name: 'open', args: { wrong: 1 } }, 'command.bad-args'],
  ])('is told at once of %s, and that is audited too', async (_what, given, code) => {
    const world = await commandWorld();

    await expect(world.inbox().submit({ ...given, user: 'pi' })).rejects.toMatchObject({ code });

    expect(world.audits()).toMatchObject([{ decision: 'refused', reason: code }]);
  });

  it('moves what a door owns only with a reason', async () => {
    const world = await commandWorld();
    world.targets.gate.owner = 'main-door';
    const given = { target: 'gate', name: 'open', args: {}, user: 'pi' };

    await expect(world.inbox().submit(given)).rejects.toMatchObject({ code: 'command.owned' });
    const outcome = await world.inbox().submit({ ...given, reason: 'commissioning' });

    expect(outcome).toEqual(DONE);
    expect(world.audits()).toMatchObject([
      { decision: 'refused' },
      { decision: 'accepted', why: 'commissioning' },
    ]);
  });
});

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function sharedSecret(claims: object): string {
  const text = `${part({ alg: 'HS256', kid: 'desk-1', typ: 'gl-cmd' })}.${part(claims)}`;
  return `${text}.${createHmac('sha256', Buffer.from(DESK.key, 'base64url')).update(text).digest('base64url')}`;
}

/** The last letter of 64 bytes carries two bits; the four others are thrown away by most decoders. */
function sameBytes(jws: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return jws.slice(0, -1) + letters[letters.indexOf(jws.slice(-1)) + 1];
}
