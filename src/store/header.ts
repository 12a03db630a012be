import { closeSync, copyFileSync, existsSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { PAGE_BYTES } from './database.ts';
import { MIGRATIONS } from './schema.ts';

const HEADER = 100;
/** Of a b-tree page of tables: leaf and inner. Page 1 is one, behind the header. */
const TREES = [13, 5];

/**
 * A copy of a database whose first hundred bytes are spoilt, with a header as ours has it (file format, section 1.3), so that its trees can be
 * read. Undefined when what follows the header is no tree either.
 */
export function withHeader(file: string, copy: string): string | undefined {
  if (!existsSync(file) || statSync(file).size < PAGE_BYTES) return undefined;
  copyFileSync(file, copy);
  if (existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${copy}-wal`);
  const fd = openSync(copy, 'r+');
  try {
    const page = Buffer.alloc(HEADER + 1);
    readSync(fd, page, 0, page.length, 0);
    if (!TREES.includes(page[HEADER] ?? 0)) return undefined;
    writeSync(fd, header(Math.floor(statSync(file).size / PAGE_BYTES)), 0, HEADER, 0);
    return copy;
  } finally {
    closeSync(fd);
  }
}

function header(pages: number): Buffer {
  const bytes = Buffer.alloc(HEADER);
  bytes.write('SQLite format 3\0');
  bytes.writeUInt16BE(PAGE_BYTES, 16);
  // Written and read by way of a log; no bytes reserved; fractions that are fixed.
  bytes.set([2, 2, 0, 64, 32, 32], 18);
  // Change counter, and the version it stands for (92): equal, so that the number of pages counts.
  bytes.writeUInt32BE(1, 24);
  bytes.writeUInt32BE(pages, 28);
  bytes.writeUInt32BE(1, 40);
  // Schema format, text as UTF-8.
  bytes.writeUInt32BE(4, 44);
  bytes.writeUInt32BE(1, 56);
  bytes.writeUInt32BE(MIGRATIONS.length, 60);
  bytes.writeUInt32BE(1, 92);
  return bytes;
}
