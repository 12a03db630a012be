import { createReadStream } from 'node:fs';
import { type FileHandle, open, truncate } from 'node:fs/promises';

/** One line of the log: a batch as its JSON text, or seqs that were refused. */
export type Entry =
  | { readonly batch: unknown }
  | {
      readonly nacked: { readonly gateway: string; readonly epoch: string; readonly seqs: readonly number[] };
    };

/**
 * What was received, as JSON lines in one append-only file. `write` collects; `sync` makes it durable in one go, and only then may it be acknowledged.
 * A last line that a crash cut off is removed when the file is opened; it was never acknowledged.
 */
export class Logbook {
  private readonly file: FileHandle;
  private waiting: Buffer[] = [];

  private constructor(file: FileHandle) {
    this.file = file;
  }

  static async open(path: string, visit: (entry: Entry) => void): Promise<Logbook> {
    const whole = await readLines(path, visit);
    if (whole !== undefined) await truncate(path, whole);
    return new Logbook(await open(path, 'a', 0o600));
  }

  batch(text: Buffer): void {
    this.waiting.push(OPENING, text, CLOSING);
  }

  nacked(entry: {
    readonly gateway: string;
    readonly epoch: string;
    readonly seqs: readonly number[];
  }): void {
    this.waiting.push(Buffer.from(`${JSON.stringify({ nacked: entry })}\n`));
  }

  async sync(): Promise<void> {
    const now = this.waiting;
    this.waiting = [];
    if (now.length === 0) return;
    await this.file.appendFile(Buffer.concat(now));
    await this.file.datasync();
  }

  async close(): Promise<void> {
    await this.sync();
    await this.file.close();
  }
}

const OPENING = Buffer.from('{"batch":');
const CLOSING = Buffer.from('}\n');

/** Visits each whole line; gives the length of the whole lines in bytes, undefined when there is no file. */
export async function readLines(path: string, visit: (entry: Entry) => void): Promise<number | undefined> {
  let rest = Buffer.alloc(0);
  let whole = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      rest = Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        const text = rest.subarray(0, end).toString();
        // Written by `batch` and `nacked` above.
        visit(JSON.parse(text) as Entry);
        whole += end + 1;
        rest = rest.subarray(end + 1);
      }
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return whole;
}
