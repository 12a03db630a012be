import type {
  ActResult,
  Call,
  Decoded,
  DriverDefinition,
  FarEnd,
  ModbusLink,
  ModbusRange,
  SimulatorDefinition,
} from '../contracts/index.ts';
import { isFault } from '../faults/index.ts';
import type { JsonObject, PointSpecs, Sample } from '../model/index.ts';
import { defineDriver } from './define.ts';
import { type MapShapes, mapFarEnd, type SpareRegister } from './map-far-end.ts';
import { type RegisterMap, registerMap } from './register-map.ts';
import type { MapDefaults, RegisterTable } from './register-table.ts';
import { settingCommands, setupOf, type UnitSettings } from './unit-settings.ts';

/** A device that is only registers: what it holds, and how the unit itself is set. */
export interface RegisterDevice<O extends object>
  extends Pick<
    DriverDefinition<'modbus', O>,
    'id' | 'aliases' | 'about' | 'category' | 'evidence' | 'wire' | 'poll_ms' | 'options'
  > {
  readonly table: (options: O) => RegisterTable;
  readonly defaults?: MapDefaults;
  /** Places that it is not asked for with these options, but that a sniffed reply with its question may hold. */
  readonly elsewhere?: (options: O) => RegisterTable;
  readonly settings?: UnitSettings;
  /** Address at which any unit of the kind tells its own. */
  readonly anyone?: number;
  /** Each place by a question of its own: the device begins a new measurement for every register it is asked. */
  readonly one_by_one?: true;
  /** Registers between its points are there too, so that a bus reads small holes along rather than asks around them. */
  readonly dense?: true;
}

/** Holes that a bus reads along unless it is configured otherwise (`max_hole`). */
const HOLE = 8;
const MOST_REGISTERS = 125;

type MapOf<O> = (options: O) => RegisterMap<PointSpecs>;

/** A driver that is data alone: points, reading, decoding, bus cost, and two commands for each setting. */
export function defineRegisterDriver<O extends object>(
  device: RegisterDevice<O>,
): DriverDefinition<'modbus', O, PointSpecs> {
  const { id, aliases, about, category, evidence, wire, poll_ms, options, settings } = device;
  const mapOf = mapsOf(device);
  const sampleOf =
    (link: ModbusLink, chosen: O) =>
    (call: Call): Promise<Sample> =>
      device.one_by_one ? readEach(mapOf(chosen), link, call) : mapOf(chosen).read(link, call);
  const common = {
    ...{ id, aliases, about, category, evidence, wire, poll_ms, options },
    link: 'modbus',
    points: (chosen: O) => mapOf(chosen).points,
    events: {},
    cost: (chosen: O) => costOf(device, mapOf(chosen)),
  } as const;
  if (!settings) {
    return defineDriver({
      ...common,
      commands: {},
      decode: (frame, chosen, request) => decodeAny(device, { frame, request }, mapOf(chosen), chosen),
      open: (link, chosen) => ({ sample: sampleOf(link, chosen) }),
    });
  }
  const unit = settingCommands(id, settings);
  const setup = setupOf(settings, device.anyone);
  return defineDriver({
    ...common,
    setup: () => setup,
    commands: unit.commands,
    decode: (frame, chosen, request) =>
      unit.decode(frame, request) ?? decodeAny(device, { frame, request }, mapOf(chosen), chosen),
    encode: (name, args, _options, address) => unit.encode(name, args, address),
    open: (link, chosen) => ({
      sample: sampleOf(link, chosen),
      act: (name: string, args: JsonObject, call: Call): Promise<ActResult> =>
        unit.act(link, name, args, call),
      // It has no outputs.
      rest: async () => {},
    }),
  });
}

/** The device's own side: its points wander as `shapes` say, its settings are those from the factory until they are written. */
export function registerSimulator<O extends object>(
  device: RegisterDevice<O>,
  how: {
    readonly shapes?: MapShapes;
    /** Registers that are there and are no points, such as those of sensors that are not fitted. */
    readonly registers?: readonly SpareRegister[];
    /** Units it listens to besides its own, such as 255. */
    readonly also?: readonly number[];
    /** What the device does beyond its map. */
    readonly around?: (far: FarEnd & { readonly kind: 'modbus' }, options: O) => FarEnd;
  } = {},
): SimulatorDefinition<O> {
  const mapOf = mapsOf(device);
  const settings = settingCommands(device.id, device.settings ?? {}).factory;
  return {
    driver: device.id,
    open(options, seed) {
      const far = mapFarEnd(mapOf(options), device.table(options), {
        seed,
        ...(how.shapes && { shapes: how.shapes }),
        registers: [...settings, ...(how.registers ?? [])],
        between: device.dense ? spans(mapOf(options).blocks) : [],
        ...(how.also && { also: how.also }),
      });
      return how.around?.(far, options) ?? far;
    },
  };
}

/** A map is made once for each set of options. */
function mapsOf<O extends object>({ table, defaults }: RegisterDevice<O>): MapOf<O> {
  const made = new WeakMap<object, RegisterMap<PointSpecs>>();
  return (options) => {
    const known = made.get(options);
    if (known) return known;
    const map = registerMap<RegisterTable>(table(options), defaults);
    made.set(options, map);
    return map;
  };
}

/** As `RegisterMap.read`, but one question for each place: refused places are left out, anything else ends it. */
async function readEach(map: RegisterMap<PointSpecs>, link: ModbusLink, call: Call): Promise<Sample> {
  let sample: Sample = {};
  let refused: unknown;
  for (const range of map.ranges) {
    try {
      sample = { ...sample, ...map.decodeRange(range, await link.read(range, call)) };
    } catch (error) {
      if (!isFault(error) || error.code !== 'bus.exception') throw error;
      refused = error;
    }
  }
  if (refused !== undefined && Object.keys(sample).length === 0) throw refused;
  return sample;
}

function costOf(
  { one_by_one, dense }: Pick<RegisterDevice<object>, 'one_by_one' | 'dense'>,
  map: RegisterMap<PointSpecs>,
) {
  if (!one_by_one && !dense) return map.cost;
  const read = one_by_one ? map.ranges : spans(map.blocks);
  return read.map(({ count }) => ({ request_bytes: 8, reply_bytes: 5 + 2 * count }));
}

/** Blocks of registers with the small holes between them. */
function spans(blocks: readonly ModbusRange[]): readonly ModbusRange[] {
  const found: ModbusRange[] = [];
  for (const block of blocks) {
    const last = found.at(-1);
    const count = last ? block.at + block.count - last.at : 0;
    const near =
      last?.table === block.table && block.at <= last.at + last.count + HOLE && count <= MOST_REGISTERS;
    if (last && near) found[found.length - 1] = { ...last, count };
    else found.push(block);
  }
  return found;
}

function decodeAny<O extends object>(
  { elsewhere, defaults }: RegisterDevice<O>,
  { frame, request }: { readonly frame: Uint8Array; readonly request: Uint8Array | undefined },
  map: RegisterMap<PointSpecs>,
  options: O,
): Decoded {
  const decoded = map.decodeFrame(frame, request);
  if (!request || !elsewhere || Object.keys(decoded.points).length) return decoded;
  return registerMap<RegisterTable>(elsewhere(options), defaults).decodeFrame(frame, request);
}
