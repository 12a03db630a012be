import {
  answerFromBank,
  defineSimulator,
  type JsonObject,
  type ModbusWrite,
  settable,
  type Value,
  wordBank,
} from '#kit';
import * as board from './codec.ts';
import type { Options } from './driver.ts';

/**
 * The board's own side: relays, inputs, and the timer that ends a pulse when nobody is there any more.
 * Settings: `input-n`, `relay-n` (true or false), `version`. It answers to unit 0 with its own id.
 */
export default defineSimulator<Options>({
  driver: 'waveshare-relay',
  open({ channels, inputs }) {
    const bank = wordBank();
    for (let index = 0; index < channels; index += 1) bank.set('coil', index, 0);
    for (let index = 0; index < inputs; index += 1) bank.set('discrete', index, 0);
    bank.set('holding', board.UART_REGISTER, 1);
    bank.set('holding', board.ADDRESS_REGISTER, 1);
    bank.set('holding', board.VERSION_REGISTER, 200);
    /** When a pulse of a relay ends, and the state it goes back to. */
    const timers = new Map<number, { readonly at: number; readonly back: 0 | 1 }>();
    const told: Record<string, Value | null> = {};
    const names = [...ids('relay', channels), ...ids('input', inputs), 'version'];
    const fixed = settable(names);

    const endPulses = (up: number) => {
      for (const [relay, { at, back }] of timers) {
        if (up < at) continue;
        timers.delete(relay);
        bank.set('coil', relay, back);
      }
    };
    const switchTo = (relay: number, on: number): true => {
      timers.delete(relay);
      bank.set('coil', relay, on ? 1 : 0);
      return true;
    };
    const onWrite = ({ fn, at, values }: ModbusWrite, up: number): number | true | undefined => {
      const [value = 0] = values;
      if (fn === 15) {
        if (!values.every((_, offset) => bank.has('coil', at + offset))) return 2;
        values.forEach((bit, offset) => {
          switchTo(at + offset, bit);
        });
        return true;
      }
      if (fn !== 5) return undefined;
      const relay = at & 0xff;
      if (at >= 0x200 && at < 0x500) {
        if ((at & 0xf00) === 0x300 || !bank.has('coil', relay)) return 2;
        if (value < 1 || value > board.MAX_STEPS) return 3;
        const on = at < 0x300 ? 1 : 0;
        bank.set('coil', relay, on);
        timers.set(relay, { at: up + value * board.STEP_MS, back: on ? 0 : 1 });
        return true;
      }
      if (at === 0xff && (value === 0xff00 || value === 0)) {
        for (let index = 0; index < channels; index += 1) switchTo(index, value);
        return true;
      }
      if (!bank.has('coil', at)) return 2;
      if (value === 0x5500) return switchTo(at, 1 - bank.get('coil', at));
      return value === 0xff00 || value === 0 ? switchTo(at, value) : 3;
    };

    return {
      kind: 'modbus',
      also: [0],
      said: () => told,
      set(values: JsonObject) {
        fixed.set(values);
        for (const [name, value] of Object.entries(values)) {
          if (name === 'version')
            bank.set('holding', board.VERSION_REGISTER, Math.round(Number(value) * 100));
          else if (name.startsWith('relay-')) switchTo(Number(name.slice(6)) - 1, Number(value === true));
          else bank.set('discrete', Number(name.slice(6)) - 1, Number(value === true));
        }
      },
      respond(pdu, up) {
        endPulses(up);
        return answerFromBank(bank, pdu, {
          onWrite: (write) => onWrite(write, up),
          beforeRead(table, at, count) {
            if (table !== 'coil' && table !== 'discrete') return;
            const bits = Array.from({ length: count }, (_, offset) => bank.get(table, at + offset));
            Object.assign(told, board.flags(table === 'coil' ? 'relay' : 'input', bits, at));
          },
        });
      },
    };
  },
});

const ids = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);
