import {
  concat,
  crc16Ccitt,
  Fault,
  type FrameRule,
  headerFrame,
  needSum,
  onlyFrames,
  twosComplement8,
  u8,
  u16le,
  unknownFrame,
} from '#kit';

/**
 * OSDP on the wire (SIA OSDP v2, IEC 60839-11-5): `53 address length(2) control [block] code data… [mac(4)] check`. Lengths count from 53 to
 * the check; a mark (FF) in front is not counted.
 */
const SOM = 0x53;
const MARK = 0xff;
const REPLY = 0x80;
const CONTROL = { sequence: 0x03, crc: 0x04, block: 0x08 } as const;
const CRC_INIT = 0x1d0f;
const HEADER = 5;
const MAC = 4;
/** Longer is no frame of a reader; a false start is given up the sooner. */
const LONGEST = 512;
/** A reply that stopped coming for so long is none. */
const GIVE_UP_MS = 100;

export type Check = 'crc' | 'sum';

export interface Frame {
  /** 0 to 126; 127 is everybody. */
  readonly address: number;
  readonly reply: boolean;
  readonly sequence: number;
  readonly check: Check;
  /** Security block: its type, and what stands in it. */
  readonly block: Uint8Array | undefined;
  readonly code: number;
  /** As it stands on the wire: encrypted in blocks 17 and 18. */
  readonly data: Uint8Array;
  /** Of blocks 15 to 18; undefined where it should be and is not. */
  readonly mac: Uint8Array | undefined;
  /** What the MAC covers. */
  readonly signed: Uint8Array;
}

export interface FrameParts {
  readonly address: number;
  readonly reply?: boolean;
  readonly sequence: number;
  readonly check: Check;
  readonly block?: readonly number[] | undefined;
  readonly code: number;
  readonly data?: Uint8Array | readonly number[];
}

/** A frame; `sign` gives the first four bytes of the MAC of what stands before it. */
export function buildFrame(parts: FrameParts, sign?: (signed: Uint8Array) => Uint8Array): Uint8Array {
  const { address, reply = false, sequence, check, block, code, data = [] } = parts;
  const body = concat(block ? [block.length + 1, ...block] : [], [code], data);
  const length = HEADER + body.length + (sign ? MAC : 0) + widthOf(check);
  const control = sequence | (check === 'crc' ? CONTROL.crc : 0) | (block ? CONTROL.block : 0);
  const head = [SOM, address | (reply ? REPLY : 0), length & 0xff, length >> 8, control];
  const signed = concat(head, body);
  const whole = sign ? concat(signed, sign(signed).subarray(0, MAC)) : signed;
  return concat(whole, checkOf(whole, check));
}

/** Faults: driver.frame-unknown, driver.frame-length, driver.frame-checksum. */
export function parseFrame(bytes: Uint8Array): Frame {
  const frame = bytes[0] === MARK ? bytes.subarray(1) : bytes;
  if (u8(frame, 0) !== SOM) throw unknown('they do not begin with 53');
  const control = u8(frame, 4);
  const check = control & CONTROL.crc ? 'crc' : 'sum';
  const end = u16le(frame, 2) - widthOf(check);
  if (frame.length !== end + widthOf(check) || end <= HEADER)
    throw new Fault('driver.frame-length', { got: frame.length, expected: u16le(frame, 2) });
  const [got = 0, high = 0] = frame.subarray(end);
  const [low = 0, top = 0] = checkOf(frame.subarray(0, end), check);
  needSum((high << 8) | got, (top << 8) | low, check === 'crc' ? 2 : 1);
  const block = control & CONTROL.block ? blockOf(frame.subarray(HEADER, end)) : undefined;
  const at = HEADER + (block ? block.length + 1 : 0);
  if (at >= end) throw unknown('there is no code behind the security block');
  const carriesMac = block !== undefined && isSecured(block) && end - at - 1 >= MAC;
  const signed = frame.subarray(0, carriesMac ? end - MAC : end);
  return {
    address: u8(frame, 1) & 0x7f,
    reply: (u8(frame, 1) & REPLY) !== 0,
    sequence: control & CONTROL.sequence,
    check,
    block,
    code: u8(frame, at),
    data: signed.slice(at + 1),
    mac: carriesMac ? frame.slice(end - MAC, end) : undefined,
    signed: signed.slice(),
  };
}

/** Frames of anybody. */
export const frameRule: FrameRule = headerFrame({
  header: [SOM],
  need: HEADER,
  length: (bytes) => {
    const length = u16le(bytes, 2);
    return length > HEADER + 1 && length <= LONGEST ? length : undefined;
  },
  valid: (frame) => parsed(frame) !== undefined,
  give_up_ms: GIVE_UP_MS,
});

/** The reply of one unit to the question of that sequence number; a busy one says 0. What is late, of others, or an echo is dropped. */
export const replyRule = (address: number, sequence: number): FrameRule =>
  onlyFrames(frameRule, (bytes) => {
    const frame = parsed(bytes);
    if (!frame?.reply || frame.address !== address) return false;
    return frame.sequence === sequence || (frame.sequence === 0 && frame.code === 0x79);
  });

/** Blocks of an open channel: their frames carry a MAC. */
const isSecured = (block: Uint8Array): boolean => (block[0] ?? 0) >= 0x15 && (block[0] ?? 0) <= 0x18;

function parsed(bytes: Uint8Array): Frame | undefined {
  try {
    return parseFrame(bytes);
  } catch {
    return undefined;
  }
}

/** Its first byte counts itself. */
function blockOf(body: Uint8Array): Uint8Array {
  const length = u8(body, 0);
  if (length < 2 || length > body.length) throw unknown(`its security block has ${length} bytes`);
  return body.slice(1, length);
}

const widthOf = (check: Check): number => (check === 'crc' ? 2 : 1);

function checkOf(bytes: Uint8Array, check: Check): readonly number[] {
  if (check === 'sum') return [twosComplement8(bytes)];
  const crc = crc16Ccitt(bytes, CRC_INIT);
  return [crc & 0xff, crc >> 8];
}

const unknown = (reason: string): Fault => unknownFrame('osdp-reader', reason);
