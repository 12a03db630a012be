import {
  concat,
  defineSimulator,
  type JsonObject,
  settable,
  type UdpFarEnd,
  u8,
  u32le,
  type Value,
} from '#kit';
import * as codec from './codec.ts';
import type { Options } from './options.ts';
import { statusPoints } from './shown.ts';

/** That of the examples everybody knows. */
const SERIAL = 423_187_757;
const DELAY_S = 5;
/** A controller keeps far more; this many are enough to show what it does then. */
const KEPT = 200;
const LIVE_EVERY_MS = 20;

interface Door {
  open: boolean;
  button: boolean;
  unlocked_until: number;
  mode: number;
  delay_s: number;
}
interface Kept {
  readonly index: number;
  /** From the type on, as it stands in a packet: 16 bytes. */
  readonly bytes: readonly number[];
}

/**
 * A controller of its own network. Settings: `door-n` (the contact; opened without being unlocked it is by force), `button-n`, `held-n`, `card-n` (a card
 * that may pass comes to door n), `fire`, `forced-lock`, `error`; `kept` (only so many events are left), `cleared` (true: its history begins
 * anew), `refuses` (true: it says no).
 */
export default defineSimulator<Options>({
  driver: 'uhppote',
  open({ serial: configured, doors: count }): UdpFarEnd {
    const serial = configured === 0 ? SERIAL : configured;
    const doors: Door[] = Array.from({ length: codec.DOORS }, () => ({
      open: false,
      button: false,
      unlocked_until: 0,
      mode: 3,
      delay_s: DELAY_S,
    }));
    const doorAt = (door: number) => doors[door - 1];
    let events: Kept[] = [];
    let newest = 0;
    let position = 0;
    let special = false;
    let listener: { readonly host: string; readonly port: number } | undefined;
    let live: Kept[] = [];
    let sequence = 0;
    let now = 0;
    const told: Record<string, Value | null> = {};
    const perDoor = ['door', 'button', 'held', 'card'].flatMap((name) =>
      Array.from({ length: count }, (_, index) => `${name}-${index + 1}`),
    );
    const fixed = settable([...perDoor, 'fire', 'forced-lock', 'error', 'kept', 'cleared', 'refuses']);

    const happen = (type: number, reason: number, door = 0, card = 0) => {
      newest += 1;
      const [granted, direction] = [Number(card > 0), door > 0 ? 1 : 0];
      const bytes = [type, granted, door, direction, ...word(card), ...timeOf(now), reason];
      const event = { index: newest, bytes };
      events = [...events, event].slice(-KEPT);
      if (listener) live.push(event);
    };
    const isUnlocked = ({ unlocked_until, mode }: Door) =>
      fixed.get('fire') === true || mode === 1 || (mode === 3 && now < unlocked_until);
    const unlock = (door: Door) => {
      door.unlocked_until = now + 1000 * door.delay_s;
    };
    const statusBytes = (event: Kept | undefined): Uint8Array => {
      sequence += 1;
      const relays = doors.reduce((bits, door, at) => bits | (Number(isUnlocked(door)) << at), 0);
      const inputs = Number(fixed.get('forced-lock') === true) + 2 * Number(fixed.get('fire') === true);
      const [, year = 0, month = 0, day = 0, ...clock] = timeOf(now);
      return packet(0x20, serial, [
        ...(event ? [...word(event.index), ...event.bytes] : new Array(20).fill(0)),
        ...doors.map(({ open }) => Number(open)),
        ...doors.map(({ button }) => Number(button)),
        Number(fixed.get('error') ?? 0),
        ...clock,
        ...word(sequence),
        ...[0, 0, 0, 0, 0],
        ...[relays, inputs, year, month, day],
      ]);
    };
    const agree = (fn: number, ok = true) =>
      packet(fn, serial, [Number(ok && fixed.get('refuses') !== true)]);
    const control = (fn: number, at: number) => {
      const door = doorAt(at);
      return door ? packet(fn, serial, [at, door.mode, door.delay_s]) : undefined;
    };
    const eventReply = (index: number): Uint8Array => {
      const found =
        index === 0
          ? events[0]
          : index === 0xffff_ffff
            ? events.at(-1)
            : events.find((event) => event.index === index);
      if (found) return packet(0xb0, serial, [...word(found.index), ...found.bytes]);
      const gone = index > 0 && index < (events[0]?.index ?? 0);
      return packet(0xb0, serial, [0, 0, 0, 0, gone ? 0xff : 0]);
    };

    const answer = (bytes: Uint8Array): Uint8Array | undefined => {
      const fn = u8(bytes, 1);
      const door = doorAt(u8(bytes, 8));
      switch (fn) {
        case 0x20: {
          const status = statusBytes(events.at(-1));
          const said = codec.readMessage(status);
          if (said.kind === 'status') Object.assign(told, statusPoints(said.status, count));
          return status;
        }
        case 0x40:
          if (door && door.mode === 3 && fixed.get('refuses') !== true) {
            unlock(door);
            happen(2, 44, u8(bytes, 8));
          }
          return agree(fn, door !== undefined);
        case 0x80:
          if (door && fixed.get('refuses') !== true) {
            [door.mode, door.delay_s, door.unlocked_until] = [u8(bytes, 9), u8(bytes, 10), 0];
          }
          return control(fn, u8(bytes, 8));
        case 0x82:
          return control(fn, u8(bytes, 8));
        case 0x8e:
          special = u8(bytes, 8) === 1;
          return agree(fn);
        case 0x90:
          listener = { host: bytes.subarray(8, 12).join('.'), port: u8(bytes, 12) + 256 * u8(bytes, 13) };
          return agree(fn);
        case 0x92: {
          const { host = '0.0.0.0', port = 0 } = listener ?? {};
          return packet(fn, serial, [...host.split('.').map(Number), port & 0xff, port >> 8]);
        }
        case 0x94:
          return packet(fn, serial, [
            192,
            168,
            0,
            100,
            255,
            255,
            255,
            0,
            192,
            168,
            0,
            1,
            ...MAC,
            0x08,
            0x92,
            ...BUILT,
          ]);
        case 0xb0:
          return eventReply(u32le(bytes, 8));
        case 0xb2:
          if (u32le(bytes, 12) === 0x55aa_aa55) position = u32le(bytes, 8);
          return agree(fn, u32le(bytes, 12) === 0x55aa_aa55);
        case 0xb4:
          return packet(fn, serial, word(position));
        default:
          return undefined;
      }
    };

    const perceive = (name: string, value: unknown) => {
      const at = Number(name.slice(name.lastIndexOf('-') + 1));
      const door = doorAt(at);
      const is = value === true;
      if (name === 'fire' && is) happen(3, 39);
      if (name === 'cleared' && is) [events, newest, position, live] = [[], 0, 0, []];
      if (name === 'kept') events = events.slice(-Number(value));
      if (!door) return;
      if (name.startsWith('held-') && is) happen(3, 37, at);
      if (name.startsWith('card-') && Number(value) > 0) {
        happen(1, 1, at, Number(value));
        unlock(door);
      }
      if (name.startsWith('button-') && door.button !== is) {
        door.button = is;
        if (is && special) happen(2, 20, at);
        if (is) unlock(door);
      }
      if (name.startsWith('door-') && door.open !== is) {
        door.open = is;
        if (is && !isUnlocked(door)) happen(3, 38, at);
        else if (special) happen(2, is ? 23 : 24, at);
      }
    };

    return {
      kind: 'udp',
      said: () => told,
      set(values: JsonObject) {
        fixed.set(values);
        for (const [name, value] of Object.entries(values)) perceive(name, value);
      },
      receive(bytes, up) {
        now = Math.max(now, up);
        if (bytes.length !== codec.PACKET || u8(bytes, 0) !== 0x17) return NOTHING;
        const whom = u32le(bytes, 4);
        // Only a question who is there may be to everybody.
        if (whom !== serial && !(whom === 0 && u8(bytes, 1) === 0x94)) return NOTHING;
        return answer(bytes) ?? NOTHING;
      },
      speak(up) {
        now = Math.max(now, up);
        const event = listener && live.shift();
        return event && listener && { bytes: statusBytes(event), to: listener, next_ms: LIVE_EVERY_MS };
      },
    };
  },
});

const NOTHING = new Uint8Array();
const MAC = [0x00, 0x66, 0x19, 0x39, 0x55, 0x2d];
const BUILT = [0x20, 0x18, 0x08, 0x16];

function packet(fn: number, serial: number, body: readonly number[]): Uint8Array {
  const head = Uint8Array.from([0x17, fn, 0, 0, ...word(serial), ...body]);
  return concat(head, new Uint8Array(codec.PACKET - head.length));
}

/** Low byte first. */
const word = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);

/** Its clock began at midnight of an autumn day: century, year, month, day, hour, minute, second in decimal digits. */
function timeOf(up: number): number[] {
  const seconds = Math.floor(up / 1000) % 86_400;
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return [
    0x20,
    0x26,
    0x11,
    0x24,
    ...parts.map((part) => ((Math.floor(part / 10) << 4) | (part % 10)) & 0xff),
  ];
}
