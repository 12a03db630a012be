import { defineSimulator, type ModbusWrite, type Outputs, relayFarEnd } from '#kit';
import * as board from './codec.ts';
import type { Options } from './driver.ts';

/** The module's own side. Settings: `relay-n`, `register-100` (address), `register-101` (baud and parity). It answers to unit 0 with its own id. */
export default defineSimulator<Options>({
  driver: 'wellpro-wp8025',
  open: () =>
    relayFarEnd({
      relays: { table: 'coil', at: 0, count: board.CHANNELS },
      registers: { 100: 1, 101: 2 },
      also: [0],
      onWrite,
    }),
});

function onWrite({ fn, at, values }: ModbusWrite, outputs: Outputs): number | true | undefined {
  const [value = 0] = values;
  if (fn === 6) return at === board.settingRange('uart').at && (value < 1 || value > 8) ? 3 : undefined;
  if (fn === 16) return 1;
  if (at + values.length > outputs.count) return 2;
  if (fn === 5 && value !== 0xff00 && value !== 0) return 3;
  values.forEach((each, index) => {
    outputs.set(at + index + 1, each !== 0);
  });
  return true;
}
