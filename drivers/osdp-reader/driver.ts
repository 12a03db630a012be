import {
  type ActResult,
  asFault,
  type BytesLink,
  type Call,
  defineDriver,
  Fault,
  type JsonObject,
  type PinEntry,
  type PointSpecs,
  pinEntry,
  type Sample,
} from '#kit';
import { decodeFrame, encodeCommand } from './codec.ts';
import { commands, wishOf } from './commands.ts';
import { type Options, options } from './options.ts';
import { openPanel, type Panel } from './panel.ts';
import type { Told } from './replies.ts';
import { keyOfText } from './secure.ts';
import * as words from './words.ts';

const flag = (about: string) => ({ kind: 'flag', about, privacy: 'plain' }) as const;
const lines = (name: 'input' | 'output', count: number): PointSpecs =>
  Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`${name}-${at + 1}`, flag(`Its ${name} ${at + 1} is on.`)]),
  );

export default defineDriver({
  id: 'osdp-reader',
  aliases: ['osdp', 'osdp-v2', 'osdp-secure-channel'],
  about:
    'Card readers and keypads that speak OSDP v2 on RS485: cards, PINs, LED, buzzer, inputs and outputs, in a secure channel; several on one wire.',
  category: 'reader',
  link: 'bytes',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 200, gap_ms: 5 },
  poll_ms: { default: 200, min: 50 },
  offline_after_ms: 8000,
  options,
  missing: ({ channel, key }) =>
    channel === 'secure' && key === undefined
      ? 'key is missing: give the key of its secure channel by reference, or write channel: clear'
      : undefined,
  shares: ({ address }) => address,
  points: ({ inputs, outputs }): PointSpecs => ({
    channel: {
      kind: 'state',
      about: 'How it is spoken to: in a secure channel with a key of its own, or in the clear.',
      values: ['secure', 'clear'],
      privacy: 'plain',
    },
    tamper: flag('Its case is open, or it was taken off the wall.'),
    'power-lost': flag('It says that its supply fails.'),
    ...lines('input', inputs),
    ...lines('output', outputs),
  }),
  events: {
    card: {
      about: 'A card was read.',
      lane: 'b',
      fields: {
        card: { about: 'All its bits but the parities, in hex, or the text it holds', privacy: 'identifier' },
        format: { about: 'How it is meant: 26-bit, 34-bit, 37-bit, raw or text', privacy: 'plain' },
        bits: { about: 'Bits that were read, with parities', privacy: 'plain' },
        facility: { about: 'Its facility, where it has one', privacy: 'identifier' },
        number: { about: 'Its number', privacy: 'identifier' },
      },
    },
    pin: {
      about: 'A PIN was typed; only doors of this gateway hear it.',
      lane: 'b',
      passing: true,
      fields: { pin: { about: 'Its digits', privacy: 'identifier' } },
    },
    misread: {
      about: 'Something was read that is no card and no key.',
      lane: 'b',
      fields: {
        reason: { about: 'parity, bit-count, key', privacy: 'plain' },
        bits: { about: 'Bits that were read', privacy: 'plain' },
      },
    },
  },
  commands,
  relays: ({ outputs, rest }) =>
    Array.from({ length: outputs }, (_, at) => ({
      args: { channel: at + 1 },
      point: `output-${at + 1}`,
      rest,
    })),
  decode: decodeFrame,
  encode: (name, args, chosen) => encodeCommand(name, args, chosen),
  cost: ({ channel }) => [
    channel === 'secure' ? { request_bytes: 14, reply_bytes: 14 } : { request_bytes: 8, reply_bytes: 8 },
  ],
  open: (link, chosen) => {
    const unit = openUnit(link, chosen);
    return {
      sample: (call) => unit.inTurn(() => look(unit, call)),
      act: (name, args, call) => unit.inTurn(() => act(unit, { name, args }, call)),
      rest: (call) => unit.inTurn(() => rest(unit, call)),
    };
  },
});

interface Unit {
  readonly panel: Panel;
  readonly chosen: Options;
  readonly pins: PinEntry;
  /** What it told last of each point. */
  readonly known: Record<string, boolean>;
  /** Looks until all that is known is said again, and asked for again. */
  fresh: number;
  /** One exchange after the other: sequence numbers and MACs are chained. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
}

/** A unit tells its changes by itself; what it may have kept to itself is asked for so often. */
const REFRESH_LOOKS = 25;

function openUnit(link: BytesLink, chosen: Options): Unit {
  const { channel, key, old_key } = chosen;
  const refused = (text: string) => new Fault('driver.bad-options', { id: 'osdp-reader', text });
  for (const text of [key, old_key])
    if (text?.startsWith('$')) throw refused('key is a reference that was not followed');
  if (channel === 'secure' && key === undefined) throw refused('key is missing, or channel: clear');
  let last: Promise<unknown> = Promise.resolve();
  return {
    panel: openPanel(link, { ...chosen, key: bytesOf(key), old_key: bytesOf(old_key) }),
    chosen,
    pins: pinEntry(chosen),
    known: {},
    fresh: 0,
    inTurn: (work) => {
      const mine = last.then(work, work);
      last = mine;
      return mine;
    },
  };
}

const bytesOf = (key: string | undefined): Uint8Array | undefined =>
  key === undefined ? undefined : keyOfText(key);

async function look(unit: Unit, call: Call): Promise<Sample> {
  const { chosen, known, panel, pins } = unit;
  for (const pin of pins.tick(call.up ?? 0)) void call.tell?.('pin', { pin });
  await panel.look(call);
  const changed: Record<string, boolean> = {};
  for (const told of panel.take()) Object.assign(changed, handOn(unit, told, call));
  Object.assign(known, changed);
  const whole = unit.fresh <= 0;
  unit.fresh = whole ? REFRESH_LOOKS : unit.fresh - 1;
  if (unit.fresh === 1) panel.refresh();
  return { channel: chosen.channel, ...(whole ? known : changed) };
}

/** Events at once, without waiting until they are kept: a door does not wait for the disk. */
function handOn({ chosen, pins }: Unit, told: Told, call: Call): Readonly<Record<string, boolean>> {
  switch (told.kind) {
    case 'card':
      void call.tell?.('card', { ...told.card });
      return {};
    case 'misread':
      void call.tell?.('misread', { reason: told.reason, bits: told.bits });
      return {};
    case 'keys':
      for (const key of told.keys)
        for (const pin of pins.key(key, call.up ?? 0)) void call.tell?.('pin', { pin });
      return {};
    case 'local':
      return { tamper: told.tamper, 'power-lost': told.power_lost };
    default: {
      const name = told.kind === 'inputs' ? 'input' : 'output';
      const wired = told.on.slice(0, chosen[told.kind]);
      return Object.fromEntries(wired.map((on, at) => [`${name}-${at + 1}`, on]));
    }
  }
}

async function act(
  unit: Unit,
  { name, args }: { readonly name: string; readonly args: JsonObject },
  call: Call,
): Promise<ActResult> {
  call.signal.throwIfAborted();
  const { panel, chosen } = unit;
  unit.fresh = 0;
  const wish = wishOf(name, args, chosen.outputs);
  try {
    if (name === 'install-key') {
      const had = await panel.installKey(call);
      return { result: 'done', facts: { had_it: had } };
    }
    const reply = await panel.ask(wish?.question ?? words.ASK_ID, call);
    if (reply.code === words.REPLY.NAK)
      return { result: 'failed', facts: { refused: words.nakText(reply.data[0] ?? 0) } };
    if (name === 'identify') return { result: 'done', facts: identityOf(panel, reply.data) };
    if (name === 'set-address') panel.begin();
    return {
      result: 'done',
      facts: {
        evidence: 'acknowledged',
        ...(wish?.effective_ms !== undefined && { effective_ms: wish.effective_ms }),
      },
    };
  } catch (error) {
    const { code, message, facts } = asFault(error);
    const surely = facts.sent === false || SURELY_NOT.includes(code) || name === 'install-key';
    return { result: surely ? 'failed' : 'unknown', facts: { fault: code, text: message } };
  }
}

/** It was not taken: there was no channel, or the reader was too busy for it. */
const SURELY_NOT: readonly string[] = ['driver.channel', 'driver.refused'];

const identityOf = ({ met }: Panel, data: Uint8Array): JsonObject => ({
  ...(data.length >= 12 ? words.identityOf(data) : met.identity),
  ...(met.capabilities !== undefined && { can: met.capabilities }),
});

/** Outputs to their safe state; LED and buzzer end by themselves. Fault driver.refused when the reader does not take it. */
async function rest(unit: Unit, call: Call): Promise<void> {
  const { panel, chosen } = unit;
  unit.fresh = 0;
  if (chosen.rest === 'hold') return;
  for (let output = 1; output <= chosen.outputs; output += 1) {
    const reply = await panel.ask(words.outCommand(output, chosen.rest), call);
    if (reply.code !== words.REPLY.NAK) continue;
    const reason = words.nakText(reply.data[0] ?? 0);
    const { address } = chosen;
    throw new Fault('driver.refused', {
      driver: 'osdp-reader',
      address,
      what: `output ${output}`,
      reason,
    });
  }
}
