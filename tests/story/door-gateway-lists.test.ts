import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/model/index.ts';
import { cli } from '../support/cli.ts';
import { keyPair } from '../support/command-world.ts';
import { wrongBySchema } from '../support/contract-tap.ts';
import { ANN, BOB, doorSite, listPages, PLATFORM, streetDoor } from '../support/door-site.ts';
import { memoryBroker } from '../support/memory-broker.ts';

const ROOT = 'gl/1/yard/gate-1';
const NOON = Date.parse('2026-11-25T04:00Z');
const DAY_MS = 86_400_000;
const siteWith = (uplink = 'lists: true') =>
  doorSite('', `uplinks: [{ id: town, url: 'mqtt://broker.example', ${uplink}, beat_s: 5 }]\n`);

/** A street door whose list comes from a platform at the same broker. */
async function platform(text = siteWith(), how: Parameters<typeof streetDoor>[1] = {}) {
  const broker = memoryBroker();
  const door = await streetDoor(text, { pipe: broker.pipe, list: false, unix_ms: NOON, ...how });
  const settings = { url: 'mqtt://broker.example', client_id: 'desk', version: 5 } as const;
  const states: JsonObject[] = [];
  const wrong: string[] = [];
  const connect = async () => {
    const desk = await broker.pipe(
      { ...settings, keepalive_s: 60, connect_timeout_ms: 1000 },
      new AbortController().signal,
    );
    desk.onMessage((topic, payload) => {
      const found = wrongBySchema({ topic, payload });
      if (found) wrong.push(found);
      states.push(JSON.parse(Buffer.from(payload).toString()));
    });
    await desk.subscribe([`${ROOT}/access/state`]);
    return desk;
  };
  let desk = await connect();
  await door.pass(22_000, () => {}, 1000);
  return {
    ...door,
    broker,
    wrong,
    reconnect: async () => {
      desk = await connect();
    },
    state: () => states.at(-1),
    states: () => states.splice(0),
    send: async (...pages: readonly string[]) => {
      for (const jws of pages)
        await desk.publish({
          topic: `${ROOT}/access`,
          payload: Buffer.from(jws === '' ? '' : JSON.stringify({ v: 1, jws })),
          qos: 1,
          retain: false,
        });
      await door.pass(2000, () => {}, 500);
    },
    /** Whether the card opens. */
    opens: async (card: string) => {
      await door.card(card);
      const open = door.unlocked();
      await door.pass(8000, () => {}, 1000);
      return open;
    },
  };
}

/** The same page, of the algorithm `none`. */
const unsigned = (jws: string) => {
  const header = Buffer.from(JSON.stringify({ alg: 'none', kid: PLATFORM.kid, typ: 'gl-list' }));
  return `${header.toString('base64url')}.${jws.split('.')[1]}.`;
};

const crowd = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `c-${index}`, card: `wiegand-26:118:${index}` }));

describe('a list of credentials from a platform (AC-8)', { timeout: 60_000 }, () => {
  it('opens when its last page has come, in whatever order and however often, and says so', async () => {
    const { send, state, opens, wrong } = await platform();
    const pages = await listPages([...crowd(900), { id: 'ann', card: ANN }], { version: 3 });
    const [first = '', ...rest] = pages;

    await send(...[...rest].reverse(), ...rest);
    const during = [state()?.version, state()?.pending, await opens(ANN)];
    await send(first);

    expect(pages.length).toBeGreaterThan(2);
    expect(during).toEqual([0, { version: 3, pages: pages.length, missing: [0] }, false]);
    expect(await opens(ANN)).toBe(true);
    expect(state()).toEqual({ v: 1, gateway: 'gate-1', version: 3, count: 901, standing: 'good' });
    expect(wrong).toEqual([]);
  });

  it('goes on over a lost connection', async () => {
    const { send, state, broker, pass, reconnect } = await platform();
    const [first = '', ...rest] = await listPages(crowd(900), { version: 3 });

    await send(first);
    broker.stop();
    await pass(5000);
    broker.start();
    await reconnect();
    await pass(60_000, () => {}, 1000);
    await send(...rest);

    expect(state()).toMatchObject({ version: 3, count: 900 });
  });

  it('is asked for as a whole by what it tells after a restart, and what was revoked before stays so', async () => {
    const { send, state, restart, pass, opens } = await platform();
    await send(
      ...(await listPages([
        { id: 'ann', card: ANN },
        { id: 'bob', card: BOB },
      ])),
    );
    const next = await listPages(crowd(900), { version: 2, revoked: ['ann'] });

    await send(...next.slice(0, 1));
    await restart(1000);
    await pass(30_000, () => {}, 1000);
    const after = state();

    expect(after).toMatchObject({ version: 1, count: 2 });
    expect(after).not.toHaveProperty('pending');
    expect([await opens(ANN), await opens(BOB)]).toEqual([false, true]);
    await send(...next);
    expect(state()).toMatchObject({ version: 2, count: 900 });
  });

  it('revokes within five seconds of the page that says so', async () => {
    const { send, card, unlocked, clock, told } = await platform();
    await send(...(await listPages([{ id: 'ann', card: ANN }])));
    const [page = ''] = await listPages(crowd(900), { version: 2, revoked: ['ann'] });

    const before = clock().now().up;
    await send(page);
    await card(ANN);

    expect(clock().now().up - before).toBeLessThanOrEqual(5000);
    expect(unlocked()).toBe(false);
    expect((await told()).at(-1)).toMatchObject({
      name: 'denied',
      fields: { reason: 'revoked', who: 'p-ann' },
    });
  });

  it.each([
    ['an older one', { version: 1 }, PLATFORM, 'older'],
    ['one of another key', { version: 9 }, keyPair(PLATFORM.kid), 'bad-signature'],
    ['one of a key that is not known', { version: 9 }, keyPair('stranger'), 'unknown-key'],
    ['one that is over already', { version: 9, offline_until_ms: NOON - DAY_MS }, PLATFORM, 'expired'],
    ['one that nobody signed', 'unsigned', PLATFORM, 'malformed'],
    ['a page of nonsense', 'nonsense', PLATFORM, 'malformed'],
  ] as const)('stays in force when %s is refused, and the state says why', async (_, bad, key, reason) => {
    const { send, state, opens, control } = await platform();
    await send(...(await listPages([{ id: 'ann', card: ANN }], { version: 2 })));

    const { version = 0, ...more } = typeof bad === 'string' ? {} : bad;
    const pages = await listPages(crowd(3), { version }, more, key);
    await send(...(bad === 'nonsense' ? [bad] : bad === 'unsigned' ? pages.map(unsigned) : pages));

    expect(state()).toMatchObject({ version: 2, count: 1, refused: { reason } });
    expect((await control().health()).map(({ code }) => code)).toContain('access-list-refused');
    expect(await opens(ANN)).toBe(true);
  });

  it('with other pages between its own is refused, and a newer one takes its place', async () => {
    const { send, state } = await platform();
    const third = await listPages(crowd(900), { version: 3 });
    const other = await listPages(crowd(800), { version: 3 });
    const fourth = await listPages(crowd(2), { version: 4 });

    await send(...third.slice(0, 1), ...other.slice(1, 2));
    const refused = state();
    await send(...fourth, ...third.slice(1));

    expect(refused).toMatchObject({ version: 0, refused: { reason: 'other-pages', version: 3, page: 1 } });
    expect(state()).toMatchObject({ version: 4, count: 2, refused: { reason: 'older', version: 3 } });
  });

  it('is neither taken from nor told to a platform that may not send lists', async () => {
    const { send, states, opens } = await platform(siteWith('commands: true'));

    await send(...(await listPages([{ id: 'ann', card: ANN }])));

    expect(await opens(ANN)).toBe(false);
    expect(states()).toEqual([]);
  });

  it('warns once, a week before it ends, and again when it has', async () => {
    const { send, state, pass, control, clock, restart, records } = await platform();
    const end = NOON + 8 * DAY_MS;
    await send(...(await listPages([{ id: 'ann', card: ANN }], {}, { offline_until_ms: end })));
    const facts = async () =>
      (await control().health()).map(({ code }) => code).filter((code) => /^access/.test(code));

    const before = await facts();
    clock().step(DAY_MS);
    await pass(61_000);
    const within = [await facts(), state()?.standing, state()?.offline_until];
    await restart(1000);
    clock().step(7 * DAY_MS);
    await pass(61_000);
    const after = await facts();

    expect([before, within, after]).toEqual([
      [],
      [['access-list-ends'], 'ends-soon', end],
      ['access-list-past'],
    ]);
    const told = (await records()).flatMap((record) =>
      record.kind === 'event' && /^access/.test(record.name) ? [record.name] : [],
    );
    expect(told).toEqual(['access-list-ends', 'access-list-past']);
  });

  it('that nobody signed fills no store: only so many refusals are told one by one', async () => {
    const { send, records } = await platform();

    await send(...Array.from({ length: 500 }, () => 'a.b.c'));

    const told = (await records()).filter(
      (record) => record.kind === 'audit' && record.name === 'access-list',
    );
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThan(70);
  });
});

describe('a list that gatelodge sign list has made', { timeout: 60_000 }, () => {
  it('is taken by the gateway through access load, and opens its door', async () => {
    const door = await streetDoor(doorSite(), { list: false });
    const pem = PLATFORM.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const files = new Map([
      ['lists.key', pem],
      ['groups.yaml', 'groups: [{ id: residents, doors: [gate] }]'],
      ['people.csv', `id,who,card,groups\nc-ann,p-ann,${ANN},residents\n`],
    ]);
    const deps = { readText: (path: string) => files.get(path) ?? '', unixMillis: () => NOON };
    const by = ['--version', '1', '--key', 'lists.key', '--kid', PLATFORM.kid, '--gateway', 'gate-1'];

    const signed = await cli(['sign', 'list', 'groups.yaml', 'people.csv', ...by], deps);
    files.set('list.jsonl', signed.out);
    const loaded = await cli(['access', 'load', 'list.jsonl'], { ...deps, control: door.control });
    await door.card(ANN);

    expect(loaded).toEqual({ code: 0, out: 'version 1 is in force, with 1 credentials\n', err: '' });
    expect(door.unlocked()).toBe(true);
  });
});
