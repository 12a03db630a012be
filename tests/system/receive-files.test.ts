import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { idOf, picture, sumOf } from '../support/snapshot-ring.ts';
import { startStrictBroker } from '../support/strict-broker.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';
import { testReceiver } from '../support/uplink-world.ts';

const root = 'gl/1/riverside/gate-1';
const SIZE = 1000;
const body = (nr: number) => Buffer.from(picture(nr, SIZE).bytes);

/** A piece as a gateway sends it. */
const piece = (nr: number, from: number, to: number, more: object = {}) => ({
  ...{ v: 1, gateway: 'gate-1', id: idOf(nr), type: 'image/jpeg', size: SIZE, sha256: sumOf(body(nr)) },
  ...{ offset: from, data: body(nr).subarray(from, to).toString('base64'), last: to === SIZE },
  ...more,
});

/** A receiver that stores files, on a broker through which the test speaks as anybody. */
async function platform(files = join(tempFolder(), 'files')) {
  const broker = await startStrictBroker();
  const receiver = await testReceiver({ url: broker.url, files });
  const say = (message: object, topic = `${root}/file/${'id' in message ? message.id : ''}`) =>
    broker.publish(topic, JSON.stringify(message));
  const shown = () => receiver.view().gateways[0]?.files ?? [];
  const whole = () => shown().filter(({ missing_from }) => missing_from === undefined).length;
  return { broker, receiver, files, say, shown, whole, path: join(files, 'riverside', 'gate-1') };
}

/** All files below a folder. */
const below = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((one) =>
        one.isFile() ? [join(one.parentPath, one.name)] : [],
      )
    : [];

describe('a file that comes in pieces', () => {
  it('is stored under its id once it is whole, in whatever order and however often they came', async () => {
    const { say, shown, path, receiver, whole } = await platform();

    for (const [from, to] of [
      [600, 1000],
      [0, 300],
      [0, 300],
      [200, 400],
    ] as const)
      say(piece(1, from, to));
    await until('the first part is there', () => shown()[0]?.missing_from === 400);
    const early = existsSync(join(path, `${idOf(1)}.jpg`));
    say(piece(1, 400, 600));
    await until('it is whole', () => whole() === 1);
    say(piece(1, 0, 300));
    say(piece(2, 0, 300));
    await until('another one begins', () => shown()[1]?.missing_from === 300);

    expect(early).toBe(false);
    expect(readFileSync(join(path, `${idOf(1)}.jpg`))).toEqual(body(1));
    expect(readdirSync(path).sort()).toEqual([`${idOf(1)}.jpg`, `${idOf(2)}.jpg.part`]);
    expect(receiver.verdict().bad).toBe(0);
  });

  it('is there after a restart when it was whole, and forgotten when it was not', async () => {
    const files = join(tempFolder(), 'files');
    const first = await platform(files);
    first.say(piece(1, 0, SIZE));
    first.say(piece(2, 0, 300));
    await until('both are there', () => first.shown().length === 2);
    await first.receiver.close();

    const again = await platform(files);
    again.say({ v: 1, gateway: 'gate-1', facts: [] }, `${root}/health`);
    again.say(piece(2, 300, SIZE));
    await until('something came', () => again.shown().length === 2);

    expect(again.shown()).toEqual([
      { id: idOf(1), type: 'image/jpeg', size: SIZE },
      { id: idOf(2), type: 'image/jpeg', size: SIZE, missing_from: 0 },
    ]);
  });

  it('whose sum is wrong is not stored, counted, and may come anew', async () => {
    const { say, path, receiver, whole } = await platform();
    const wrong = Buffer.from(body(1).subarray(500)).fill(7).toString('base64');

    say(piece(1, 0, 500));
    say(piece(1, 500, SIZE, { data: wrong }));
    await until('it is found out', () => receiver.verdict().bad === 1);
    await until('nothing of it is left', () => below(path).length === 0);
    say(piece(1, 0, 500));
    say(piece(1, 500, SIZE));
    await until('it is whole', () => whole() === 1);

    expect(readFileSync(join(path, `${idOf(1)}.jpg`))).toEqual(body(1));
    expect(receiver.verdict().bad).toBe(1);
  });

  it('of a type of a later version is passed over', async () => {
    const { say, shown, receiver, whole } = await platform();

    say(piece(1, 0, SIZE, { type: 'image/heic', hue: 3 }));
    say(piece(2, 0, SIZE));
    await until('the other one is there', () => whole() === 1);

    expect(shown()[0]?.id).toBe(idOf(2));
    expect(receiver.verdict().bad).toBe(0);
  });
});

describe('a piece that is not what it should be', () => {
  const up = '../../../x';
  const bad: readonly (readonly [string, object, string?])[] = [
    ['of another gateway', piece(1, 0, 300, { gateway: 'gate-2' })],
    ['of another file than its topic', piece(1, 0, 300), `${root}/file/${idOf(2)}`],
    ['whose id is a path', piece(1, 0, 300, { id: up }), `${root}/file/x`],
    ['of a file that is too large', piece(1, 0, 300, { size: 8 * 1024 * 1024 + 1 })],
    ['of a file without bytes', piece(1, 0, 300, { size: 0 })],
    ['that ends behind the file', piece(1, 800, SIZE, { offset: 900 })],
    ['that begins before it', piece(1, 0, 300, { offset: -1 })],
    ['far behind it', piece(1, 0, 300, { offset: Number.MAX_SAFE_INTEGER - 5 })],
    ['that says it is the last and is not', piece(1, 0, 300, { last: true })],
    ['that is the last and does not say so', piece(1, 300, SIZE, { last: false })],
    ['without bytes', piece(1, 0, 300, { data: '' })],
    ['that is no base64', piece(1, 0, 300, { data: 'A=BC' })],
    ['in base64 of another alphabet', piece(1, 0, 300, { data: '_-_-' })],
    ['that is longer than any may be', piece(1, 0, 300, { data: 'AAAA'.repeat(20_000) })],
    ['without a sum', piece(1, 0, 300, { sha256: 'x' })],
    ['of another major version', piece(1, 0, 300, { v: 2 })],
    ['that is a list', [piece(1, 0, 300)], `${root}/file/${idOf(1)}`],
  ];

  it('is counted, stored nowhere, and harms nothing', async () => {
    const { say, receiver, files, whole } = await platform();

    for (const [index, [what, message, topic]] of bad.entries()) {
      say(message, topic);
      await until(`a piece ${what} is counted`, () => receiver.verdict().bad === index + 1);
    }
    const lying = below(files);
    say(piece(1, 0, SIZE));
    await until('a good one is taken', () => whole() === 1);

    expect(lying).toEqual([]);
    expect(receiver.verdict().bad).toBe(bad.length);
  });

  it('does not change what is known of a file that has begun', async () => {
    const { say, shown, receiver, whole } = await platform();
    say(piece(1, 0, 300));
    await until('it has begun', () => shown()[0]?.missing_from === 300);

    say(piece(1, 300, 600, { size: 600, last: true }));
    say(piece(1, 300, 600, { sha256: '0'.repeat(64) }));
    await until('both are counted', () => receiver.verdict().bad === 2);
    say(piece(1, 300, SIZE));
    await until('it is whole', () => whole() === 1);

    expect(shown()).toEqual([{ id: idOf(1), type: 'image/jpeg', size: SIZE }]);
  });

  it('names no folder but its own, whatever its gateway is called', async () => {
    const { say, receiver, files } = await platform();
    const names = ['..', '.', '.hidden', 'a b', 'x'.repeat(80), 'ü', '%2e%2e'];

    for (const gateway of names) say(piece(1, 0, SIZE, { gateway }), `gl/1/../${gateway}/file/${idOf(1)}`);
    await until(
      'all are stored',
      () => below(files).filter((name) => name.endsWith('.jpg')).length === names.length,
    );

    expect(receiver.view().gateways).toHaveLength(names.length);
    const stored = below(files);
    expect(stored).toHaveLength(names.length);
    expect(new Set(stored).size).toBe(names.length);
    expect(stored.every((path) => path.startsWith(`${files}/`) && !path.includes('/../'))).toBe(true);
    expect(below(join(files, '..'))).toEqual(stored);
  });

  it('begins no more files than a disk bears: of too many the oldest is given up', async () => {
    const { say, shown, path } = await platform();

    for (let nr = 0; nr < 80; nr += 1) say(piece(nr, 0, 300));
    await until('the last has begun', () => shown().at(-1)?.id === idOf(79));
    const left = () => below(path).map((name) => name.slice(path.length + 1));
    const wanted = Array.from({ length: 64 }, (_, nr) => `${idOf(16 + nr)}.jpg.part`).sort();
    await until('the first ones are given up', () => left().sort().join() === wanted.join());

    expect(shown().map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, nr) => idOf(60 + nr)));
  });
});

describe('a folder for files', () => {
  it('that cannot be made stops the receiver before it connects', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'files'), 'in the way');
    const broker = await startStrictBroker();

    const opening = testReceiver({ url: broker.url, files: join(folder, 'files') });

    await expect(opening).rejects.toThrow();
    expect(broker.connections()).toBe(0);
  });

  it('holds what is not ours too, and leaves it', async () => {
    const files = tempFolder();
    mkdirSync(join(files, 'riverside', 'gate-1'), { recursive: true });
    writeFileSync(join(files, 'riverside', 'gate-1', 'notes.txt'), 'x');
    writeFileSync(join(files, 'README'), 'x');
    const { say, whole } = await platform(files);

    say(piece(1, 0, SIZE));
    await until('it is whole', () => whole() === 1);

    expect(below(files)).toHaveLength(3);
  });
});
