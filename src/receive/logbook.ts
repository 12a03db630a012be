import { createReadStream } from 'node:fs';
import { type FileHandle, open, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '../faults/index.ts';

/** Seqs of a gateway that were refused for good. They stand before the batch they came in. */
export interface Refused {
  readonly site: string;
  readonly gateway: string;
  readonly epoch: string;
  readonly seqs: readonly number[];
}

/** One line of the log: a batch as its JSON text, or seqs that were refused. */
export type Entry = { readonly batch: unknown } | { readonly nacked: Refused };

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
    const file = await open(path, 'a', 0o600);
    if (whole === undefined) await keepName(path);
    return new Logbook(file);
  }

  batch(text: Buffer): void {
    this.waiting.push(OPENING, text, CLOSING);
  }

  nacked(entry: Refused): void {
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

/** A new file is only as durable as its name. */
async function keepName(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r');
  await folder.sync();
  await folder.close();
}

const OPENING = Buffer.from('{"batch":');
const NACKED = Buffer.from('{"nacked":');
const CLOSING = Buffer.from('}\n');

/** Visits each whole line; gives the length of the whole lines in bytes, undefined when there is no file. Throws receive.bad-log. */
export async function readLines(path: string, visit: (entry: Entry) => void): Promise<number | undefined> {
  let rest = Buffer.alloc(0);
  let whole = 0;
  let line = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      rest = Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        line += 1;
        visitLine(rest.subarray(0, end).toString(), { path, line }, visit);
        whole += end + 1;
        rest = rest.subarray(end + 1);
      }
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  // What is cut off is taken away; so nothing is that was never ours.
  if (!isTorn(rest)) {
    const reason = 'it ends with something that no record begins with';
    throw new Fault('receive.bad-log', { file: path, line: line + 1, reason });
  }
  return whole;
}

/** The beginning of a line of ours, or the zeros that a file system leaves after a power cut. */
function isTorn(rest: Buffer): boolean {
  const begins = (line: Buffer) => {
    const length = Math.min(line.length, rest.length);
    return rest.subarray(0, length).equals(line.subarray(0, length));
  };
  return begins(OPENING) || begins(NACKED) || rest.every((byte) => byte === 0);
}

function visitLine(
  text: string,
  at: { readonly path: string; readonly line: number },
  visit: (entry: Entry) => void,
): void {
  try {
    // Written by `batch` and `nacked` above; `visit` looks closer.
    visit(JSON.parse(text) as Entry);
  } catch (error) {
    const reason =
      error instanceof Error ? error.message.replaceAll(/\s+/g, ' ').slice(0, 200) : String(error);
    throw new Fault('receive.bad-log', { file: at.path, line: at.line, reason }, { cause: error });
  }
}
