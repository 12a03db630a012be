import type { ControlClient } from '../control/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import { type JsonObject, type Millis, nearest } from '../model/index.ts';
import type { CliDeps } from './deps.ts';
import * as flags from './flags.ts';
import { faultText, json, table } from './output.ts';
import { outcomeText } from './send.ts';

/** What orders to several things have in common: `NAME…` or `--all`, `--reason`. */
export const orderFlags = (kind: Kind) =>
  ({
    all: { about: `every ${kind} of this gateway` },
    reason: { value: 'TEXT', about: 'why, for the audit' },
    ...flags.socket,
    ...flags.json,
  }) as const;

/** Things of a gateway that are ordered by name. */
type Kind = 'door' | 'load';

export interface OrderFlags {
  readonly all: boolean;
  readonly reason: string | undefined;
  readonly socket: string;
  readonly json: boolean;
}

/** To each of them at once, through the inbox; to none when one of the names is none. Prints one line for each; exit code 1 unless all went well. */
export async function orderEach<T extends { readonly id: string }>(
  { control: connect, user, out, err }: Pick<CliDeps, 'control' | 'user' | 'out' | 'err'>,
  { words, all, reason, socket, json: wanted }: OrderFlags & { readonly words: readonly string[] },
  of: {
    readonly kind: Kind;
    readonly list: (control: ControlClient) => Promise<readonly T[]>;
    readonly ttl_ms: Millis;
    readonly wish: (thing: T) => { readonly name: string; readonly args: JsonObject };
  },
): Promise<0 | 1> {
  const { kind, ttl_ms } = of;
  if (all === words.length > 0) throw new Fault('usage', { text: `Name the ${kind}s, or say --all` });
  const control = connect(socket);
  const known = await of.list(control);
  const things = all ? known : named(kind, words, known);
  const ends = await Promise.all(
    things.map(async (thing) => {
      const { id: target } = thing;
      const { name, args } = of.wish(thing);
      const wish = { target, name, args, user, ttl_ms };
      try {
        const outcome = await control.submit({ ...wish, ...(reason !== undefined && { reason }) });
        const { result, facts } = outcome;
        const well = ['confirmed', 'done'].includes(result);
        return { target, json: { [kind]: target, result, facts }, text: outcomeText(outcome), well };
      } catch (error) {
        const fault = asFault(error);
        return {
          ...{ target, json: { [kind]: target, fault: fault.toJSON() } },
          ...{ text: faultText(fault), well: false },
        };
      }
    }),
  );
  const well = ends.every((end) => end.well);
  if (wanted) out(json({ [`${kind}s`]: ends.map((end) => end.json) }));
  else
    (well ? out : err)(
      `${table(ends.map(({ target, text }) => [target, text])) || `This gateway has no ${kind}s.`}\n`,
    );
  return well ? 0 : 1;
}

/** Throws door.unknown or load.unknown, with the nearest name. */
export function named<T extends { readonly id: string }>(
  kind: Kind,
  words: readonly string[],
  things: readonly T[],
): readonly T[] {
  return [...new Set(words)].map((word) => {
    const found = things.find(({ id }) => id === word);
    if (found) return found;
    const ids = things.map(({ id }) => id);
    throw new Fault(`${kind}.unknown`, { [kind]: word, nearest: nearest(word, ids) ?? 'none' });
  });
}
