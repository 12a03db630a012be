import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openBatch } from '../../src/receive/batch.ts';
import { wrongBySchema } from '../support/contract-tap.ts';
import { MemoryOutbox } from '../support/memory-outbox.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { until } from '../support/until.ts';
import { doorEvent, rawPipe, readings, testReceiver, testUplink, waiting } from '../support/uplink-world.ts';

const README = readFileSync(new URL('../../src/uplink/README.md', import.meta.url), 'utf8');

/** The text of the first block of code behind a sentence. */
function blockBehind(sentence: string): string {
  const from = README.indexOf(sentence);
  const found = /```\w*\n([\s\S]*?)```/.exec(README.slice(from));
  if (from < 0 || !found?.[1]) throw new Error(`there is no block behind "${sentence}"`);
  return found[1];
}

describe('the published contract', () => {
  it('shows a payload that is what it says, byte for byte', () => {
    const payload = Buffer.from(blockBehind('as hex.').replaceAll('\n', ''), 'hex');
    const shown = JSON.parse(blockBehind('Inflated'));
    const topic = 'gl/1/riverside/riverside-1/c';

    expect(JSON.parse(inflateSync(payload).toString())).toEqual(shown);
    expect(wrongBySchema({ topic, payload })).toBeUndefined();
    const { head } = openBatch(payload);
    expect(JSON.parse(blockBehind('stored durably, the platform publishes'))).toMatchObject({
      epoch: head.epoch,
      lane: head.lane,
      ranges: [head.covers],
    });
    const seqs = /of the \d+ bytes `([0-9a-f ]+)`/.exec(README)?.[1] ?? '';
    const sum = createHash('sha256')
      .update(Buffer.from(seqs.replaceAll(' ', ''), 'hex'))
      .digest('hex');
    expect(blockBehind('has count').trim()).toBe(sum);
  });

  it('shows an ack that is valid', () => {
    const payload = Buffer.from(blockBehind('## Acknowledging'));
    expect(wrongBySchema({ topic: 'gl/1/riverside/riverside-1/ack', payload })).toBeUndefined();
  });

  it('gives access rules with which a gateway does all it must, and nobody can acknowledge for the platform', async () => {
    const users = { 'gate-1': 'g', 'gate-2': 'h', platform: 'p' };
    const broker = await startMosquitto({ users, acl: blockBehind('### Who may do what').split('\n') });
    const intruder = await rawPipe(broker.url, { username: 'gate-2', password: 'h' });
    const outbox = new MemoryOutbox();
    await outbox.append([...readings(100), ...readings(10, 'b'), doorEvent('opened')]);
    const gate = { url: broker.url, version: 5, username: 'gate-1', password: 'g', digest_ms: 300 } as const;
    const { uplink, health } = testUplink(gate, { outbox });
    await until('everything was sent', () => uplink.view().sent_records >= 111);

    const ack = Buffer.from(
      JSON.stringify({ epoch: outbox.epoch, lane: 'c', ranges: [[1, 100]], nacks: [] }),
    );
    const forged = intruder.publish({
      topic: 'gl/1/riverside/gate-1/ack',
      payload: ack,
      qos: 1,
      retain: false,
    });

    await expect(forged).rejects.toMatchObject({ code: 'uplink.refused', facts: { reason_code: 0x87 } });
    expect(outbox.settled).toEqual([]);
    const receiver = await testReceiver({ url: broker.url, username: 'platform', password: 'p' });
    await until('everything is acknowledged', async () => (await waiting(outbox)) === 0);
    await until('digests came', () => receiver.verdict().digests >= 3);
    expect(receiver.verdict()).toMatchObject({ whole: true, records: 111 });
    expect(health.ever.filter((fact) => fact.startsWith('uplink-refused'))).toEqual([]);
    expect(uplink.view()).toMatchObject({ attempts: 1, bad_messages: 0 });
  });
});
