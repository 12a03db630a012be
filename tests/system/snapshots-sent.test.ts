import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { uuid7 } from '../../src/model/index.ts';
import { readLog } from '../../src/receive/records.ts';
import { DESK, signed } from '../support/command-world.ts';
import { liveGateway } from '../support/live-gateway.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { platformAt } from '../support/platform-desk.ts';
import { picture, sumOf } from '../support/snapshot-ring.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';
import { testReceiver } from '../support/uplink-world.ts';

const ROOT = 'gl/1/yard/gate-1';
const PICTURE = 400_000;

/** A camera and two platforms: one that may have its pictures, and one that may command alike and may not. */
const site = (town: string, county: string) => `
version: 1
site: { id: yard, name: Yard, time_zone: Asia/Shanghai }
gateway: { id: gate-1, state_dir: state }
control: { socket: control.sock }
snapshots: { quota_mb: 16 }
trust:
  issuers:
    - name: desk
      keys: [{ kid: ${DESK.kid}, public_key: ${DESK.key} }]
      may: [{ targets: [cam], commands: [snapshot] }, { targets: [snapshots], commands: [send] }]
buses: [{ id: cam-line, type: serial, path: wires/cam, baud: 115200 }]
devices: [{ id: cam, driver: serial-camera, bus: cam-line }]
uplinks:
  - { id: town, url: '${town}', commands: true, beat_s: 5, maximum_packet: 4096, privacy: { image: keep }, reconnect_first_s: 0, reconnect_base_s: 1 }
  - { id: county, url: '${county}', commands: true, beat_s: 5, reconnect_first_s: 0 }
`;

/** What a platform says to the gateway, and how that ends. */
async function deskAt(broker: Awaited<ReturnType<typeof startMosquitto>>) {
  const platform = await platformAt(broker, ROOT);
  // Good for the next three.
  const beat = await platform.nextBeat();
  let nr = 0;
  return {
    ask: async (target: string, name: string, args: object, key = DESK) => {
      nr += 1;
      const id = uuid7(Date.now(), Buffer.alloc(10, nr));
      const claims = {
        ...{ id, target, name, args, gateway: 'gate-1', issuer: 'desk', ttl_ms: 10_000 },
        ...{ issued_at: Date.now(), beat },
      };
      await platform.send(JSON.stringify({ v: 1, jws: await signed(claims, key) }));
      const ended = await until(`${name} has ended`, () =>
        platform.results(id).find(({ result }) => !['accepted', 'actuated'].includes(result)),
      );
      return { result: ended.result, facts: ended.facts as Readonly<Record<string, unknown>> };
    },
  };
}

describe('a picture', { timeout: 180_000 }, () => {
  it('that a platform asks for, signed, comes to it whole, also over a broker that was killed in the middle; to no other', async () => {
    const [town, county] = [await startMosquitto(), await startMosquitto()];
    const platforms = tempFolder();
    const [files, db] = [join(platforms, 'files'), join(platforms, 'received.jsonl')];
    const receiver = await testReceiver({ url: town.url, files });
    const other = await testReceiver({ url: county.url, files: join(platforms, 'other'), db });
    const { far, folder, control } = await liveGateway(site(town.url, county.url));
    far.set('cam', { bytes: PICTURE });
    const come = () => receiver.view().gateways[0]?.files?.[0];

    // It is taken, and kept.
    const desk = await deskAt(town);
    const taken = await desk.ask('cam', 'snapshot', {});
    const file = String(taken.facts.file);
    // It is asked for, and the broker dies while it comes.
    const asked = await desk.ask('snapshots', 'send', { file });
    await until('some of it is there', () => Number(come()?.missing_from) > 0);
    await town.kill();
    await until('the line is down', () => !receiver.view().connected);
    const before = come()?.missing_from;
    await town.start();
    await until('the receiver is back', () => receiver.view().connected);
    const again = await deskAt(town);
    const resumed = await again.ask('snapshots', 'send', { file, from: before });
    await until('it is whole', () => come() && come()?.missing_from === undefined, 60_000);

    // The other platform is told nothing of it, be it there or not.
    const stranger = await deskAt(county);
    const dropped = await stranger.ask('snapshots', 'send', { file });
    const unknown = await stranger.ask('snapshots', 'send', { file: 'nothing' });
    const missing = await again.ask('snapshots', 'send', { file: uuid7(1, Buffer.alloc(10)) });
    const past = await again.ask('snapshots', 'send', { file, from: PICTURE });
    const isDelivered = async () => (await control.status()).outbox.waiting.county?.a === 0;
    await until('the records came', isDelivered);

    expect(taken).toMatchObject({ result: 'done', facts: { bytes: PICTURE } });
    const [name = ''] = readdirSync(join(folder, 'state/snapshots')).filter((one) => one.endsWith('.jpg'));
    const kept = readFileSync(join(folder, 'state/snapshots', name));
    const sha256 = sumOf(picture(1, PICTURE).bytes);
    expect(sumOf(kept)).toBe(sha256);
    expect(asked).toMatchObject({ result: 'done', facts: { file, bytes: PICTURE, sha256, from: 0 } });
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(PICTURE);
    expect(resumed).toMatchObject({ result: 'done', facts: { from: before } });
    expect(sumOf(readFileSync(join(files, 'yard', 'gate-1', `${file}.jpg`)))).toBe(sha256);
    expect(receiver.verdict().bad).toBe(0);
    expect(dropped).toMatchObject({ result: 'refused', facts: { reason: 'snapshots.dropped' } });
    expect(unknown).toMatchObject({ result: 'refused', facts: { reason: 'snapshots.dropped' } });
    expect(missing).toMatchObject({ result: 'refused', facts: { reason: 'snapshots.unknown' } });
    expect(past).toMatchObject({ result: 'refused', facts: { reason: 'snapshots.offset' } });
    expect(other.view().gateways[0]?.files).toEqual([]);

    // All of it is in the records and in the audit; no byte of the picture is.
    await other.close();
    const records = (await readLog(db)).flatMap(({ record }) => (record.kind === 'reading' ? [] : [record]));
    const told = records.filter(({ subject, kind }) => kind === 'event' && subject === 'cam');
    expect(told.filter(({ name: said }) => said.startsWith('snapshot'))).toMatchObject([
      { name: 'snapshot', fields: { id: file, by: 'desk' } },
      { name: 'snapshot-kept', fields: { id: file, bytes: PICTURE, sha256 } },
    ]);
    const audited = records.filter(({ kind, name: said }) => kind === 'audit' && said === 'command');
    expect(audited.filter(({ subject }) => subject === 'snapshots')).toHaveLength(6);
    expect(Math.max(...records.map((record) => JSON.stringify(record).length))).toBeLessThan(2000);
  });
});
