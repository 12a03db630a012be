import type { ModbusRange, ModbusWrite } from '#kit';

export const CHANNELS = 8;
const ADDRESS_REGISTER = 100;
const UART_REGISTER = 101;

export const relayRange: ModbusRange = { table: 'coil', at: 0, count: CHANNELS };
export const settingRange = (name: 'address' | 'uart'): ModbusRange => ({
  table: 'holding',
  at: name === 'address' ? ADDRESS_REGISTER : UART_REGISTER,
  count: 1,
});

export const switchRelay = (channel: number, on: boolean): ModbusWrite => ({
  fn: 5,
  at: channel - 1,
  values: [on ? 0xff00 : 0x0000],
});
export const writeAll = (on: readonly boolean[]): ModbusWrite => ({ fn: 15, at: 0, values: on.map(Number) });

export const setAddress = (address: number): ModbusWrite => ({
  fn: 6,
  at: ADDRESS_REGISTER,
  values: [address],
});
export const setUart = (code: number): ModbusWrite => ({ fn: 6, at: UART_REGISTER, values: [code] });

export const BAUDS: readonly number[] = [4800, 9600, 19200, 38400];
export const PARITIES = ['none', 'even'] as const;

/** 1 to 4 without parity, 5 to 8 even; undefined for a baud the board does not know. */
export function uartCode(baud: number, parity: (typeof PARITIES)[number]): number | undefined {
  const index = BAUDS.indexOf(baud);
  return index < 0 ? undefined : 1 + index + BAUDS.length * PARITIES.indexOf(parity);
}

export const uartOf = (code: number) => ({
  baud: BAUDS[(code - 1) % BAUDS.length] ?? null,
  parity: PARITIES[Math.floor((code - 1) / BAUDS.length)] ?? null,
});
