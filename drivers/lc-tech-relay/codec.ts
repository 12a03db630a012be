import type { BoardTimer, ModbusRange, ModbusWrite } from '#kit';

/** Addresses of the board (LC manual V2.1). Relays are counted from 1 here, from 0 on the wire. */
export const ADDRESS_REGISTER = 0x0000;
const TIMER_REGISTER = 0x0003;
const TIMER_STRIDE = 5;
export const BAUD_REGISTER = 0x03e8;
export const SET_BAUD_REGISTER = 0x03e9;

/** Modes of the timer: close for a while, open for a while. */
const ON_FOR_A_WHILE = 4;
const OFF_FOR_A_WHILE = 2;

/** It answers flags by whole bytes only, whatever the number of relays. */
export const ROW = 8;
export const relayRange: ModbusRange = { table: 'coil', at: 0, count: ROW };
export const inputRange: ModbusRange = { table: 'discrete', at: 0, count: ROW };
export const register = (at: number): ModbusRange => ({ table: 'holding', at, count: 1 });

export const switchRelay = (channel: number, on: boolean): ModbusWrite => ({
  fn: 5,
  at: channel - 1,
  values: [on ? 0xff00 : 0x0000],
});

/** Relays 1.. as the list says; the board takes eight at a time. */
export const writeRelays = (on: readonly boolean[]): ModbusWrite => ({
  fn: 15,
  at: 0,
  values: Array.from({ length: ROW }, (_, index) => Number(on[index] ?? false)),
});

/** Mode and tenths of a second into the relay's own pair of registers: 0x0003, 0x0008, 0x000D, … */
export const timer: BoardTimer = {
  step_ms: 100,
  max_ms: 0xffff * 100,
  write: (channel, steps, on) => ({
    fn: 16,
    at: timerRegister(channel),
    values: [on ? ON_FOR_A_WHILE : OFF_FOR_A_WHILE, steps],
  }),
};

const timerRegister = (channel: number): number => TIMER_REGISTER + TIMER_STRIDE * (channel - 1);

/** What a write to the timer registers asks for; undefined for any other write. */
export function timedAction({
  fn,
  at,
  values,
}: ModbusWrite): { readonly channel: number; readonly on: boolean; readonly steps: number } | undefined {
  const [mode, steps = 0] = values;
  const channel = (at - TIMER_REGISTER) / TIMER_STRIDE + 1;
  if (fn !== 16 || values.length !== 2 || !Number.isInteger(channel) || channel < 1) return undefined;
  if (mode !== ON_FOR_A_WHILE && mode !== OFF_FOR_A_WHILE) return undefined;
  return { channel, on: mode === ON_FOR_A_WHILE, steps };
}

const BAUDS: Readonly<Record<number, number>> = { 2: 4800, 3: 9600, 4: 19200 };
export const bauds = Object.values(BAUDS);
export const baudOf = (code: number): number | null => BAUDS[code] ?? null;
/** undefined for a baud the board does not know. */
export function baudCode(baud: number): number | undefined {
  const found = Object.entries(BAUDS).find(([, known]) => known === baud);
  return found && Number(found[0]);
}

/** The only write that the board acknowledges by repeating the whole of it. */
export const setAddress = (address: number): ModbusWrite => ({
  fn: 16,
  at: ADDRESS_REGISTER,
  values: [address],
  answered: 'whole',
});
export const setBaud = (code: number): ModbusWrite => ({ fn: 16, at: SET_BAUD_REGISTER, values: [code] });
