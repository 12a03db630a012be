import { describe, expect, it } from 'vitest';
import { Fault, type ModbusLink, registerMap } from '#kit';

const map = registerMap({
  humidity: {
    kind: 'number',
    about: 'Humidity.',
    privacy: 'plain',
    at: 500,
    scale: 0.1,
    unit: '%',
    min: 0,
    max: 100,
  },
  temperature: {
    kind: 'number',
    about: 'Temperature.',
    privacy: 'plain',
    at: 501,
    type: 'i16',
    scale: 0.1,
    unit: 'Cel',
    min: -40,
    max: 80,
    sentinels: [-32768],
  },
  light: {
    kind: 'number',
    about: 'Light.',
    privacy: 'plain',
    at: 506,
    type: 'u32',
    unit: 'lx',
    min: 0,
    max: 200_000,
  },
  mode: {
    kind: 'state',
    about: 'Mode.',
    privacy: 'plain',
    at: 600,
    mask: 0x0300,
    states: { off: 0, on: 1, fault: 3 },
  },
  alarm: { kind: 'flag', about: 'Alarm.', privacy: 'plain', at: 600, bit: 15, invert: true },
  lamp: { kind: 'flag', about: 'Lamp.', privacy: 'plain', table: 'coil', at: 2, write: { rest: false } },
  setpoint: {
    kind: 'number',
    about: 'Set point.',
    privacy: 'plain',
    at: 700,
    type: 'i32',
    scale: 0.01,
    unit: 'Cel',
    min: -40,
    max: 80,
    write: { rest: 'hold' },
  },
});
const call = { signal: new AbortController().signal, priority: 'poll' as const };
const linkOf = (answers: Record<number, readonly number[] | Error>): ModbusLink => ({
  read: async () => [],
  readAll: async (ranges) =>
    ranges.map(({ at }) => answers[at] ?? new Fault('bus.exception', { exception: 2 })),
  write: async () => {},
});

describe('a register map', () => {
  it('reads scaled values without binary dust, signs, and 32 bits with the high word first', () => {
    expect(map.decodeRange({ table: 'holding', at: 500 }, [658, 0xff9b])).toEqual({
      humidity: 65.8,
      temperature: -10.1,
    });
    expect(map.decodeRange({ table: 'holding', at: 506 }, [0x0001, 0x86a0])).toEqual({ light: 100_000 });
  });

  it('says null for a sentinel and for a state nobody named', () => {
    expect(map.decodeRange({ table: 'holding', at: 501 }, [0x8000])).toEqual({ temperature: null });
    expect(map.decodeRange({ table: 'holding', at: 600 }, [0x0200])).toEqual({ mode: null, alarm: true });
    expect(map.decodeRange({ table: 'holding', at: 600 }, [0x83ff])).toEqual({ mode: 'fault', alarm: false });
  });

  it('gives floats as short as they were written', () => {
    const floats = registerMap({
      x: { kind: 'number', about: 'X.', privacy: 'plain', at: 0, type: 'f32', unit: '1', min: 0, max: 1 },
    });
    const words = (value: number) =>
      [new DataView(new Float32Array([value]).buffer).getUint32(0, true)].flatMap((bits) => [
        bits >>> 16,
        bits & 0xffff,
      ]);
    for (const value of [20.1, 0.1, 1234.56, 5e-7, -7.25]) {
      expect(floats.decodeRange({ table: 'holding', at: 0 }, words(value)).x).toBe(value);
    }
    expect(floats.decodeRange({ table: 'holding', at: 0 }, [0x7fc0, 0]).x).toBeNull();
    expect(floats.decodeRange({ table: 'holding', at: 0 }, [0x7f80, 0]).x).toBeNull();
  });

  it('asks for each place once and costs what its blocks cost', () => {
    expect(map.ranges).toEqual([
      { table: 'coil', at: 2, count: 1 },
      { table: 'holding', at: 500, count: 1 },
      { table: 'holding', at: 501, count: 1 },
      { table: 'holding', at: 506, count: 2 },
      { table: 'holding', at: 600, count: 1 },
      { table: 'holding', at: 700, count: 2 },
    ]);
    expect(map.blocks.map(({ at, count }) => [at, count])).toEqual([
      [2, 1],
      [500, 2],
      [506, 2],
      [600, 1],
      [700, 2],
    ]);
    expect(map.cost.map(({ reply_bytes }) => reply_bytes)).toEqual([6, 9, 9, 7, 9]);
  });

  it('leaves out the points of a hole, and throws only when nothing came', async () => {
    const sample = await map.read(linkOf({ 500: [500], 600: [0x8100] }), call);
    expect(sample).toEqual({ humidity: 50, mode: 'on', alarm: false });
    await expect(map.read(linkOf({}), call)).rejects.toThrow(Fault);
  });

  it('writes what may be written, in the units that are shown', () => {
    expect(map.encode('lamp', true)).toEqual({ fn: 5, at: 2, values: [0xff00] });
    expect(map.encode('setpoint', -10.5)).toEqual({ fn: 16, at: 700, values: [0xffff, 0xfbe6] });
    expect(() => map.encode('humidity', 3)).toThrow(/not writable/);
    expect(() => map.encode('lamp', 3)).toThrow(/true or false/);
    expect(() => map.encode('setpoint', 1e12)).toThrow(/what fits i32/);
  });

  it('refuses rows that cannot be right', () => {
    const row = { kind: 'number', about: 'X.', privacy: 'plain', unit: '1', min: 0, max: 1 } as const;
    const bad = [
      { ...row, at: 0xffff, type: 'u32' },
      { ...row, at: 0, type: 'i16', mask: 3 },
      { ...row, at: 0, mask: 0x1_0000 },
      { ...row, at: 0, scale: 0 },
      { ...row, at: 0, table: 'discrete' },
      { ...row, at: 0, table: 'input', write: { rest: 'hold' } },
      { ...row, at: 0, mask: 1, write: { rest: 'hold' } },
    ] as const;
    for (const x of bad)
      expect(() => registerMap({ x }), JSON.stringify(x)).toThrow(
        expect.objectContaining({ code: 'driver.bad-definition' }),
      );
  });
});
