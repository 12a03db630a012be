import { concat, u8, u16le, u32le } from '#kit';

/** Commands of the panel and replies of the unit, by their codes. */
export const COMMAND = {
  POLL: 0x60,
  ID: 0x61,
  CAP: 0x62,
  LSTAT: 0x64,
  ISTAT: 0x65,
  OSTAT: 0x66,
  RSTAT: 0x67,
  OUT: 0x68,
  LED: 0x69,
  BUZ: 0x6a,
  TEXT: 0x6b,
  COMSET: 0x6e,
  KEYSET: 0x75,
  CHLNG: 0x76,
  SCRYPT: 0x77,
} as const;
export const REPLY = {
  ACK: 0x40,
  NAK: 0x41,
  PDID: 0x45,
  PDCAP: 0x46,
  LSTATR: 0x48,
  ISTATR: 0x49,
  OSTATR: 0x4a,
  RSTATR: 0x4b,
  RAW: 0x50,
  FMT: 0x51,
  KEYPAD: 0x53,
  COM: 0x54,
  CCRYPT: 0x76,
  RMAC_I: 0x78,
  BUSY: 0x79,
} as const;

export const NAK = {
  check: 1,
  length: 2,
  command: 3,
  sequence: 4,
  unsecured: 5,
  conditions: 6,
} as const;
const NAKS = [
  '',
  'bad check',
  'bad length',
  'unknown command',
  'unexpected sequence number',
  'no such security block',
  'secure channel needed',
  'unknown kind of biometrics',
  'unknown format of biometrics',
  'record refused',
];
export const nakText = (code: number): string => NAKS[code] || `code ${code}`;

export const COLOURS = ['off', 'red', 'green', 'amber', 'blue', 'magenta', 'cyan', 'white'] as const;
export type Colour = (typeof COLOURS)[number];
export const BAUDS = [9600, 19_200, 38_400, 57_600, 115_200, 230_400] as const;

/** A command: its code and its data. */
export interface Question {
  readonly code: number;
  readonly data: readonly number[];
}
const le16 = (value: number): readonly number[] => [value & 0xff, (value >> 8) & 0xff];

export const POLL: Question = { code: COMMAND.POLL, data: [] };
/** ID and CAP take a zero: the usual form of the answer. */
export const ASK_ID: Question = { code: COMMAND.ID, data: [0] };
export const ASK_CAP: Question = { code: COMMAND.CAP, data: [0] };
export const ASK_LOCAL: Question = { code: COMMAND.LSTAT, data: [] };
export const ASK_INPUTS: Question = { code: COMMAND.ISTAT, data: [] };
export const ASK_OUTPUTS: Question = { code: COMMAND.OSTAT, data: [] };

/** Times of outputs, LEDs and buzzers. */
export const STEP_MS = 100;
export const MOST_STEPS = 0xffff;

/** An output counted from 1: on, off, or on for so many steps of 100 ms. On and off end what was timed. */
export function outCommand(output: number, wish: 'on' | 'off' | number): Question {
  const code = wish === 'off' ? 1 : wish === 'on' ? 2 : 5;
  return { code: COMMAND.OUT, data: [output - 1, code, ...le16(typeof wish === 'number' ? wish : 0)] };
}

/** The first LED: lit for so many steps over its usual colour, or its usual colour (which ends what was timed). */
export function ledCommand(colour: Colour, steps?: number): Question {
  const code = COLOURS.indexOf(colour);
  const timed = steps === undefined ? [1, 0, 0, 0, 0, 0, 0] : [2, 1, 0, code, code, ...le16(steps)];
  const usual = steps === undefined ? [1, 1, 0, code, code] : [0, 0, 0, 0, 0];
  return { code: COMMAND.LED, data: [0, 0, ...timed, ...usual] };
}

/** The buzzer, so many times for so many steps, with as long a pause. */
export const buzzerCommand = (steps: number, times: number): Question => ({
  code: COMMAND.BUZ,
  data: [0, 2, steps, times > 1 ? steps : 0, times],
});

export const comsetCommand = (address: number, baud: number): Question => ({
  code: COMMAND.COMSET,
  data: [address, ...le16(baud & 0xffff), ...le16(Math.floor(baud / 0x10000))],
});

export const keysetCommand = (key: Uint8Array): Question => ({
  code: COMMAND.KEYSET,
  data: [1, key.length, ...key],
});

export interface Identity {
  /** OUI of the maker, six hex digits. */
  readonly vendor: string;
  readonly model: number;
  readonly version: number;
  readonly serial: number;
  readonly firmware: string;
}

export function identityOf(data: Uint8Array): Identity {
  return {
    vendor: Array.from(data.subarray(0, 3), (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(
      '',
    ),
    model: u8(data, 3),
    version: u8(data, 4),
    serial: u32le(data, 5),
    firmware: `${u8(data, 9)}.${u8(data, 10)}.${u8(data, 11)}`,
  };
}

export const identityBytes = ({ model, version, serial, firmware, vendor }: Identity): Uint8Array =>
  concat(
    [0, 2, 4].map((at) => Number.parseInt(vendor.slice(at, at + 2), 16)),
    [model, version, ...le16(serial & 0xffff), ...le16(Math.floor(serial / 0x10000))],
    firmware.split('.').map(Number),
  );

/** What a unit can: three bytes each. Names of the standard's list, by their numbers. */
const FUNCTIONS = [
  '',
  'contacts',
  'outputs',
  'card formats',
  'LED',
  'audible',
  'text',
  'time',
  'CRC',
  'security',
  'receive buffer',
  'combined message',
  'smart card',
  'readers',
  'biometrics',
  'secure PIN',
  'version',
];

export function capabilitiesText(data: Uint8Array): string {
  const rows = Array.from({ length: Math.floor(data.length / 3) }, (_, at) =>
    data.subarray(3 * at, 3 * at + 3),
  );
  const told = rows.map(
    ([code = 0, level, count]) => `${FUNCTIONS[code] ?? `function ${code}`} ${level}×${count}`,
  );
  return told.join(', ') || 'none';
}

/** The bits of a RAW reply, and whether they are said to carry parities. */
export function rawBits(
  data: Uint8Array,
): { readonly bits: Uint8Array; readonly parities: boolean } | undefined {
  const count = u16le(data, 2);
  const bytes = data.subarray(4);
  if (count === 0 || Math.ceil(count / 8) !== bytes.length) return undefined;
  const bits = Uint8Array.from({ length: count }, (_, at) => ((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1);
  return { bits, parities: data[1] === 1 };
}

export function rawBytes(bits: Uint8Array, format: 0 | 1): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  for (const [at, bit] of bits.entries()) bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (bit << (7 - (at & 7)));
  return concat([0, format, ...le16(bits.length)], bytes);
}

/** `0` to `9`, `*` and `#`; undefined when anything else is among the keys, or another number of them than is said. */
export function keysOf(data: Uint8Array): string | undefined {
  const bytes = data.subarray(2);
  if (bytes.length !== u8(data, 1)) return undefined;
  const keys = Array.from(bytes, (byte) => KEYS[byte] ?? '');
  return keys.every(Boolean) ? keys.join('') : undefined;
}

/** `*` is sent as delete and `#` as return; some units send them as they are. */
const KEYS: Readonly<Record<number, string>> = {
  ...Object.fromEntries(Array.from('0123456789*#', (key) => [key.charCodeAt(0), key])),
  127: '*',
  13: '#',
};

export const keysBytes = (keys: string): Uint8Array =>
  Uint8Array.of(0, keys.length, ...Array.from(keys, (key) => SENT[key] ?? key.charCodeAt(0)));
const SENT: Readonly<Record<string, number>> = { '*': 0x7f, '#': 0x0d };
