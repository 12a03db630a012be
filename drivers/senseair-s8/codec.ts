import {
  type Decoded,
  needLength,
  noteOf,
  openModbus,
  type RegisterTable,
  readModbus,
  registerMap,
  settingCommands,
  u8,
  u16be,
} from '#kit';

export const NAME = 'senseair-s8';

/** Input registers: its state, two words that are not read, and the value. */
export const TABLE = {
  defect: {
    kind: 'flag',
    table: 'input',
    at: 0,
    about: 'The sensor reports an error in its state register.',
    privacy: 'plain',
  },
  co2: {
    kind: 'number',
    table: 'input',
    at: 3,
    type: 'i16',
    unit: '[ppm]',
    min: 0,
    max: 10_000,
    about: 'Carbon dioxide.',
    privacy: 'plain',
  },
} as const satisfies RegisterTable;
export const map = registerMap(TABLE);

/** Holding registers: what it has done, and what it is told to do. */
export const ACKNOWLEDGED = 0;
export const SPECIAL = 1;
export const CALIBRATE_BACKGROUND = 0x7c06;
/** Bit of the acknowledgement register that says: the background calibration is done. */
export const CALIBRATED = 0x20;

export const settings = settingCommands(NAME, {
  'abc-hours': {
    about: 'period of the automatic baseline correction in hours (0 switches it off)',
    at: 0x1f,
    values: { min: 0, max: 65_535 },
    factory: 180,
  },
});

/** The K30 also lets its memory be read (function 0x44); its CO2 stands at 8. */
const READ_MEMORY = 0x44;
const CO2_IN_MEMORY = 8;

/**
 * What a frame says. A single input register is the CO2, which is what such a sensor is asked for. Faults: driver.frame-length,
 * driver.frame-checksum, driver.frame-unknown, driver.exception.
 */
export function decodeFrame(frame: Uint8Array, request?: Uint8Array): Decoded {
  const memory = memoryOf(frame);
  if (memory) return memory;
  const set = settings.decode(frame, request);
  if (set) return set;
  const said = readModbus(frame, request);
  if (said.kind !== 'values') return { points: {}, note: noteOf(said) };
  const { table, values, at } = said;
  if (table === 'holding' && at === ACKNOWLEDGED && values.length === 1)
    return { points: { calibrated: ((values[0] ?? 0) & CALIBRATED) !== 0 } };
  if (table !== 'input' || at !== undefined || values.length > 4) return map.decodeFrame(frame, request);
  const points = map.decodeRange({ table, at: values.length === 1 ? 3 : 0 }, values);
  return { points: { ...points } };
}

/** Function 0x44 in both directions; undefined: another function. */
function memoryOf(frame: Uint8Array): Decoded | undefined {
  const { pdu } = openModbus(frame);
  if (u8(pdu, 0) !== READ_MEMORY) return undefined;
  const count = u8(pdu, 1);
  if (count > 0 && pdu.length === 2 + count) {
    if (count === 2) return { points: { co2: u16be(pdu, 2) } };
    return { points: {}, note: `${count} bytes of memory` };
  }
  needLength(pdu, 4);
  const at = u16be(pdu, 1);
  const what = at === CO2_IN_MEMORY ? ' (CO2 of a K30)' : '';
  return { points: {}, note: `asks for ${u8(pdu, 3)} bytes of memory from ${at}${what}` };
}
