import { type Decoded, type JsonObject, unknownFrame } from '#kit';
import { wishOf } from './commands.ts';
import { buildFrame, type Frame, parseFrame } from './frame.ts';
import type { Options } from './options.ts';
import { readReply } from './replies.ts';
import * as secure from './secure.ts';
import * as words from './words.ts';

/** A frame as a sniffer shows it: what a reply tells as points, anything else in words. Faults as `parseFrame`. */
export function decodeFrame(bytes: Uint8Array, options: Options, request?: Uint8Array): Decoded {
  const derived = bytes.length === DERIVED_BYTES ? derivedNote(bytes, options, request) : undefined;
  if (derived !== undefined) return { points: {}, note: derived };
  const { facility_bits } = options;
  const frame = parseFrame(bytes);
  const names = frame.reply ? words.REPLY : words.COMMAND;
  const name = nameOf(names, frame.code);
  const place = frame.address === 0x7f ? 'everybody' : `reader ${frame.address}`;
  const type = frame.block?.[0];
  if (type === 0x17 || type === 0x18)
    return { points: {}, note: `${name} ${frame.reply ? 'of' : 'to'} ${place}, encrypted` };
  const secured = frame.block ? blockText(frame) : '';
  if (!frame.reply) return { points: {}, note: `${name} to ${place}${commandText(frame)}${secured}` };
  const points = pointsOf(frame, facility_bits);
  if (Object.keys(points).length > 0) return { points };
  return { points: {}, note: `${name} of ${place}${replyText(frame)}${secured}` };
}

const DERIVED_BYTES = 16;
/** Random numbers of panel and reader in annex E of the standard. */
const EXAMPLE = Uint8Array.of(
  ...[0xb0, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7],
  ...[0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7],
);

/** Sixteen bytes that are no frame but a key or cryptogram of a session, to compare with another tool: `request` has both random numbers. */
function derivedNote(bytes: Uint8Array, { key }: Options, request: Uint8Array = EXAMPLE): string | undefined {
  if (request.length !== DERIVED_BYTES) return undefined;
  const own = key !== undefined && !key.startsWith('$');
  const randoms = [request.subarray(0, 8), request.subarray(8)] as const;
  const name = secure.derivedName(bytes, own ? secure.keyOfText(key) : secure.INSTALL_KEY, randoms);
  return name && `${name} of a session by ${own ? 'this key' : 'the key of the factory'}`;
}

/** A command as its first question, at sequence number 1. `install-key` begins the conversation anew; its key never goes in the clear. */
export function encodeCommand(name: string, args: JsonObject, options: Options): Uint8Array {
  const { address, outputs } = options;
  const check = options.check === 'sum' ? 'sum' : 'crc';
  const wish = wishOf(name, args, outputs);
  const question = wish?.question ?? words.ASK_ID;
  return buildFrame({ address, sequence: name === 'install-key' ? 0 : 1, check, ...question });
}

const nameOf = (names: Readonly<Record<string, number>>, code: number): string => {
  const found = Object.entries(names).find(([, value]) => value === code)?.[0];
  return found ?? `code ${code.toString(16).toUpperCase().padStart(2, '0')}`;
};

function pointsOf({ code, data }: Frame, facility_bits: number | undefined): Decoded['points'] {
  if (code === words.REPLY.PDID && data.length >= 12) return { ...words.identityOf(data) };
  const told = readReply(code, data, facility_bits);
  switch (told?.kind) {
    case 'card':
      return { ...told.card };
    case 'keys':
      return { keys: told.keys };
    case 'local':
      return { tamper: told.tamper, 'power-lost': told.power_lost };
    case 'inputs':
    case 'outputs':
      return Object.fromEntries(told.on.map((on, at) => [`${told.kind.slice(0, -1)}-${at + 1}`, on]));
    case 'misread':
      throw unknownFrame('osdp-reader', `what was read is no card and no key (${told.reason})`);
    default:
      return {};
  }
}

function commandText({ code, data }: Frame): string {
  const at = (offset: number): number => data[offset] ?? 0;
  const le = (offset: number, count: number): number =>
    Array.from({ length: count }, (_, byte) => at(offset + byte) * 256 ** byte).reduce(
      (sum, part) => sum + part,
      0,
    );
  if (code === words.COMMAND.COMSET) return `: address ${at(0)}, ${le(1, 4)} baud`;
  if (code === words.COMMAND.OUT)
    return `: output ${at(0) + 1}, ${OUT[at(1)] ?? `code ${at(1)}`}${at(1) > 4 ? `, ${le(2, 2) * words.STEP_MS} ms` : ''}`;
  return '';
}
const OUT = ['nothing', 'off', 'on', 'off when its time is over', 'on when its time is over', 'on', 'off'];

function replyText({ code, data }: Frame): string {
  if (code === words.REPLY.NAK) return `: ${words.nakText(data[0] ?? 0)}`;
  if (code === words.REPLY.PDCAP) return `: ${words.capabilitiesText(data)}`;
  return '';
}

function blockText({ block, mac }: Frame): string {
  const type = block?.[0] ?? 0;
  const hex = type.toString(16).toUpperCase().padStart(2, '0');
  if (type < 0x11 || type > 0x18) return `, with a security block ${hex} that is none`;
  if (type <= 0x14)
    return `, security block ${hex}, key ${block?.[1] === 0 ? 'of the factory' : 'of its own'}`;
  return mac ? ', secured' : `, security block ${hex} without a MAC`;
}
