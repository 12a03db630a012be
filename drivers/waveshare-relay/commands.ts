import { z } from 'zod';
import { type CommandSpec, Fault, type ModbusWrite } from '#kit';
import * as board from './codec.ts';

const MAX_MS = board.MAX_STEPS * board.STEP_MS;

export const channelArgs = z.strictObject({
  channel: z.int().min(1).max(32).describe('Relay, counted from 1'),
});
export const pulseArgs = channelArgs.extend({
  ms: z.int().min(1).max(MAX_MS).describe('Length; rounded up to 100 ms, the effective length is reported'),
});
const addressArgs = z.strictObject({ address: z.int().min(1).max(247).describe('New unit address') });
const uartArgs = z.strictObject({
  baud: z.int().describe('4800, 9600, 19200, 38400, 57600, 115200, 128000 or 256000'),
  parity: z.enum(board.PARITIES).default('none'),
});
const noArgs = z.strictObject({});

const held = { timing: 'none', actuates: true, on_process_end: 'hold' } as const;
const timed = {
  timing: 'board',
  step_ms: board.STEP_MS,
  max_ms: MAX_MS,
  actuates: true,
  on_process_end: 'timed',
} as const;
const commissioning = { timing: 'none', actuates: false, on_process_end: 'hold' } as const;

/** There is no toggle: after a lost reply nobody could tell which way it went, and a repeat would undo it. */
export const commands = {
  pulse: { ...timed, about: 'Switches a relay on for a time that the board itself ends.', args: pulseArgs },
  'off-pulse': {
    ...timed,
    about: 'Switches a relay off for a time that the board itself ends.',
    args: pulseArgs,
  },
  on: { ...held, about: 'Switches a relay on until told otherwise.', args: channelArgs },
  off: { ...held, about: 'Switches a relay off until told otherwise.', args: channelArgs },
  'all-off': { ...held, about: 'Switches every relay off.', args: noArgs },
  'set-address': {
    ...commissioning,
    about: 'Gives the unit another address (written to its register 0x4000).',
    args: addressArgs,
  },
  'set-uart': {
    ...commissioning,
    about: 'Gives the unit another baud and parity; probe both baud tables afterwards.',
    args: uartArgs,
  },
  address: { ...commissioning, about: 'Reads the address the unit believes to have.', args: noArgs },
  version: { ...commissioning, about: 'Reads the firmware version.', args: noArgs },
} satisfies Record<string, CommandSpec>;

/** The write a command stands for; undefined for those that read. Arguments have been checked by their schemas. */
export function writeFor(name: string, args: unknown, table: board.BaudTable): ModbusWrite | undefined {
  switch (name) {
    case 'pulse':
    case 'off-pulse': {
      const { channel, ms } = pulseArgs.parse(args);
      return board.pulse(channel, ms, name === 'pulse' ? 'on' : 'off');
    }
    case 'on':
    case 'off':
      return board.switchRelay(channelArgs.parse(args).channel, name === 'on');
    case 'all-off':
      return board.switchAll(false);
    case 'set-address':
      return { fn: 6, at: board.ADDRESS_REGISTER, values: [addressArgs.parse(args).address] };
    case 'set-uart': {
      const { baud, parity } = uartArgs.parse(args);
      const code = board.uartCode(baud, parity, table);
      if (code !== undefined) return { fn: 6, at: board.UART_REGISTER, values: [code] };
      const known = board.BAUD_TABLES[table].join(', ');
      throw new Fault('command.bad-args', {
        target: 'waveshare-relay',
        name,
        text: `baud: ${baud} is none of ${known}`,
      });
    }
    default:
      return undefined;
  }
}
