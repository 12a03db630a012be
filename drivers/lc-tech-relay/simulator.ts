import { defineSimulator, type ModbusWrite, type Outputs, parseRequest, relayFarEnd } from '#kit';
import * as board from './codec.ts';
import type { Options } from './driver.ts';

/**
 * The board's own side: eight coils and inputs whatever is fitted, a timer for each relay. Settings: `relay-n`, `input-n`,
 * `register-0` (its address), `register-1000` (baud code). To a new address it answers with the whole question; that is how the real one does it.
 */
export default defineSimulator<Options>({
  driver: 'lc-tech-relay',
  open: ({ channels }) =>
    relayFarEnd({
      relays: { table: 'coil', at: 0, count: board.ROW },
      inputs: { table: 'discrete', at: 0, count: board.ROW },
      registers: { [board.ADDRESS_REGISTER]: 255, [board.BAUD_REGISTER]: 3 },
      also: [0],
      onWrite: (write, outputs, up) => onWrite(write, { outputs, channels }, up),
      answer: ({ pdu, bank, normally }) => {
        const reply = normally();
        const asked = reply[0] === 16 ? parseRequest(pdu) : undefined;
        if (!asked || 'table' in asked) return reply;
        const [word = 0] = asked.values;
        if (asked.at === board.SET_BAUD_REGISTER) bank.set('holding', board.BAUD_REGISTER, word);
        if (asked.at !== board.ADDRESS_REGISTER) return reply;
        bank.set('holding', board.ADDRESS_REGISTER, word);
        return pdu;
      },
    }),
});

function onWrite(
  write: ModbusWrite,
  { outputs, channels }: { readonly outputs: Outputs; readonly channels: number },
  up: number,
): number | true {
  const { fn, at, values } = write;
  const [value = 0] = values;
  if (fn === 15) {
    if (at !== 0 || values.length !== board.ROW) return 2;
    for (let relay = 1; relay <= channels; relay += 1) outputs.set(relay, values[relay - 1] === 1);
    return true;
  }
  if (fn === 5) {
    if (at >= channels) return 2;
    if (value !== 0xff00 && value !== 0) return 3;
    outputs.set(at + 1, value !== 0);
    return true;
  }
  const timed = board.timedAction(write);
  if (timed && timed.channel <= channels) {
    outputs.pulse(timed.channel, timed.on, up + timed.steps * board.timer.step_ms);
    return true;
  }
  const isSetting = fn === 16 && values.length === 1;
  if (isSetting && at === board.ADDRESS_REGISTER) return value >= 1 && value <= 255 ? true : 3;
  if (isSetting && at === board.SET_BAUD_REGISTER) return board.baudOf(value) === null ? 3 : true;
  return 2;
}
