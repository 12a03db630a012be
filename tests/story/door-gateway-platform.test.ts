import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/model/index.ts';
import { DESK, keyPair, signed } from '../support/command-world.ts';
import { doorSite, streetDoor } from '../support/door-site.ts';
import { memoryBroker } from '../support/memory-broker.ts';

const ROOT = 'gl/1/yard/gate-1';
const SITE = doorSite(
  '',
  `uplinks: [{ id: town, url: 'mqtt://broker.example', commands: true, beat_s: 5 }]
`,
).replace(
  'trust:\n',
  `trust:
  issuers: [{ name: desk, keys: [{ kid: ${DESK.kid}, public_key: ${DESK.key} }], may: [{ targets: [gate], commands: [unlock] }] }]
`,
);

/** A street door, and the desk of a platform at the same broker. */
async function platform() {
  const broker = memoryBroker();
  const door = await streetDoor(SITE, { pipe: broker.pipe });
  const settings = { url: 'mqtt://broker.example', client_id: 'desk', version: 5 } as const;
  const desk = await broker.pipe(
    { ...settings, keepalive_s: 60, connect_timeout_ms: 1000 },
    new AbortController().signal,
  );
  const beats: string[] = [];
  const results: (JsonObject & { readonly id: string; readonly result: string })[] = [];
  desk.onMessage((topic, payload) => {
    const said = JSON.parse(Buffer.from(payload).toString());
    if (topic.endsWith('/beat')) beats.push(said.nonce);
    else results.push(said);
  });
  await desk.subscribe([`${ROOT}/beat`, `${ROOT}/cmd/result`]);
  await door.pass(12_000, () => {}, 1000);
  const message = async (id: string, name: string, key = DESK) => {
    const claims = {
      ...{ id, name, gateway: 'gate-1', target: 'gate', args: {}, issuer: 'desk', ttl_ms: 10_000 },
      ...{ issued_at: Math.round(door.clock().read().unix_ms), beat: beats.at(-1) },
    };
    return JSON.stringify({ v: 1, jws: await signed(claims, key) });
  };
  return {
    ...door,
    message,
    send: async (text: string) => {
      await desk.publish({ topic: `${ROOT}/cmd`, payload: Buffer.from(text), qos: 1, retain: false });
      await door.pass(1000, () => {}, 50);
    },
    ends: (id: string) =>
      results
        .filter((one) => one.id === id && !['accepted', 'actuated'].includes(one.result))
        .map(({ result }) => result),
  };
}

describe('a platform', { timeout: 60_000 }, () => {
  it('unlocks a door, hears confirmed when somebody has opened it, and no replay moves it again', async () => {
    const { send, message, ends, unlocked, push, pass } = await platform();
    const text = await message('c-1', 'unlock');

    await send(text);
    const during = unlocked();
    push(true);
    await pass(1000);
    push(false);
    await pass(2000);
    await send(text);

    expect([during, unlocked()]).toEqual([true, false]);
    expect(ends('c-1')).toEqual(['confirmed', 'confirmed']);
  });

  it('that may unlock may not lock down, and whoever signs with another key nothing', async () => {
    const { send, message, ends, unlocked } = await platform();

    await send(await message('c-2', 'lockdown'));
    await send(await message('c-3', 'unlock', keyPair(DESK.kid)));

    expect(unlocked()).toBe(false);
    expect([ends('c-2'), ends('c-3')]).toEqual([['refused'], ['refused']]);
  });
});
