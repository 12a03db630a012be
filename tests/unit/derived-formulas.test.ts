import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  concentrationFactor as factor,
  GB_3096_2008,
  type Pollutant,
  concentrationUnits as unitsFor,
} from '../../src/model/index.ts';
import { classOf, indexOf, nowcast, rounded, standardOn, worstOf } from '../../src/pipeline/derived/aqi.ts';
import { type IndexTable, STANDARDS, type Standard } from '../../src/pipeline/derived/aqi-tables.ts';
import { dayLevel, energyMean, exceeded } from '../../src/pipeline/derived/levels.ts';

interface Vector {
  readonly formula: string;
  readonly input: string;
  readonly output: number;
}
const vectors: readonly Vector[] = JSON.parse(readFileSync('src/pipeline/derived/vectors.json', 'utf8'));
const of = (formula: RegExp) => vectors.filter((vector) => formula.test(vector.formula));
const numbersIn = (text: string) => text.split(/[ ,]/).map(Number).filter(Number.isFinite);

const standard = (id: Standard['id']): Standard => {
  const found = STANDARDS.find((one) => one.id === id);
  if (!found) throw new Error(`no ${id}`);
  return found;
};
function there(table: IndexTable | undefined): IndexTable {
  if (!table) throw new Error('there is no such table');
  return table;
}
function daily(id: Standard['id'], pollutant: Pollutant, concentration: number, average = '24h' as const) {
  return indexOf(concentration, there(standard(id).daily[pollutant]?.[average]), standard(id).rounding);
}

describe('an index of air quality', () => {
  it.each(of(/^IAQI/))('$formula of $input is $output', ({ formula, input, output }) => {
    const id = formula.endsWith('2012') ? 'hj-633-2012' : 'hj-633-2026';
    const pollutant = input.startsWith('pm25') ? 'pm2_5' : 'pm10';

    const index = daily(id, pollutant, numbersIn(input)[0] ?? Number.NaN);

    expect(index).toBe(output);
  });

  it.each(of(/^US EPA/))('$formula of $input is $output', ({ input, output }) => {
    const index = daily('us-epa-2024', 'pm2_5', numbersIn(input)[0] ?? Number.NaN);

    expect(index).toBe(output);
  });

  it.each([
    ['US EPA PM10 cuts the decimals off: 154.9 is still moderate', 'us-epa-2024', 'pm10', 154.9, 100],
    ['US EPA PM2.5 ends at 500 from 325.4 on', 'us-epa-2024', 'pm2_5', 325.4, 500],
    ['HJ 633 ends at 500', 'hj-633-2026', 'pm10', 900, 500],
    ['HJ 633 nitrogen dioxide of a day', 'hj-633-2012', 'no2', 60, 75],
    ['HJ 633 carbon monoxide of a day, in mg/m3', 'hj-633-2012', 'co', 2.04, 50],
    ['HJ 633 rounds the concentration half to even', 'hj-633-2012', 'pm2_5', 34.5, 49],
    ['nothing measured is nothing', 'hj-633-2012', 'pm2_5', 0, 0],
    ['a sensor just below zero is not below clean air', 'us-epa-2024', 'pm2_5', -0.4, 0],
  ] as const)('%s', (_what, id, pollutant, concentration, expected) => {
    expect(daily(id, pollutant, concentration)).toBe(expected);
  });

  /** 40 CFR part 58, appendix G, table 2 (2024): the last concentration of each class and the first of the next. */
  it.each([
    ['pm2_5', '24h', [9, 9.1, 35.4, 35.5, 55.4, 55.5, 125.4, 125.5, 225.4, 225.5, 325.4], 50],
    ['pm10', '24h', [54, 55, 154, 155, 254, 255, 354, 355, 424, 425, 604], 50],
    ['no2', 'max-1h', [53, 54, 100, 101, 360, 361, 649, 650, 1249, 1250, 2049], 50],
    ['co', 'max-8h', [4.4, 4.5, 9.4, 9.5, 12.4, 12.5, 15.4, 15.5, 30.4, 30.5, 50.4], 50],
    ['o3', 'max-8h', [0.054, 0.055, 0.07, 0.071, 0.085, 0.086, 0.105, 0.106, 0.2], 50],
    ['o3', 'max-1h', [0.125, 0.164, 0.165, 0.204, 0.205, 0.404, 0.405, 0.604], 101],
    ['so2', 'max-1h', [35, 36, 75, 76, 185, 186, 304], 50],
    ['so2', '24h', [305, 604, 605, 1004], 201],
  ] as const)('US EPA of %s (%s) begins and ends its classes where the rule does', (pollutant, average, ends, first) => {
    const { daily: tables, rounding } = standard('us-epa-2024');
    const bounds = [50, 51, 100, 101, 150, 151, 200, 201, 300, 301, 500];

    const indices = ends.map((end) => indexOf(end, there(tables[pollutant]?.[average]), rounding));

    const from = bounds.indexOf(first);
    expect(indices).toEqual(bounds.slice(from, from + ends.length));
  });

  it('US EPA of sulfur dioxide stays at 200 by the hour, and goes on by the day', () => {
    const { daily: tables, rounding } = standard('us-epa-2024');

    const byHour = indexOf(700, there(tables.so2?.['max-1h']), rounding);
    const byDay = indexOf(304, there(tables.so2?.['24h']), rounding);

    expect([byHour, byDay]).toEqual([200, undefined]);
  });

  it('of ozone leaves the eight-hour table where that ends, and takes the hour', () => {
    const { daily: tables, rounding } = standard('hj-633-2026');
    const ofDay = (average: 'max-8h' | 'max-1h', concentration: number) =>
      indexOf(concentration, there(tables.o3?.[average]), rounding);

    expect(ofDay('max-8h', 800)).toBe(300);
    expect(ofDay('max-8h', 801)).toBeUndefined();
    expect(ofDay('max-1h', 700)).toBeUndefined();
    expect(ofDay('max-1h', 1000)).toBe(400);
  });

  it('of sulfur dioxide within the hour ends at 200 in China', () => {
    const { hourly, rounding } = standard('hj-633-2012');

    expect(indexOf(2000, there(hourly.so2?.['1h']), rounding)).toBe(200);
  });

  it('never falls while the concentration rises, in every table there is', () => {
    const tables = STANDARDS.flatMap(({ id, hourly, daily: days, rounding }) =>
      [hourly, days].flatMap((group) =>
        Object.entries(group).flatMap(([pollutant, averages]) =>
          Object.values(averages).map((table) => ({ id, pollutant, table, rounding })),
        ),
      ),
    );
    expect(tables.length).toBeGreaterThan(30);
    const fraction = fc.double({ min: 0, max: 1, noNaN: true });
    for (const { table, rounding } of tables) {
      const most = table.pieces.at(-1)?.to ?? 0;
      fc.assert(
        fc.property(fraction, fraction, (x, y) => {
          const [low, high] = [Math.min(x, y) * most, Math.max(x, y) * most];
          const [less, more] = [indexOf(low, table, rounding), indexOf(high, table, rounding)];
          if (less !== undefined && more !== undefined) expect(less).toBeLessThanOrEqual(more);
        }),
        { numRuns: 50 },
      );
    }
  });

  it('is that of the worst pollutant, which is only named above 50', () => {
    const fair = worstOf([
      { pollutant: 'pm2_5', index: 50 },
      { pollutant: 'pm10', index: 31 },
    ]);
    const bad = worstOf([
      { pollutant: 'pm2_5', index: 63 },
      { pollutant: 'o3', index: 120 },
    ]);

    expect(fair).toEqual({ index: 50, primary: 'none' });
    expect(bad).toEqual({ index: 120, primary: 'o3' });
    expect(worstOf([])).toBeUndefined();
    expect([classOf(120, standard('hj-633-2026')), classOf(500, standard('us-epa-2024'))]).toEqual([
      'light',
      'hazardous',
    ]);
  });

  it.each([
    ['hj-633', '2026-02-28', 'hj-633-2012'],
    ['hj-633', '2026-03-01', 'hj-633-2026'],
    ['hj-633', '2010-01-01', 'hj-633-2012'],
    ['hj-633-2012', '2026-11-25', 'hj-633-2012'],
    ['us-epa-2024', '2026-11-25', 'us-epa-2024'],
  ] as const)('%s on %s is %s', (wanted, day, id) => {
    expect(standardOn(wanted, day).id).toBe(id);
  });
});

describe('rounding', () => {
  it.each([
    [62.5, 0, 'half-even', 62],
    [63.5, 0, 'half-even', 64],
    [0.15, 1, 'half-even', 0.2],
    [9.09, 1, 'down', 9],
    [35.4, 1, 'down', 35.4],
    [0.0709, 3, 'down', 0.07],
  ] as const)('%d to %d decimals, %s, is %d', (value, decimals, how, expected) => {
    expect(rounded(value, decimals, how)).toBe(expected);
  });
});

describe('the NowCast', () => {
  it('of steady air is that air', () => {
    expect(nowcast(Array.from({ length: 12 }, () => 20))).toBeCloseTo(20, 10);
  });

  it('weighs the newest hours most when the air changes, and never less than by half each hour', () => {
    // w = 10 / 40, so 0.5: (40 + 10 / 2 + 10 / 4) / (1 + 1/2 + 1/4).
    expect(nowcast([40, 10, 10])).toBeCloseTo(47.5 / 1.75, 10);
  });

  it('leaves missing hours out but keeps the age of the others', () => {
    // w = 20 / 25 = 0.8, and the third value is two hours old.
    expect(nowcast([25, undefined, 20])).toBeCloseTo((25 + 20 * 0.64) / (1 + 0.64), 10);
  });

  it('is not made unless two of the latest three hours are there', () => {
    expect(nowcast([undefined, undefined, 20, 20, 20])).toBeUndefined();
    expect(nowcast([20])).toBeUndefined();
    expect(nowcast([0, 0])).toBe(0);
  });
});

describe('units of gases', () => {
  it('are brought to mass at 25 degrees and one atmosphere', () => {
    expect(factor('o3', '[ppb]', 'ug/m3')).toBeCloseTo(1.962, 3);
    expect(factor('co', '[ppm]', 'mg/m3')).toBeCloseTo(1.145, 3);
    expect(factor('no2', 'ug/m3', '[ppb]')).toBeCloseTo(0.532, 3);
    expect(factor('pm10', 'mg/m3', 'ug/m3')).toBe(1000);
  });

  it('do not exist for particles as parts of a volume', () => {
    expect(factor('pm2_5', '[ppb]', 'ug/m3')).toBeUndefined();
    expect(unitsFor('pm2_5')).not.toContain('[ppb]');
  });
});

describe('levels of sound', () => {
  it.each(of(/^LAeq/))('$formula of $input is $output', ({ input, output }) => {
    const levels = numbersIn(input);

    expect(levels).toHaveLength(3);
    expect(energyMean(levels)).toBeCloseTo(output, 2);
  });

  it.each(of(/^Lden/))('$formula of $input is $output', ({ input, output }) => {
    const [day = 0, evening = 0, night = 0] = numbersIn(input);

    const level = dayLevel([
      { hours: 12, penalty: 0, level: day },
      { hours: 4, penalty: 5, level: evening },
      { hours: 8, penalty: 10, level: night },
    ]);

    expect(level).toBeCloseTo(output, 2);
  });

  it('exceeded 10, 50 and 90 % of the time are the 10th, 50th and 90th of a hundred, the loudest first', () => {
    const levels = Array.from({ length: 100 }, (_, index) => 30 + index);

    expect([10, 50, 90].map((percent) => exceeded(levels, percent))).toEqual([120, 80, 40]);
    expect(exceeded([], 50)).toBeUndefined();
    expect(exceeded([55], 90)).toBe(55);
  });

  it('have limits by class of the area, quieter at night', () => {
    expect(GB_3096_2008['1']).toEqual({ day: 55, night: 45 });
    for (const { day, night } of Object.values(GB_3096_2008)) expect(night).toBeLessThan(day);
  });
});
