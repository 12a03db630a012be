import { describe, expect, it } from 'vitest';
import { sensor } from '../support/sensor.ts';

const noReply = expect.objectContaining({ code: 'bus.no-reply' });
const ACTIVE = 'AA B4 02 01 00 00 00 00 00 00 00 00 00 00 00 FF FF 01 AB';
const PASSIVE = 'AA B4 02 01 01 00 00 00 00 00 00 00 00 00 00 FF FF 02 AB';
const QUERY = 'AA B4 04 00 00 00 00 00 00 00 00 00 00 00 00 FF FF 02 AB';
const WAKE = 'AA B4 06 01 01 00 00 00 00 00 00 00 00 00 00 FF FF 06 AB';

describe('a dust sensor of Nova', () => {
  it('is told to speak when it is listened to', async () => {
    const { hear, sent } = await sensor('nova-sds011');
    expect(await hear(2)).toHaveLength(2);
    expect(sent()).toEqual([ACTIVE]);
  });

  it('is told to be silent once, then asked', async () => {
    const { look, sent, far } = await sensor('nova-sds011', { mode: 'passive' });
    for (let turn = 0; turn < 2; turn += 1) expect(await look()).toEqual(far.said());
    expect(sent()).toEqual([PASSIVE, QUERY, QUERY]);
  });

  it('is told again after a question that was not answered: it may have lost its power', async () => {
    const { look, link, sent } = await sensor('nova-sds011', { mode: 'passive' });
    await look();
    link.wire = 'mute';
    await expect(look()).rejects.toThrow(noReply);
    link.wire = 'whole';
    await look();
    expect(sent()).toEqual([PASSIVE, QUERY, QUERY, PASSIVE, QUERY]);
  });

  it('wakes although it loses the first bytes it hears asleep', async () => {
    const { act, look, sent, starts } = await sensor('nova-sds011', { mode: 'passive' });
    await act('sleep');
    expect(await act('wake')).toEqual({ result: 'done', facts: { acknowledged: true } });
    expect(sent().slice(-2)).toEqual([WAKE, WAKE]);
    expect(starts).toHaveLength(1);
    expect(await look()).toMatchObject({ pm2_5: expect.any(Number) });
  });

  it('does not answer while it is asleep', async () => {
    const { act, look } = await sensor('nova-sds011', { mode: 'passive' });
    await act('sleep');
    for (let turn = 0; turn < 2; turn += 1) await expect(look()).rejects.toThrow(noReply);
  });

  it('is told once to wake when it hears the first time, twice when nobody can tell', async () => {
    const asked = await sensor('nova-sds011', { mode: 'passive' });
    await asked.act('wake');
    expect(asked.sent()).toEqual([WAKE]);
    const speaking = await sensor('nova-sds011');
    await speaking.act('sleep');
    await speaking.act('wake');
    expect(speaking.sent().slice(-2)).toEqual([WAKE, WAKE]);
    expect(await speaking.hear(1)).toHaveLength(1);
  });

  it('is starting while both its values are zero', async () => {
    const { hear, far, starts } = await sensor('nova-sds011');
    far.set({ warming: true });
    expect(await hear(1)).toEqual([{ pm2_5: null, pm10: null }]);
    expect(starts).toHaveLength(1);
    far.set({ warming: false, pm2_5: 0, pm10: 0.3 });
    expect(await hear(1)).toEqual([{ pm2_5: 0, pm10: 0.3 }]);
    expect(starts).toHaveLength(1);
  });

  it('does not answer while it rests within its working period', async () => {
    const { act, look, link } = await sensor('nova-sds011', { mode: 'passive' });
    await act('working-period', { minutes: 2 });
    expect(await look()).toMatchObject({ pm10: expect.any(Number) });
    link.up += 60_000;
    await expect(look()).rejects.toThrow(noReply);
    link.up += 60_000;
    expect(await look()).toMatchObject({ pm10: expect.any(Number) });
  });

  it('of the kind SDS198 has PM100 only', async () => {
    const { hear, points } = await sensor('nova-sds198');
    expect(Object.keys(points)).toEqual(['pm100']);
    expect(Object.keys((await hear(1))[0] ?? {})).toEqual(['pm100']);
  });
});
