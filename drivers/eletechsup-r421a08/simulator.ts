import { defineSimulator, type ModbusWrite, type Outputs, relayFarEnd, u8 } from '#kit';
import type { Options } from './driver.ts';

/**
 * The board's own side: it knows functions 3 and 6 only. Settings: `relay-n`; `mute-elsewhere` (true: what it has not is left unanswered
 * instead of refused), `zeros-elsewhere` (true: it reads as 0).
 */
export default defineSimulator<Options>({
  driver: 'eletechsup-r421a08',
  open: ({ channels }) =>
    relayFarEnd({
      relays: { table: 'holding', at: 1, count: channels },
      quirks: ['mute-elsewhere', 'zeros-elsewhere'],
      onWrite: (write, outputs, up) => obey(write, outputs, up),
      answer: ({ pdu, quirk, normally }) => {
        const fn = u8(pdu, 0);
        const reply = fn === 3 || fn === 6 ? normally() : Uint8Array.of(fn | 0x80, 1);
        const refused = u8(reply, 0) >= 0x80;
        if (refused && quirk('mute-elsewhere')) return undefined;
        if (!(refused && fn === 3 && quirk('zeros-elsewhere'))) return reply;
        const zeros = new Uint8Array(2 * u8(pdu, 4));
        return Uint8Array.of(3, zeros.length, ...zeros);
      },
    }),
});

function obey({ fn, at, values }: ModbusWrite, outputs: Outputs, up: number): number | true {
  const [value = 0] = values;
  const command = value >> 8;
  const each = Array.from({ length: outputs.count }, (_, index) => index + 1);
  if (fn !== 6) return 1;
  if (at === 0 && (command === 7 || command === 8)) {
    for (const relay of each) outputs.set(relay, command === 7);
    return true;
  }
  if (at < 1 || at > outputs.count) return 2;
  switch (command) {
    case 1:
    case 2:
      outputs.set(at, command === 1);
      return true;
    case 3:
      outputs.set(at, !outputs.get(at));
      return true;
    case 4:
      for (const relay of each) outputs.set(relay, relay === at);
      return true;
    case 5:
      outputs.pulse(at, true, up + 1000);
      return true;
    case 6:
      outputs.pulse(at, true, up + 1000 * (value & 0xff));
      return true;
    default:
      return 3;
  }
}
