import { describe, expect, it } from 'vitest';
import { sensor } from '../support/sensor.ts';

const NOTHING = { pm1_0: null, pm2_5: null, pm4_0: null, pm10: null, defect: null };
const READ = '7E 00 03 00 FC 7E';
const START = '7E 00 00 02 01 03 F9 7E';

describe('an SPS30', () => {
  it('that lost its power is started, has no value until then, and is asked again at the next look', async () => {
    const { look, far, sent, starts } = await sensor('sensirion-sps30');
    far.set({ idle: true });

    expect(await look()).toEqual(NOTHING);
    expect(starts).toHaveLength(1);
    expect(await look()).toMatchObject({ pm2_5: expect.any(Number) });

    expect(sent()).toEqual([READ, START, READ]);
    expect(starts).toHaveLength(1);
  });

  it('that an operator put to sleep stays asleep, without a value, until it is woken', async () => {
    const { act, look, sent, starts } = await sensor('sensirion-sps30');
    await act('sleep');
    for (let turn = 0; turn < 3; turn += 1) expect(await look()).toEqual(NOTHING);
    expect(sent()).not.toContain(START);

    await act('wake');

    expect(starts).toHaveLength(1);
    expect(await look()).toMatchObject({ pm2_5: expect.any(Number) });
  });

  it('is woken and put to sleep without complaint when it is so already', async () => {
    const { act, starts } = await sensor('sensirion-sps30');
    expect(await act('wake')).toMatchObject({ result: 'done' });
    expect(starts).toEqual([]);
    await act('sleep');
    expect(await act('sleep')).toMatchObject({ result: 'done' });
  });

  it('cannot be cleaned while it is asleep, and says why', async () => {
    const { act } = await sensor('sensirion-sps30');
    await act('sleep');
    expect(await act('clean')).toEqual({ result: 'failed', facts: { refused: 'not allowed in this state' } });
  });

  it('gives nothing when nothing is new, and its word on a defect with its values', async () => {
    const { look, far } = await sensor('sensirion-sps30');
    far.set({ stale: true });
    expect(await look()).toEqual({});
    far.set({ stale: false, defect: true, pm10: 41.25 });
    expect(await look()).toMatchObject({ pm10: 41.25, defect: true });
  });

  it('tells its serial number and its versions', async () => {
    const { act } = await sensor('sensirion-sps30');
    expect((await act('info')).facts).toMatchObject({ serial: '0123456789ABCDEF' });
    expect((await act('version')).facts).toMatchObject({ firmware: '2.2', hardware: 7 });
  });
});
