import {
  be16,
  concat,
  crc16Ccitt,
  Fault,
  type FrameRule,
  type LineShape,
  lineFrame,
  toHex,
  u8,
  u16be,
} from '#kit';

/**
 * What the scanner reads comes as plain text. Its answers to commands are frames: `02 00 type length data… crc`, the CRC (XMODEM) over
 * type to data. 02 is never part of a code.
 */
const STX = 0x02;
const OVERHEAD = 6;
const COMMAND_HEADER = [0x7e, 0x00];
/** In place of a command's CRC: do not check it. */
const ANY_CRC = 0xabcd;
/** An answer that stopped coming for so long is none. */
const GIVE_UP_MS = 200;

const READ = 0x07;
const WRITE = 0x08;
const SAVE = 0x09;
const SCAN_REGISTER = 0x0002;
const BAUD_REGISTER = 0x002a;

/** The register holds 3 MHz / baud, low byte first. */
const BAUD_CLOCK = 3_000_000;
export const BAUDS = [1200, 4800, 9600, 14_400, 19_200, 38_400, 57_600, 115_200] as const;

export type Command =
  | { readonly name: 'scan' | 'stop' | 'save' | 'baud' }
  | { readonly name: 'set-baud'; readonly baud: number };

/** Scan and stop are sent as the maker prints them, without a CRC. */
export function encodeCommand(command: Command): Uint8Array {
  switch (command.name) {
    case 'scan':
    case 'stop':
      return concat(
        COMMAND_HEADER,
        [WRITE, 1, ...be16(SCAN_REGISTER), Number(command.name === 'scan')],
        be16(ANY_CRC),
      );
    case 'save':
      return withCrc(COMMAND_HEADER, [SAVE, 1, 0, 0, 0]);
    case 'baud':
      return withCrc(COMMAND_HEADER, [READ, 1, ...be16(BAUD_REGISTER), 2]);
    case 'set-baud':
      return withCrc(COMMAND_HEADER, [WRITE, 2, ...be16(BAUD_REGISTER), ...baudBytes(command.baud)]);
  }
}

/** Answers whole, texts by their end or by silence; an answer in front of a text is a frame of its own. */
export function frameRule(shape: LineShape): FrameRule {
  const line = lineFrame(shape);
  return (bytes, idle_ms) => {
    const at = bytes.indexOf(STX);
    if (at !== 0)
      return at < 0 ? line(bytes, idle_ms) : line(bytes.subarray(0, at), Number.POSITIVE_INFINITY);
    if (bytes.length >= 2 && bytes[1] !== 0) return { skip: 1 };
    const length = bytes.length < 4 ? undefined : OVERHEAD + u8(bytes, 3);
    if (length === undefined || bytes.length < length) return idle_ms >= GIVE_UP_MS ? { skip: 1 } : 'more';
    return hasCrc(bytes.subarray(0, length)) ? { take: length } : { skip: 1 };
  };
}

export const isAnswer = (frame: Uint8Array): boolean => frame[0] === STX;

/** Data of an answer. Faults: driver.frame-length, driver.frame-checksum, driver.frame-unknown. */
export function answerData(frame: Uint8Array): Uint8Array {
  if (u8(frame, 0) !== STX || u8(frame, 1) !== 0)
    throw unknown(`they begin with ${toHex(frame.subarray(0, 2))}, not 02 00`);
  return open(frame, OVERHEAD + u8(frame, 3)).subarray(4, -2);
}

/** What a command says, in words. Faults as above. */
export function describeCommand(frame: Uint8Array): string {
  const kind = u8(frame, 2);
  const register = u16be(frame, 4);
  const checked = open(frame, 8 + (kind === WRITE ? u8(frame, 3) : 1));
  const data = checked.subarray(6, -2);
  if (kind === SAVE) return 'saves its settings';
  if (kind === READ && register === BAUD_REGISTER) return 'asks for the baud';
  if (kind === WRITE && register === BAUD_REGISTER && data.length === 2)
    return `sets the baud to ${baudOf(data) ?? 'a number it does not know'}`;
  if (kind === WRITE && register === SCAN_REGISTER)
    return u8(data, 0) & 1 ? 'starts a scan' : 'stops scanning';
  if (kind === READ) return `asks for ${u8(data, 0)} bytes from register ${register}`;
  if (kind === WRITE) return `writes ${toHex(data)} to register ${register}`;
  throw unknown(`command ${toHex(Uint8Array.of(kind))} is not used here`);
}

export const isCommand = (frame: Uint8Array): boolean =>
  frame[0] === COMMAND_HEADER[0] && frame[1] === COMMAND_HEADER[1];

/** Commands as they come in at the scanner. */
export const commandRule: FrameRule = (bytes) => {
  const at = bytes.indexOf(COMMAND_HEADER[0] ?? 0);
  if (at !== 0) return bytes.length === 0 ? 'more' : { skip: at < 0 ? bytes.length : at };
  if (bytes.length < 4) return 'more';
  const length = 8 + (u8(bytes, 2) === WRITE ? u8(bytes, 3) : 1);
  if (bytes.length < length) return 'more';
  return hasCrc(bytes.subarray(0, length)) ? { take: length } : { skip: 1 };
};

export const encodeAnswer = (data: readonly number[]): Uint8Array =>
  withCrc([STX, 0], [0, data.length, ...data]);

/** The baud that two data bytes stand for; null: none of those it knows. */
export const baudOf = (data: Uint8Array): number | null =>
  BAUDS.find((baud) => toHex(Uint8Array.from(baudBytes(baud))) === toHex(data)) ?? null;

export function baudBytes(baud: number): readonly [number, number] {
  const [high, low] = be16(Math.round(BAUD_CLOCK / baud));
  return [low, high];
}

const withCrc = (header: readonly number[], body: readonly number[]): Uint8Array =>
  concat(header, body, be16(crcOf(body)));

const crcOf = (body: ArrayLike<number>): number => crc16Ccitt(Uint8Array.from(body), 0);

function hasCrc(frame: Uint8Array): boolean {
  const crc = u16be(frame, frame.length - 2);
  return crc === crcOf(frame.subarray(2, -2)) || (isCommand(frame) && crc === ANY_CRC);
}

function open(frame: Uint8Array, length: number): Uint8Array {
  if (frame.length !== length)
    throw new Fault('driver.frame-length', { got: frame.length, expected: length });
  if (hasCrc(frame)) return frame;
  throw new Fault('driver.frame-checksum', {
    got: toHex(frame.subarray(-2)),
    expected: toHex(Uint8Array.from(be16(crcOf(frame.subarray(2, -2))))),
  });
}

const unknown = (reason: string): Fault =>
  new Fault('driver.frame-unknown', { driver: 'gm65-qr-scanner', reason });
