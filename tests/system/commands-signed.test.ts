import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLog } from '../../src/receive/records.ts';
import { type Compound, openCompound } from '../support/compound.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { deskKey, platformAt, signedBy } from '../support/platform-desk.ts';
import { until } from '../support/until.ts';
import { testReceiver } from '../support/uplink-world.ts';

const LONG = Boolean(process.env.GATELODGE_LONG);
/** Beats of 5 s; a message is dead after three. A minute is twelve. */
const HELD_BEATS = LONG ? 12 : 4;
const ROOT = 'gl/1/riverside/gate-1';
const PULSE_MS = 1500;

describe('a command that a platform has signed', () => {
  it('opens once, end to end, and no replay of its message ever does again', async () => {
    const broker = await startMosquitto();
    const compound = await openCompound(broker.url);
    await mayCommand(compound);
    let daemon = await compound.start();
    let platform = await platformAt(broker, ROOT);

    const beat = await platform.nextBeat();
    const message = await signedAt(compound, beat);
    const unsent = await signedAt(compound, beat);
    await platform.send(message.text);
    await platform.ended(message.id, 'done');
    await until('the relay was on and is off again', () => pulses(compound) === 1 && isOff(compound));

    // Once more, while its beat still counts; and after a connection was lost.
    await platform.send(message.text);
    await platform.ended(message.id, 'done', 2);
    await broker.kill();
    await broker.start();
    platform = await platformAt(broker, ROOT);
    await platform.nextBeat();
    await platform.send(message.text);
    await platform.ended(message.id, 'done');

    // Kept by the broker, and found by a gateway that has lost its power and come back.
    await daemon.stop('SIGKILL');
    await platform.send(message.text, true);
    daemon = await compound.start();
    await platform.ended(message.id, 'done', 2);
    await platform.send('', true);
    await platform.send(unsent.text);
    await platform.ended(unsent.id, 'refused');

    // Held back until its beat is of no use.
    const held = await signedAt(compound, await platform.nextBeat());
    for (let nr = 0; nr < HELD_BEATS; nr += 1) await platform.nextBeat();
    await platform.send(held.text);
    await platform.ended(held.id, 'refused');

    expect(platform.results(unsent.id)).toMatchObject([{ facts: { reason: 'stale', after_restart: true } }]);
    expect(platform.results(held.id)).toMatchObject([{ facts: { reason: 'stale' } }]);
    expect(pulses(compound)).toBe(1);
    const told = await toldOf(broker, compound);
    expect(told('outcome')).toEqual({ [message.id]: 1, [unsent.id]: 1, [held.id]: 1 });
    expect(told('command')).toEqual({ [message.id]: 1, [unsent.id]: 1, [held.id]: 1 });
    await daemon.stop();
  }, 300_000);
});

/** The desk may pulse the relay; its key is made by the tool that a platform would use. */
async function mayCommand({ folder, site }: Compound): Promise<void> {
  const key = await deskKey(folder);
  const text = readFileSync(site, 'utf8').replace(/( {4}url: .*\n)/, '$1    commands: true\n    beat_s: 5\n');
  const trust = `
trust:
  issuers:
    - name: desk
      keys: [{ kid: desk-1, public_key: ${key} }]
      may: [{ targets: [relay], commands: ['*'] }]
`;
  writeFileSync(site, text + trust);
}

const signedAt = ({ folder }: Compound, beat: string) =>
  signedBy(folder, beat, ['relay', 'pulse', 'channel=2', `ms=${PULSE_MS}`]);

const seen = (compound: Compound): unknown[] =>
  compound
    .said()
    .flatMap(({ device, values }) => (device === 'relay' && 'relay-2' in values ? [values['relay-2']] : []));

/** How often the relay was seen to go on, by what its far end said. */
const pulses = (compound: Compound): number =>
  seen(compound).filter((on, index, all) => on === true && all[index - 1] !== true).length;

const isOff = (compound: Compound): boolean => seen(compound).at(-1) === false;

/** Records about commands that a platform got, by id: how many of each kind. */
async function toldOf(broker: Mosquitto, { folder, control }: Compound) {
  const db = join(folder, 'platform.jsonl');
  const receiver = await testReceiver({ url: broker.url, db });
  await until(
    'all alarms arrived',
    async () => (await control.status()).outbox.waiting.town?.a === 0,
    60_000,
  );
  await receiver.close();
  const records = await readLog(db);
  return (name: string): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const { record } of records) {
      if (record.kind === 'reading' || record.name !== name || !('command' in record.fields)) continue;
      const id = String(record.fields.id);
      counts[id] = (counts[id] ?? 0) + 1;
    }
    return counts;
  };
}
