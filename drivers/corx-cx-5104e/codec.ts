import type { BoardTimer, ModbusRange, ModbusWrite } from '#kit';

/** Addresses of the board. Relays are counted from 1 here, from 0 on the wire. */
const STATE = 0x1000;
const FIXED_PULSE = 0x3000;
const ALL_ON = 0x0032;
const ALL_OFF = 0x0033;

export const CHANNELS = 4;
/** What its own pulse lasts; nobody can change it. */
export const FIXED_PULSE_MS = 2000;

export const relayRange: ModbusRange = { table: 'coil', at: STATE, count: CHANNELS };
/** The same, a register each. */
export const isState = (at: number): boolean => at >= STATE && at < STATE + CHANNELS;

export const switchRelay = (channel: number, on: boolean): ModbusWrite => ({
  fn: 5,
  at: channel - 1,
  values: [on ? 0xff00 : 0x0000],
});

/** All on or all off, each at an address of its own and with nothing as value. */
export function writeAll(on: readonly boolean[]): ModbusWrite | undefined {
  if (on.every(Boolean)) return { fn: 5, at: ALL_ON, values: [0x0000] };
  return on.some(Boolean) ? undefined : { fn: 5, at: ALL_OFF, values: [0x0000] };
}

export const fixedPulse = (channel: number): ModbusWrite => ({
  fn: 5,
  at: FIXED_PULSE + channel - 1,
  values: [0xff00],
});

/** The length in ms is what is written. On boards of other makes the same register takes a command. */
export const timer: BoardTimer = {
  step_ms: 1,
  max_ms: 0xffff,
  write: (channel, steps) => ({ fn: 6, at: channel - 1, values: [steps] }),
};
