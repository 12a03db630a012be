import {
  concat,
  type FrameRule,
  fixedFrame,
  headerFrame,
  needHeader,
  needLength,
  needSum,
  onlyFrames,
  sum8,
  toHex,
  u8,
  u16le,
  unknownFrame,
} from '#kit';

/** `AA kind … sum AB`. The sum is of what stands between kind and sum. */
const HEAD = 0xaa;
const TAIL = 0xab;
const COMMAND = 0xb4;
const REPLY = 0xc5;
/** SDS011, SDS018, SDS021: two values in tenths. */
const DATA = 0xc0;
/** SDS198: its second value, in whole ug/m3, is PM100. */
const DATA_198 = 0xcf;
const COMMAND_LENGTH = 19;
const LENGTH = 10;

const NAME = 'nova-sds011';

export type Values = Readonly<Record<string, number | string | null>>;

const holds = (frame: Uint8Array): boolean => frame.at(-1) === TAIL && sumIn(frame) === sumOf(frame);
const sumIn = (frame: Uint8Array): number => u8(frame, frame.length - 2);
const sumOf = (frame: Uint8Array): number => sum8(frame.subarray(2, -2));

const anyReply = headerFrame({
  header: [HEAD],
  need: 2,
  length: (bytes) => ([DATA, DATA_198, REPLY].includes(u8(bytes, 1)) ? LENGTH : undefined),
  valid: holds,
});

export const dataFrame: FrameRule = onlyFrames(anyReply, (frame) => u8(frame, 1) !== REPLY);

/** The reply to one command. */
export const replyTo = (code: number): FrameRule =>
  onlyFrames(anyReply, (frame) => u8(frame, 1) === REPLY && u8(frame, 2) === code);

/** Commands as they come in at the sensor. */
export const commandFrame: FrameRule = fixedFrame({
  header: [HEAD, COMMAND],
  length: COMMAND_LENGTH,
  valid: holds,
});

/** Faults: driver.frame-unknown, driver.frame-length, driver.frame-checksum. */
export function decodeFrame(frame: Uint8Array): Values | { readonly note: string } {
  needHeader(frame, [HEAD], NAME);
  const kind = u8(frame, 1);
  if (![COMMAND, REPLY, DATA, DATA_198].includes(kind))
    throw unknownFrame(NAME, `${toHex(Uint8Array.of(kind))} is no kind of frame`);
  needLength(frame, kind === COMMAND ? COMMAND_LENGTH : LENGTH);
  if (frame.at(-1) !== TAIL) throw unknownFrame(NAME, `they end in ${toHex(frame.subarray(-1))}, not AB`);
  needSum(sumIn(frame), sumOf(frame));
  if (kind === COMMAND) return { note: `command ${commandOf(frame)?.text ?? toHex(frame.subarray(2, 5))}` };
  return kind === REPLY ? replyOf(frame) : valuesOf(frame, kind);
}

/** Both values zero is a fan that is only starting, not the cleanest air on earth. */
function valuesOf(frame: Uint8Array, kind: number): Values {
  const [first, second] = [u16le(frame, 2), u16le(frame, 4)];
  const starting = first === 0 && second === 0;
  const id = toHex(frame.subarray(6, 8)).replace(' ', '');
  if (kind === DATA_198) return { pm100: starting ? null : second, id };
  return { pm2_5: starting ? null : first / 10, pm10: starting ? null : second / 10, id };
}

function replyOf(frame: Uint8Array): Values | { readonly note: string } {
  const [code, , value, ...more] = frame.subarray(2, 6);
  if (code === 0x07) {
    const [year = 0, month = 0, day = 0] = frame.subarray(3, 6);
    return { firmware: [year, month, day].map((part) => String(part).padStart(2, '0')).join('-') };
  }
  const name = NAMES[code ?? -1];
  if (!name) return { note: `reply ${toHex(Uint8Array.of(code ?? 0, value ?? 0, ...more))}` };
  return { note: `reply ${name(value ?? 0)}` };
}

/** What a command or its reply is about, by its code and the value it sets. */
const NAMES: Readonly<Record<number, (value: number) => string>> = {
  2: (value) => (value ? 'query mode' : 'active mode'),
  6: (value) => (value ? 'wake' : 'sleep'),
  8: (value) => (value ? `working period ${value} min` : 'working period continuous'),
};

export const CODES = { mode: 2, data: 4, work: 6, firmware: 7, period: 8 } as const;

export interface Command {
  readonly code: number;
  readonly sets: boolean;
  readonly value: number;
  readonly text: string;
}

/** What nineteen bytes ask for; undefined when they are no command that this driver knows. */
export function commandOf(frame: Uint8Array): Command | undefined {
  const code = u8(frame, 2);
  const [set = 0, value = 0] = frame.subarray(3, 5);
  if (code === CODES.data) return { code, sets: false, value: 0, text: 'query data' };
  if (code === CODES.firmware) return { code, sets: false, value: 0, text: 'query firmware' };
  const name = NAMES[code];
  if (!name || set > 1) return undefined;
  return { code, sets: set === 1, value, text: set === 1 ? name(value) : `query ${name(0).split(' ')[0]}` };
}

/** `id`: four hex digits; FFFF is any sensor. */
export const encodeCommand = (code: number, values: readonly number[], id: string): Uint8Array => {
  const body = [code, ...values, ...new Array<number>(12 - values.length).fill(0), ...idBytes(id)];
  return concat([HEAD, COMMAND], body, [sum8(Uint8Array.from(body)), TAIL]);
};

export const encodeData = (values: readonly [number, number], id: string, model: 'sds011' | 'sds198') =>
  enclosed(model === 'sds198' ? DATA_198 : DATA, [
    ...values.flatMap((value) => [value & 0xff, value >> 8]),
    ...idBytes(id),
  ]);

export const encodeReply = (body: readonly [number, number, number, number], id: string): Uint8Array =>
  enclosed(REPLY, [...body, ...idBytes(id)]);

const enclosed = (kind: number, body: readonly number[]): Uint8Array =>
  concat([HEAD, kind], body, [sum8(Uint8Array.from(body)), TAIL]);

const idBytes = (id: string): readonly [number, number] => {
  const number = Number.parseInt(id, 16);
  return [number >> 8, number & 0xff];
};
