import type {
  Clock,
  HealthSink,
  Heartbeat,
  HttpUser,
  Log,
  PortOpener,
  SerialSettings,
} from '../contracts/index.ts';
import type { Fault } from '../faults/index.ts';
import type { Millis } from '../model/index.ts';

interface Common {
  readonly id: string;
}
interface OverSerial extends SerialSettings {}
interface OverTcp {
  readonly host: string;
  readonly port: number;
  readonly connect_timeout_ms: Millis;
}
interface RtuFraming {
  /** What is sent comes back on some RS-485 adapters: find out, always drop it, or there is none. */
  readonly echo: 'auto' | 'drop' | 'none';
  /** After a broadcast the units need so long to act on it. */
  readonly turnaround_ms: Millis;
  /** Unused registers that are read along rather than asked for separately. */
  readonly max_hole: number;
}

interface OnChip {
  /** Label of the chip, as the kernel names it. */
  readonly chip: string;
}

/** `gpio` is the character device, `gpio-sysfs` the interface before it. `baud` of a serial server is that of its far side: it sets silences and timeouts. */
export type BusSettings =
  | (Common & OverSerial & RtuFraming & { readonly type: 'modbus-rtu' })
  | (Common & OverTcp & RtuFraming & { readonly type: 'modbus-rtu-tcp'; readonly baud: number })
  | (Common &
      OverTcp & { readonly type: 'modbus-tcp'; readonly in_flight: number; readonly max_hole: number })
  | (Common & OverSerial & { readonly type: 'serial' })
  | (Common & OverTcp & { readonly type: 'serial-tcp'; readonly baud: number })
  | (Common & {
      readonly type: 'udp';
      /** Where devices are that have no address of their own; a broadcast address reaches all. */
      readonly host: string;
      readonly port: number;
      readonly bind: string;
      /** Where devices send what they say unasked. */
      readonly listen_port?: number | undefined;
    })
  | (Common &
      OverTcp & {
        readonly type: 'http';
        readonly scheme: 'http' | 'https';
        readonly login?: HttpUser | undefined;
        readonly auth: 'digest' | 'basic';
        /** PEM of the authority that is trusted. */
        readonly ca?: string | undefined;
        /** SHA-256 of the one certificate that is taken: 64 hex digits. */
        readonly fingerprint?: string | undefined;
        /** Its secrets could not be had: nothing is asked, and this is why. */
        readonly trouble?: Fault | undefined;
      })
  | (Common & OnChip & { readonly type: 'gpio' })
  | (Common & OnChip & { readonly type: 'gpio-sysfs' })
  | (Common & { readonly type: 'firmata'; readonly path: string; readonly baud: number });

/** What a bus needs from outside. */
export interface BusWorld {
  readonly ports: PortOpener;
  readonly clock: Clock;
  readonly health: HealthSink;
  readonly log: Log;
  readonly random: () => number;
  readonly heartbeat?: Heartbeat;
}

/** Bits of one character on the line: start, data, parity, stop. */
export const bitsPerCharacter = (
  serial: Pick<SerialSettings, 'data_bits' | 'parity' | 'stop_bits'>,
): number => 1 + serial.data_bits + (serial.parity === 'none' ? 0 : 1) + serial.stop_bits;
