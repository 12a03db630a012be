import type { ClockState, Stamp } from '../model/index.ts';
import type { GivenFile } from './driver.ts';

/** What is known of a file before it is there. */
export interface FileLabel {
  /** UUIDv7. */
  readonly id: string;
  readonly device: string;
  /** What it follows from: an alarm, a decision, a command. */
  readonly ref: string;
  /** When it was ordered; `unix_ms` as far as it was known then. */
  readonly stamp: Stamp;
  readonly unix_ms: number;
  readonly clock: ClockState;
}

/** A file that a power cut does not lose any more. */
export interface KeptFile extends FileLabel {
  /** Grows by 1; the lowest makes room first. */
  readonly number: number;
  readonly type: GivenFile['type'];
  readonly bytes: number;
  /** Of its bytes, hex. */
  readonly sha256: string;
}

/**
 * A ring of files within a quota. One is written at a time and few may wait, so that it costs a bounded part of memory, and one thread of the pool at
 * most whatever the disk does. A file is there as a whole or not at all, also after a power cut at any moment. Nothing that is written makes more room
 * than it needs. After `close` every call rejects with snapshots.closed; what waits then is written as far as the disk allows within the time given.
 */
export interface FileKeeper {
  /** Resolves when it is durable. Rejects with snapshots.too-large, snapshots.busy (too many wait), snapshots.disk. */
  keep(file: GivenFile, label: FileLabel): Promise<KeptFile>;
  /** Lowest number first. Rejects with snapshots.disk. */
  list(): Promise<readonly KeptFile[]>;
  /** Rejects with snapshots.unknown, snapshots.evicted (it had to make room in this run), snapshots.disk. */
  find(id: string): Promise<KeptFile>;
  /** At most so many bytes from there on. The same faults; snapshots.damaged when the disk gives fewer. */
  read(id: string, from: number, most: number): Promise<Uint8Array>;
  close(): Promise<void>;
}
