import type { LoadStatus } from '../control/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import { type JsonObject, LOAD_FOR_S, type LoadCommand, nearest } from '../model/index.ts';
import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import * as flags from './flags.ts';
import { loadsText } from './loads-text.ts';
import { faultText, json, parseSpan, table } from './output.ts';
import { outcomeText } from './send.ts';

type Deps = Pick<CliDeps, 'control' | 'user' | 'out' | 'err'>;

/** `loads`: `{"loads":[…]}`, each as the control API shows it. */
export const loadsCommand = (deps: Deps): Command =>
  command({
    does: 'Lights and other loads of the running gateway: on or off, whose word counts, until when.',
    examples: ['loads', 'loads --json'],
    words: [],
    flags: { ...flags.socket, ...flags.json },
    run: async ({ flags: { socket, json: wanted } }) => {
      const control = deps.control(socket);
      const loads = await control.loads();
      if (wanted) deps.out(json({ loads }));
      else {
        const { up, clock } = await control.status();
        deps.out(loadsText(loads, { up, unix_ms: clock.unix_ms }));
      }
      return 0;
    },
  });

const LOADS = { name: 'LOAD', about: 'a load (gatelodge loads)', optional: true, many: true } as const;
const ORDER = {
  all: { about: 'every load of this gateway' },
  reason: { value: 'TEXT', about: 'why, for the audit' },
  ...flags.socket,
  ...flags.json,
} as const;
const SPAN = {
  value: 'SPAN',
  about: 'for so long, such as 30min or 2h; left out: until something else is said',
};

export const loadsOnCommand = (deps: Deps): Command =>
  switching(deps, 'on', 'Switches loads on, whatever their schedule says.', [
    'loads on courtyard --for 2h --reason "a search"',
  ]);

export const loadsOffCommand = (deps: Deps): Command =>
  switching(deps, 'off', 'Switches loads off, whatever their schedule says.', ['loads off courtyard garage']);

export const loadsAutoCommand = (deps: Deps): Command =>
  command({
    does: 'Gives loads back to their schedule.',
    examples: ['loads auto courtyard', 'loads auto --all'],
    words: [LOADS],
    flags: ORDER,
    run: ({ words, flags: given }) => order(deps, words, given, { name: 'auto', args: {} }),
  });

const switching = (deps: Deps, name: 'on' | 'off', does: string, examples: readonly string[]): Command =>
  command({
    ...{ does, examples, words: [LOADS] },
    flags: { for: SPAN, ...ORDER },
    run: ({ words, flags: { for: span, ...given } }) =>
      order(deps, words, given, { name, args: timeArgs(span) }),
  });

interface OrderFlags {
  readonly all: boolean;
  readonly reason: string | undefined;
  readonly socket: string;
  readonly json: boolean;
}
/** Relays go one after the other, and their boards show it at their next look. */
const TTL_MS = 30_000;

/** To every load at once, through the inbox; to none when one of the names is none. Prints one line for each load. */
async function order(
  deps: Deps,
  words: readonly string[],
  { all, reason, socket, json: wanted }: OrderFlags,
  wish: { readonly name: LoadCommand; readonly args: JsonObject },
): Promise<0 | 1> {
  if (all === words.length > 0) throw usage('Name the loads, or say --all');
  const control = deps.control(socket);
  const known = await control.loads();
  const loads = all ? known : named(words, known);
  const ends = await Promise.all(
    loads.map(async ({ id: target }) => {
      const full = { ...wish, target, user: deps.user, ttl_ms: TTL_MS };
      try {
        const outcome = await control.submit({ ...full, ...(reason !== undefined && { reason }) });
        const { result, facts } = outcome;
        const well = ['confirmed', 'done'].includes(result);
        return { json: { load: target, result, facts }, text: outcomeText(outcome), well };
      } catch (error) {
        const fault = asFault(error);
        return { json: { load: target, fault: fault.toJSON() }, text: faultText(fault), well: false };
      }
    }),
  );
  const well = ends.every((end) => end.well);
  if (wanted) deps.out(json({ loads: ends.map((end) => end.json) }));
  else
    (well ? deps.out : deps.err)(
      `${table(ends.map(({ json: { load }, text }) => [load, text])) || 'This gateway has no loads.'}\n`,
    );
  return well ? 0 : 1;
}

const usage = (text: string): Fault => new Fault('usage', { text });

/** Throws load.unknown with the nearest name. */
function named(words: readonly string[], loads: readonly LoadStatus[]): readonly LoadStatus[] {
  return [...new Set(words)].map((word) => {
    const found = loads.find(({ id }) => id === word);
    if (found) return found;
    const ids = loads.map(({ id }) => id);
    throw new Fault('load.unknown', { load: word, nearest: nearest(word, ids) ?? 'none' });
  });
}

function timeArgs(span: string | undefined): JsonObject {
  if (span === undefined) return {};
  const for_s = Math.round((parseSpan(span) ?? 0) / 1000);
  if (for_s >= 1 && for_s <= LOAD_FOR_S) return { for_s };
  throw usage(`--for is ${span}; 1 s to 7 days is expected, such as 30min or 2h`);
}
