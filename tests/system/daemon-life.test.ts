import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLog } from '../../src/receive/records.ts';
import { openCompound } from '../support/compound.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { gatelodge } from '../support/process.ts';
import { until } from '../support/until.ts';
import { testReceiver } from '../support/uplink-world.ts';

describe('ending (SF-21)', () => {
  it('commits all that was accepted and exits within 5 s although the broker hangs', async () => {
    const broker = await startMosquitto();
    const compound = await openCompound(broker.url);
    const db = join(compound.folder, 'platform.jsonl');
    const receiver = await testReceiver({ url: broker.url, db });
    const daemon = await compound.start();
    await until('records arrive', () => receiver.view().gateways[0]?.records);

    broker.freeze();
    await until('something waits', async () => (await compound.control.status()).outbox.pending > 0);
    const began = performance.now();
    const code = await daemon.stop();
    const took_ms = performance.now() - began;

    expect(code).toBe(0);
    expect(took_ms).toBeLessThan(5000);
    broker.thaw();
    await compound.start();
    await until(
      'all arrived',
      async () => {
        const { outbox } = await compound.control.status();
        return (
          Object.values(outbox.waiting.town ?? { a: 1 }).every((count) => count === 0) && outbox.head > 0
        );
      },
      60_000,
    );
    await receiver.close();
    const had = new Set((await readLog(db)).map(({ record }) => record.seq));
    expect(compound.keys().filter(({ seq }) => !had.has(seq))).toEqual([]);
    const boots = (await readLog(db)).filter(({ record }) => record.kind === 'boot');
    expect(boots.map(({ record }) => record.kind === 'boot' && record.fields.clean)).toEqual([
      expect.anything(),
      true,
    ]);
  }, 120_000);
});

describe('a site file that is not accepted', () => {
  it('never half-starts: nothing is made, the cause is named, and the exit code says so', async () => {
    const broker = await startMosquitto();
    const { folder, site } = await openCompound(broker.url);
    writeFileSync(site, readFileSync(site, 'utf8').replace('driver: noise-rs485', 'driver: noise-rs458'));

    const daemon = gatelodge(['run', '--config', site, '--root', folder]);

    expect(await daemon.ended()).toBe(1);
    expect(daemon.stderr()).toMatch(/line \d+: devices\.noise\.driver.*noise-rs485/s);
    expect(['state', 'control.sock'].filter((name) => existsSync(join(folder, name)))).toEqual([]);
  });

  it('changes nothing in a running daemon; the next good one is taken', async () => {
    const broker = await startMosquitto();
    const { site, control, start, ...compound } = await openCompound(broker.url);
    const daemon = await start();
    const good = readFileSync(site, 'utf8');
    const { started_up } = await control.status();

    writeFileSync(site, good.replace('poll_ms: 250', 'poll_ms: 3'));
    daemon.child.kill('SIGHUP');
    const facts = await until('the refusal is told', async () => {
      const health = await control.health();
      return health.find(({ code }) => code === 'config-refused');
    });

    expect(facts.evidence).toContain('devices.noise.poll_ms');
    expect((await control.status()).started_up).toBe(started_up);
    writeFileSync(site, good.replace('id: dust, driver', 'id: dust-2, driver'));
    daemon.child.kill('SIGHUP');
    await until('the new one runs', async () =>
      (await control.devices().catch(() => [])).some(({ id }) => id === 'dust-2'),
    );
    expect((await control.health()).filter(({ code }) => code === 'config-refused')).toEqual([]);
    expect(await daemon.stop()).toBe(0);
    expect(compound.keys().length).toBeGreaterThan(0);
  }, 60_000);

  it('goes back to the running one when the new one is accepted but does not start', async () => {
    const broker = await startMosquitto();
    const { site, folder, control, start } = await openCompound(broker.url);
    const daemon = await start();
    const good = readFileSync(site, 'utf8');
    const blocked = join(folder, 'blocked');
    writeFileSync(blocked, 'a file where a folder should be');

    writeFileSync(site, good.replace('state_dir: state', `state_dir: ${blocked}`));
    daemon.child.kill('SIGHUP');
    const fact = await until('the refusal is told', async () => {
      const health = await control.health().catch(() => []);
      return health.find(({ code }) => code === 'config-refused');
    });

    expect(fact.evidence).toContain('blocked');
    expect((await control.devices()).map(({ id }) => id)).toContain('noise');
    expect(await daemon.stop()).toBe(0);
  }, 60_000);
});
