import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFrame } from '../../drivers/osdp-reader/frame.ts';
import * as secure from '../../drivers/osdp-reader/secure.ts';
import { fromHex, toHex } from '../../src/kit/index.ts';

const HOST = fromHex('B0 B1 B2 B3 B4 B5 B6 B7');
const UNIT = fromHex('A0 A1 A2 A3 A4 A5 A6 A7');

/** SIA OSDP v2.2, annex E, as goToMain/libosdp tests/unit-tests/test-sc-sia-vectors.c gives it. */
describe('the example of annex E of the standard', () => {
  const keys = secure.sessionKeys(secure.INSTALL_KEY, HOST);
  const cryptogram = secure.hostCryptogram(keys, HOST, UNIT);

  it.each([
    ['SCBK-D', secure.INSTALL_KEY, '30 31 32 33 34 35 36 37 38 39 3A 3B 3C 3D 3E 3F'],
    ['S-ENC', keys.enc, 'BF 8D C2 A8 32 9A CB 8C 67 C6 D0 CD 9A 45 16 82'],
    ['S-MAC1', keys.mac1, '5E 86 C6 76 60 3B DE E2 D8 BE AF E1 78 63 73 32'],
    ['S-MAC2', keys.mac2, '6F DA 86 E8 57 77 7E 81 13 20 35 75 82 39 17 2E'],
    ['host cryptogram', cryptogram, '26 D3 35 6E 07 76 2D 26 28 01 FC 8E 66 65 A8 91'],
    [
      'client cryptogram',
      secure.clientCryptogram(keys, HOST, UNIT),
      'FD E5 D2 F4 28 EC 16 31 24 71 EA 3C 02 BD 77 96',
    ],
    ['R-MAC-I', secure.firstMac(keys, cryptogram), 'B2 A3 00 57 EB 98 BA 22 29 EC 1F 87 56 62 B5 24'],
  ])('gives the %s that it prints', (_, made, printed) => {
    expect(toHex(made)).toBe(printed);
  });
});

describe('a secure channel', () => {
  const keys = secure.sessionKeys(secure.INSTALL_KEY, HOST);
  const fresh = secure.openChannel(keys, secure.hostCryptogram(keys, HOST, UNIT));
  const someData = fc.uint8Array({ maxLength: 60 });
  const command = (channel: secure.Channel, data: Uint8Array, sequence = 1) =>
    secure.seal(channel, { address: 3, sequence, check: 'crc', code: 0x69, data }, 'command');

  it('carries what either side says to the other, message after message', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(someData, someData), { maxLength: 8 }), (talk) => {
        let panel = fresh;
        let unit = fresh;
        for (const [asked, answered] of talk) {
          const sent = command(panel, asked);
          const heard = secure.unseal(unit, parseFrame(sent.bytes), 'command');
          expect(heard?.data).toEqual(asked);
          const parts = { address: 3, sequence: 1, check: 'sum', code: 0x50, data: answered } as const;
          const reply = secure.seal(heard?.channel ?? fresh, parts, 'reply');
          const back = secure.unseal(sent.channel, parseFrame(reply.bytes), 'reply');
          expect(back?.data).toEqual(answered);
          panel = back?.channel ?? fresh;
          unit = reply.channel;
        }
      }),
    );
  });

  it('hides what it carries, and shows a MAC of four bytes', () => {
    const data = Uint8Array.from({ length: 20 }, (_, at) => 0x41 + at);
    const { bytes } = command(fresh, data);
    const frame = parseFrame(bytes);
    expect([frame.block?.[0], frame.mac?.length, frame.data.length]).toEqual([0x17, 4, 32]);
    expect(Buffer.from(bytes).includes(Buffer.from(data.subarray(0, 4)))).toBe(false);
    expect(parseFrame(command(fresh, new Uint8Array()).bytes)).toMatchObject({ data: new Uint8Array() });
  });

  it('takes no message of which anything was changed, though its check is right', () => {
    fc.assert(
      fc.property(someData, fc.nat(), fc.integer({ min: 1, max: 255 }), (data, pick, flip) => {
        const frame = parseFrame(command(fresh, data).bytes);
        const signed = frame.signed.slice();
        signed[pick % signed.length] = (signed[pick % signed.length] ?? 0) ^ flip;
        expect(secure.unseal(fresh, { ...frame, signed }, 'command')).toBeUndefined();
      }),
    );
  });

  it('takes no message twice, and none of another session', () => {
    const first = command(fresh, Uint8Array.of(1));
    const heard = secure.unseal(fresh, parseFrame(first.bytes), 'command');
    const reply = secure.seal(
      heard?.channel ?? fresh,
      { address: 3, sequence: 1, check: 'crc', code: 0x50, data: [1, 2] },
      'reply',
    );
    const after = secure.unseal(first.channel, parseFrame(reply.bytes), 'reply')?.channel ?? fresh;
    const second = command(after, Uint8Array.of(1));
    expect(secure.unseal(reply.channel, parseFrame(first.bytes), 'command')).toBeUndefined();
    expect(secure.unseal(second.channel, parseFrame(reply.bytes), 'reply')).toBeUndefined();
    const others = secure.sessionKeys(secure.INSTALL_KEY, UNIT);
    const other = secure.openChannel(others, secure.hostCryptogram(others, UNIT, HOST));
    expect(secure.unseal(other, parseFrame(first.bytes), 'command')).toBeUndefined();
  });

  it('makes the key of a unit of that of a site and its id', () => {
    const master = fromHex('00112233445566778899AABBCCDDEEFF');
    // Computed with openssl enc -aes-128-ecb of id and its complement.
    const own = secure.keyOfUnit(master, fromHex('00 0A 17 04 78 56 34 12'));
    expect(toHex(own)).toBe('FF 66 40 22 EC 25 5E 3C 6A 35 EF 48 DE E7 67 E9');
  });
});
