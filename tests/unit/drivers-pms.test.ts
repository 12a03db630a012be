import { describe, expect, it } from 'vitest';
import type { JsonObject } from '#kit';
import { sensor as open } from '../support/sensor.ts';

const sensor = (given: JsonObject = {}, name = 'plantower-pms') => open(name, given);

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

  it('has no values while its fan starts, and says that it has just started', async () => {
    const { hear, far, starts } = await sensor();
    far.set({ warming: true });
    expect(await hear(1)).toEqual([{ pm1_0: null, pm2_5: null, pm10: null }]);
    expect(starts).toHaveLength(1);
    far.set({ warming: false, pm2_5: 40 });
    expect(await hear(1)).toMatchObject([{ pm2_5: 40 }]);
    expect(starts).toHaveLength(1);
  });

  it.each(['active', 'passive'])('has just started when it is woken (%s)', async (mode) => {
    const { act, starts } = await sensor({ mode });
    await act('sleep');
    expect(starts).toEqual([]);
    await act('wake');
    expect(starts).toHaveLength(1);
  });

  it('falls silent asleep and speaks again awake', async () => {
    const { act, hear } = await sensor();
    await act('sleep');
    expect(await hear(1)).toEqual([]);
    await act('wake');
    expect(await hear(1)).toHaveLength(1);
  });

  it('is put into passive mode again when a question was not answered: it may have lost its power', async () => {
    const { look, link, sent } = await sensor({ mode: 'passive' });
    await look();
    link.wire = 'mute';
    await expect(look()).rejects.toThrow(expect.objectContaining({ code: 'bus.no-reply' }));
    link.wire = 'whole';
    await look();
    expect(sent().filter((hex) => hex === '42 4D E1 00 00 01 70')).toHaveLength(2);
  });

  it('shows counts only when asked for details, and climate only where the model has it', async () => {
    const names = async (given: JsonObject, name?: string) =>
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
