import { randomInt } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock/index.ts';
import type { SeqRange } from '../../src/model/index.ts';
import { openReceiver, readLog } from '../../src/receive/index.ts';
import { openMqttPipe } from '../../src/uplink/index.ts';
import { MemoryOutbox } from '../support/memory-outbox.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { gatelodge } from '../support/process.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';
import { BOOT, doorEvent, readings, testReceiver, testUplink, waiting } from '../support/uplink-world.ts';

const KILLS = process.env.GATELODGE_LONG ? 60 : 2;

describe('a receiver that is killed', () => {
  it(`${KILLS} times in mid-stream has stored whatever it acknowledged, and in the end everything once`, async () => {
    const broker = await startMosquitto();
    const db = join(tempFolder(), 'received.jsonl');
    const outbox = new MemoryOutbox();
    // Small messages, sent again soon: so that a kill falls between the many of them.
    const settings = { maximum_packet: 2048, ack_timeout_ms: 1000, version: 5 } as const;
    testUplink({ url: broker.url, ...settings }, { outbox });

    for (let kill = 0; kill < KILLS; kill += 1) {
      await outbox.append([...readings(600, 'c', outbox.records.length), doorEvent('opened')]);
      const receiver = gatelodge(['receive', '--url', broker.url, '--db', db]);
      const enough = outbox.settled.length + randomInt(1, 4);
      await until(
        `acks of run ${kill}`,
        async () => outbox.settled.length >= enough || (await waiting(outbox)) === 0,
      );
      await receiver.stop('SIGKILL');
      const stored = new Set((await readLog(db)).map(({ record }) => record.seq));
      expect(acknowledged(outbox).filter((seq) => !stored.has(seq))).toEqual([]);
    }
    const last = gatelodge(['receive', '--url', broker.url, '--db', db, '--json']);
    await until('everything is acknowledged', async () => (await waiting(outbox)) === 0, 60_000);
    const code = await last.stop('SIGTERM');

    const records = (await readLog(db)).map(({ record }) => record);
    expect(records.sort((x, y) => x.seq - y.seq)).toEqual(outbox.records);
    const { verdict } = JSON.parse(last.stdout().trim().split('\n').at(-1) ?? '{}');
    expect(verdict).toMatchObject({ whole: true, records: outbox.records.length, bad: 0 });
    expect(code).toBe(0);
  }, 120_000);

  it('goes on behind a line that was cut off, which it had not acknowledged', async () => {
    const broker = await startMosquitto();
    const db = join(tempFolder(), 'received.jsonl');
    const outbox = new MemoryOutbox();
    await outbox.append(readings(50));
    const first = await testReceiver({ url: broker.url, db });
    const { uplink } = testUplink({ url: broker.url, ack_timeout_ms: 500 }, { outbox });
    await until('the first are acknowledged', async () => (await waiting(outbox)) === 0);
    await first.close();
    appendFileSync(db, '{"batch":{"v":1,"gateway":"gate-1","si');

    const second = await testReceiver({ url: broker.url, db });
    expect(second.verdict()).toMatchObject({ records: 50, bad: 0 });
    await outbox.append(readings(50, 'c', 50));
    await until('the others are acknowledged', async () => (await waiting(outbox)) === 0);

    await second.close();
    await uplink.close();
    expect((await readLog(db)).map(({ record }) => record.seq)).toEqual(outbox.records.map(({ seq }) => seq));
  });

  it('remembers what it refused', async () => {
    const broker = await startMosquitto();
    const db = join(tempFolder(), 'received.jsonl');
    const outbox = new MemoryOutbox();
    await outbox.append([...readings(10), doorEvent('opened'), ...readings(10)]);
    const nack = (record: { readonly kind: string }) =>
      record.kind === 'event' ? 'no such door' : undefined;
    const receiver = await testReceiver({ url: broker.url, db }, { nack });
    testUplink({ url: broker.url }, { outbox });
    await until('everything is answered', async () => (await waiting(outbox)) === 0);
    const before = receiver.verdict();
    await receiver.close();

    const again = await testReceiver({ url: broker.url, db }, { nack });

    expect(before).toMatchObject({ records: 20, nacked: 1 });
    expect(again.verdict()).toMatchObject({ records: 20, nacked: 1 });
    expect(again.verdict().gateways[0]?.epochs[0]?.holes).toEqual([[11, 11]]);
    expect((await readLog(db)).map(({ record }) => record.seq)).not.toContain(11);
  });

  it('keeps its books under the same name when the prefix says nothing of the site', async () => {
    const broker = await startMosquitto();
    const db = join(tempFolder(), 'received.jsonl');
    const prefix = 'town/{gateway}';
    const outbox = new MemoryOutbox();
    await outbox.append(readings(20));
    const first = await testReceiver({ url: broker.url, db, prefix });
    testUplink({ url: broker.url, prefix }, { outbox });
    await until('everything is acknowledged', async () => (await waiting(outbox)) === 0);
    await first.close();

    const second = await testReceiver({ url: broker.url, db, prefix });
    await outbox.append(readings(20, 'c', 20));
    await until('the others are acknowledged', async () => (await waiting(outbox)) === 0);

    expect(second.verdict()).toMatchObject({ whole: true, records: 40 });
    expect(second.verdict().gateways).toHaveLength(1);
  });
});

describe('a file that is not a log', () => {
  it.each([
    ['a photograph', '\xff\xd8\xff\xe0 no line ends here'],
    ['a text', 'dear diary,\ntoday I'],
    ['a list of other things', '{"colour":"red"}\n{"batch":{"v":2}}\n'],
  ])('is refused by name and line, and left as it is: %s', async (_what, text) => {
    const db = join(tempFolder(), 'precious');
    writeFileSync(db, text, 'latin1');
    const world = { clock: systemClock(BOOT), pipe: openMqttPipe };

    const opened = openReceiver({ url: 'mqtt://127.0.0.1:1', db }, world);

    await expect(opened).rejects.toMatchObject({ code: 'receive.bad-log', facts: { file: db, line: 1 } });
    expect(existsSync(db) && readFileSync(db, 'latin1')).toBe(text);
  });
});

/** Every seq that the platform acknowledged: the gateway may have forgotten it. */
function acknowledged(outbox: MemoryOutbox): number[] {
  const ranges = outbox.settled.flatMap(({ ack }) => ack.ranges.map((range) => [ack.lane, range] as const));
  const within = ([from, to]: SeqRange, seq: number) => from <= seq && seq <= to;
  return outbox.records
    .filter(({ lane, seq }) => ranges.some(([of, range]) => of === lane && within(range, seq)))
    .map(({ seq }) => seq);
}
