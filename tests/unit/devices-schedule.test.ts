import { describe, expect, it } from 'vitest';
import { afterLook, beginSchedule, placeAmong } from '../../src/devices/schedule.ts';

const begun = (every_ms: number) => beginSchedule(0, every_ms, { index: 0, of: 1 });
const span = (began_up: number, ended_up: number) => ({ began_up, ended_up });

describe('the rhythm of a device', () => {
  it('spreads the first looks of the devices of a bus over their interval', () => {
    const firsts = [0, 1, 2, 3].map((index) => beginSchedule(500, 1000, { index, of: 4 }).next_up);
    expect(firsts).toEqual([500, 750, 1000, 1250]);
  });

  it('gives a device the same place in every order of the site file', () => {
    const places = ['c', 'a', 'b'].map((id) => placeAmong(id, ['c', 'a', 'b']));
    expect(places).toEqual([
      { index: 2, of: 3 },
      { index: 0, of: 3 },
      { index: 1, of: 3 },
    ]);
    expect(placeAmong('b', ['b', 'c', 'a'])).toEqual({ index: 1, of: 3 });
  });

  it('keeps its beats whatever a look takes', () => {
    const first = afterLook(begun(1000), span(0, 30));
    const second = afterLook(first, span(1003, 1400));
    expect([first.next_up, second.next_up, second.missed]).toEqual([1000, 2000, 0]);
  });

  it('counts the beats that passed while a look ran, and makes up for none', () => {
    const after = afterLook(begun(1000), span(0, 3500));
    expect(after).toEqual({ every_ms: 1000, next_up: 4000, missed: 3 });
  });

  it('counts a beat that a look out of turn stood in the way of', () => {
    const between = afterLook({ every_ms: 1000, next_up: 1000, missed: 0 }, span(300, 400));
    const across = afterLook(between, span(800, 1200));
    expect(between).toEqual({ every_ms: 1000, next_up: 1000, missed: 0 });
    expect(across).toEqual({ every_ms: 1000, next_up: 2000, missed: 1 });
  });

  it('leaves beats out on purpose without counting them as missed, and stays in step', () => {
    const after = afterLook(begun(1000), span(0, 100), 4500);
    expect(after).toEqual({ every_ms: 1000, next_up: 5000, missed: 0 });
  });
});
