import type { Decoded, DriverLibrary, Look, Texts } from '../contracts/index.ts';
import type { PointSpec } from '../model/index.ts';
import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import * as flags from './flags.ts';
import { libraryWith } from './library.ts';
import { type Printed, print, printed } from './output.ts';

/** `decode`: bytes of a sniffer, for people and for machines. */
export const decodeCommand = (deps: Pick<CliDeps, 'library' | 'readText' | 'out' | 'err'>): Command =>
  command({
    does: 'Bytes as a sniffer shows them → points.',
    examples: [
      'decode a02yyuw FF 07 A1 A7',
      "decode waveshare-relay 01 03 02 00 64 B9 AF --request '00 03 80 00 00 01 AC 1B'",
      'decode louver-box --set reg_503=co2 01 03 10 02 92 FF 9B 02 1F 00 0F 00 1C 03 F5 00 00 03 E8 DE CA',
    ],
    words: [
      { name: 'DRIVER', about: 'a driver or model (gatelodge drivers)' },
      { name: 'HEX', about: 'bytes in hex, one word or many', many: true },
    ],
    flags: {
      ...flags.set,
      request: { value: 'HEX', about: 'the request that a Modbus reply answers' },
      ...flags.profile,
      ...flags.json,
    },
    run: async ({ words: [driver = '', ...hex], flags: { set: options, request, profile, json } }) => {
      const look = { set: textsOf(options), ...(request !== undefined && { request }) };
      return print(deps, await decode(await libraryWith(deps, profile), { driver, hex, ...look }), json);
    },
  });

interface DecodeArgs {
  readonly driver: string;
  /** Hex as it was typed: one word or many. */
  readonly hex: readonly string[];
  readonly set?: Texts;
  readonly request?: string;
}

/** `decode DRIVER HEX…`: `{"points":{…}}`, with a `note` when the frame is no set of points; `{"fault":{"code":…}}` and exit 1. */
export async function decode(library: DriverLibrary, args: DecodeArgs): Promise<Printed> {
  return printed(async () => {
    const look: Look = {
      ...(args.set && { set: args.set }),
      ...(args.request !== undefined && { request: args.request }),
    };
    const decoded = await library.decode(args.driver, args.hex.join(' '), look);
    const { points } = await library.describe(args.driver, args.set);
    return { json: { ...decoded }, text: linesOf(decoded, (name) => points?.[name]) };
  });
}

/** `k=v` words as texts; a word without `=` is true. */
export const textsOf = (words: readonly string[]): Texts =>
  Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=');
      return at < 0 ? [word, 'true'] : [word.slice(0, at), word.slice(at + 1)];
    }),
  );

function linesOf({ points, note }: Decoded, spec: (name: string) => PointSpec | undefined): string {
  const width = Math.max(0, ...Object.keys(points).map((name) => name.length));
  const lines = Object.entries(points).map(([name, value]) => {
    const unit = spec(name);
    return `${name.padEnd(width)}  ${value ?? 'no value'}${unit?.kind === 'number' && value !== null ? ` ${unit.unit}` : ''}`;
  });
  return [...lines, ...(note ? [note] : [])].join('\n');
}
