import type { AnyDriver } from '../contracts/index.ts';
import type { BusConfig, DeviceConfig } from './schema.ts';

/** What one bus has to carry, and whether it can. Times in ms. */
export interface BusBudget {
  readonly bus: string;
  readonly devices: number;
  /** Share of the wire's time that the polls ask for, 1 = all of it. */
  readonly use: number;
  /** One look at every polled device, when all answer. */
  readonly cycle_ms: number;
  /** The same while the slowest unit is mute and not yet given up. */
  readonly cycle_one_mute_ms: number;
  /** What a command may have to wait for: the exchange in flight, at worst the timeout of the slowest unit. */
  readonly worst_exchange_ms: number;
  /** That unit; '' when nothing is polled. */
  readonly slowest: string;
  /** The sum of `use`, by what is looked at alike. */
  readonly loads: readonly BusLoad[];
}

/** Devices of one driver that are looked at in the same way. Times are of one look at one of them. */
export interface BusLoad {
  readonly driver: string;
  readonly devices: number;
  /** Bytes of question and answer at the bus's baud. */
  readonly wire_ms: number;
  /** 3.5 characters before each frame. */
  readonly silence_ms: number;
  /** Until the unit begins to answer. */
  readonly answer_ms: number;
  /** Silence the unit needs afterwards, beyond that of the standard. */
  readonly gap_ms: number;
  /** All of that. */
  readonly look_ms: number;
  readonly poll_ms: number;
  /** Share of the wire's time that all of them ask for. */
  readonly use: number;
}

export interface BudgetDevice {
  readonly config: DeviceConfig;
  readonly driver: AnyDriver;
  readonly options: unknown;
}

/** Wire time of a Modbus TCP exchange hardly counts beside the unit's own delay; this stands for both. */
const TCP_EXCHANGE_MS = 20;
/** A camera takes a picture, or works out an answer, in about this. */
const HTTP_EXCHANGE_MS = 250;
/** A unit needs a moment before it answers; datasheets say little, this is what common ones take. */
const TURNAROUND_MS = 10;

/** The arithmetic of one bus: bytes at its baud, silences, turnarounds. Devices that speak by themselves cost nothing here. */
export function budgetOf(bus: BusConfig, devices: readonly BudgetDevice[]): BusBudget {
  const looks = devices.flatMap((device) => lookOf(bus, device) ?? []);
  const cycle_ms = sum(looks.map(({ look_ms }) => look_ms));
  const mute_ms = Math.max(0, ...looks.map(({ timeout_ms, look_ms }) => timeout_ms - look_ms));
  const worst = (look: Look) => Math.max(look.timeout_ms, look.exchange_ms);
  // Over HTTP a command has a connection of its own, and each device asks for itself.
  const isHttp = bus.type === 'http';
  const worst_exchange_ms = isHttp ? 0 : Math.max(0, ...looks.map(worst));
  const at_once = isHttp ? Math.max(1, looks.length) : 1;
  const loads = loadsOf(looks, 'in_flight' in bus ? bus.in_flight : at_once);
  return {
    bus: bus.id,
    devices: devices.length,
    use: rounded(sum(loads.map(({ use }) => use)), 4),
    cycle_ms: rounded(cycle_ms, 1),
    cycle_one_mute_ms: rounded(cycle_ms + mute_ms, 1),
    worst_exchange_ms: rounded(worst_exchange_ms, 1),
    slowest: isHttp ? '' : (looks.find((look) => worst(look) === worst_exchange_ms)?.device ?? ''),
    loads,
  };
}

interface Look extends Omit<BusLoad, 'devices' | 'use'> {
  readonly device: string;
  readonly timeout_ms: number;
  /** The longest single exchange of a look. */
  readonly exchange_ms: number;
}

/** One look at one device; undefined when it is not polled. */
function lookOf(bus: BusConfig, { config, driver, options }: BudgetDevice): Look | undefined {
  const exchanges = driver.cost?.(options) ?? [];
  if (exchanges.length === 0) return undefined;
  const count = exchanges.length;
  const common = {
    device: config.id,
    driver: driver.id,
    // A shorter one is refused by itself; it need not overbook the bus as well.
    poll_ms: Math.max(config.poll_ms ?? driver.poll_ms.default, driver.poll_ms.min),
    timeout_ms: (config.timeout_ms ?? driver.wire.timeout_ms) + config.reply_delay_ms,
  };
  if (!('baud' in bus)) {
    const once_ms = bus.type === 'http' ? HTTP_EXCHANGE_MS : TCP_EXCHANGE_MS;
    const exchange_ms = once_ms + config.reply_delay_ms;
    const answer_ms = count * exchange_ms;
    return { ...common, wire_ms: 0, silence_ms: 0, answer_ms, gap_ms: 0, look_ms: answer_ms, exchange_ms };
  }
  const bits = 'data_bits' in bus ? 1 + bus.data_bits + (bus.parity === 'none' ? 0 : 1) + bus.stop_bits : 10;
  const byte_ms = (bits * 1000) / bus.baud;
  // t3.5 before each frame (Modbus over serial line 1.02, 2.5.1.1).
  const t35_ms = bus.baud > 19_200 ? 1.75 : (3.5 * 11 * 1000) / bus.baud;
  const wires = exchanges.map(({ request_bytes, reply_bytes }) => (request_bytes + reply_bytes) * byte_ms);
  const once_ms =
    2 * t35_ms +
    TURNAROUND_MS +
    config.reply_delay_ms +
    Math.max(0, (config.gap_ms ?? driver.wire.gap_ms) - t35_ms);
  const wire_ms = sum(wires);
  return {
    ...common,
    wire_ms: rounded(wire_ms, 1),
    silence_ms: rounded(count * 2 * t35_ms, 1),
    answer_ms: count * (TURNAROUND_MS + config.reply_delay_ms),
    gap_ms: rounded(count * Math.max(0, (config.gap_ms ?? driver.wire.gap_ms) - t35_ms), 1),
    look_ms: rounded(wire_ms + count * once_ms, 1),
    exchange_ms: Math.max(...wires) + once_ms,
  };
}

function loadsOf(looks: readonly Look[], in_flight: number): BusLoad[] {
  const groups = new Map<string, Look[]>();
  for (const look of looks) {
    const key = `${look.driver} ${look.look_ms} ${look.poll_ms}`;
    groups.set(key, [...(groups.get(key) ?? []), look]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { device, timeout_ms, exchange_ms, ...load } = first;
    const use = (group.length * first.look_ms) / first.poll_ms / in_flight;
    return [{ ...load, devices: group.length, use: rounded(use, 4) }];
  });
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const rounded = (number: number, decimals: number): number => Number(number.toFixed(decimals));
