import { createHash } from 'node:crypto';
import { addRange, type Lane, type SeqRange } from '../model/index.ts';

const CHUNK = 65_536;
const CODE: Readonly<Record<Lane, number>> = { a: 1, b: 2, c: 3 };

/** Which seqs of one epoch came, and in which lane: one byte each. A gateway sends seqs nearly in order, so chunks fill up and are never sparse. */
export class Seqs {
  private readonly chunks = new Map<number, Uint8Array>();
  head = 0;
  count = 0;

  /** False when it had come before. */
  add(seq: number, lane: Lane): boolean {
    const at = Math.floor(seq / CHUNK);
    let chunk = this.chunks.get(at);
    if (!chunk) {
      chunk = new Uint8Array(CHUNK);
      this.chunks.set(at, chunk);
    }
    const offset = seq - at * CHUNK;
    if (chunk[offset] !== 0) return false;
    chunk[offset] = CODE[lane];
    this.count += 1;
    if (seq > this.head) this.head = seq;
    return true;
  }

  /** The seqs of the range that did not come, ascending. A range may be of any length: only where something came is looked at one by one. */
  missing([from, to]: SeqRange): SeqRange[] {
    const found: SeqRange[] = [];
    let open = from;
    for (const seq of this.inside([from, to])) {
      if (open < seq) found.push([open, seq - 1]);
      open = seq + 1;
    }
    if (open <= to) found.push([open, to]);
    return found;
  }

  /** Number and SHA-256 (8 bytes big-endian each, ascending) of the seqs of a lane in a range: the digest of the contract. */
  digest(lane: Lane, range: SeqRange): { readonly count: number; readonly sha256: string } {
    const hash = createHash('sha256');
    const buffer = Buffer.alloc(8 * 4096);
    let filled = 0;
    let count = 0;
    for (const seq of this.inside(range, CODE[lane])) {
      buffer.writeUInt32BE(Math.floor(seq / 2 ** 32), filled);
      buffer.writeUInt32BE(seq % 2 ** 32, filled + 4);
      filled += 8;
      count += 1;
      if (filled < buffer.length) continue;
      hash.update(buffer);
      filled = 0;
    }
    return { count, sha256: hash.update(buffer.subarray(0, filled)).digest('hex') };
  }

  /** The seqs of the range that came (in the lane of that code), ascending. */
  private *inside([from, to]: SeqRange, code?: number): Generator<number> {
    const touched = [...this.chunks].filter(([at]) => at * CHUNK <= to && (at + 1) * CHUNK > from);
    for (const [at, chunk] of touched.sort(([x], [y]) => x - y)) {
      const first = Math.max(0, from - at * CHUNK);
      const last = Math.min(CHUNK - 1, to - at * CHUNK);
      for (let offset = first; offset <= last; offset += 1) {
        const came = chunk[offset];
        if (code === undefined ? came !== 0 : came === code) yield at * CHUNK + offset;
      }
    }
  }
}

/** Ranges joined as they come. */
export class Ranges {
  list: readonly SeqRange[] = [];

  clear(): void {
    this.list = [];
  }

  add(range: SeqRange): void {
    const last = this.list.at(-1);
    // Most come in order and touch the last one.
    if (last && range[0] >= last[0] && range[1] <= last[1]) return;
    this.list = addRange(this.list, range);
  }

  /** Joined up from 1 to `to`. */
  reaches(to: number): boolean {
    const first = this.list[0];
    return to === 0 || (first !== undefined && first[0] <= 1 && first[1] >= to);
  }
}
