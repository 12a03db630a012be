import type { Millis } from '../model/index.ts';
import type { Parity, SerialSettings } from './bus.ts';

/** How fast the characters of a line come, and how they are guarded. */
export interface LineSetting {
  readonly baud: number;
  readonly parity: Parity;
}

/**
 * A wire in the hands of a technician's tool: bytes out, bytes in, and nothing of its own in between. One exchange at a time. Where a gateway owns
 * the wire, it goes on with its own work between two exchanges, and a command of a door passes the next one.
 */
export interface Bench {
  /** How Modbus frames go on it. */
  readonly framing: 'rtu' | 'tcp';
  /** What its owner has set it to; undefined: nobody has said. */
  readonly own: LineSetting | undefined;
  /** Other settings can be tried; false: it has but one, or it may have but one. */
  readonly adjustable: boolean;
  /**
   * Waits for silence, sends, and gives all that came. Without bytes it only listens. Faults: bus.port-missing and its like, bus.unreachable, bus.down;
   * rejects with the signal's reason.
   */
  exchange(ask: BenchAsk, signal: AbortSignal): Promise<BenchHeard>;
  close(): Promise<void>;
}

export interface BenchAsk {
  readonly bytes: Uint8Array;
  readonly setting: LineSetting;
  /** How long the first byte is waited for, after the last one has left. What has begun may go on for as long as the wire needs. */
  readonly wait_ms: Millis;
  /** Nothing more is waited for; left out: all of `wait_ms` is. */
  readonly ends?: (bytes: Uint8Array) => boolean;
}

export interface BenchHeard {
  /** What came since the exchange before, before anything was sent. */
  readonly before: Uint8Array;
  readonly bytes: Uint8Array;
  /** From the last byte that was sent to the first that came; undefined: none came. */
  readonly first_ms: Millis | undefined;
}

/** What one is allowed to know of a wire without asking it. */
export type BenchPlace =
  | {
      readonly kind: 'serial';
      readonly path: string;
      /** Left out: nobody knows. */
      readonly own?: LineSetting;
      readonly data_bits?: 7 | 8;
      readonly stop_bits?: 1 | 2;
      readonly rs485?: NonNullable<SerialSettings['rs485']>;
    }
  /** RTU frames through a serial server, whose own speed only it can change. */
  | { readonly kind: 'rtu-tcp'; readonly host: string; readonly port: number; readonly own: LineSetting }
  | { readonly kind: 'modbus-tcp'; readonly host: string; readonly port: number };
