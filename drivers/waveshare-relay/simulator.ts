import { defineSimulator, type ModbusWrite, type Outputs, relayFarEnd } from '#kit';
import * as board from './codec.ts';
import type { Options } from './driver.ts';

/**
 * The board's own side: relays, inputs, and the timer that ends a pulse when nobody is there any more. Settings: `input-n`,
 * `relay-n` (true or false), `register-32768` (version × 100). It answers to unit 0 with its own id.
 */
export default defineSimulator<Options>({
  driver: 'waveshare-relay',
  open: ({ channels, inputs }) =>
    relayFarEnd({
      relays: { table: 'coil', at: 0, count: channels },
      inputs: { table: 'discrete', at: 0, count: inputs },
      registers: { [board.UART_REGISTER]: 1, [board.ADDRESS_REGISTER]: 1, [board.VERSION_REGISTER]: 200 },
      also: [0],
      onWrite: ({ fn, at, values }, outputs, up) => {
        if (fn === 15) return writeAll({ at, values }, outputs);
        return fn === 5 ? writeOne({ at, value: values[0] ?? 0 }, outputs, up) : undefined;
      },
    }),
});

function writeAll({ at, values }: Pick<ModbusWrite, 'at' | 'values'>, outputs: Outputs): number | true {
  if (at + values.length > outputs.count) return 2;
  values.forEach((bit, offset) => {
    outputs.set(at + offset + 1, bit === 1);
  });
  return true;
}

function writeOne(
  { at, value }: { readonly at: number; readonly value: number },
  outputs: Outputs,
  up: number,
): number | true {
  const relay = (at & 0xff) + 1;
  const isLevel = value === 0xff00 || value === 0;
  if (at === 0xff && isLevel) {
    for (let each = 1; each <= outputs.count; each += 1) outputs.set(each, value !== 0);
    return true;
  }
  if (relay > outputs.count) return 2;
  switch (at & 0xff00) {
    case 0x000:
      if (!isLevel && value !== 0x5500) return 3;
      outputs.set(relay, value === 0x5500 ? !outputs.get(relay) : value !== 0);
      return true;
    case 0x200:
    case 0x400:
      if (value < 1 || value > board.MAX_STEPS) return 3;
      outputs.pulse(relay, at < 0x400, up + value * board.STEP_MS);
      return true;
    default:
      return 2;
  }
}
