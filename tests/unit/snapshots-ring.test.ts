import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LABEL_BYTES } from '../../src/snapshots/ring.ts';
import {
  idOf,
  labelOf,
  lying,
  MB,
  picture,
  powerCut,
  ring,
  stalled,
  sumOf,
} from '../support/snapshot-ring.ts';
import { tempFolder } from '../support/temp.ts';

const KIB = 1024;

describe('a picture that was taken', () => {
  it('is kept as it came, with its label, readable for this user alone, and is there after a restart', async () => {
    const path = join(tempFolder(), 'snapshots');
    const { keeper } = ring(path);

    const kept = await keeper.keep(picture(1, 200_000), labelOf(1));
    await keeper.close();
    const again = ring(path).keeper;

    expect(kept).toEqual({
      ...labelOf(1),
      ...{ number: 1, type: 'image/jpeg', bytes: 200_000, sha256: sumOf(picture(1, 200_000).bytes) },
    });
    expect(await again.list()).toEqual([kept]);
    expect(Buffer.from(await again.read(idOf(1), 0, 300_000))).toEqual(picture(1, 200_000).bytes);
    expect(Buffer.from(await again.read(idOf(1), 199_990, 50))).toEqual(
      Buffer.from(picture(1, 200_000).bytes.subarray(199_990)),
    );
    expect(await again.read(idOf(1), 200_000, 50)).toHaveLength(0);
    expect(statSync(path).mode & 0o077).toBe(0);
    for (const name of readdirSync(path)) expect(statSync(join(path, name)).mode & 0o077).toBe(0);
  });

  it('is numbered on from the last one, and PNG is told from JPEG', async () => {
    const path = tempFolder();
    const first = ring(path).keeper;
    await first.keep(picture(1), labelOf(1));
    await first.keep(picture(2), labelOf(2));
    await first.close();

    const { number, type } = await ring(path).keeper.keep(
      { type: 'image/png', bytes: picture(3).bytes },
      labelOf(3),
    );

    expect([number, type]).toEqual([3, 'image/png']);
    expect(readdirSync(path).filter((name) => name.endsWith('.png'))).toHaveLength(1);
  });

  it('that nobody knows is told as that', async () => {
    const { keeper } = ring(tempFolder());

    await expect(keeper.read(idOf(9), 0, 10)).rejects.toMatchObject({ code: 'snapshots.unknown' });
  });
});

describe('the quota', () => {
  it('is never passed: the oldest makes room, no more than must, and is told as gone', async () => {
    const path = tempFolder();
    const each = 100 * KIB;
    const quota = 4 * (each + LABEL_BYTES);
    const { keeper } = ring(path, quota);
    const used: number[] = [];
    for (let nr = 1; nr <= 7; nr += 1) {
      await keeper.keep(picture(nr, each), labelOf(nr));
      used.push(readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0));
    }

    const numbers = (await keeper.list()).map(({ number }) => number);

    expect(numbers).toEqual([4, 5, 6, 7]);
    expect(Math.max(...used)).toBeLessThanOrEqual(quota);
    expect(readdirSync(path)).toHaveLength(8);
    await expect(keeper.find(idOf(3))).rejects.toMatchObject({ code: 'snapshots.evicted' });
  });

  it('that was lowered holds from the next start', async () => {
    const path = tempFolder();
    const large = ring(path, MB).keeper;
    for (let nr = 1; nr <= 5; nr += 1) await large.keep(picture(nr, 10 * KIB), labelOf(nr));
    await large.close();

    const small = ring(path, 2 * (10 * KIB + LABEL_BYTES)).keeper;

    expect((await small.list()).map(({ number }) => number)).toEqual([4, 5]);
    expect(readdirSync(path)).toHaveLength(4);
  });

  it('refuses what would not fit alone, and gives nothing away for it', async () => {
    const { keeper } = ring(tempFolder(), 50 * KIB);
    await keeper.keep(picture(1, 10 * KIB), labelOf(1));

    const refused = keeper.keep(picture(2, 50 * KIB), labelOf(2));

    await expect(refused).rejects.toMatchObject({ code: 'snapshots.too-large' });
    expect(await keeper.list()).toHaveLength(1);
  });
});

describe('a power cut', () => {
  it('at any step of a write leaves it whole or not at all, and takes nothing that need not go', async () => {
    const each = 20 * KIB;
    const quota = 3 * (each + LABEL_BYTES);
    // How many steps one more picture takes, with one that makes room for it.
    const trial = tempFolder();
    const counting = powerCut(Number.POSITIVE_INFINITY);
    await filled(trial, quota, each);
    const counted = ring(trial, quota, counting.disk).keeper;
    await counted.keep(picture(4, each), labelOf(4));
    expect(counting.steps()).toBe(7);

    for (let at = 1; at <= counting.steps(); at += 1) {
      const path = tempFolder();
      await filled(path, quota, each);
      const cut = powerCut(at);
      const dying = ring(path, quota, cut.disk);
      await expect(dying.keeper.keep(picture(4, each), labelOf(4))).rejects.toMatchObject({
        code: 'snapshots.disk',
      });
      expect(dying.health.now.has('snapshots-failing')).toBe(true);

      const after = ring(path, quota).keeper;
      const files = await after.list();

      const numbers = files.map(({ number }) => number).join(' ');
      expect(['1 2 3', '2 3', '2 3 4']).toContain(numbers);
      for (const { id, bytes, sha256, number } of files) {
        const body = await after.read(id, 0, bytes);
        expect(sumOf(body)).toBe(sha256);
        expect(Buffer.from(body)).toEqual(picture(number, each).bytes);
      }
      expect(readdirSync(path)).toHaveLength(2 * files.length);
      // It goes on as if nothing had been.
      await after.keep(picture(5, each), labelOf(5));
      expect(await after.find(idOf(5))).toBeDefined();
    }
  });

  it('leaves what is not ours alone, and clears away what nobody can read', async () => {
    const path = tempFolder();
    await filled(path, MB, 5 * KIB);
    const [data = '', label = '', next = ''] = readdirSync(path).sort();
    writeFileSync(join(path, label), '{"id":');
    writeFileSync(join(path, 'notes.txt'), 'of the installer');
    writeFileSync(join(path, `${next.slice(0, 10)}-x.jpg`), 'not a name of ours');
    mkdirSync(join(path, 'lost+found'));

    const { keeper } = ring(path);
    const numbers = (await keeper.list()).map(({ number }) => number);

    expect(numbers).toEqual([2, 3]);
    expect([data, label].filter((name) => readdirSync(path).includes(name))).toEqual([]);
    expect(readdirSync(path)).toEqual(
      expect.arrayContaining(['notes.txt', 'lost+found', `${next.slice(0, 10)}-x.jpg`]),
    );
  });
});

describe('a disk', () => {
  it('that is full costs the one picture, is told, and is forgotten with the next that it takes', async () => {
    const path = tempFolder();
    let full = true;
    const { keeper, health } = ring(path, MB, (folder) => ({
      ...folder,
      write: async (name, bytes, seen) => {
        if (full) await folder.write(name, bytes.subarray(0, 10));
        if (full) throw new Error('ENOSPC: no space left on device, write');
        return folder.write(name, bytes, seen);
      },
    }));

    await expect(keeper.keep(picture(1), labelOf(1))).rejects.toMatchObject({
      code: 'snapshots.disk',
      facts: { folder: path, reason: 'ENOSPC: no space left on device, write' },
    });
    const during = [...health.now.keys()];
    const left = Object.keys(lying(path));
    full = false;
    const kept = await keeper.keep(picture(2), labelOf(2));

    expect(during).toEqual(['snapshots-failing']);
    expect(left).toEqual([]);
    expect(kept.number).toBe(2);
    expect([...health.now.keys()]).toEqual([]);
  });

  it('that stalls makes few wait, within a bounded memory, and the others are told at once', async () => {
    const slow = stalled();
    const { keeper, health } = ring(tempFolder(), 64 * MB, slow.disk);
    const given = Array.from({ length: 30 }, (_, nr) => keeper.keep(picture(nr), labelOf(nr)));
    const large = keeper.keep(picture(99, 8 * MB), labelOf(99));

    const refused = await Promise.all(given.slice(8).map((one) => one.catch(({ code }) => code)));
    await expect(large).rejects.toMatchObject({ code: 'snapshots.busy' });
    const during = health.facts().map(({ code, evidence }) => `${code}: ${evidence}`);
    slow.go();
    const kept = await Promise.all(given.slice(0, 8));

    expect(refused).toEqual(Array.from({ length: 22 }, () => 'snapshots.busy'));
    expect(during).toEqual(['snapshots-failing: 8 wait for the disk']);
    expect(kept.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(health.facts()).toEqual([]);
  });

  it('is never spoken to by two at once, so that it holds one thread of the pool at most', async () => {
    const path = tempFolder();
    let at = 0;
    let most = 0;
    const { keeper } = ring(path, 64 * MB, (folder) => {
      const counted =
        <A extends unknown[], T>(work: (...given: A) => Promise<T>) =>
        async (...given: A): Promise<T> => {
          at += 1;
          most = Math.max(most, at);
          return work(...given).finally(() => {
            at -= 1;
          });
        };
      return {
        path,
        make: counted(folder.make),
        names: counted(folder.names),
        size: counted(folder.size),
        text: counted(folder.text),
        write: counted(folder.write),
        part: counted(folder.part),
        rename: counted(folder.rename),
        remove: counted(folder.remove),
        flush: counted(folder.flush),
      };
    });
    await keeper.keep(picture(1, 100_000), labelOf(1));

    await Promise.all([
      ...[2, 3, 4].map((nr) => keeper.keep(picture(nr, 100_000), labelOf(nr))),
      ...Array.from({ length: 20 }, (_, nr) => keeper.read(idOf(1), nr * 5000, 5000)),
      ...Array.from({ length: 5 }, () => keeper.list()),
    ]);

    expect(most).toBe(1);
  });

  it('that cannot be used yet is tried again when the next picture comes', async () => {
    const folder = tempFolder();
    const path = join(folder, 'file', 'snapshots');
    writeFileSync(join(folder, 'file'), 'in the way');
    const { keeper } = ring(path);

    await expect(keeper.keep(picture(1), labelOf(1))).rejects.toMatchObject({ code: 'snapshots.disk' });
    await expect(keeper.list()).rejects.toMatchObject({ code: 'snapshots.disk' });
    rmSync(join(folder, 'file'));

    expect((await keeper.keep(picture(2), labelOf(2))).id).toBe(idOf(2));
  });

  it('that has lost a part of a picture says so, and not half of it', async () => {
    const path = tempFolder();
    const { keeper } = ring(path);
    await keeper.keep(picture(1, 5000), labelOf(1));
    const data = readdirSync(path).find((name) => name.endsWith('.jpg')) ?? '';

    writeFileSync(join(path, data), 'short');

    await expect(keeper.read(idOf(1), 0, 5000)).rejects.toMatchObject({ code: 'snapshots.damaged' });
  });
});

describe('closing', () => {
  it('waits for what is being written, and takes no more', async () => {
    const slow = stalled();
    const { keeper } = ring(tempFolder(), MB, slow.disk);
    const going = keeper.keep(picture(1), labelOf(1));
    let closed = false;
    const closing = keeper.close().then(() => {
      closed = true;
    });

    await expect(keeper.keep(picture(2), labelOf(2))).rejects.toMatchObject({ code: 'snapshots.closed' });
    const early = closed;
    slow.go();
    await closing;

    expect([early, closed]).toEqual([false, true]);
    expect((await going).number).toBe(1);
  });
});

/** Three pictures. */
async function filled(path: string, quota: number, bytes: number): Promise<void> {
  const { keeper } = ring(path, quota);
  for (const nr of [1, 2, 3]) await keeper.keep(picture(nr, bytes), labelOf(nr));
  await keeper.close();
}
