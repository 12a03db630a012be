import { crc32 } from 'node:zlib';
import type { Lane } from '../model/index.ts';

/**
 * SQLite finds a spoilt tree, but not a spoilt value in a sound one. So every row carries a sum of what it says; a row whose sum does not
 * hold is as good as lost, and is never believed.
 */
export const sumOf = (table: string, values: readonly unknown[]): number =>
  crc32(JSON.stringify([table, ...values]));

/** What a segment says of itself, and its body. */
export interface Summed {
  readonly lane: Lane;
  readonly id: number;
  readonly epoch: Buffer;
  readonly n: number;
  readonly at: number;
  readonly boot: number;
  readonly up: number;
  readonly length: number;
  readonly adler: number;
  readonly body: Uint8Array;
}

export function sumOfRow({ lane, id, epoch, n, at, boot, up, length, adler, body }: Summed): number {
  const head = JSON.stringify([lane, id, epoch.toString('hex'), n, at, boot, up, length, adler]);
  return crc32(body, crc32(head));
}

/** Is the row as it was written? */
export const isSound = (row: Summed & { readonly sum: number }): boolean => sumOfRow(row) === row.sum;
