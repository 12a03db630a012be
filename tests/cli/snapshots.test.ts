import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SHAPES } from '../../src/cli/shapes.ts';
import type { KeptFile } from '../../src/contracts/index.ts';
import { openControl } from '../../src/control/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { cli } from '../support/cli.ts';
import { ViewsOfTest } from '../support/control-views.ts';
import { gatelodge } from '../support/process.ts';
import { idOf, labelOf, picture, sumOf } from '../support/snapshot-ring.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const kept = (nr: number, more: Partial<KeptFile> = {}): KeptFile => ({
  ...{ ...labelOf(nr), number: nr, type: 'image/jpeg', bytes: 1000, sha256: sumOf(picture(nr).bytes) },
  ...more,
});

/** A gateway that keeps two pictures, and the command line beside it. */
async function world() {
  const views = new ViewsOfTest();
  views.pictures = [kept(1), kept(2, { clock: 'unsynced', device: 'cam-22', bytes: 200_000 })];
  views.body = picture(1).bytes;
  const folder = tempFolder();
  const socket = join(folder, 'control.sock');
  const control = await openControl(socket, views);
  onTestFinished(() => control.close());
  const written = new Map<string, string | Uint8Array>();
  const writeSecret = (path: string, bytes: string | Uint8Array) => void written.set(path, bytes);
  const snapshots = (...words: readonly string[]) =>
    cli(['snapshots', ...words, '--socket', socket], { writeSecret });
  return { views, folder, socket, written, snapshots };
}

describe('snapshots', () => {
  it('are a table: id, when, camera, size, why; with a mark where nobody knew the time', async () => {
    const { snapshots } = await world();

    const { code, out } = await snapshots();

    const [head = '', one = '', two = ''] = out.split('\n');
    expect(code).toBe(0);
    expect(head).toMatch(/^id +when +camera +bytes +why$/);
    expect(one).toBe(`${idOf(1)}  2027-01-15T08:00:00Z    cam-1   1000    alarm-1`);
    expect(two).toBe(`${idOf(2)}  2027-01-15T08:00:00Z ?  cam-22  200000  alarm-2`);
  });

  it('that are none are told as none', async () => {
    const { views, snapshots } = await world();
    views.pictures = [];

    expect((await snapshots()).out).toBe('no picture is kept\n');
  });

  it('are for machines what the control API shows', async () => {
    const { views, snapshots } = await world();

    const { out } = await snapshots('--json');

    expect(SHAPES.snapshots.answer.parse(JSON.parse(out)).snapshots).toEqual(views.pictures);
  });

  it('of a disk that cannot be read are a fault with its remedy', async () => {
    const { views, snapshots } = await world();
    views.fails = new Fault('snapshots.disk', { folder: 'state/snapshots', reason: 'EIO' });

    const { code, err } = await snapshots();

    expect(code).toBe(1);
    expect(err).toContain('The folder of pictures state/snapshots cannot be used: EIO.');
    expect(err).toContain('[snapshots.disk]');
  });
});

describe('snapshots take', () => {
  it('is the command of the camera, through the inbox, and says the id', async () => {
    const { views, snapshots } = await world();
    views.outcome = { result: 'done', facts: { file: idOf(3), bytes: 1000 } };

    const { code, out } = await snapshots('take', 'cam-1', '--reason', 'a scratch');

    expect(code).toBe(0);
    expect(out).toBe(`done  file=${idOf(3)}  bytes=1000\n`);
    expect(views.wishes).toEqual([
      ...[{ target: 'cam-1', name: 'snapshot', args: {}, user: 'pi', reason: 'a scratch', ttl_ms: 10_000 }],
    ]);
  });

  it('that was not done, or of which nobody knows, ends with 1', async () => {
    const { views, snapshots } = await world();
    views.outcome = { result: 'unconfirmed', facts: { file: idOf(3), evidence: 'not-yet' } };

    const { code, out } = await snapshots('take', 'cam-1', '--json');

    expect(code).toBe(1);
    expect(SHAPES['snapshots take'].answer.parse(JSON.parse(out))).toEqual(views.outcome);
  });
});

describe('snapshots save', () => {
  it('writes the bytes as they were taken, and says whose', async () => {
    const { views, written, snapshots } = await world();

    const { code, out } = await snapshots('save', idOf(1), 'gate.jpg');

    expect(code).toBe(0);
    expect(out).toBe('gate.jpg: 1000 bytes, of cam-1 at 2027-01-15T08:00:00Z\n');
    expect([...written.keys()]).toEqual(['gate.jpg']);
    expect(Buffer.from(written.get('gate.jpg') ?? '')).toEqual(picture(1).bytes);
    expect(views.saved).toEqual([`pi ${idOf(1)}`]);
  });

  it('takes the newest one by the word last', async () => {
    const { views, snapshots } = await world();
    views.pictures = [kept(2), kept(1)];

    const { out } = await snapshots('save', 'last', 'gate.jpg', '--json');

    expect(SHAPES['snapshots save'].answer.parse(JSON.parse(out))).toEqual({
      ...{ id: idOf(1), file: 'gate.jpg', type: 'image/jpeg', bytes: 1000, sha256: kept(1).sha256 },
    });
  });

  it('writes nothing of a picture that is gone, or is not what was kept', async () => {
    const { written, snapshots } = await world();

    const gone = await snapshots('save', idOf(9), 'gate.jpg');
    const other = await snapshots('save', idOf(2), 'gate.jpg');

    expect([gone.code, gone.err]).toEqual([1, expect.stringContaining('[snapshots.evicted]')]);
    expect([other.code, other.err]).toEqual([1, expect.stringContaining('[snapshots.damaged]')]);
    expect(written.size).toBe(0);
  });

  it('by the program makes a file that only its owner reads, and never writes over one', async () => {
    const { folder, socket } = await world();
    const file = join(folder, 'gate.jpg');

    const first = gatelodge(['snapshots', 'save', idOf(1), file, '--socket', socket]);
    const code = await first.ended();
    const again = gatelodge(['snapshots', 'save', idOf(1), file, '--socket', socket]);

    expect([code, first.stderr()]).toEqual([0, '']);
    expect(existsSync(file) && readFileSync(file)).toEqual(picture(1).bytes);
    expect(await again.ended()).toBe(1);
    expect(again.stderr()).toContain('cannot be made');
  });
});

describe('watch', () => {
  it('shows each event of a picture in one line', async () => {
    const { views, socket } = await world();
    const stop = new AbortController();
    let out = '';
    const watching = cli(['watch', '--socket', socket], {
      signal: stop.signal,
      out: (text) => {
        out += text;
      },
    });
    await until('it listens', () => views.listeners.size === 1);

    for (const [name, fields] of [
      ['snapshot', { id: idOf(1), ref: 'alarm-1', command: 'rule-1', by: 'rule:gate-forced' }],
      ['snapshot-kept', { id: idOf(1), type: 'image/jpeg', bytes: 1000 }],
    ] as const)
      views.say({
        type: 'event',
        event: { subject: 'cam-1', name, fields, stamp: { boot: 'boot-1', up: 5000 } },
      });
    await until('both lines are there', () => out.split('\n').length === 3);
    stop.abort();
    await watching;

    expect(out.split('\n')).toEqual([
      `cam-1  snapshot  {"id":"${idOf(1)}","ref":"alarm-1","command":"rule-1","by":"rule:gate-forced"}`,
      `cam-1  snapshot-kept  {"id":"${idOf(1)}","type":"image/jpeg","bytes":1000}`,
      '',
    ]);
  });
});
