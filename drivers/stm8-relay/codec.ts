import type { ModbusRange, ModbusWrite } from '#kit';

/** Coils 0 to 3 on the board in hand; the manual counts from 1 and writes 0x0100 for on. */
const ALL_RELAYS = 0x00ff;
const ADDRESS_REGISTER = 0x4000;
/** Month as two letters, year and time in BCD, and the PCB. Asked for together they come out wrong. */
const VERSION_REGISTERS = [0x0004, 0x0008, 0x0010, 0x0020] as const;

export const relayRange = (channels: number): ModbusRange => ({ table: 'coil', at: 0, count: channels });
export const inputRange = (inputs: number): ModbusRange => ({ table: 'discrete', at: 0, count: inputs });
const register = (at: number): ModbusRange => ({ table: 'holding', at, count: 1 });
export const addressRange = register(ADDRESS_REGISTER);
export const versionRanges = VERSION_REGISTERS.map(register);

export const switchRelay = (channel: number, on: boolean): ModbusWrite => ({
  fn: 5,
  at: channel - 1,
  values: [on ? 0xff00 : 0x0000],
});

/** All on (FFFF here, not FF00) or all off; any other pattern has no write of its own. */
export function writeAll(on: readonly boolean[]): ModbusWrite | undefined {
  const value = on.every(Boolean) ? 0xffff : 0;
  return value === 0 && on.some(Boolean) ? undefined : { fn: 5, at: ALL_RELAYS, values: [value] };
}

export const setAddress = (address: number): ModbusWrite => ({
  fn: 6,
  at: ADDRESS_REGISTER,
  values: [address],
});

/** `Ap 2018 14:59` and `006A`. */
export function versionOf([month = 0, year = 0, time = 0, pcb = 0]: readonly number[]) {
  const letters = [month >> 8, month & 0xff].map((code) => (code > 0x20 && code < 0x7f ? code : 0x3f));
  const clock = hex4(time);
  return {
    firmware: `${String.fromCharCode(...letters)} ${hex4(year)} ${clock.slice(0, 2)}:${clock.slice(2)}`,
    hardware: hex4(pcb),
  };
}

const hex4 = (word: number): string => word.toString(16).padStart(4, '0').toUpperCase();
