import { describe, expect, it } from 'vitest';
import type { ActResult } from '../../src/contracts/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { Snapshots } from '../../src/gateway/snapshots.ts';
import type { EventEntry, Outcome } from '../../src/model/index.ts';
import { picture, ring, stalled } from '../support/snapshot-ring.ts';
import { countedBytes } from '../support/store-world.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** Pictures on a disk that may stall, and what is told of them. */
function desk(disk?: Parameters<typeof ring>[2]) {
  const clock = new VirtualClock();
  const { keeper } = ring(tempFolder(), undefined, disk);
  const told: EventEntry[] = [];
  const tell = async (event: EventEntry) => told.push(event) > 0;
  const snapshots = new Snapshots({
    clock,
    wall: clock,
    randomBytes: countedBytes,
    keeper,
    tell,
    uplink: () => undefined,
  });
  const take = (act: () => Promise<ActResult>, cause?: string) =>
    snapshots.take(
      { device: 'cam', command: 'snapshot' },
      { ref: 'c-1', by: 'desk', ...(cause !== undefined && { cause }) },
      act,
    );
  return { clock, keeper, snapshots, take, told, names: () => told.map(({ name }) => name) };
}

const given = async (): Promise<ActResult> => ({ result: 'done', facts: {}, file: picture(1) });

describe('the outcome of a picture', () => {
  it('waits five seconds for a disk that stalls, then says that it does not know; later it is told', async () => {
    const slow = stalled();
    const { clock, take, names } = desk(slow.disk);
    let outcome: Outcome | undefined;
    const taking = take(given).then((ended) => {
      outcome = ended;
    });

    await clock.advance(4900);
    const early = outcome;
    await clock.advance(200);
    await taking;
    const before = names();
    slow.go();
    await until('it is told', () => names().includes('snapshot-kept'));

    expect(early).toBeUndefined();
    expect(outcome).toMatchObject({ result: 'unconfirmed', facts: { evidence: 'not-yet' } });
    expect(before).toEqual(['snapshot']);
    expect(names()).toEqual(['snapshot', 'snapshot-kept']);
  });

  it('of a command that was never sent is none, and the picture is told as failed', async () => {
    const { take, told } = desk();

    const taking = take(async () => {
      throw new Fault('device.closed', { device: 'cam' });
    });

    await expect(taking).rejects.toMatchObject({ code: 'device.closed' });
    expect(told.map(({ name, fields }) => [name, fields.fault])).toEqual([
      ['snapshot', undefined],
      ['snapshot-failed', 'snapshots.not-taken'],
    ]);
  });

  it.each([
    ['nothing', undefined],
    ['an empty file', picture(1, 0)],
  ])('is failed where the device is done and gave %s', async (_, file) => {
    const { take, names } = desk();

    const { result, facts } = await take(async () => ({ result: 'done', facts: {}, ...(file && { file }) }));

    expect([result, facts.fault]).toEqual(['failed', 'snapshots.no-file']);
    expect(names()).toEqual(['snapshot', 'snapshot-failed']);
  });

  it('stays unknown where nobody knows whether it was taken', async () => {
    const { take, told } = desk();

    const outcome = await take(async () => ({ result: 'unknown', facts: { fault: 'bus.no-reply' } }));

    expect(outcome).toMatchObject({ result: 'unknown', facts: { fault: 'bus.no-reply' } });
    expect(told.at(-1)?.fields.text).toContain('bus.no-reply');
  });

  it('names one file for ever, whoever asks for how many at once', async () => {
    const { take, told, keeper } = desk();

    const outcomes = await Promise.all(['a', 'b', 'c'].map((alarm) => take(given, alarm)));

    const ids = outcomes.map(({ facts }) => facts.file);
    expect(new Set(ids).size).toBe(3);
    expect((await keeper.list()).map(({ id, ref }) => [id, ref])).toEqual([
      [ids[0], 'a'],
      [ids[1], 'b'],
      [ids[2], 'c'],
    ]);
    expect(told.filter(({ name }) => name === 'snapshot').map(({ fields }) => fields.ref)).toEqual([
      ...['a', 'b', 'c'],
    ]);
  });
});

describe('a gateway that stops', () => {
  it('gives a disk that stalls one second for its pictures', async () => {
    const slow = stalled();
    const { clock, snapshots, take } = desk(slow.disk);
    void take(given);
    await clock.advance(0);
    let closed = false;
    const closing = snapshots.close().then(() => {
      closed = true;
    });

    await clock.advance(900);
    const early = closed;
    await clock.advance(200);
    await closing;

    expect([early, closed]).toEqual([false, true]);
    slow.go();
  });
});
