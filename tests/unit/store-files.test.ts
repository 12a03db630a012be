import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeEach, describe, expect, it } from 'vitest';
import { Core } from '../../src/store/core.ts';
import { withHeader } from '../../src/store/header.ts';
import { readMark, writeMark } from '../../src/store/mark.ts';
import { findRows } from '../../src/store/pages.ts';
import { unpack } from '../../src/store/segment.ts';
import { readWal } from '../../src/store/wal.ts';
import { brokenSeqs } from '../../src/store/whole.ts';
import { dice } from '../support/quiet.ts';
import { event } from '../support/store-world.ts';
import { tempFolder } from '../support/temp.ts';

const NOW = { boot: 'boot-1', up: 1000 };
const FRAME = 1024 + 24;

let file: string;
beforeEach(() => {
  file = join(tempFolder(), 'store.db');
});

function openCore(): Core {
  return Core.open({
    file,
    synchronous: 'FULL',
    quota_bytes: 2 ** 24,
    retain_ms: 3_600_000,
    uplinks: ['main'],
    machine: 'machine-1',
    now: NOW,
    wall: undefined,
    new_epoch: '0011223344556677',
    must_exist: false,
  });
}
/** Stores that many events, each in a transaction, and leaves the file as a dead process does: with its log. */
function filled(texts: readonly string[]): { readonly core: Core; readonly copy: () => void } {
  const core = openCore();
  for (const text of texts) {
    const ops = [{ op: 'append' as const, entries: [event('a', 'told', NOW, { text })] }];
    core.commit({ now: NOW, ops, b: [], c: [], state: [] });
  }
  const [main, log] = [readFileSync(file), readFileSync(`${file}-wal`)];
  return {
    core,
    copy: () => {
      core.abandon();
      writeFileSync(file, main);
      writeFileSync(`${file}-wal`, log);
    },
  };
}
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `text ${index}`);
const flip = (path: string, at: number) => {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
};

describe('the log as it lies on the disk', () => {
  let commits: number[];
  beforeEach(() => {
    filled(numbered(20)).copy();
    commits = readWal(file).frames.flatMap(({ commit }, index) => (commit ? [index] : []));
  });
  const damaged = () => readWal(file).damaged;
  const frameAt = (index: number) => 32 + index * FRAME;

  it('is whole when it was written and left alone', () => {
    const { frames } = readWal(file);
    expect(frames).toHaveLength((statSync(`${file}-wal`).size - 32) / FRAME);
    expect(frames.every(({ whole }) => whole)).toBe(true);
    expect(commits.length).toBeGreaterThanOrEqual(20);
    expect(damaged()).toBe(false);
  });

  it('is not damaged when the power cut its last transaction short', () => {
    const last = commits.at(-2) ?? 0;
    writeFileSync(`${file}-wal`, readFileSync(`${file}-wal`).subarray(0, frameAt(last + 2) - 100));
    expect(damaged()).toBe(false);
    expect(readWal(file).frames.filter(({ whole }) => whole)).toHaveLength(last + 2 - 1);
  });

  it('is not damaged when a frame of its last transaction never reached the disk', () => {
    const last = commits.at(-2) ?? 0;
    flip(`${file}-wal`, frameAt(last + 1) + 500);
    expect(damaged()).toBe(false);
  });

  it.each([
    ['the page', 500],
    ['its own sum', 18],
    ['its salts', 10],
    ['its number', 2],
  ])('is damaged when %s of a frame is spoilt, and whole transactions follow', (_, within) => {
    flip(`${file}-wal`, frameAt(commits[5] ?? 0) - FRAME + within);
    expect(damaged()).toBe(true);
  });

  it('is damaged when the last frame of the last transaction but one is spoilt', () => {
    const end = commits.at(-2) ?? 0;
    flip(`${file}-wal`, frameAt(end) + 600);
    expect(damaged()).toBe(true);
  });

  it('is damaged when its header is spoilt', () => {
    flip(`${file}-wal`, 17);
    expect(damaged()).toBe(true);
  });

  it('ends where frames of an earlier round begin', () => {
    const bytes = readFileSync(`${file}-wal`);
    const old = Buffer.from(bytes.subarray(frameAt(0), frameAt(3)));
    for (let at = 0; at < old.length; at += FRAME) old.writeUInt32BE(old.readUInt32BE(at + 8) - 1, at + 8);
    appendFileSync(`${file}-wal`, old);
    expect(damaged()).toBe(false);
    expect(readWal(file).frames).toHaveLength((bytes.length - 32) / FRAME);
  });

  it('is nothing when there is none', () => {
    expect(readWal(join(file, 'nowhere'))).toEqual({ frames: [], damaged: false });
  });
});

describe('rows that are looked for page by page', () => {
  const textsIn = () =>
    [...findRows(file)].flatMap(({ body }) =>
      unpack(body).events.map(([, , , , , fields]) => String(fields.text ?? '')),
    );
  const large = Array.from({ length: 3 }, (_, index) => {
    const chance = dice(index + 1);
    return Array.from({ length: 3000 }, () => Math.floor(chance() * 36).toString(36)).join('');
  });

  it('are found in the file and in its log, also those that need many pages', () => {
    filled([...numbered(30), ...large]).copy();
    const texts = new Set(textsIn());
    for (const text of [...numbered(30), ...large]) expect(texts.has(text)).toBe(true);
  });

  it('are found in a file whose trees are gone', () => {
    const { core } = filled([...numbered(30), ...large]);
    core.close(NOW);
    const bytes = readFileSync(file);
    // The schema, and every inner page of a tree.
    for (let at = 0; at < bytes.length; at += 1024)
      if (at === 0 || bytes[at] === 5) bytes.fill(0, at, at + 1024);
    writeFileSync(file, bytes);
    const texts = new Set(textsIn());
    for (const text of [...numbered(30), ...large]) expect(texts.has(text)).toBe(true);
  });

  it('are never made of garbage', () => {
    const chance = dice(3);
    for (let round = 0; round < 20; round += 1) {
      const pages = Buffer.from(Uint8Array.from({ length: 8 * 1024 }, () => Math.floor(chance() * 256)));
      // As a leaf of a table looks, with cells anywhere.
      for (let at = 0; at < pages.length; at += 1024) pages.set([13, 0, 0, 0, 200], at);
      writeFileSync(file, pages);
      expect(textsIn()).toEqual([]);
    }
  });

  it('are not found where one byte of what they say has changed', () => {
    const { core } = filled(numbered(1));
    core.close(NOW);
    const at = readFileSync(file).indexOf(Buffer.from('0011223344556677', 'hex'));
    const before = [...findRows(file)].length;
    flip(file, at);
    expect([...findRows(file)].length).toBe(before - 1);
  });
});

describe('the header of a file', () => {
  it('is made anew in a copy, so that the trees can be read', () => {
    const { core } = filled(numbered(5));
    core.close(NOW);
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0xa5, 0, 100));

    const copy = withHeader(file, `${file}.copy`);

    const db = new Database(copy ?? '', { readonly: true });
    expect(db.pragma('quick_check', { simple: true })).toBe('ok');
    expect(db.prepare('SELECT count(*) FROM seg_a').pluck().get()).toBeGreaterThanOrEqual(5);
    db.close();
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  it('is not made for what is no tree', () => {
    writeFileSync(file, Buffer.alloc(4096, 7));
    expect(withHeader(file, `${file}.copy`)).toBeUndefined();
    writeFileSync(file, '');
    expect(withHeader(file, `${file}.copy`)).toBeUndefined();
  });
});

describe('the mark beside the file', () => {
  const mark = { generation: 3, epoch: '0011223344556677', head: 12, connect_id: 10_000 };

  it('is read as it was written', () => {
    writeMark(file, mark);
    writeMark(file, { ...mark, head: 13 });
    expect(readMark(file)).toEqual({ ...mark, head: 13 });
  });

  it('is not believed when a byte has changed, and does not stop anybody when it cannot be written', () => {
    writeMark(file, mark);
    flip(`${file}.mark`, 30);
    expect(readMark(file)).toBeUndefined();
    expect(readMark(join(file, 'nowhere'))).toBeUndefined();
    writeMark(join(file, 'nowhere', 'store.db'), mark);
  });
});

describe('the seqs of a file', () => {
  const broken = (sql: string): string | undefined => {
    const { core } = filled(numbered(10));
    core.close(NOW);
    const db = new Database(file);
    db.exec(sql);
    const said = brokenSeqs(db);
    db.close();
    return said;
  };

  it('lie each in one segment', () => {
    expect(broken('')).toBeUndefined();
  });

  it('are missed when a segment is gone and nothing tells of it', () => {
    expect(broken('DELETE FROM seg_a WHERE id % (1 << 40) = 5')).toBe(
      'nothing tells where the seqs 5 to 5 are',
    );
  });

  it('are held once', () => {
    expect(broken('UPDATE seg_a SET n = 3 WHERE id % (1 << 40) = 5')).toBe('two segments hold seq 6');
  });
});
