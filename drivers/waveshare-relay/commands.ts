import { z } from 'zod';
import { type CommandSpec, commissioning, Fault, type ModbusWrite, noArgs, relayCommands } from '#kit';
import * as board from './codec.ts';

/** Most relays a board has: 8 on the RTU ones, up to 30 on those with Ethernet. */
export const MOST_RELAYS = 32;

const addressArgs = z.strictObject({ address: z.int().min(1).max(247).describe('New unit address') });
const uartArgs = z.strictObject({
  baud: z.int().describe('4800, 9600, 19200, 38400, 57600, 115200, 128000 or 256000'),
  parity: z.enum(board.PARITIES).default('none'),
});

export const commands = {
  ...relayCommands({ most: MOST_RELAYS, pulse: board.timer, off_pulse: true, all_off: true }),
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

/** The setting a command writes; undefined for those that read. Arguments have been checked by their schemas. */
export function settingFor(name: string, args: unknown, table: board.BaudTable): ModbusWrite | undefined {
  if (name === 'set-address')
    return { fn: 6, at: board.ADDRESS_REGISTER, values: [addressArgs.parse(args).address] };
  if (name !== 'set-uart') return undefined;
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
