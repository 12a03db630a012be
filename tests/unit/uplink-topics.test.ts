import mqttPacket from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { payloadRoom, publishBytes } from '../../src/uplink/packet.ts';
import { DEFAULT_PREFIX, faultOfPrefix, topicsOf, topicsOfAll } from '../../src/uplink/topics.ts';

describe('topics', () => {
  it('are those of the contract', () => {
    const topics = topicsOf(DEFAULT_PREFIX, { site: 'riverside', gateway: 'gate-1' });
    expect([topics.status, topics.lane('a'), topics.inventory(2), topics.result, topics.ack]).toEqual([
      'gl/1/riverside/gate-1/status',
      'gl/1/riverside/gate-1/a',
      'gl/1/riverside/gate-1/inventory/2',
      'gl/1/riverside/gate-1/cmd/result',
      'gl/1/riverside/gate-1/ack',
    ]);
  });

  it('are told apart again on the platform, with any prefix', () => {
    for (const prefix of [DEFAULT_PREFIX, 'iot/{gateway}/up', '{site}/{gateway}']) {
      const { filters, whose } = topicsOfAll(prefix);
      const topic = topicsOf(prefix, { site: 'riverside', gateway: 'gate-1' }).inventory(3);
      const site = prefix.includes('{site}') ? 'riverside' : '';
      expect(whose(topic)).toEqual({ site, gateway: 'gate-1', rest: 'inventory/3' });
      expect(filters).toContain(`${prefix.replace(/\{\w+\}/g, '+')}/inventory/+`);
    }
    expect(topicsOfAll(DEFAULT_PREFIX).whose('gl/2/riverside/gate-1/a')).toBeUndefined();
  });

  it.each([
    ['gl/+/{gateway}', 'wildcard'],
    ['gl/{site}', 'no level'],
    ['/gl/{gateway}', 'slash'],
    ['$SYS/{gateway}', 'broker'],
    ['gl/x{gateway}', 'no level'],
    ['gl/{house}/{gateway}', '{house}'],
  ])('refuse the prefix %s', (prefix, why) => {
    expect(faultOfPrefix(prefix)).toContain(why);
  });
});

describe('the size of a packet', () => {
  it('is what goes over the wire with MQTT 5, and never less than with 3.1.1', () => {
    for (const length of [0, 90, 120, 128, 16_350, 16_384, 131_000]) {
      const packet = {
        cmd: 'publish',
        topic: 'gl/1/riverside/gate-1/c',
        payload: Buffer.alloc(length),
        qos: 1,
        messageId: 7,
        retain: false,
        dup: false,
      } as const;
      const counted = publishBytes(packet.topic, length, 1);
      expect(mqttPacket.generate(packet, { protocolVersion: 5 }).length).toBe(counted);
      expect(mqttPacket.generate(packet, { protocolVersion: 4 }).length).toBeLessThanOrEqual(counted);
    }
  });

  it('stays within the limit when the room for the payload is used up', () => {
    for (const limit of [200, 256, 2048, 16_400, 131_072]) {
      const room = payloadRoom('gl/1/riverside/gate-1/c', limit);
      expect(publishBytes('gl/1/riverside/gate-1/c', room, 1)).toBeLessThanOrEqual(limit);
      expect(publishBytes('gl/1/riverside/gate-1/c', room + 3, 1)).toBeGreaterThan(limit);
    }
  });
});
