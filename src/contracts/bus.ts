import type { JsonObject, Millis } from '../model/index.ts';
import type { ChipOpener, LineWish } from './lines.ts';
import type { BytesLink, HttpLink, LineLink, ModbusLink, UdpLink } from './links.ts';

/** A duplex of bytes as the world opens it: a serial port, a TCP socket. */
export interface BytePort {
  /** Resolves when the bytes have been handed to the system (serial: drained to the wire as far as the system can tell). */
  write(bytes: Uint8Array): Promise<void>;
  /** Called for every chunk that arrives, from opening on. One listener; set before any await after opening. */
  onData(listener: (chunk: Uint8Array) => void): void;
  /** Called once, when the port vanished or failed; not after `close`. */
  onLost(listener: (reason: Error) => void): void;
  /** `drop`: what was written and has not left yet is discarded, since it must not arrive late. */
  close(drop?: boolean): Promise<void>;
}

/** A socket for datagrams. */
export interface DatagramPort {
  /** The port it is bound to. */
  readonly port: number;
  /** Resolves when the system has taken it. */
  send(bytes: Uint8Array, to: { readonly host: string; readonly port: number }): Promise<void>;
  /** One listener; set before any await after opening. */
  onDatagram(listener: (bytes: Uint8Array) => void): void;
  /** Called once when it failed; not after `close`. */
  onLost(listener: (reason: Error) => void): void;
  close(): Promise<void>;
}

export interface DatagramSettings {
  /** Local address; 0.0.0.0: all. */
  readonly bind: string;
  /** Local port; 0: any. */
  readonly port: number;
}

export interface TlsSettings {
  readonly host: string;
  readonly port: number;
  readonly timeout_ms: Millis;
  /** When it aborts, connecting ends with a fault. */
  readonly signal?: AbortSignal;
  /** PEM of the authority that is trusted in place of those of the system. */
  readonly ca?: string | undefined;
  /** SHA-256 of the one certificate that is taken, whoever signed it and whatever name it has: 64 hex digits. */
  readonly fingerprint?: string | undefined;
}

export type Parity = 'none' | 'even' | 'odd';

export interface SerialSettings {
  readonly path: string;
  readonly baud: number;
  readonly parity: Parity;
  readonly data_bits: 7 | 8;
  readonly stop_bits: 1 | 2;
  /** Kernel RS-485 direction control (TIOCSRS485); undefined: the adapter does it by itself. */
  readonly rs485?: {
    readonly rts_on_send: boolean;
    readonly delay_before_ms: number;
    readonly delay_after_ms: number;
  };
}

/** Opens ports. The world supplies it; a failed opening throws a Fault (bus.port-missing, -busy, -denied, bus.unreachable). */
export interface PortOpener {
  serial(settings: SerialSettings): Promise<BytePort>;
  /** When `signal` aborts, connecting ends with a fault. */
  tcp(host: string, port: number, timeout_ms: Millis, signal?: AbortSignal): Promise<BytePort>;
  /** The same with TLS 1.2 or better. The other side is who it says, always. Fault http.certificate. */
  tls(settings: TlsSettings): Promise<BytePort>;
  udp(settings: DatagramSettings): Promise<DatagramPort>;
  /** The address of this machine on the way to that host. */
  routeTo(host: string): Promise<string>;
  /** GPIO by the kernel's character device. */
  readonly chip: ChipOpener;
  /** GPIO by sysfs, for kernels without it. */
  readonly legacyChip: ChipOpener;
}

/** How one device wants its unit to be spoken to. */
export interface UnitSettings {
  /** Modbus unit id 1..247 (0 broadcast, 248..255 some boards); ignored on a bytes bus. */
  readonly unit: number;
  /** Longest wait for the first byte of a reply. */
  readonly timeout_ms: Millis;
  /** Silence to keep after this unit's reply before anything else is sent, beyond t3.5. */
  readonly gap_ms: Millis;
  /** The unit is known to answer late by this much; added to the timeout and to the budget. */
  readonly reply_delay_ms: Millis;
  /** Address of a device on a udp bus; left out: the bus's own, where everybody hears. */
  readonly host?: string;
}

export type BusState = 'opening' | 'up' | 'down' | 'closed';

/** Counters since start, for status, sniffing and the doctor. Times in ms. */
export interface BusStats {
  readonly state: BusState;
  readonly exchanges: number;
  readonly timeouts: number;
  readonly exceptions: number;
  readonly bad_checksum: number;
  readonly noise_bytes: number;
  readonly late_frames: number;
  readonly echoes: number;
  readonly bytes_out: number;
  readonly bytes_in: number;
  /** Share of time the wire was in use (frames and mandatory gaps) over the last minute, 0..1. */
  readonly use: number;
  readonly restarts: number;
  readonly units: Readonly<Record<string, JsonObject>>;
}

/**
 * Owns a wire and serialises it. It opens by itself, comes back by itself after the port vanished (with back-off),
 * and never takes another bus down. After `close` every pending call is rejected with bus.closed and nothing is heard from it.
 */
export interface Bus {
  readonly id: string;
  readonly kind: 'modbus' | 'bytes' | 'line' | 'udp' | 'http';
  modbus(device: string, settings: UnitSettings): ModbusLink;
  bytes(device: string, settings: UnitSettings): BytesLink;
  udp(device: string, settings: UnitSettings): UdpLink;
  http(device: string, settings: UnitSettings): HttpLink;
  /** The lines of a device, by the names its driver gives them. They are taken when the chip is open, all or none. */
  lines(device: string, wishes: Readonly<Record<string, LineWish>>): LineLink;
  stats(): BusStats;
  /** Closes and reopens the port now; pending calls are rejected with bus.down. */
  restart(): Promise<void>;
  /**
   * Leaves the port to another program of this machine, as a technician's tool; resolves when it is closed, with the way to take it back. Meanwhile
   * calls are rejected with bus.down. Faults: bus.lent, bus.closed, field.no-wire.
   */
  lend(): Promise<() => void>;
  close(): Promise<void>;
}
