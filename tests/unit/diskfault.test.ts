import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { FaultyDisk } from '../support/disk/diskfault.ts';
import { tempFolder } from '../support/temp.ts';

const ROWS = fileURLToPath(new URL('../support/disk/rows.mjs', import.meta.url));

function writeRows(synchronous: 'FULL' | 'NORMAL', set: (disk: FaultyDisk) => void) {
  const folder = tempFolder();
  mkdirSync(join(folder, 'db'));
  const disk = new FaultyDisk(join(folder, 'db'), join(folder, 'control'));
  set(disk);
  const file = join(folder, 'db', 'rows.sqlite');
  const { stdout, status } = spawnSync(process.execPath, [ROWS, file, synchronous], {
    env: { ...process.env, ...disk.env },
    encoding: 'utf8',
  });
  const lines = stdout.trim().split('\n').slice(1);
  const acknowledged = lines.filter((line) => /^\d+$/.test(line)).length;
  const counters = disk.counters();
  disk.close();
  return { file, status, lines, acknowledged, counters };
}

function rowsIn(file: string): number {
  const db = new Database(file);
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  const there = db.prepare(`SELECT count(*) AS n FROM sqlite_master WHERE name = 'rows'`).get() as {
    n: number;
  };
  const rows = there.n ? (db.prepare('SELECT count(*) AS n FROM rows').get() as { n: number }).n : 0;
  db.close();
  return rows;
}

describe('a disk that loses what was not synced', () => {
  it.each([
    'drop',
    'tear',
  ] as const)('keeps every acknowledged row with FULL when power goes (%s)', (mode) => {
    for (const k of [40, 333, 2105]) {
      const run = writeRows('FULL', (disk) => disk.cutAt(k, mode, k));
      expect(run.counters.cut).toBe(1);
      expect(rowsIn(run.file)).toBeGreaterThanOrEqual(run.acknowledged);
    }
  });

  it('loses acknowledged rows with NORMAL', () => {
    const run = writeRows('NORMAL', (disk) => disk.cutAt(700, 'drop'));
    expect(run.acknowledged).toBeGreaterThan(50);
    expect(rowsIn(run.file)).toBeLessThan(run.acknowledged);
  });

  it('loses acknowledged rows even with FULL when the disk lies about syncing', () => {
    const run = writeRows('FULL', (disk) => disk.cutAt(700, 'lie'));
    expect(run.acknowledged).toBeGreaterThan(50);
    expect(rowsIn(run.file)).toBeLessThan(run.acknowledged);
  });
});

describe('a disk that refuses', () => {
  it.each([
    ['ENOSPC', 'SQLITE_FULL'],
    ['EIO', 'SQLITE_IOERR_WRITE'],
    ['EROFS', 'SQLITE_IOERR_WRITE'],
  ] as const)('gives SQLite %s', (error, code) => {
    const run = writeRows('FULL', (disk) => disk.fail(error));
    expect(run.status).not.toBe(0);
    expect(run.acknowledged).toBe(0);
    expect(run.lines.at(-1)).toBe(code);
  });

  it('takes as long to sync as it is told', () => {
    const began = performance.now();
    const run = writeRows('FULL', (disk) => {
      disk.stall(20);
      disk.cutAt(100, 'drop');
    });
    const syncs = run.counters.fsyncs + run.counters.fdatasyncs;
    expect(syncs).toBeGreaterThan(10);
    expect(performance.now() - began).toBeGreaterThanOrEqual(syncs * 20);
  });
});
