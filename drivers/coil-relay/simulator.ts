import {
  be16,
  defineSimulator,
  holdsBits,
  type ModbusWrite,
  type Outputs,
  packBits,
  parseRequest,
  readValues,
  relayFarEnd,
  u8,
} from '#kit';
import type { Options } from './codec.ts';

/** A board as the options tell it. Settings: `relay-n`; `echo-only` (true: it acknowledges and moves nothing). */
export default defineSimulator<Options>({
  driver: 'coil-relay',
  open: (chosen) => {
    const { channels, read, read_base = chosen.base, inverted } = chosen;
    return relayFarEnd({
      relays: { table: read === 'none' ? 'coil' : read, at: read_base, count: channels },
      quirks: ['echo-only'],
      onWrite: (write, outputs) => onWrite(write, outputs, chosen),
      answer: ({ pdu, quirk, normally }) => {
        if (u8(pdu, 0) <= 4) return inverted ? invert(normally(), pdu) : normally();
        return quirk('echo-only') ? echo(pdu) : normally();
      },
    });
  },
});

const FUNCTIONS = { 'single-coil': 5, 'multiple-coils': 15, register: 6 } as const;

function onWrite({ fn, at, values }: ModbusWrite, outputs: Outputs, { base, write, off_value }: Options) {
  if (fn !== FUNCTIONS[write]) return 1;
  const first = at - base + 1;
  if (first < 1 || first + values.length - 1 > outputs.count) return 2;
  values.forEach((value, index) => {
    outputs.set(first + index, fn === 15 ? value === 1 : value !== off_value);
  });
  return true;
}

/** The acknowledgement of a write that was not carried out. */
const echo = (pdu: Uint8Array): Uint8Array => pdu.slice(0, 5);

/** The same answer with 0 and 1 exchanged. */
function invert(reply: Uint8Array, pdu: Uint8Array): Uint8Array {
  const asked = parseRequest(pdu);
  if (u8(reply, 0) >= 0x80 || !asked || !('count' in asked)) return reply;
  const values = readValues(reply)
    .slice(0, asked.count)
    .map((word) => 1 - word);
  const data = holdsBits(asked.table) ? packBits(values) : Uint8Array.from(values.flatMap(be16));
  return Uint8Array.of(u8(reply, 0), data.length, ...data);
}
