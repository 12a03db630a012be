import { describe, expect, it } from 'vitest';
import { connectReason, onLost, onPuback, onSuback, REASONS, reasonName } from '../../src/uplink/reasons.ts';

/** OASIS MQTT 5.0, table 2-6 and the tables of each packet: the codes a broker may put into it. */
const MAY_COME = {
  connack: [
    0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a,
    0x9b, 0x9c, 0x9d, 0x9f,
  ],
  disconnect: [
    0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97,
    0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
  ],
  puback: [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99],
  suback: [0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2],
};
const ALL_CODES = [
  0x00, 0x01, 0x02, 0x04, 0x10, 0x11, 0x18, 0x19, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
  0x8a, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b,
  0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
];
const table: Readonly<
  Record<
    number,
    { readonly name: string; readonly lost?: string; readonly puback?: string; readonly suback?: string }
  >
> = REASONS;

describe('the table of reason codes', () => {
  it('holds every code of MQTT 5 and no other', () => {
    expect(
      Object.keys(table)
        .map(Number)
        .sort((x, y) => x - y),
    ).toEqual(ALL_CODES);
  });

  it('has a reaction for every code in every packet that may bring it', () => {
    for (const code of [...MAY_COME.connack, ...MAY_COME.disconnect])
      expect(table[code]?.lost, reasonName(code)).toBeDefined();
    for (const code of MAY_COME.puback) expect(table[code]?.puback, reasonName(code)).toBeDefined();
    for (const code of MAY_COME.suback) expect(table[code]?.suback, reasonName(code)).toBeDefined();
  });

  it('never sets records aside for what somebody else has to put right', () => {
    for (const code of [0x87, 0x90, 0x97]) expect(onPuback(code)).toBe('hold');
    expect(onPuback(0x99)).toBe('poison');
    expect(onPuback(0x10)).toBe('taken');
  });

  it('treats a code it does not know as an unspecified error', () => {
    expect([onLost(0xf0), onPuback(0xf0), onSuback(0xf0)]).toEqual([
      onLost(0x80),
      onPuback(0x80),
      onSuback(0x80),
    ]);
  });

  it('reads the return codes of MQTT 3.1.1 as the reasons that mean the same', () => {
    expect([1, 2, 3, 4, 5].map((code) => reasonName(connectReason(code)))).toEqual([
      'unsupported protocol version',
      'client identifier not valid',
      'server unavailable',
      'bad user name or password',
      'not authorized',
    ]);
    expect(onLost(connectReason(1))).toBe('older');
    expect(onLost(0x8e)).toBe('twin');
  });
});
