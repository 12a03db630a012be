import type { AnyDriver } from '../contracts/index.ts';
import type { BusConfig, DeviceConfig } from './schema.ts';

/** What one bus has to carry, and whether it can. Times in ms. */
export interface BusBudget {
  readonly bus: string;
  readonly devices: number;
  /** Share of the wire that the polls ask for, 1 = all of it. */
  readonly use: number;
  /** One look at every device, when all answer. */
  readonly cycle_ms: number;
  /** The same while the slowest unit is mute and not yet given up. */
  readonly cycle_one_mute_ms: number;
  /** Longest single exchange: what a command may have to wait for, at worst the timeout. */
  readonly worst_exchange_ms: number;
}

export interface BudgetDevice {
  readonly config: DeviceConfig;
  readonly driver: AnyDriver;
  readonly options: unknown;
}

/** Wire time of a Modbus TCP exchange hardly counts beside the unit's own delay; this stands for both. */
const TCP_EXCHANGE_MS = 20;
/** A unit needs a moment before it answers; datasheets say little, this is what common ones take. */
const TURNAROUND_MS = 10;

/** The arithmetic of one bus: bytes at its baud, silences, turnarounds. */
export function budgetOf(bus: BusConfig, devices: readonly BudgetDevice[]): BusBudget {
  const looks = devices
    .filter(({ driver }) => driver.cost !== undefined)
    .map((device) => lookOf(bus, device));
  const cycle_ms = sum(looks.map(({ look_ms }) => look_ms));
  const mute = Math.max(0, ...looks.map(({ timeout_ms, look_ms }) => timeout_ms - look_ms));
  return {
    bus: bus.id,
    devices: devices.length,
    use: sum(looks.map(({ look_ms, poll_ms }) => look_ms / poll_ms)),
    cycle_ms,
    cycle_one_mute_ms: cycle_ms + mute,
    worst_exchange_ms: Math.max(
      0,
      ...looks.map(({ timeout_ms, exchange_ms }) => Math.max(timeout_ms, exchange_ms)),
    ),
  };
}

function lookOf(bus: BusConfig, { config, driver, options }: BudgetDevice) {
  const poll_ms = config.poll_ms ?? driver.poll_ms.default;
  const timeout_ms = (config.timeout_ms ?? driver.wire.timeout_ms) + config.reply_delay_ms;
  const gap_ms = config.gap_ms ?? driver.wire.gap_ms;
  const exchanges = (driver.cost?.(options) ?? []).map(({ request_bytes, reply_bytes }) => {
    if (!('baud' in bus)) return TCP_EXCHANGE_MS;
    const bits =
      'data_bits' in bus ? 1 + bus.data_bits + (bus.parity === 'none' ? 0 : 1) + bus.stop_bits : 10;
    const wire_ms = ((request_bytes + reply_bytes) * bits * 1000) / bus.baud;
    // t3.5 before each frame (Modbus over serial line 1.02, 2.5.1.1).
    const silence_ms = bus.baud > 19_200 ? 1.75 : (3.5 * 11 * 1000) / bus.baud;
    return (
      wire_ms + 2 * silence_ms + TURNAROUND_MS + config.reply_delay_ms + Math.max(0, gap_ms - silence_ms)
    );
  });
  return { poll_ms, timeout_ms, look_ms: sum(exchanges), exchange_ms: Math.max(0, ...exchanges) };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
