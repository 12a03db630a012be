import type { Decoded, DriverLibrary, Look, Texts } from '../contracts/index.ts';
import { asFault, type Fault } from '../faults/index.ts';
import type { JsonObject, PointSpec } from '../model/index.ts';

/** What a command prints: for machines, for people, and how it ends. */
export interface Printed {
  readonly json: JsonObject;
  readonly text: string;
  readonly exit: 0 | 1;
}

export interface DecodeArgs {
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

export interface EncodeArgs {
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

/** `k=v` words as texts; a word without `=` is true. */
export const textsOf = (words: readonly string[]): Texts =>
  Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=');
      return at < 0 ? [word, 'true'] : [word.slice(0, at), word.slice(at + 1)];
    }),
  );

async function printed(work: () => Promise<{ json: JsonObject; text: string }>): Promise<Printed> {
  try {
    return { ...(await work()), exit: 0 };
  } catch (error) {
    const fault = asFault(error);
    return { json: { fault: fault.toJSON() }, text: said(fault), exit: 1 };
  }
}

const said = ({ code, message, remedy }: Fault): string => `${message}. ${remedy} [${code}]`;

function linesOf({ points, note }: Decoded, spec: (name: string) => PointSpec | undefined): string {
  const width = Math.max(0, ...Object.keys(points).map((name) => name.length));
  const lines = Object.entries(points).map(([name, value]) => {
    const unit = spec(name);
    return `${name.padEnd(width)}  ${value ?? 'no value'}${unit?.kind === 'number' && value !== null ? ` ${unit.unit}` : ''}`;
  });
  return [...lines, ...(note ? [note] : [])].join('\n');
}
