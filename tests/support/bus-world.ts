import { onTestFinished } from 'vitest';
import { type BusSettings, openBus } from '../../src/buses/index.ts';
import type { Bus, BytePort, Call, PortOpener, Priority, UnitSettings } from '../../src/contracts/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { cutFrames, openModbus, rtuFrame, tcpFrame } from '../../src/kit/index.ts';
import { rtuRequests, tcpRequests } from '../../src/simulate/requests.ts';
import { noChips } from './no-chips.ts';
import { dice, healthNotes, quietLog } from './quiet.ts';
import { VirtualClock } from './virtual-clock.ts';

/** The far end of one wire in memory and in virtual time: it hears what is written, and says bytes when it likes. */
class FarWire {
  readonly written: { readonly up: number; readonly bytes: Uint8Array }[] = [];
  /** How each port was closed: `true` when what had not left was to be dropped. */
  readonly closings: boolean[] = [];
  openings = 0;
  /** Opening fails with this. */
  refusal: Fault | undefined;
  /** What is written is never taken. */
  stuck = false;
  hear: (bytes: Uint8Array) => void = () => {};
  private data: (chunk: Uint8Array) => void = () => {};
  private lost: (reason: Error) => void = () => {};
  private readonly clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  readonly ports: PortOpener = { serial: () => this.open(), tcp: () => this.open(), ...noChips };

  say(bytes: Uint8Array, after_ms = 0): void {
    void this.clock.sleep('far end speaks', after_ms).then(() => this.data(bytes));
  }

  /** The bytes one by one, as the line carries them; from `after_ms` on. */
  spell(bytes: Uint8Array, char_ms: number, after_ms = 0): void {
    for (const [index, byte] of bytes.entries())
      this.say(Uint8Array.of(byte), after_ms + (index + 1) * char_ms);
  }

  pull(reason = 'pulled out'): void {
    this.lost(new Error(reason));
  }

  private async open(): Promise<BytePort> {
    this.openings += 1;
    if (this.refusal) throw this.refusal;
    let open = true;
    return {
      write: async (bytes) => {
        if (this.stuck) return new Promise(() => {});
        this.written.push({ up: this.clock.now().up, bytes: bytes.slice() });
        this.hear(bytes.slice());
      },
      onData: (listener) => {
        this.data = (chunk) => {
          if (open) listener(chunk);
        };
      },
      onLost: (listener) => {
        this.lost = listener;
      },
      close: async (drop = false) => {
        open = false;
        this.closings.push(drop);
      },
    };
  }
}

/** Units of one wire: what each answers to a PDU; undefined: nothing. */
export type Units = Readonly<Record<number, (pdu: Uint8Array) => Uint8Array | undefined>>;

/** Puts units on an RTU wire. Requests and replies take their time on the line, and a unit waits t3.5. */
export function rtuUnits(
  wire: FarWire,
  units: Units,
  pace: { readonly char_ms: number; readonly gap_ms: number },
) {
  let unread: Uint8Array = new Uint8Array();
  const requests: { readonly unit: number; readonly pdu: Uint8Array }[] = [];
  wire.hear = (bytes) => {
    unread = Uint8Array.from([...unread, ...bytes]);
    const { frames, used } = cutFrames(unread, rtuRequests);
    unread = unread.subarray(used);
    for (const frame of frames) {
      const { unit, pdu } = openModbus(frame);
      requests.push({ unit, pdu });
      const reply = units[unit]?.(pdu);
      if (!reply) continue;
      const out = rtuFrame(unit, reply);
      wire.say(out, (frame.length + out.length) * pace.char_ms + pace.gap_ms);
    }
  };
  return requests;
}

/** The same for Modbus TCP; each reply after so many ms. */
export function tcpUnits(wire: FarWire, units: Units, after_ms = 1) {
  let unread: Uint8Array = new Uint8Array();
  const requests: { readonly unit: number; readonly pdu: Uint8Array; readonly transaction: number }[] = [];
  wire.hear = (bytes) => {
    unread = Uint8Array.from([...unread, ...bytes]);
    const { frames, used } = cutFrames(unread, tcpRequests);
    unread = unread.subarray(used);
    for (const frame of frames) {
      const transaction = ((frame[0] ?? 0) << 8) | (frame[1] ?? 0);
      const unit = frame[6] ?? 0;
      const pdu = frame.subarray(7);
      requests.push({ unit, pdu, transaction });
      const reply = units[unit]?.(pdu);
      if (reply) wire.say(tcpFrame(transaction, unit, reply), after_ms);
    }
  };
  return requests;
}

/** A unit that answers every read of registers with the addresses it was asked for, and every write with what it should. */
export const parrot = (pdu: Uint8Array): Uint8Array => {
  const [fn = 0, high = 0, low = 0, , count = 0] = pdu;
  if (fn > 4) return pdu.slice(0, 5);
  const at = (high << 8) | low;
  const words = Array.from({ length: count }, (_, index) => at + index);
  return Uint8Array.from([fn, 2 * count, ...words.flatMap((word) => [word >> 8, word & 0xff])]);
};

/** Buses that carry bytes. */
type Wired = Exclude<BusSettings, { readonly type: `gpio${string}` | 'firmata' | 'udp' | 'http' }>;
type Of<T extends Wired['type']> = Extract<Wired, { readonly type: T }>;

const DEFAULTS: { readonly [T in Wired['type']]: Omit<Of<T>, 'id' | 'type'> } = {
  'modbus-rtu': {
    path: '/wire',
    baud: 9600,
    parity: 'none',
    data_bits: 8,
    stop_bits: 1,
    echo: 'none',
    turnaround_ms: 100,
    max_hole: 8,
  },
  'modbus-rtu-tcp': {
    host: 'far',
    port: 1,
    connect_timeout_ms: 1000,
    baud: 9600,
    echo: 'none',
    turnaround_ms: 100,
    max_hole: 8,
  },
  'modbus-tcp': { host: 'far', port: 1, connect_timeout_ms: 1000, in_flight: 1, max_hole: 8 },
  serial: { path: '/wire', baud: 9600, parity: 'none', data_bits: 8, stop_bits: 1 },
  'serial-tcp': { host: 'far', port: 1, connect_timeout_ms: 1000, baud: 9600 },
};

/** A real bus on a far end in memory, in virtual time; open when this resolves. */
export async function busWorld<T extends Wired['type']>(
  type: T,
  more: Partial<Omit<Of<T>, 'id' | 'type'>> = {},
  clock = new VirtualClock(),
) {
  const wire = new FarWire(clock);
  const health = healthNotes();
  const beats = new Map<string, number>();
  const heartbeat = {
    beat: (loop: string, next_ms = 60_000) => void beats.set(loop, clock.now().up + next_ms),
  };
  // The spread forgets that settings and type belong together.
  const settings = { id: 'bus', type, ...DEFAULTS[type], ...more } as unknown as BusSettings;
  const bus: Bus = openBus(settings, {
    ports: wire.ports,
    clock,
    health,
    log: quietLog,
    random: dice(1),
    heartbeat,
  });
  onTestFinished(() => bus.close());
  await clock.advance(50);
  return { bus, wire, clock, health, beats };
}

export const unit = (id: number, more: Partial<UnitSettings> = {}): UnitSettings => ({
  unit: id,
  timeout_ms: 200,
  gap_ms: 0,
  reply_delay_ms: 0,
  ...more,
});

export const call = (priority: Priority = 'poll', signal = new AbortController().signal): Call => ({
  priority,
  signal,
});

/** What came of a promise so far; undefined: nothing yet. */
export function outcome<T>(promise: Promise<T>): {
  value?: T;
  fault?: Fault;
  other?: unknown;
  readonly done: boolean;
} {
  const seen: { value?: T; fault?: Fault; other?: unknown; done: boolean } = { done: false };
  promise.then(
    (value) => {
      seen.value = value;
      seen.done = true;
    },
    (error: unknown) => {
      if (error instanceof Fault) seen.fault = error;
      else seen.other = error;
      seen.done = true;
    },
  );
  return seen;
}
