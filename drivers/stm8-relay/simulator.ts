import { be16, defineSimulator, type ModbusWrite, type Outputs, parseRequest, relayFarEnd, u8 } from '#kit';
import type { Options } from './driver.ts';

const ADDRESS_REGISTER = 0x4000;
/** April 2018, 14:59, PCB 6A. */
const VERSION = { 4: 0x4170, 8: 0x2018, 16: 0x1459, 32: 0x006a };

/**
 * The board's own side. It echoes a write to a coil that it has not, and several registers at once come out wrong. Settings: `relay-n`,
 * `input-n`, `register-16384` (address); `echo-only` (true: it acknowledges and moves nothing).
 */
export default defineSimulator<Options>({
  driver: 'stm8-relay',
  open: ({ channels, inputs }) =>
    relayFarEnd({
      relays: { table: 'coil', at: 0, count: channels },
      inputs: { table: 'discrete', at: 0, count: inputs },
      registers: { ...VERSION, [ADDRESS_REGISTER]: 1 },
      also: [0],
      quirks: ['echo-only'],
      onWrite,
      answer: ({ pdu, quirk, normally }) => {
        if (u8(pdu, 0) === 5 && quirk('echo-only')) return pdu;
        const asked = u8(pdu, 0) === 3 ? parseRequest(pdu) : undefined;
        if (!asked || !('count' in asked) || asked.count < 2) return normally();
        const wrong = Array.from({ length: asked.count }, () => be16(0xffff)).flat();
        return Uint8Array.of(3, wrong.length, ...wrong);
      },
    }),
});

function onWrite({ fn, at, values }: ModbusWrite, outputs: Outputs): number | true | undefined {
  const on = values[0] !== 0;
  if (fn === 6) return undefined;
  if (fn !== 5) return 1;
  if (at === 0x00ff) {
    for (let relay = 1; relay <= outputs.count; relay += 1) outputs.set(relay, on);
    return true;
  }
  if (at < outputs.count) outputs.set(at + 1, on);
  return true;
}
