import { z } from 'zod';
import { holdsBits, type ModbusWrite, type RelayBoard, restOption } from '#kit';

const address = z.int().min(0).max(65_535);

export const options = z
  .strictObject({
    channels: z.int().min(1).max(64).default(8).describe('Relays on the board'),
    base: address.default(0).describe('Address of relay 1 on the wire, from 0; the others follow'),
    write: z
      .enum(['single-coil', 'multiple-coils', 'register'])
      .default('single-coil')
      .describe('How a relay is written: function 5, 15 or 6'),
    on_value: address
      .optional()
      .describe('What is written for on; default 65280 (FF00) with function 5, 1 with function 6'),
    off_value: address.default(0).describe('What is written for off with functions 5 and 6'),
    read: z
      .enum(['coil', 'discrete', 'holding', 'input', 'none'])
      .default('coil')
      .describe('Where the board shows its relays; none: it does not'),
    read_base: address.optional().describe('Address of relay 1 there; default: base'),
    inverted: z.boolean().default(false).describe('It shows 0 for a relay that is on'),
    rest: restOption,
  })
  .refine(({ base, read_base = base, channels }) => Math.max(base, read_base) + channels <= 0x1_0000, {
    message: 'the last relay is beyond address 65535',
  });
export type Options = z.infer<typeof options>;

export function boardOf(chosen: Options): RelayBoard {
  const { channels, rest, write, base } = chosen;
  const relays = relaysOf(chosen);
  return {
    id: 'coil-relay',
    channels,
    rest,
    relays,
    turn: (channel, on) => turn(chosen, channel, on),
    ...(write === 'multiple-coils' && { turnAll: (on) => ({ fn: 15, at: base, values: on.map(Number) }) }),
    // Nobody knows this board: where it shows its relays, they decide.
    doubtful: relays !== undefined,
  };
}

function turn({ base, write, on_value, off_value }: Options, channel: number, on: boolean): ModbusWrite {
  const at = base + channel - 1;
  if (write === 'multiple-coils') return { fn: 15, at, values: [Number(on)] };
  if (write === 'single-coil') return { fn: 5, at, values: [on ? (on_value ?? 0xff00) : off_value] };
  return { fn: 6, at, values: [on ? (on_value ?? 1) : off_value] };
}

function relaysOf({
  base,
  read,
  read_base,
  channels,
  inverted,
  on_value = 1,
}: Options): RelayBoard['relays'] {
  if (read === 'none') return undefined;
  const isOn = (word: number): boolean | undefined => {
    if (word === 0) return inverted;
    // A register may show what was written.
    return word === 1 || (!holdsBits(read) && word === on_value) ? !inverted : undefined;
  };
  return {
    range: { table: read, at: read_base ?? base, count: channels },
    count: channels,
    read: isOn,
  };
}
