import { aes128Cbc, aes128CbcOpen, concat, fromHex } from '#kit';
import { buildFrame, type Frame, type FrameParts } from './frame.ts';

/** The key that every unit leaves the factory with; it is printed in the standard, and keeps nobody out. */
export const INSTALL_KEY: Uint8Array = Uint8Array.from({ length: 16 }, (_, at) => 0x30 + at);

/** Keys of one session. */
export interface SessionKeys {
  readonly enc: Uint8Array;
  readonly mac1: Uint8Array;
  readonly mac2: Uint8Array;
}

/** A session: its keys, and the last MAC of either side. Every message moves one of them on, so none can be played again. */
export interface Channel {
  readonly keys: SessionKeys;
  readonly command_mac: Uint8Array;
  readonly reply_mac: Uint8Array;
}

/** 32 hex digits. */
export const keyOfText = (text: string): Uint8Array => fromHex(text);

/** The key of one unit, of a key that many have: `id` is what its CCRYPT says (8 bytes). */
export const keyOfUnit = (master: Uint8Array, id: Uint8Array): Uint8Array =>
  aes128Cbc(
    master,
    concat(
      id,
      id.map((byte) => ~byte),
    ),
  );

export function sessionKeys(key: Uint8Array, host_random: Uint8Array): SessionKeys {
  const derive = (kind: number) =>
    aes128Cbc(key, concat([0x01, kind], host_random.subarray(0, 6), new Uint8Array(8)));
  return { enc: derive(0x82), mac1: derive(0x01), mac2: derive(0x02) };
}

/** What proves that the unit (client) or the panel (host) has the key. */
export const clientCryptogram = (keys: SessionKeys, host: Uint8Array, unit: Uint8Array): Uint8Array =>
  aes128Cbc(keys.enc, concat(host, unit));
export const hostCryptogram = (keys: SessionKeys, host: Uint8Array, unit: Uint8Array): Uint8Array =>
  aes128Cbc(keys.enc, concat(unit, host));

/** The MAC that the first command is chained to. */
export const firstMac = ({ mac1, mac2 }: SessionKeys, cryptogram: Uint8Array): Uint8Array =>
  aes128Cbc(mac2, aes128Cbc(mac1, cryptogram));

/** As both sides begin. Nothing was said yet, so what the unit says first is chained to the first command. */
export function openChannel(keys: SessionKeys, cryptogram: Uint8Array): Channel {
  const reply_mac = firstMac(keys, cryptogram);
  return { keys, command_mac: reply_mac, reply_mac };
}

/** What sixteen bytes are in a session of that key and those two random numbers; undefined: nothing of it. */
export function derivedName(
  bytes: Uint8Array,
  key: Uint8Array,
  [host, unit]: readonly [Uint8Array, Uint8Array],
): string | undefined {
  const keys = sessionKeys(key, host);
  const cryptogram = hostCryptogram(keys, host, unit);
  const derived = {
    'S-ENC': keys.enc,
    'S-MAC1': keys.mac1,
    'S-MAC2': keys.mac2,
    'host cryptogram': cryptogram,
    'client cryptogram': clientCryptogram(keys, host, unit),
    'R-MAC-I': firstMac(keys, cryptogram),
  };
  const found = Object.entries(derived).find(([, value]) => value.every((byte, at) => byte === bytes[at]));
  return found?.[0];
}

/** MAC of a message, chained to the last one of the other side; 16 bytes, of which four go on the wire. */
function macOf({ mac1, mac2 }: SessionKeys, signed: Uint8Array, last: Uint8Array): Uint8Array {
  const blocks = signed.length % BLOCK === 0 ? signed : padded(signed);
  const head = blocks.subarray(0, -BLOCK);
  const iv = head.length > 0 ? aes128Cbc(mac1, head, last).subarray(-BLOCK) : last;
  return aes128Cbc(mac2, blocks.subarray(-BLOCK), iv);
}

type Plain = Omit<FrameParts, 'block' | 'reply'>;

/** A command of the panel, or a reply of the unit, as it goes through the channel; and the channel after it. */
export function seal(
  channel: Channel,
  parts: Plain,
  side: 'command' | 'reply',
): {
  readonly bytes: Uint8Array;
  readonly channel: Channel;
} {
  const { keys } = channel;
  const last = side === 'command' ? channel.reply_mac : channel.command_mac;
  const plain = parts.data ?? [];
  const data = plain.length > 0 ? aes128Cbc(keys.enc, padded(concat(plain)), inverted(last)) : undefined;
  const type = (side === 'command' ? 0x15 : 0x16) + (data ? 2 : 0);
  let mac = last;
  const bytes = buildFrame(
    { ...parts, reply: side === 'reply', block: [type], ...(data && { data }) },
    (signed) => {
      mac = macOf(keys, signed, last);
      return mac;
    },
  );
  return { bytes, channel: moved(channel, side, mac) };
}

/** What a frame of the other side says, and the channel after it; undefined when it is not of this channel, or was said before. */
export function unseal(
  channel: Channel,
  frame: Frame,
  side: 'command' | 'reply',
):
  | {
      readonly data: Uint8Array;
      readonly channel: Channel;
    }
  | undefined {
  const { keys } = channel;
  const last = side === 'command' ? channel.reply_mac : channel.command_mac;
  const type = frame.block?.[0];
  const first = side === 'command' ? 0x15 : 0x16;
  if (!frame.mac || (type !== first && type !== first + 2)) return undefined;
  const mac = macOf(keys, frame.signed, last);
  if (!frame.mac.every((byte, at) => byte === mac[at])) return undefined;
  const encrypted = type !== first && frame.data.length > 0;
  if (encrypted && frame.data.length % BLOCK !== 0) return undefined;
  const data = encrypted ? bare(aes128CbcOpen(keys.enc, frame.data, inverted(last))) : frame.data;
  return data && { data, channel: moved(channel, side, mac) };
}

const BLOCK = 16;
const END = 0x80;

const moved = (channel: Channel, side: 'command' | 'reply', mac: Uint8Array): Channel =>
  side === 'command' ? { ...channel, command_mac: mac } : { ...channel, reply_mac: mac };

const inverted = (mac: Uint8Array): Uint8Array => mac.map((byte) => ~byte);

function padded(bytes: Uint8Array): Uint8Array {
  const blocks = new Uint8Array(BLOCK * (Math.floor(bytes.length / BLOCK) + 1));
  blocks.set(bytes);
  blocks[bytes.length] = END;
  return blocks;
}

/** Without the end mark and the zeros behind it; undefined when there is none. */
function bare(blocks: Uint8Array): Uint8Array | undefined {
  let end = blocks.length - 1;
  while (end >= 0 && blocks[end] === 0) end -= 1;
  return blocks[end] === END ? blocks.subarray(0, end) : undefined;
}
