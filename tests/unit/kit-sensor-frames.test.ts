import { describe, expect, it } from 'vitest';
import {
  answerFrames,
  cutFrames,
  encodeWords,
  fixedFrame,
  fromHex,
  nineByteFrame,
  nineBytes,
  openNineBytes,
  openShdlcReply,
  openShdlcRequest,
  openWords,
  shdlcFrame,
  shdlcReply,
  shdlcRequest,
  toHex,
  wordFrame,
} from '#kit';

const fault = (code: string) => expect.objectContaining({ name: 'Fault', code });

describe('nine bytes', () => {
  it('are filled with zeros and end in the complement of all but the first', () => {
    expect(toHex(nineBytes(1, 0x86))).toBe('FF 01 86 00 00 00 00 00 79');
    expect(toHex(nineBytes(1, 0x79, 0xa0))).toBe('FF 01 79 A0 00 00 00 00 E6');
  });

  it('open to the seven in the middle', () => {
    expect(toHex(openNineBytes(fromHex('FF 04 03 01 00 05 13 88 58'), 'x'))).toBe('04 03 01 00 05 13 88');
  });

  it.each([
    ['another beginning', 'FE 04 03 01 00 05 13 88 58', 'driver.frame-unknown'],
    ['a byte too few', 'FF 04 03 01 00 05 13 88', 'driver.frame-length'],
    ['the sum with FF in it', 'FF 04 03 01 00 05 13 88 59', 'driver.frame-checksum'],
    ['nothing', '', 'driver.frame-unknown'],
  ])('refuse %s', (_, hex, code) => {
    expect(() => openNineBytes(fromHex(hex), 'x')).toThrow(fault(code));
  });

  it('are found behind an FF of garbage', () => {
    const stream = fromHex('FF FF 04 03 01 00 05 13 88 58');
    expect(cutFrames(stream, nineByteFrame).frames.map(toHex)).toEqual(['FF 04 03 01 00 05 13 88 58']);
  });
});

describe('frames of words', () => {
  const shape = { driver: 'x', lengths: [10] };

  it('say how much follows, and sum up all before their sum', () => {
    expect(toHex(encodeWords([1, 0x203]))).toBe('42 4D 00 06 00 01 02 03 00 9B');
    expect(openWords(encodeWords([1, 0x203]), shape)).toEqual([1, 0x203]);
  });

  it.each([
    ['another beginning', '42 4E 00 06 00 01 02 03 00 9B', 'driver.frame-unknown'],
    ['a length of another family', '42 4D 00 08 00 01 02 03 00 9D', 'driver.frame-unknown'],
    ['a byte too many', '42 4D 00 06 00 01 02 03 00 9B 00', 'driver.frame-length'],
    ['a wrong sum', '42 4D 00 06 00 01 02 04 00 9B', 'driver.frame-checksum'],
    ['a header alone', '42 4D', 'driver.frame-length'],
  ])('with %s are refused', (_, hex, code) => {
    expect(() => openWords(fromHex(hex), shape)).toThrow(fault(code));
  });

  it('are cut only in the lengths that are wanted', () => {
    const stream = fromHex('42 4D 00 04 E1 00 01 74 42 4D 00 06 00 01 02 03 00 9B');
    expect(cutFrames(stream, wordFrame([10])).frames.map(toHex)).toEqual(['42 4D 00 06 00 01 02 03 00 9B']);
  });
});

describe('SHDLC', () => {
  it('unstuffs in one pass: a stuffed 7D in front of 31 is no stuffed 11', () => {
    const reply = shdlcReply(3, 0, [0x7d, 0x31, 0x7e, 0x11, 0x13]);
    expect(toHex(reply)).toBe('7E 00 03 00 05 7D 5D 31 7D 5E 7D 31 7D 33 A7 7E');
    expect(openShdlcReply(reply, 'x').data).toEqual(Uint8Array.of(0x7d, 0x31, 0x7e, 0x11, 0x13));
  });

  it('stuffs its sum too', () => {
    expect(toHex(shdlcRequest(0x81))).toBe('7E 00 81 00 7D 5E 7E');
    expect(openShdlcRequest(shdlcRequest(0x81), 'x')).toEqual({
      address: 0,
      command: 0x81,
      data: new Uint8Array(),
    });
  });

  it('gives state and data of a reply', () => {
    expect(openShdlcReply(fromHex('7E 00 00 43 00 BC 7E'), 'x')).toEqual({
      address: 0,
      command: 0,
      state: 0x43,
      data: new Uint8Array(),
    });
  });

  it.each([
    ['without its second edge', '7E 00 03 00 00 FC', 'driver.frame-unknown'],
    ['with a pair that is none', '7E 00 03 00 01 7D 40 9B 7E', 'driver.frame-unknown'],
    ['that ends in half a pair', '7E 00 03 00 00 FC 7D 7E', 'driver.frame-unknown'],
    ['with too few bytes', '7E 00 03 FC 7E', 'driver.frame-unknown'],
    ['of another length than it says', '7E 00 03 00 01 FB 7E', 'driver.frame-length'],
    ['with a wrong sum', '7E 00 03 00 00 FD 7E', 'driver.frame-checksum'],
    ['of nothing', '7E', 'driver.frame-unknown'],
  ])('refuses a frame %s', (_, hex, code) => {
    expect(() => openShdlcReply(fromHex(hex), 'x')).toThrow(fault(code));
  });

  it('is found behind a broken frame whose last edge is where it begins', () => {
    const stream = fromHex('41 7E 00 03 7E 7E 00 03 00 00 FC 7E');
    expect(cutFrames(stream, shdlcFrame).frames.map(toHex)).toEqual(['7E 00 03 00 00 FC 7E']);
  });

  it('gives up a frame that stopped, and one that never ends', () => {
    expect(shdlcFrame(fromHex('7E 00 03'), 199)).toBe('more');
    expect(shdlcFrame(fromHex('7E 00 03'), 200)).toEqual({ skip: 1 });
    expect(shdlcFrame(Uint8Array.of(0x7e, ...new Array<number>(600).fill(1)), 0)).toEqual({ skip: 1 });
  });
});

describe('the ears of a simulated device', () => {
  const bytePairs = fixedFrame({ header: [0x55], length: 2 });

  it('answer whole requests, however the bytes come', () => {
    const hear = answerFrames(bytePairs, (request) => Uint8Array.of(request[1] ?? 0));
    expect(hear(fromHex('00 55'))).toEqual(new Uint8Array());
    expect(hear(fromHex('01 55 02 55'))).toEqual(Uint8Array.of(1, 2));
    expect(hear(fromHex('03'))).toEqual(Uint8Array.of(3));
  });
});
