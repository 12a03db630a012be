import type { BoardTimer, ModbusRange, ModbusWrite } from '#kit';

/** Addresses of the board (protocol V2, since September 2021). Relays are counted from 1 here, from 0 on the wire. */
const PULSE_ON = 0x0200;
const PULSE_OFF = 0x0400;
const ALL_RELAYS = 0x00ff;
export const UART_REGISTER = 0x2000;
export const ADDRESS_REGISTER = 0x4000;
export const VERSION_REGISTER = 0x8000;

export const STEP_MS = 100;
export const MAX_STEPS = 0x7fff;

export const switchRelay = (channel: number, on: boolean): ModbusWrite => ({
  fn: 5,
  at: channel - 1,
  values: [on ? 0xff00 : 0x0000],
});

export const allOff: ModbusWrite = { fn: 5, at: ALL_RELAYS, values: [0x0000] };

/** Relays 1.. as the list says, in one write. */
export const writeRelays = (on: readonly boolean[]): ModbusWrite => ({
  fn: 15,
  at: 0,
  values: on.map(Number),
});

/** The value is the length, not FF00: FF00 here would hold a door open for nearly two hours. */
export const timer: BoardTimer = {
  step_ms: STEP_MS,
  max_ms: MAX_STEPS * STEP_MS,
  write: (channel, steps, on) => ({
    fn: 5,
    at: (on ? PULSE_ON : PULSE_OFF) + channel - 1,
    values: [Math.min(MAX_STEPS, steps)],
  }),
};

export const register = (at: number): ModbusRange => ({ table: 'holding', at, count: 1 });

export const PARITIES = ['none', 'even', 'odd'] as const;
export type Parity = (typeof PARITIES)[number];

/** Baud codes by firmware: the current table, and that of boards around an STM8S103. They do not agree. */
export const BAUD_TABLES: Readonly<Record<BaudTable, readonly number[]>> = {
  v2: [4800, 9600, 19200, 38400, 57600, 115200, 128000, 256000],
  stm8: [9600, 19200, 38400, 57600, 115200, 128000, 256000],
};
export type BaudTable = 'v2' | 'stm8';

/** High byte parity, low byte baud code; undefined when this firmware does not know the baud. */
export function uartCode(baud: number, parity: Parity, table: BaudTable): number | undefined {
  const code = BAUD_TABLES[table].indexOf(baud);
  return code < 0 ? undefined : PARITIES.indexOf(parity) * 0x100 + code;
}

export function uartOf(code: number, table: BaudTable): { baud: number | null; parity: Parity | null } {
  return { baud: BAUD_TABLES[table][code & 0xff] ?? null, parity: PARITIES[code >> 8] ?? null };
}

/** 0x00C8 → 2 (V2.00). */
export const versionOf = (word: number): number => word / 100;
