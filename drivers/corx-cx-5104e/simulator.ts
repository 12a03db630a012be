import { defineSimulator, type ModbusWrite, type Outputs, relayFarEnd } from '#kit';
import * as board from './codec.ts';
import type { Options } from './driver.ts';

/** The board's own side: relays, and the timer that ends a pulse when nobody is there any more. Settings: `relay-n`. */
export default defineSimulator<Options>({
  driver: 'corx-cx-5104e',
  open: () => relayFarEnd({ relays: { table: 'coil', at: 0x1000, count: board.CHANNELS }, onWrite }),
});

function onWrite({ fn, at, values }: ModbusWrite, outputs: Outputs, up: number): number | true {
  const [value = 0] = values;
  if (fn === 6) {
    if (at >= outputs.count) return 2;
    outputs.pulse(at + 1, true, up + value);
    return true;
  }
  if (fn !== 5) return 1;
  if (at === 0x32 || at === 0x33) {
    for (let relay = 1; relay <= outputs.count; relay += 1) outputs.set(relay, at === 0x32);
    return true;
  }
  const relay = (at & 0xfff) + 1;
  if (relay > outputs.count) return 2;
  switch (at & 0xf000) {
    case 0x0000:
      outputs.set(relay, value !== 0);
      return true;
    case 0x3000:
      outputs.pulse(relay, true, up + board.FIXED_PULSE_MS);
      return true;
    case 0x5000:
      outputs.set(relay, !outputs.get(relay));
      return true;
    default:
      return 2;
  }
}
