import type {
  AnyDriver,
  DriverLibrary,
  LineSetting,
  ModbusLink,
  ModbusRange,
  UnitSetup,
} from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import { readRequest } from '../kit/index.ts';
import type { JsonObject } from '../model/index.ts';
import { sameSetting } from './settings.ts';

/** A driver as a tool uses it: with options that it can be opened with. */
export interface Known {
  readonly driver: AnyDriver;
  readonly options: unknown;
  /** What the name of a model brings; nothing for the driver itself. */
  readonly preset: JsonObject | undefined;
  readonly setup: UnitSetup;
}

export const knownOf = (driver: AnyDriver, options: unknown, preset?: JsonObject): Known => ({
  ...{ driver, options, preset },
  setup: driver.setup?.(options) ?? {},
});

/** Every driver of the library on such a link, with its defaults and, where asked for, with those of each of its models. */
export async function knownDrivers(
  library: DriverLibrary,
  link: 'modbus' | 'bytes',
  models = false,
): Promise<readonly Known[]> {
  const known: Known[] = [];
  for (const id of library.ids) {
    const driver = await library.load(id);
    if (driver.link !== link) continue;
    const presets = [undefined, ...(models ? Object.values(library.models(id)) : [])];
    for (const preset of presets) {
      const options = driver.options.safeParse(preset ?? {});
      // One that needs a key of its own cannot be tried.
      if (options.success && driver.missing?.(options.data) === undefined)
        known.push(knownOf(driver, options.data, preset));
    }
  }
  return known;
}

export const factoryOf = ({ driver }: Pick<Known, 'driver'>): LineSetting => ({
  baud: driver.wire.baud,
  parity: driver.wire.parity,
});

/** A question to an address that is worth asking at a setting, before all addresses are. */
export interface LikelyAsk {
  readonly unit: number;
  readonly pdu: Uint8Array;
}

/** Holding register 0: nearly every unit answers it, if only to say that it has none. */
export const ANY_HOLDING: Uint8Array = readRequest({ table: 'holding', at: 0, count: 1 });
/** Units that do not know holding registers may know these. */
export const OTHER_QUESTIONS: readonly Uint8Array[] = [
  readRequest({ table: 'input', at: 0, count: 1 }),
  readRequest({ table: 'coil', at: 0, count: 1 }),
];

/**
 * Addresses at which any unit tells its own, and factory addresses of what leaves the factory with this setting: each asked what the driver of such a
 * unit asks first.
 */
export async function likelyAsks(
  known: readonly Known[],
  setting: LineSetting,
): Promise<readonly LikelyAsk[]> {
  const asks: LikelyAsk[] = [0, 254, 255].map((unit) => ({ unit, pdu: ANY_HOLDING }));
  for (const one of known) {
    const { anyone, told_at } = one.setup.address ?? {};
    if (anyone !== undefined && told_at !== undefined)
      asks.push({ unit: anyone, pdu: readRequest({ table: 'holding', at: told_at, count: 1 }) });
    const { unit } = one.driver.wire;
    if (unit === undefined || !sameSetting(factoryOf(one), setting)) continue;
    const first = await firstQuestion(one);
    asks.push({ unit, pdu: ANY_HOLDING }, ...(first ? [{ unit, pdu: first }] : []));
  }
  const seen = new Set<string>();
  return asks.filter(({ unit, pdu }) => {
    const key = `${unit} ${pdu.join(' ')}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** What a driver asks its unit first, found out by letting it ask nobody. */
export async function firstQuestion({ driver, options }: Known): Promise<Uint8Array | undefined> {
  let first: ModbusRange | undefined;
  const nobody = (range: ModbusRange | undefined): never => {
    first ??= range;
    throw new Fault('bus.closed', { bus: 'nobody' });
  };
  const link: ModbusLink = {
    read: async (range) => nobody(range),
    readAll: async (ranges) => nobody(ranges[0]),
    write: async () => nobody(undefined),
  };
  const session = driver.open(link, options);
  const call = { signal: new AbortController().signal, priority: 'field' } as const;
  await session.sample?.(call).catch(() => {});
  return first && readRequest(first);
}
