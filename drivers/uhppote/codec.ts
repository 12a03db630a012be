import { concat, Fault, toHex, u8, u16be, u32le } from '#kit';
import { type Reason, reasonOf } from './reasons.ts';

/**
 * Packets of UHPPOTE controllers (UDP, port 60000): always 64 bytes, 0x17, the function, two zeros, the serial number low byte first. There is
 * no checksum but that of UDP. Layouts after uhppoted/uhppote-core@117ff01, messages/*.go; no document of the maker is public.
 */
export const PACKET = 64;
const START = 0x17;
/** Live events of firmware 6.62 begin otherwise. */
const START_V6_62 = 0x19;
export const DOORS = 4;
export const LONGEST_DELAY_S = 255;

const FUNCTION = {
  status: 0x20,
  'open-door': 0x40,
  'door-control': 0x80,
  'read-control': 0x82,
  'special-events': 0x8e,
  listener: 0x90,
  'read-listener': 0x92,
  discover: 0x94,
  event: 0xb0,
  'set-position': 0xb2,
  position: 0xb4,
} as const;
type FunctionName = keyof typeof FUNCTION;

/** What a door does by itself: `open` and `closed` whatever comes, or `controlled` by cards, buttons and the host. */
const MODES = { open: 1, closed: 2, controlled: 3 } as const;
export type DoorMode = keyof typeof MODES;

export interface DoorControl {
  readonly door: number;
  readonly mode: DoorMode;
  /** How long the door is unlocked when it is opened; the controller ends it. */
  readonly delay_s: number;
}

/** Asks who is there; every controller that hears it answers. */
export const discoverRequest = (): Uint8Array => packet('discover', 0);
export const statusRequest = (serial: number): Uint8Array => packet('status', serial);
/** Unlocks a door for the delay that the controller keeps for it. */
export const openDoorRequest = (serial: number, door: number): Uint8Array =>
  packet('open-door', serial, [doorByte(door)]);
export const doorControlRequest = (serial: number, { door, mode, delay_s }: DoorControl): Uint8Array =>
  packet('door-control', serial, [doorByte(door), MODES[mode], byteWithin('delay_s', delay_s, 0, 255)]);
/** Where live events go: four bytes of address, then the port, low byte first. */
export const listenerRequest = (serial: number, address: string, port: number): Uint8Array => {
  byteWithin('port', port >> 8, 0, 255);
  return packet('listener', serial, [...addressBytes(address), port & 0xff, port >> 8]);
};
/** Door and button events are told only after this. */
export const specialEventsRequest = (serial: number, on: boolean): Uint8Array =>
  packet('special-events', serial, [Number(on)]);

export const readControlRequest = (serial: number, door: number): Uint8Array =>
  packet('read-control', serial, [doorByte(door)]);
export const readListenerRequest = (serial: number): Uint8Array => packet('read-listener', serial);
/** One event of the history. 0: the oldest that is left. */
export const eventRequest = (serial: number, index: number): Uint8Array =>
  packet('event', serial, wordBytes(index));
/** The controller keeps for its host how far that has read the history. */
export const positionRequest = (serial: number): Uint8Array => packet('position', serial);
export const setPositionRequest = (serial: number, index: number): Uint8Array =>
  packet('set-position', serial, [...wordBytes(index), ...MAGIC]);
/** Without it the controller does not believe that it is meant. */
const MAGIC = [0x55, 0xaa, 0xaa, 0x55];

/** A time asked for → the delay of a door: whole seconds, rounded up. */
export const delaySeconds = (ms: number): number =>
  Math.max(1, Math.min(LONGEST_DELAY_S, Math.ceil(ms / 1000)));

/** Something a controller says. Times are those of its own clock, without a zone; null: it has none. */
export type Message =
  | { readonly kind: 'controller'; readonly serial: number; readonly controller: Controller }
  | { readonly kind: 'status'; readonly serial: number; readonly status: Status }
  /** These are answered with yes or no. */
  | {
      readonly kind: 'answer';
      readonly serial: number;
      readonly to: 'open-door' | 'listener' | 'special-events' | 'set-position';
      readonly ok: boolean;
    }
  | { readonly kind: 'listener'; readonly serial: number; readonly host: string; readonly port: number }
  /** undefined: there is no such event; `overwritten`: there was. */
  | {
      readonly kind: 'event';
      readonly serial: number;
      readonly event: ControllerEvent | undefined;
      readonly overwritten: boolean;
    }
  | { readonly kind: 'position'; readonly serial: number; readonly index: number }
  /** The setting as it is now. */
  | { readonly kind: 'door-control'; readonly serial: number; readonly control: DoorControl };

export interface Controller {
  readonly ip: string;
  readonly mask: string;
  readonly gateway: string;
  readonly mac: string;
  readonly firmware: string;
  readonly date: string | null;
}

export interface Status {
  /** The newest event; undefined: the controller has none. */
  readonly event: ControllerEvent | undefined;
  /** Door n is open, by its contact. */
  readonly open: readonly boolean[];
  readonly buttons: readonly boolean[];
  /** The lock of door n is released. */
  readonly unlocked: readonly boolean[];
  readonly forced_lock: boolean;
  readonly fire: boolean;
  /** 0: it has none. */
  readonly error: number;
  readonly at: string | null;
  readonly sequence: number;
}

export interface ControllerEvent {
  /** Grows by one with each event; a jump tells of events that were missed. */
  readonly index: number;
  readonly type: 'none' | 'swipe' | 'door' | 'alarm' | 'overwritten' | 'other';
  readonly granted: boolean;
  readonly door: number;
  readonly direction: 'in' | 'out' | null;
  /** Identifies a person. */
  readonly card: number;
  readonly at: string | null;
  readonly code: number;
  readonly reason: Reason;
}

/**
 * What a controller says: the answer to a request, or a live event (which looks like a status). Faults: driver.frame-length,
 * driver.frame-unknown, driver.value for a field that cannot be.
 */
export function readMessage(bytes: Uint8Array): Message {
  const name = functionOf(bytes);
  const serial = u32le(bytes, 4);
  if (serial === 0) throw unknown('an answer without a serial number');
  switch (name) {
    case 'discover':
      return { kind: 'controller', serial, controller: controllerOf(bytes) };
    case 'status':
      return { kind: 'status', serial, status: statusOf(bytes) };
    case 'door-control':
    case 'read-control':
      return { kind: 'door-control', serial, control: controlOf(bytes) };
    case 'read-listener':
      return { kind: 'listener', serial, host: dotted(bytes, 8), port: u8(bytes, 12) + 256 * u8(bytes, 13) };
    case 'event': {
      const index = u32le(bytes, 8);
      const overwritten = TYPES[u8(bytes, 12)] === 'overwritten';
      return {
        kind: 'event',
        serial,
        event: index === 0 || overwritten ? undefined : eventOf(bytes, index),
        overwritten,
      };
    }
    case 'position':
      return { kind: 'position', serial, index: u32le(bytes, 8) };
    default:
      return { kind: 'answer', serial, to: name, ok: flag(bytes, 8, name) };
  }
}

/** Whether a datagram can be the answer: its function, and the door or event that was asked for. Replies carry nothing else that tells. */
export function answers(request: Uint8Array, datagram: Uint8Array): boolean {
  const name = functionOf(datagram);
  if (name !== functionOf(request)) return false;
  if (name === 'door-control' || name === 'read-control') return u8(datagram, 8) === u8(request, 8);
  if (name !== 'event') return true;
  const [asked, got] = [u32le(request, 8), u32le(datagram, 8)];
  return asked === 0 || got === 0 || got === asked;
}

/** A question of the host that no controller says: one that carries nothing but what is asked for. */
export function isQuestion(bytes: Uint8Array): boolean {
  const name = functionOf(bytes);
  if (name !== 'status' && name !== 'read-listener' && name !== 'position' && name !== 'event') return false;
  return bytes.subarray(name === 'event' ? 12 : 8).every((byte) => byte === 0);
}

/** One line for a packet of the host's side. The same faults. */
export function describeRequest(bytes: Uint8Array): string {
  const name = functionOf(bytes);
  const serial = u32le(bytes, 4);
  if (serial === 0 && name !== 'discover') throw unknown('a request to nobody');
  const whom = serial === 0 ? 'everybody' : `controller ${serial}`;
  if (name === 'open-door') return `asks ${whom} to open door ${doorAt(bytes)}`;
  if (name === 'door-control') {
    const { door, mode, delay_s } = controlOf(bytes);
    return `tells ${whom} that door ${door} is ${mode}, unlocked for ${delay_s} s when opened`;
  }
  if (name === 'listener')
    return `tells ${whom} to send events to ${dotted(bytes, 8)}:${u8(bytes, 12) + 256 * u8(bytes, 13)}`;
  if (name === 'special-events')
    return `tells ${whom} to ${flag(bytes, 8, name) ? '' : 'not '}tell of doors and buttons`;
  if (name === 'read-control') return `asks ${whom} how door ${doorAt(bytes)} is set`;
  if (name === 'event') return `asks ${whom} for event ${u32le(bytes, 8)}`;
  if (name === 'set-position') return `tells ${whom} that events up to ${u32le(bytes, 8)} are known`;
  if (bytes.subarray(8).some((byte) => byte !== 0)) throw unknown('a question that says something');
  const asked = {
    discover: 'who is there',
    status: 'for its status',
    'read-listener': 'where it sends events to',
    position: 'up to which event it was read',
  } as const;
  return `asks ${whom} ${asked[name]}`;
}

function packet(name: FunctionName, serial: number, body: readonly number[] = []): Uint8Array {
  if (!Number.isInteger(serial) || serial < 0 || serial > 0xffff_ffff)
    throw new Fault('driver.value', { point: 'serial', got: serial, expected: '0 to 4294967295' });
  const head = [START, FUNCTION[name], 0, 0, ...wordBytes(serial), ...body];
  return concat(head, new Uint8Array(PACKET - head.length));
}

/** Low byte first. */
const wordBytes = (word: number): number[] => [0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff);

function functionOf(bytes: Uint8Array): FunctionName {
  if (bytes.length !== PACKET)
    throw new Fault('driver.frame-length', { got: bytes.length, expected: PACKET });
  const start = u8(bytes, 0);
  const code = u8(bytes, 1);
  const name = NAMES.find((each) => FUNCTION[each] === code);
  if (!name) throw unknown(`function 0x${code.toString(16).padStart(2, '0')} is not used here`);
  if (start !== START && !(start === START_V6_62 && name === 'status'))
    throw unknown(`it begins with 0x${start.toString(16)}, not 0x17`);
  return name;
}

const NAMES = [
  'status',
  'open-door',
  'door-control',
  'read-control',
  'special-events',
  'listener',
  'read-listener',
  'discover',
  'event',
  'set-position',
  'position',
] as const;

const controllerOf = (bytes: Uint8Array): Controller => ({
  ip: dotted(bytes, 8),
  mask: dotted(bytes, 12),
  gateway: dotted(bytes, 16),
  mac: toHex(bytes.subarray(20, 26)).replaceAll(' ', ':').toLowerCase(),
  // 08 92 is version 8.92.
  firmware: `${bcd(bytes, 26, 'firmware')}.${bcdText(bytes, 27, 'firmware')}`,
  date: dateAt(bytes, 28),
});

function statusOf(bytes: Uint8Array): Status {
  const index = u32le(bytes, 8);
  const relays = u8(bytes, 49);
  const inputs = u8(bytes, 50);
  return {
    event: index === 0 ? undefined : eventOf(bytes, index),
    open: doors((door) => flag(bytes, 27 + door, `door ${door}`)),
    buttons: doors((door) => flag(bytes, 31 + door, `button ${door}`)),
    unlocked: doors((door) => ((relays >> (door - 1)) & 1) === 1),
    forced_lock: (inputs & 1) !== 0,
    fire: (inputs & 2) !== 0,
    error: u8(bytes, 36),
    at: systemTime(bytes),
    sequence: u32le(bytes, 40),
  };
}

function eventOf(bytes: Uint8Array, index: number): ControllerEvent {
  const code = u8(bytes, 27);
  const direction = u8(bytes, 15);
  return {
    index,
    type: TYPES[u8(bytes, 12)] ?? 'other',
    granted: flag(bytes, 13, 'granted'),
    door: u8(bytes, 14),
    direction: direction === 1 ? 'in' : direction === 2 ? 'out' : null,
    card: u32le(bytes, 16),
    at: eventTime(bytes),
    code,
    reason: reasonOf(code),
  };
}

const TYPES: Readonly<Record<number, ControllerEvent['type']>> = {
  0: 'none',
  1: 'swipe',
  2: 'door',
  3: 'alarm',
  255: 'overwritten',
};

function controlOf(bytes: Uint8Array): DoorControl {
  const code = u8(bytes, 9);
  const mode = (['open', 'closed', 'controlled'] as const).find((each) => MODES[each] === code);
  if (!mode) throw new Fault('driver.value', { point: 'mode', got: code, expected: '1, 2 or 3' });
  return { door: doorAt(bytes), mode, delay_s: u8(bytes, 10) };
}

const doors = <T>(of: (door: number) => T): T[] => Array.from({ length: DOORS }, (_, index) => of(index + 1));

const doorAt = (bytes: Uint8Array): number => doorByte(u8(bytes, 8));

const doorByte = (door: number): number => byteWithin('door', door, 1, DOORS);

function byteWithin(point: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Fault('driver.value', { point, got: value, expected: `${min} to ${max}` });
}

function flag(bytes: Uint8Array, at: number, point: string): boolean {
  const byte = u8(bytes, at);
  if (byte > 1) throw new Fault('driver.value', { point, got: byte, expected: '0 or 1' });
  return byte === 1;
}

const dotted = (bytes: Uint8Array, at: number): string =>
  [0, 1, 2, 3].map((offset) => u8(bytes, at + offset)).join('.');

function addressBytes(address: string): number[] {
  const parts = address.split('.').map(Number);
  if (parts.length === 4 && /^[\d.]+$/.test(address) && parts.every((part) => part <= 255)) return parts;
  throw new Fault('driver.value', { point: 'address', got: address, expected: 'four numbers with dots' });
}

/** Two decimal digits in a byte: 0x19 is 19. */
function bcd(bytes: Uint8Array, at: number, point: string): number {
  const byte = u8(bytes, at);
  if ((byte & 0x0f) > 9 || byte >> 4 > 9)
    throw new Fault('driver.value', {
      point,
      got: toHex(Uint8Array.of(byte)),
      expected: 'two decimal digits',
    });
  return (byte >> 4) * 10 + (byte & 0x0f);
}

const bcdText = (bytes: Uint8Array, at: number, point: string): string =>
  String(bcd(bytes, at, point)).padStart(2, '0');

/** YYYY MM DD; all zeros: none. */
const dateAt = (bytes: Uint8Array, at: number): string | null =>
  u16be(bytes, at) === 0 ? null : fields(bytes, at + 1, ['month', 'day'], `${bcdText(bytes, at, 'year')}`);

function fields(bytes: Uint8Array, at: number, names: readonly string[], century: string): string {
  const year = century + bcdText(bytes, at, 'year');
  return [year, ...names.map((name, index) => bcdText(bytes, at + 1 + index, name))].join('-');
}

const timeAt = (bytes: Uint8Array, at: number): string =>
  ['hour', 'minute', 'second'].map((name, index) => bcdText(bytes, at + index, name)).join(':');

/** Year with century at 20, then month, day, hour, minute, second. */
function eventTime(bytes: Uint8Array): string | null {
  const date = dateAt(bytes, 20);
  return date === null ? null : `${date}T${timeAt(bytes, 24)}`;
}

/** The date stands without its century (at 51), away from the time (at 37). */
function systemTime(bytes: Uint8Array): string | null {
  if (u8(bytes, 51) === 0 && u16be(bytes, 52) === 0) return null;
  return `${fields(bytes, 51, ['month', 'day'], '20')}T${timeAt(bytes, 37)}`;
}

const unknown = (reason: string) => new Fault('driver.frame-unknown', { driver: 'uhppote', reason });
