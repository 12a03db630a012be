import type { DriverLibrary, Texts } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import { type Command, command } from './args.ts';
import { textsOf } from './decode.ts';
import type { CliDeps } from './deps.ts';
import * as flags from './flags.ts';
import { libraryWith } from './library.ts';
import { type Printed, print, printed } from './output.ts';

/** `encode`: the way back. */
export const encodeCommand = (deps: Pick<CliDeps, 'library' | 'readText' | 'out' | 'err'>): Command =>
  command({
    does: 'A command of a driver → bytes.',
    examples: ['encode waveshare-relay pulse channel=1 ms=700'],
    words: [
      { name: 'DRIVER', about: 'a driver or model (gatelodge drivers)' },
      { name: 'COMMAND', about: 'one of its commands' },
      { name: 'k=v', about: 'its arguments', optional: true, many: true },
    ],
    flags: {
      ...flags.set,
      unit: { value: 'NUMBER', about: 'Modbus address; default: the factory address' },
      ...flags.profile,
      ...flags.json,
    },
    run: async ({
      words: [driver = '', name = '', ...args],
      flags: { set: options, unit, profile, json },
    }) => {
      const look = { set: textsOf(options), ...(unit !== undefined && { unit: addressOf(unit) }) };
      const wish = { driver, command: name, args: textsOf(args), ...look };
      return print(deps, await encode(await libraryWith(deps, profile), wish), json);
    },
  });

interface EncodeArgs {
  readonly driver: string;
  readonly command: string;
  readonly args: Texts;
  readonly set?: Texts;
  readonly unit?: number;
}

/** `encode DRIVER COMMAND [k=v…]`: `{"hex":"01 05 …"}`. */
export async function encode(library: DriverLibrary, args: EncodeArgs): Promise<Printed> {
  return printed(async () => {
    const look = { ...(args.set && { set: args.set }), ...(args.unit !== undefined && { unit: args.unit }) };
    const hex = await library.encode(args.driver, args.command, args.args, look);
    return { json: { hex }, text: hex };
  });
}

function addressOf(text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) <= 255) return Number(text);
  throw new Fault('usage', { text: `--unit is ${text}; 0 to 255 is expected` });
}
