import {
  type Decoded,
  type ModbusRange,
  type ModbusWrite,
  noteOf,
  type PointsOf,
  type RegisterTable,
  readModbus,
  registerMap,
  type Sample,
  settingCommands,
} from '#kit';

export const NAME = 'sensirion-scd30';

const float = (at: number, unit: string, range: readonly [number, number], about: string) =>
  ({
    kind: 'number',
    at,
    type: 'f32',
    decimals: 2,
    unit,
    min: range[0],
    max: range[1],
    about,
    privacy: 'plain',
  }) as const;

export const TABLE = {
  co2: float(0x28, '[ppm]', [0, 40_000], 'Carbon dioxide.'),
  temperature: float(0x2a, 'Cel', [-40, 125], 'Temperature inside the sensor.'),
  humidity: float(0x2c, '%', [0, 100], 'Relative humidity inside the sensor.'),
} as const satisfies RegisterTable;
export type Points = PointsOf<typeof TABLE>;
export const map = registerMap(TABLE);

/** It bears only reads of just these sizes. */
export const READING: ModbusRange = { table: 'holding', at: 0x28, count: 6 };
export const READY: ModbusRange = { table: 'holding', at: 0x27, count: 1 };
export const FIRMWARE: ModbusRange = { table: 'holding', at: 0x20, count: 1 };
export const INTERVAL: ModbusRange = { table: 'holding', at: 0x25, count: 1 };

const START = 0x36;
const STOP = 0x37;
const RESET = 0x34;

/** `pressure`: of the air, in mbar; 0 leaves it out of account. */
export const startWith = (pressure: number): ModbusWrite => ({ fn: 6, at: START, values: [pressure] });
export const STOPPING: ModbusWrite = { fn: 6, at: STOP, values: [1] };
export const RESETTING: ModbusWrite = { fn: 6, at: RESET, values: [1] };

export const settings = settingCommands(NAME, {
  interval: {
    about: 'interval of measurements in seconds',
    at: INTERVAL.at,
    values: { min: 2, max: 1800 },
    factory: 2,
  },
  asc: {
    about: 'automatic self-calibration (1 on, 0 off)',
    at: 0x3a,
    values: { min: 0, max: 1 },
    factory: 0,
  },
  reference: {
    about: 'CO2 of the air it stands in, in ppm, which it then takes for true',
    at: 0x39,
    values: { min: 400, max: 2000 },
    factory: 400,
  },
  'temperature-offset': {
    about: 'temperature by which it warms itself, in hundredths of a degree',
    at: 0x3b,
    values: { min: 0, max: 2000 },
    factory: 0,
  },
  altitude: {
    about: 'altitude above the sea in metres; it does not count while a pressure is given',
    at: 0x38,
    values: { min: 0, max: 9000 },
    factory: 0,
  },
});

/** High byte before the point, low byte behind it, as the maker writes it. */
export const firmwareOf = (word: number): number =>
  Number(`${word >> 8}.${String(word & 0xff).padStart(2, '0')}`);

/**
 * Six words are a reading. 0 ppm is a sensor that has measured nothing yet: no values.
 */
export function readingOf(words: readonly number[]): Sample<Points> {
  const sample = map.decodeRange(READING, words);
  return sample.co2 === 0 || sample.co2 === null ? { co2: null, temperature: null, humidity: null } : sample;
}

/** One word without its question is the firmware. Faults: those of a Modbus frame, driver.needs-request. */
export function decodeFrame(frame: Uint8Array, request?: Uint8Array): Decoded {
  const set = settings.decode(frame, request);
  if (set) return set;
  const said = readModbus(frame, request);
  if (said.kind !== 'values') return { points: {}, note: noteOf(said) };
  const { values, at, table } = said;
  const [word = 0] = values;
  if (table === 'holding' && values.length === 1 && (at ?? FIRMWARE.at) === FIRMWARE.at)
    return { points: { firmware: firmwareOf(word) } };
  if (at === READY.at && values.length === 1) return { points: { ready: word === 1 } };
  if (table === 'holding' && values.length === READING.count && (at ?? READING.at) === READING.at)
    return { points: { ...readingOf(values) } };
  return map.decodeFrame(frame, request);
}
