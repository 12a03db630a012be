import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makePages } from '../../src/access/index.ts';
import { keyPair, signed } from '../support/command-world.ts';
import { openCompound } from '../support/compound.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { until } from '../support/until.ts';
import { testReceiver } from '../support/uplink-world.ts';

const ROOT = 'gl/1/riverside/gate-1';
const KEY = keyPair('platform-1');

interface State {
  readonly version: number;
  readonly count: number;
  readonly pending?: { readonly version: number; readonly missing: readonly number[] };
  readonly refused?: { readonly reason: string };
}

describe('a list of credentials through a broker', () => {
  it('comes in force page by page, over a lost broker and a killed daemon, and a forged one does not', async () => {
    const broker = await startMosquitto();
    const compound = await openCompound(broker.url);
    const text = readFileSync(compound.site, 'utf8').replace(/( {4}url: .*\n)/, '$1    lists: true\n');
    const trust = `trust: { lists: [{ kid: ${KEY.kid}, public_key: ${KEY.key} }] }\n`;
    writeFileSync(compound.site, `${text}${trust}`);
    let daemon = await compound.start();
    let platform = await platformAt(broker);
    const first = await pagesOf(1, 2000);
    const second = await pagesOf(2, 1500);

    await platform.until('nothing is in force yet', ({ version }) => version === 0);
    await platform.send(first.slice(1).reverse());
    await platform.until('one page is missing', ({ pending }) => pending?.missing.join() === '0');
    await broker.kill();
    await broker.start();
    platform = await platformAt(broker);
    await platform.until('it still is', ({ pending }) => pending?.missing.join() === '0');
    await platform.send(first.slice(0, 1));
    await platform.until('the first is in force', ({ version, count }) => version === 1 && count === 2000);
    await platform.send(second.slice(0, 2));
    await platform.until('the second is under way', ({ pending }) => pending?.version === 2);
    await daemon.stop('SIGKILL');
    daemon = await compound.start();
    await platform.until('nothing is pending', ({ version, pending }) => version === 1 && !pending);
    await platform.send(second);
    await platform.until('the second is in force', ({ version, count }) => version === 2 && count === 1500);
    await platform.send(await pagesOf(3, 5, keyPair(KEY.kid)));
    await platform.until('it was refused', ({ refused }) => refused?.reason === 'bad-signature');

    const receiver = await testReceiver({ url: broker.url, db: join(compound.folder, 'platform.jsonl') });
    await until('the receiver knows', () => receiver.view().gateways[0]?.access?.version === 2, 20_000);
    expect(receiver.view().gateways[0]?.access).toMatchObject({
      count: 1500,
      refused: { reason: 'bad-signature' },
    });
    expect(receiver.verdict().bad).toBe(0);
    expect(Math.max(...[...first, ...second].map((page) => page.length))).toBeLessThan(64 * 1024);
    await daemon.stop();
  }, 300_000);
});

function pagesOf(version: number, count: number, key = KEY): Promise<string[]> {
  const credentials = Array.from({ length: count }, (_, index) => ({
    ...{ id: `c-${index}`, who: `p-${index}`, card: `wiegand-26:118:${index}`, groups: ['residents'] },
    ...{ visitor: false, extended: false, override: false },
  }));
  const groups = [{ id: 'residents', rights: [{ door: 'gate' }], keep: false, without_clock: false }];
  const pages = makePages({ gateway: 'gate-1', version }, { groups, credentials });
  return Promise.all(
    pages.map(async (page) => JSON.stringify({ v: 1, jws: await signed(page, key, { typ: 'gl-list' }) })),
  );
}

/** The platform's side by a client that is not ours. */
async function platformAt(broker: Mosquitto) {
  const client = await connectAsync(broker.url, { reconnectPeriod: 0 });
  onTestFinished(() => client.endAsync(true));
  let state: State | undefined;
  client.on('message', (_, payload) => {
    state = JSON.parse(payload.toString());
  });
  await client.subscribeAsync(`${ROOT}/access/state`, { qos: 1 });
  return {
    send: async (pages: readonly string[]) => {
      for (const page of pages) await client.publishAsync(`${ROOT}/access`, page, { qos: 1 });
    },
    until: (what: string, is: (state: State) => boolean) =>
      until(what, () => state !== undefined && is(state), 30_000),
  };
}
