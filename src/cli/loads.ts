import { Fault } from '../faults/index.ts';
import { type JsonObject, LOAD_FOR_S, type LoadCommand } from '../model/index.ts';
import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import * as flags from './flags.ts';
import { loadsText } from './loads-text.ts';
import { type OrderFlags, orderEach, orderFlags } from './orders.ts';
import { json, parseSpan } from './output.ts';

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
const ORDER = orderFlags('load');
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

/** Relays go one after the other, and their boards show it at their next look. */
const TTL_MS = 30_000;

const order = (
  deps: Deps,
  words: readonly string[],
  given: OrderFlags,
  wish: { readonly name: LoadCommand; readonly args: JsonObject },
): Promise<0 | 1> =>
  orderEach(
    deps,
    { ...given, words },
    { kind: 'load', list: (control) => control.loads(), ttl_ms: TTL_MS, wish: () => wish },
  );

function timeArgs(span: string | undefined): JsonObject {
  if (span === undefined) return {};
  const for_s = Math.round((parseSpan(span) ?? 0) / 1000);
  if (for_s >= 1 && for_s <= LOAD_FOR_S) return { for_s };
  throw new Fault('usage', { text: `--for is ${span}; 1 s to 7 days is expected, such as 30min or 2h` });
}
