import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { expect, onTestFinished } from 'vitest';
import type { Mosquitto } from './mosquitto.ts';
import { gatelodge } from './process.ts';
import { until } from './until.ts';

const DESK_KEY = 'desk.key';

/** The key of a desk, made by the tool that a platform would use; gives its public half. */
export async function deskKey(folder: string): Promise<string> {
  const made = gatelodge(['sign', 'key', '--out', join(folder, DESK_KEY)]);
  expect(await made.ended()).toBe(0);
  return made.stdout().trim();
}

/** What that desk signs: a message for `…/cmd` and its id. `words`: the target, the command, its arguments. */
export async function signedBy(folder: string, beat: string, words: readonly string[]) {
  const who = ['--kid', 'desk-1', '--issuer', 'desk', '--gateway', 'gate-1', '--beat', beat];
  const made = gatelodge(['sign', 'command', ...words, '--key', join(folder, DESK_KEY), ...who]);
  expect(await made.ended(), made.stderr()).toBe(0);
  const text = made.stdout().trim();
  const [, payload = ''] = String(JSON.parse(text).jws).split('.');
  const { id } = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return { text, id: String(id) };
}

/** The platform's side by a client that is not ours. `root`: the topics of the gateway. */
export async function platformAt(broker: Mosquitto, root: string) {
  const client = await connectAsync(broker.url, { reconnectPeriod: 0 });
  onTestFinished(() => client.endAsync(true));
  const beats: string[] = [];
  const results: { readonly id: string; readonly result: string; readonly facts: object }[] = [];
  client.on('message', (topic, payload) => {
    const said = JSON.parse(payload.toString());
    if (topic.endsWith('/beat')) beats.push(said.nonce);
    else results.push(said);
  });
  await client.subscribeAsync([`${root}/beat`, `${root}/cmd/result`], { qos: 1 });
  const of = (id: string) => results.filter((one) => one.id === id);
  return {
    results: of,
    nextBeat: async () => {
      const before = beats.length;
      await until('a beat', () => beats.length > before, 20_000);
      return String(beats.at(-1));
    },
    send: (text: string, retain = false) => client.publishAsync(`${root}/cmd`, text, { qos: 1, retain }),
    ended: async (id: string, result: string, times = 1) => {
      const finals = () => of(id).filter((one) => !['accepted', 'actuated'].includes(one.result));
      await until(`${id} ended ${times} times`, () => finals().length >= times, 20_000);
      expect(finals().map((one) => one.result)).toEqual(Array.from({ length: times }, () => result));
    },
  };
}
