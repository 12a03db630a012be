import { describe, expect, it } from 'vitest';
import type { KeptFile, Lease, LeaseWant, OutMessage, PipeOpener } from '../../src/contracts/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { publishBytes } from '../../src/uplink/packet.ts';
import { MemoryOutbox } from '../support/memory-outbox.ts';
import { memoryPipe } from '../support/memory-pipe.ts';
import { idOf, labelOf, picture, sumOf } from '../support/snapshot-ring.ts';
import { until } from '../support/until.ts';
import { doorEvent, readings, testUplink } from '../support/uplink-world.ts';

const PICTURE = 150_000;

const fileOf = (nr: number, bytes = PICTURE): KeptFile => {
  const { type, bytes: body } = picture(nr, bytes);
  return { ...labelOf(nr), number: nr, type, bytes, sha256: sumOf(body) };
};

interface Chunk {
  readonly id: string;
  readonly offset: number;
  readonly data: string;
  readonly last: boolean;
}

/** An uplink whose broker answers what is told of files when the test says so, and all else at once. */
async function sending(
  wish: {
    readonly limits?: { readonly receive_maximum: number; readonly maximum_packet: number };
    readonly images?: 'keep' | 'drop';
    readonly outbox?: MemoryOutbox;
    /** What is read of a file; left out: its bytes. */
    readonly read?: (id: string, from: number, most: number) => Promise<Uint8Array>;
  } = {},
) {
  const sent: OutMessage[] = [];
  const open: { answer(fault?: Fault): void }[] = [];
  const told = { most: 0, under: 0, by_itself: true };
  const pipe: PipeOpener = async () => ({
    ...memoryPipe(),
    ...(wish.limits && { limits: wish.limits }),
    publish: (message) => {
      sent.push(message);
      if (!message.topic.includes('/file/')) return new Promise((resolve) => setImmediate(resolve));
      told.under += 1;
      told.most = Math.max(told.most, told.under);
      return new Promise((resolve, reject) => {
        const answer = (fault?: Fault) => {
          told.under -= 1;
          if (fault) reject(fault);
          else resolve();
        };
        if (told.by_itself) setImmediate(answer);
        else open.push({ answer });
      });
    },
  });
  const bodies = new Map(Array.from({ length: 10 }, (_, nr) => [idOf(nr), picture(nr, PICTURE).bytes]));
  const read = async (id: string, from: number, most: number) =>
    bodies.get(id)?.subarray(from, from + most) ?? new Uint8Array();
  const { uplink, outbox, health } = testUplink(
    { url: 'mqtt://broker.example', ack: 'broker', images: wish.images ?? 'keep', compress: false },
    { pipe, files: { read: wish.read ?? read }, ...(wish.outbox && { outbox: wish.outbox }) },
  );
  await until('it is connected', () => uplink.view().connected);
  const textOf = ({ payload }: OutMessage) => JSON.parse(Buffer.from(payload).toString());
  const pieces = (nr?: number): Chunk[] =>
    sent.filter(({ topic }) => topic.includes(nr === undefined ? '/file/' : `/file/${idOf(nr)}`)).map(textOf);
  return {
    ...{ uplink, outbox, health, sent, open, told, pieces },
    /** Names of the topics, without the root. */
    topics: () => sent.map(({ topic }) => topic.split('/').slice(4).join('/')),
    whole: (nr: number) => until(`file ${nr} is sent`, () => pieces(nr).at(-1)?.last),
    /** What the pieces come to. */
    joined: (nr: number) => Buffer.concat(pieces(nr).map(({ data }) => Buffer.from(data, 'base64'))),
  };
}

describe('a file that a platform wants', () => {
  it.each([
    [1100, 20],
    [4096, 1],
    [60_000, 20],
    [131_072, 65_535],
    [1_000_000, 20],
  ])('goes in pieces that a broker with packets of %i bytes takes, none above 64 KiB, one at a time', async (maximum_packet, receive_maximum) => {
    const world = await sending({ limits: { maximum_packet, receive_maximum } });

    world.uplink.sendFile(fileOf(3), 0);
    await world.whole(3);

    const messages = world.sent.filter(({ topic }) => topic.endsWith(`/file/${idOf(3)}`));
    const ends = world.pieces(3).map(({ offset, data }) => offset + Buffer.from(data, 'base64').length);
    expect(sumOf(world.joined(3))).toBe(fileOf(3).sha256);
    expect(world.pieces(3).map(({ offset }) => offset)).toEqual([0, ...ends.slice(0, -1)]);
    expect(world.pieces(3).filter(({ last }) => last)).toHaveLength(1);
    expect(world.told.most).toBe(1);
    for (const { topic, payload, qos, retain } of messages) {
      expect(publishBytes(topic, payload.length, 1)).toBeLessThanOrEqual(maximum_packet);
      expect(payload.length).toBeLessThanOrEqual(64 * 1024);
      expect([qos, retain]).toEqual([1, false]);
    }
    // No smaller than need be: all but the last are full to what base64 leaves over.
    const room = Math.min(maximum_packet, 64 * 1024);
    for (const { payload } of messages.slice(0, -1)) expect(payload.length).toBeGreaterThan(room - 90);
  });

  it('begins where it is asked to, and of an order that comes again the newer one counts', async () => {
    const world = await sending();
    world.told.by_itself = false;
    world.uplink.sendFile(fileOf(3), 100_000);
    await until('the first is on its way', () => world.open.length === 1);

    world.uplink.sendFile(fileOf(3), 149_000);
    world.told.by_itself = true;
    world.open[0]?.answer();
    await world.whole(3);

    const offsets = world.pieces(3).map(({ offset }) => offset);
    expect(offsets[0]).toBe(100_000);
    expect(offsets.at(-1)).toBe(149_000);
    expect(offsets).toHaveLength(2);
  });

  it('that is wanted once more while its end is on the way is sent once more', async () => {
    const world = await sending();
    world.told.by_itself = false;
    world.uplink.sendFile(fileOf(3), 149_000);
    await until('its end is on the way', () => world.open.length === 1);

    world.uplink.sendFile(fileOf(3), 140_000);
    world.told.by_itself = true;
    world.open[0]?.answer();
    await until('it comes once more', () => world.pieces(3).filter(({ last }) => last).length === 2);

    expect(world.pieces(3).map(({ offset }) => offset)).toEqual([149_000, 140_000]);
  });

  it('waits for every record of class a, also for one that is only being looked for', async () => {
    const outbox = new SlowOutbox();
    const world = await sending({ outbox });
    world.told.by_itself = false;
    world.uplink.sendFile(fileOf(3), 0);
    await until('the first piece is on its way', () => world.open.length === 1);
    const before = world.topics().length;

    outbox.holds = true;
    await outbox.append([doorEvent('opened')]);
    await until('class a is looked for', () => outbox.held.length > 0);
    world.told.by_itself = true;
    world.open[0]?.answer();
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const meanwhile = world.pieces().length;
    outbox.go();
    await world.whole(3);

    const after = world
      .topics()
      .slice(before)
      .filter((topic) => topic === 'a' || topic.startsWith('file/'));
    expect(meanwhile).toBe(1);
    expect(after.slice(0, 2)).toEqual(['a', `file/${idOf(3)}`]);
  });

  it('takes turns with records of other classes, where a broker takes one message at a time', async () => {
    const outbox = new MemoryOutbox();
    await outbox.append(readings(6000));
    const world = await sending({ outbox, limits: { receive_maximum: 1, maximum_packet: 2048 } });

    world.uplink.sendFile(fileOf(3), 0);
    await world.whole(3);
    await until('all readings are sent', async () => (await world.outbox.stats()).waiting.town?.c === 0);

    const order = world.topics().filter((topic) => topic === 'c' || topic.startsWith('file/'));
    const first = order.findIndex((topic) => topic !== 'c');
    const shared = order.slice(first, order.lastIndexOf('c'));
    const runs = shared.join(' ').match(/(?:file\/\S+ ?)+/g) ?? [];
    expect(shared.filter((topic) => topic === 'c').length).toBeGreaterThan(5);
    expect(Math.max(...runs.map((run) => run.trim().split(' ').length))).toBeLessThanOrEqual(2);
  });

  it('that is gone before its end stops there, and the next one goes', async () => {
    const world = await sending({
      read: async (id, from, most) => {
        if (id === idOf(3) && from > 0) throw new Fault('snapshots.evicted', { id });
        return picture(4, PICTURE).bytes.subarray(from, from + most);
      },
    });

    world.uplink.sendFile(fileOf(3), 0);
    world.uplink.sendFile(fileOf(4), 0);
    await world.whole(4);

    expect(world.pieces(3).map(({ offset, last }) => [offset, last])).toEqual([[0, false]]);
    expect(sumOf(world.joined(4))).toBe(fileOf(4).sha256);
  });

  it('that the broker refuses is given up and told; until it is tried again others are refused at once', async () => {
    const world = await sending();
    world.told.by_itself = false;
    world.uplink.sendFile(fileOf(3), 0);
    await until('it is on its way', () => world.open.length === 1);

    world.open[0]?.answer(new Fault('uplink.refused', { reason: 'not authorized', reason_code: 0x87 }));
    await until('it is told', () => world.health.now.has('uplink-refused'));

    expect(world.health.now.get('uplink-refused')?.evidence).toContain('/file/+: not authorized');
    expect(() => world.uplink.sendFile(fileOf(4), 0)).toThrowError(
      expect.objectContaining({ code: 'uplink.refused' }),
    );
    expect(world.pieces()).toHaveLength(1);
  });
});

describe('a file that cannot be sent', () => {
  it('is refused before anything of it goes', async () => {
    const world = await sending();
    world.told.by_itself = false;
    const code = (order: () => void): unknown => {
      try {
        order();
        return undefined;
      } catch (error) {
        return error instanceof Fault ? error.code : error;
      }
    };

    const past = code(() => world.uplink.sendFile(fileOf(3), PICTURE));
    const eight = Array.from({ length: 8 }, (_, nr) => code(() => world.uplink.sendFile(fileOf(nr), 0)));
    const ninth = code(() => world.uplink.sendFile(fileOf(9), 0));
    const again = code(() => world.uplink.sendFile(fileOf(5), 10));

    expect([past, ...eight, ninth, again]).toEqual([
      'snapshots.offset',
      ...eight.map(() => undefined),
      'snapshots.sending',
      undefined,
    ]);
  });

  it('is none of a platform that may have none', async () => {
    const { uplink, pieces } = await sending({ images: 'drop' });

    expect(() => uplink.mayHaveFiles()).toThrowError(expect.objectContaining({ code: 'snapshots.dropped' }));
    expect(() => uplink.sendFile(fileOf(3), 0)).toThrowError(
      expect.objectContaining({ code: 'snapshots.dropped' }),
    );
    expect(pieces()).toEqual([]);
  });

  it('is one that is wanted while there is no connection', async () => {
    const { uplink } = testUplink(
      { url: 'mqtt://broker.example', images: 'keep' },
      {
        pipe: async ({ url }) => {
          throw new Fault('uplink.unreachable', { url, reason: 'no' });
        },
      },
    );

    expect(() => uplink.sendFile(fileOf(3), 0)).toThrowError(
      expect.objectContaining({ code: 'uplink.lost' }),
    );
  });
});

/** Whoever looks for records of class a waits while it holds. */
class SlowOutbox extends MemoryOutbox {
  holds = false;
  readonly held: (() => void)[] = [];

  override async lease(uplink: string, want: LeaseWant): Promise<Lease | undefined> {
    if (this.holds && want.lane === 'a') await new Promise<void>((resolve) => this.held.push(resolve));
    return super.lease(uplink, want);
  }

  go(): void {
    this.holds = false;
    for (const resolve of this.held.splice(0)) resolve();
  }
}
