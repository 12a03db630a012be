import { concat, cutFrames, headerFrame, randomBlock, toHex, u16le } from '#kit';
import { buildFrame, type Frame, parseFrame } from './frame.ts';
import * as secure from './secure.ts';
import { COMMAND, NAK, REPLY } from './words.ts';

/** What the unit does about a command; undefined: it does not know it. */
export type Obey = (code: number, data: Uint8Array, up: number) => Answer | undefined;
export interface Answer {
  readonly code: number;
  readonly data: Uint8Array;
}

export interface Habits {
  readonly obey: Obey;
  readonly address: () => number;
  /** It answers in the clear only who it is. */
  readonly secured: () => boolean;
  /** A key of its own; without one it takes that of the factory. */
  readonly key: () => Uint8Array | undefined;
  readonly keep: (key: Uint8Array) => void;
  readonly id: Uint8Array;
  /** It has no secure channel at all. */
  readonly plain: () => boolean;
  /** It understands sums only. */
  readonly sums: () => boolean;
  /** It acknowledges a new key in the clear. */
  readonly clear_ack: () => boolean;
  /** It has no time for this command. */
  readonly busy: () => boolean;
  /** Nobody has asked for so long that the unit begins anew, or it has lost its power. */
  readonly forget: () => void;
}

/** Without a panel for so long, it begins anew. */
const OFFLINE_MS = 8000;
/** A command that stopped coming for so long is none. */
const GIVE_UP_MS = 100;
const OF_EVERYBODY = 0x7f;

interface Last {
  readonly sequence: number;
  readonly request: string;
  readonly reply: Uint8Array;
}

/**
 * The unit's side of OSDP: it counts sequence numbers, gives the same answer to the same question, refuses what is out of step, and keeps the
 * other half of the secure channel. Bytes in, bytes out.
 */
export function openPeripheral(habits: Habits) {
  let unread: Uint8Array = new Uint8Array();
  let heard_up = Number.NEGATIVE_INFINITY;
  let bytes_up = 0;
  let last: Last | undefined;
  let channel: secure.Channel | undefined;
  let handshake: { readonly keys: secure.SessionKeys; readonly proof: Uint8Array } | undefined;

  const forget = (): void => {
    last = undefined;
    channel = undefined;
    handshake = undefined;
  };
  const reply = (frame: Frame, answer: Answer & { readonly block?: readonly number[] }): Uint8Array => {
    const { sequence, check } = frame;
    return buildFrame({ address: habits.address(), reply: true, sequence, check, ...answer });
  };
  const nak = (frame: Frame, reason: number): Uint8Array =>
    reply(frame, { code: REPLY.NAK, data: Uint8Array.of(reason) });

  const hear = (bytes: Uint8Array, up: number): Uint8Array => {
    const frame = parsed(bytes);
    const address = habits.address();
    if ((bytes[1] ?? 0) !== address && bytes[1] !== OF_EVERYBODY) return NOTHING;
    if (!frame) return nak(damaged(bytes, habits.sums()), NAK.check);
    if (habits.sums() && frame.check === 'crc') return nak({ ...frame, check: 'sum' }, NAK.check);
    const idle_ms = up - heard_up;
    heard_up = up;
    if (frame.sequence === 0 || idle_ms > OFFLINE_MS) forget();
    if (idle_ms > OFFLINE_MS) habits.forget();
    const request = toHex(bytes);
    if (last && frame.sequence === last.sequence && request === last.request) return last.reply;
    const expected = last ? (last.sequence === 3 ? 1 : last.sequence + 1) : 0;
    if (frame.sequence !== expected) return nak(frame, NAK.sequence);
    if (habits.busy())
      return buildFrame({ address, reply: true, sequence: 0, check: frame.check, code: REPLY.BUSY });
    const answer = answered(frame, up);
    if (typeof answer === 'number') {
      // Out of the channel: it is closed, and the panel begins anew.
      channel = undefined;
      return nak(frame, answer);
    }
    last = { sequence: frame.sequence, request, reply: answer };
    return answer;
  };

  /** The whole reply, or why there is none. */
  const answered = (frame: Frame, up: number): Uint8Array | number => {
    const type = frame.block?.[0];
    if (type === undefined && frame.block === undefined) {
      if (channel) return NAK.conditions;
      const open = frame.code === COMMAND.ID || frame.code === COMMAND.CAP;
      if (habits.secured() && !open) return NAK.conditions;
      return reply(frame, obeyed(frame.code, frame.data, up));
    }
    if (habits.plain()) return NAK.unsecured;
    if (type === 0x11) return challenged(frame);
    if (type === 0x13) return proved(frame);
    if (type !== 0x15 && type !== 0x17) return NAK.unsecured;
    const opened = channel && secure.unseal(channel, frame, 'command');
    if (!opened) return NAK.conditions;
    const { sequence, check } = frame;
    const answer = obeyed(frame.code, opened.data, up);
    if (frame.code === COMMAND.KEYSET && habits.clear_ack()) return reply(frame, answer);
    const sealed = secure.seal(
      opened.channel,
      { address: habits.address(), sequence, check, ...answer },
      'reply',
    );
    channel = sealed.channel;
    return sealed.bytes;
  };

  const obeyed = (code: number, data: Uint8Array, up: number): Answer => {
    if (code === COMMAND.KEYSET && channel && data.length === 18) {
      habits.keep(data.slice(2));
      return { code: REPLY.ACK, data: NOTHING };
    }
    return habits.obey(code, data, up) ?? { code: REPLY.NAK, data: Uint8Array.of(NAK.command) };
  };

  /** CHLNG: with a key of its own it wants that one; without, that of the factory. */
  const challenged = (frame: Frame): Uint8Array | number => {
    const { data, block } = frame;
    const own = habits.key();
    const kind = block?.[1] ?? 0;
    if (data.length !== 8 || kind !== (own ? 1 : 0)) return NAK.conditions;
    const random = randomBlock(8);
    const keys = secure.sessionKeys(own ?? secure.INSTALL_KEY, data);
    handshake = { keys, proof: secure.hostCryptogram(keys, data, random) };
    channel = undefined;
    return reply(frame, {
      code: REPLY.CCRYPT,
      data: concat(habits.id, random, secure.clientCryptogram(keys, data, random)),
      block: [0x12, kind],
    });
  };

  const proved = (frame: Frame): Uint8Array | number => {
    const { keys, proof } = handshake ?? {};
    if (!keys || !proof || toHex(frame.data) !== toHex(proof)) return NAK.conditions;
    channel = secure.openChannel(keys, proof);
    return reply(frame, { code: REPLY.RMAC_I, data: channel.reply_mac, block: [0x14, 1] });
  };

  return {
    receive(bytes: Uint8Array, up: number): Uint8Array {
      if (up - bytes_up > GIVE_UP_MS) unread = new Uint8Array();
      bytes_up = up;
      const { frames, used } = cutFrames(concat(unread, bytes), commandRule);
      unread = concat(unread, bytes).slice(used);
      return concat(...frames.map((frame) => hear(frame, up)));
    },
    /** Its supply was cut and came back. */
    restart(): void {
      forget();
      habits.forget();
      heard_up = Number.NEGATIVE_INFINITY;
    },
  };
}

const NOTHING = new Uint8Array();

/** By the length alone: what is damaged is refused, not unheard. Replies of others on the wire pass by. */
const commandRule = headerFrame({
  header: [0x53],
  need: 5,
  length: (bytes) => {
    const length = u16le(bytes, 2);
    return (bytes[1] ?? 0) < 0x80 && length > 6 && length <= 512 ? length : undefined;
  },
});

function parsed(bytes: Uint8Array): Frame | undefined {
  try {
    return parseFrame(bytes);
  } catch {
    return undefined;
  }
}

/** What can be told of it: where it was in the count, and how it was checked. */
const damaged = (bytes: Uint8Array, sums: boolean): Frame => ({
  address: bytes[1] ?? 0,
  reply: false,
  sequence: (bytes[4] ?? 0) & 3,
  check: !sums && (bytes[4] ?? 0) & 4 ? 'crc' : 'sum',
  block: undefined,
  code: 0,
  data: NOTHING,
  mac: undefined,
  signed: NOTHING,
});
