import { describe, expect, it } from 'vitest';
import { type Sample, toHex } from '#kit';
import { openLibrary } from '../../drivers/index.ts';
import { memoryBytes } from '../support/memory-links.ts';

async function sensor(given: object = {}, name = 'plantower-pms') {
  const library = await openLibrary();
  const driver = await library.load(name);
  const options = driver.options.parse(given);
  const far = (await library.simulator(name)).open(options, 2);
  if (far.kind !== 'bytes') throw new Error('the sensor speaks bytes');
  const link = memoryBytes(far);
  const controller = new AbortController();
  const call = { signal: controller.signal, priority: 'poll' as const };
  // The link is the bytes one that the driver names.
  const session = driver.open(link as never, options);
  const hear = async (count: number): Promise<Sample[]> => {
    const samples: Sample[] = [];
    for await (const heard of session.watch?.(call) ?? []) {
      if ('sample' in heard) samples.push(heard.sample);
      if (samples.length >= count) break;
    }
    return samples;
  };
  return { driver, far, link, session, call, hear, sent: () => link.sent.map(toHex) };
}

describe('a particle sensor', () => {
  it('is told to speak when it is watched: one that was left passive never would', async () => {
    const { hear, sent } = await sensor();
    expect(await hear(2)).toHaveLength(2);
    expect(sent()).toEqual(['42 4D E1 00 01 01 71']);
  });

  it('is put into passive mode once, then asked; its acknowledgement is not taken for a frame', async () => {
    const { session, call, sent, far } = await sensor({ mode: 'passive' });
    expect(session.watch).toBeUndefined();
    for (let turn = 0; turn < 2; turn += 1) expect(await session.sample?.(call)).toEqual(far.said());
    expect(sent()).toEqual(['42 4D E1 00 00 01 70', '42 4D E2 00 00 01 71', '42 4D E2 00 00 01 71']);
  });

  it('has no values while it warms up', async () => {
    const { hear, far } = await sensor();
    far.set({ warming: true });
    expect(await hear(1)).toEqual([{ pm1_0: null, pm2_5: null, pm10: null }]);
    far.set({ warming: false, pm2_5: 40 });
    expect(await hear(1)).toMatchObject([{ pm2_5: 40 }]);
  });

  it('gives no values for the frames after a wake that its options name', async () => {
    const { session, call, hear } = await sensor({ settle_frames: 3 });
    await session.act?.('wake', {}, call);
    const values = (await hear(5)).map(({ pm10 }) => pm10 !== null);
    expect(values).toEqual([false, false, false, true, true]);
  });

  it('falls silent asleep and speaks again awake', async () => {
    const { session, call, hear } = await sensor({ settle_frames: 0 });
    await session.act?.('sleep', {}, call);
    expect(await hear(1)).toEqual([]);
    await session.act?.('wake', {}, call);
    expect(await hear(1)).toHaveLength(1);
  });

  it('shows counts only when asked for details, and climate only where the model has it', async () => {
    const names = async (given: object, name?: string) =>
      Object.keys((await (await sensor(given, name)).hear(1))[0] ?? {});
    expect(await names({})).toEqual(['pm1_0', 'pm2_5', 'pm10']);
    expect(await names({ details: true })).toHaveLength(12);
    expect(await names({}, 'plantower-pms5003t')).toEqual([
      'pm1_0',
      'pm2_5',
      'pm10',
      'temperature',
      'humidity',
    ]);
    expect(await names({}, 'plantower-pms5003st')).toContain('formaldehyde');
  });
});
