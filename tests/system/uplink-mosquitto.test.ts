import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock/index.ts';
import type { Receiver, ReceiverOptions } from '../../src/contracts/index.ts';
import { openReceiver, type ReceiverWorld, readLog } from '../../src/receive/index.ts';
import { openMqttPipe } from '../../src/uplink/index.ts';
import { MemoryOutbox } from '../support/memory-outbox.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';
import { BOOT, doorEvent, readings, testUplink } from '../support/uplink-world.ts';

async function testReceiver(options: ReceiverOptions, world: Partial<ReceiverWorld> = {}): Promise<Receiver> {
  const receiver = await openReceiver(options, { clock: systemClock(BOOT), pipe: openMqttPipe, ...world });
  onTestFinished(() => receiver.close());
  return receiver;
}

describe.each([5, 4] as const)('over mosquitto with MQTT version %i', (version) => {
  it('brings backlog and live records of all lanes to the platform once, and settles them by its acks', async () => {
    const broker = await startMosquitto();
    const db = join(tempFolder(), 'received.jsonl');
    const outbox = new MemoryOutbox();
    await outbox.append([doorEvent('opened'), ...readings(1500), ...readings(30, 'b')]);
    const receiver = await testReceiver({ url: broker.url, db, version });
    await until('the receiver is connected', () => receiver.view().connected);

    const { uplink, health } = testUplink({ url: broker.url, version }, { outbox });
    await until('the uplink is connected', () => uplink.view().connected);
    expect(uplink.view().version).toBe(version);
    await outbox.append([...readings(200, 'c', 1500), doorEvent('closed')]);
    const waiting = async () => (await outbox.stats()).waiting.town;
    await until('everything is acknowledged', async () => {
      const { a, b, c } = (await waiting()) ?? { a: 1, b: 1, c: 1 };
      return a + b + c === 0;
    });

    const verdict = receiver.verdict();
    expect(verdict).toMatchObject({ whole: true, records: 1732, duplicates: 0, bad: 0 });
    const stored = await readLog(db);
    expect(stored.map(({ record }) => record).sort((x, y) => x.seq - y.seq)).toEqual(outbox.records);
    expect(receiver.view().gateways[0]).toMatchObject({ gateway: 'gate-1', site: 'riverside', online: true });
    expect(health.ever.filter((fact) => !fact.startsWith('uplink-down'))).toEqual([]);
  });
});
