import { describe, expect, it } from 'vitest';
import { fromHex } from '#kit';
import { openLibrary } from '../../drivers/index.ts';
import { memoryBytes } from '../support/memory-links.ts';
import { sensor } from '../support/sensor.ts';

const fault = (code: string) => expect.objectContaining({ name: 'Fault', code });

describe('an MH-Z19', () => {
  const NOTHING = { co2: null, temperature: null };

  it('has no value while it says 410 ppm and nothing else has been heard', async () => {
    const { look, far, starts } = await sensor('winsen-mh-z19');
    far.set({ heating: true });
    for (let turn = 0; turn < 3; turn += 1) expect(await look()).toEqual(NOTHING);
    expect(starts).toHaveLength(3);
    far.set({ heating: false, co2: 455 });
    expect(await look()).toMatchObject({ co2: 455 });
    expect(starts).toHaveLength(3);
  });

  it('is believed at 410 ppm when it was near before, and not when it jumps there', async () => {
    const { look, far } = await sensor('winsen-mh-z19');
    far.set({ co2: 425 });
    await look();
    far.set({ co2: 410 });
    expect(await look()).toMatchObject({ co2: 410 });
    far.set({ co2: 800 });
    await look();
    far.set({ co2: 410 });
    expect(await look()).toEqual(NOTHING);
  });

  it('tells its firmware, and is told its range without waiting for a word', async () => {
    const { act, sent } = await sensor('winsen-mh-z19');
    expect(await act('version')).toEqual({ result: 'done', facts: { firmware: '0502' } });
    expect(await act('range', { ppm: 10_000 })).toEqual({ result: 'done', facts: { acknowledged: false } });
    expect(sent().at(-1)).toBe('FF 01 99 00 00 00 27 10 2F');
  });

  it('refuses a range and a span that it has not', async () => {
    const { act } = await sensor('winsen-mh-z19');
    await expect(act('range', { ppm: 3000 })).rejects.toThrow(fault('command.bad-args'));
    await expect(act('span', { ppm: 400 })).rejects.toThrow(fault('command.bad-args'));
  });
});

describe('a gas module', () => {
  it('of another gas than the site file says never becomes a point', async () => {
    const library = await openLibrary();
    const formaldehyde = (await library.load('winsen-ze08-ch2o')).options.parse({});
    const far = (await library.simulator('winsen-ze')).open(formaldehyde, 1);
    if (far.kind !== 'bytes') throw new Error('a gas module speaks bytes');
    const driver = await library.load('winsen-ze07-co');
    // The link is the bytes one that the driver names.
    const session = driver.open(memoryBytes(far) as never, driver.options.parse({}));
    const { signal } = new AbortController();
    const words = session.watch?.({ signal, priority: 'poll' })[Symbol.asyncIterator]();
    await expect(words?.next()).rejects.toThrow(fault('driver.value'));
  });

  it.each([
    ['winsen-ze07-co', 'FF 01 78 40 00 00 00 00 47', 'FF 01 78 41 00 00 00 00 46'],
    ['winsen-ze03-no2', 'FF 01 78 03 00 00 00 00 84', 'FF 01 78 04 00 00 00 00 83'],
  ])('%s is told its mode in its own numbers', async (name, active, passive) => {
    const speaking = await sensor(name);
    await speaking.hear(1);
    expect(speaking.sent()).toEqual([active]);
    const asked = await sensor(name, { mode: 'passive' });
    await asked.look();
    expect(asked.sent()[0]).toBe(passive);
  });

  it.each([
    ['winsen-ze07-co', 'co', 12.5],
    ['winsen-ze08-ch2o', 'formaldehyde', 37],
    ['winsen-ze27-o3', 'o3', 41],
    ['winsen-ze03-o2', 'o2', 20.9],
    ['winsen-ze03-so2', 'so2', 300],
    ['winsen-ze03-nh3', 'nh3', 7],
  ])('%s says the same asked and unasked', async (name, gas, value) => {
    const speaking = await sensor(name);
    const asked = await sensor(name, { mode: 'passive' });
    for (const { far } of [speaking, asked]) far.set({ [gas]: value });
    expect(await speaking.hear(1)).toEqual([{ [gas]: value }]);
    expect(await asked.look()).toEqual({ [gas]: value });
  });
});

describe('a ZH03B', () => {
  it('says its sizes in another order when it is asked', async () => {
    const masses = { pm1_0: 11, pm2_5: 22, pm10: 33 };
    const speaking = await sensor('winsen-zh03b');
    const asked = await sensor('winsen-zh03b', { mode: 'passive' });
    for (const { far } of [speaking, asked]) far.set(masses);
    expect(await speaking.hear(1)).toEqual([masses]);
    expect(await asked.look()).toEqual(masses);
    expect(asked.sent()).toEqual(['FF 01 78 41 00 00 00 00 46', 'FF 01 86 00 00 00 00 00 79']);
  });

  it('that refuses to sleep has not done it', async () => {
    const { act, far } = await sensor('winsen-zh03b', { mode: 'passive' });
    far.set({ stubborn: true });
    expect(await act('sleep')).toEqual({ result: 'failed', facts: { refused: true } });
  });

  it('falls silent asleep, and warms up when it is woken', async () => {
    const { act, hear, starts } = await sensor('winsen-zh03b');
    await act('sleep');
    expect(await hear(1)).toEqual([]);
    await act('wake');
    expect(starts).toHaveLength(1);
    expect(await hear(1)).toHaveLength(1);
  });
});

describe('an HPMA115', () => {
  it('asleep refuses to be read, which is no value and no failure', async () => {
    const { act, look } = await sensor('honeywell-hpma115', { mode: 'passive' });
    await act('sleep');
    expect(await look()).toEqual({ pm2_5: null, pm10: null });
    await act('wake');
    expect(await look()).toMatchObject({ pm2_5: expect.any(Number) });
  });

  it('gives four sizes as a C0, asked and unasked', async () => {
    const masses = { pm1_0: 4, pm2_5: 7, pm4_0: 9, pm10: 23 };
    const speaking = await sensor('honeywell-hpma115c0');
    const asked = await sensor('honeywell-hpma115c0', { mode: 'passive' });
    for (const { far } of [speaking, asked]) far.set(masses);
    expect(await speaking.hear(1)).toEqual([masses]);
    expect(await asked.look()).toEqual(masses);
  });

  it('polled as the other model than it is ends in a fault, not in values of other sizes', async () => {
    const library = await openLibrary();
    const driver = await library.load('honeywell-hpma115c0');
    const options = driver.options.parse({ mode: 'passive' });
    const answer = fromHex('40 05 04 00 30 00 31 56');
    const far = {
      kind: 'bytes',
      said: () => ({}),
      set: () => {},
      receive: () => answer,
      speak: () => undefined,
    } as const;
    // The link is the bytes one that the driver names.
    const session = driver.open(memoryBytes(far) as never, options);
    const call = { signal: new AbortController().signal, priority: 'poll' as const };
    await expect(session.sample?.(call)).rejects.toThrow(fault('driver.value'));
  });

  it('refuses a coefficient that it cannot have before anything is sent', async () => {
    const { act, sent } = await sensor('honeywell-hpma115');
    await expect(act('set-coefficient', { percent: 20 })).rejects.toThrow(fault('command.bad-args'));
    expect(sent()).toEqual([]);
  });
});

describe.each([
  ['tera-nextpm', 'pm2_5'],
  ['panasonic-sn-gcja5', 'pm2_5'],
  ['winsen-zphs01b', 'co2'],
])('%s', (name, point) => {
  it('has no values while it is only starting, and says so', async () => {
    const { session, look, hear, far, starts } = await sensor(name);
    const next = async () => (session.sample ? look() : ((await hear(1))[0] ?? {}));
    far.set({ starting: true });
    expect(await next()).toMatchObject({ [point]: null });
    expect(starts).toHaveLength(1);
    far.set({ starting: false, [point]: 44 });
    expect(await next()).toMatchObject({ [point]: 44 });
    expect(starts).toHaveLength(1);
  });
});

it.each([
  'tera-nextpm',
  'panasonic-sn-gcja5',
])('%s passes its word on a defect on, with its values', async (name) => {
  const { session, look, hear, far } = await sensor(name);
  far.set({ fan: false, pm10: 31 });
  const sample = session.sample ? await look() : (await hear(1))[0];
  expect(sample).toMatchObject({ pm10: 31, defect: true });
});
