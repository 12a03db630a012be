import type { LocalWish } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import type { Json, JsonObject, Outcome } from '../model/index.ts';
import { type Command, command } from './args.ts';
import { textsOf } from './decode.ts';
import type { CliDeps } from './deps.ts';
import * as flags from './flags.ts';
import { parseSpan, print, printed } from './output.ts';

/** Of one order. */
export const sendFlags = {
  reason: { value: 'TEXT', about: 'why, for the audit' },
  ttl: { value: 'SPAN', about: 'not to be begun later than this', default: '10s' },
  ...flags.socket,
  ...flags.json,
} as const;

/** `send`: through the inbox of the running gateway, as any command. */
export const sendCommand = (deps: Pick<CliDeps, 'control' | 'user' | 'out' | 'err'>): Command =>
  command({
    does: 'Tells a device, door or load of the running gateway to do something, and says how it ended.',
    examples: ['send relay-1 pulse channel=1 ms=500', 'send lamp on --reason "a look at the yard"'],
    words: [
      {
        name: 'TARGET',
        about: 'a device (gatelodge devices), a door (gatelodge doors) or a load (gatelodge loads)',
      },
      {
        name: 'COMMAND',
        about: 'one of its commands (gatelodge drivers DRIVER; of doors: src/access/README.md)',
      },
      { name: 'k=v', about: 'its arguments', optional: true, many: true },
    ],
    flags: sendFlags,
    run: ({ words: [target = '', name = '', ...args], flags: given }) =>
      sendOne(deps, { target, name, args: valuesOf(args) }, given),
  });

/** Through the inbox; prints how it ended. Exit code 1 unless it went well. */
export async function sendOne(
  deps: Pick<CliDeps, 'control' | 'user' | 'out' | 'err'>,
  order: Pick<LocalWish, 'target' | 'name' | 'args'>,
  {
    reason,
    ttl,
    socket,
    json,
  }: {
    readonly reason: string | undefined;
    readonly ttl: string;
    readonly socket: string;
    readonly json: boolean;
  },
): Promise<0 | 1> {
  const wish = { ...order, user: deps.user, ttl_ms: ttlIn(ttl) };
  const said = await printed(async () => {
    const outcome = await deps.control(socket).submit({ ...wish, ...(reason !== undefined && { reason }) });
    return { json: { result: outcome.result, facts: outcome.facts }, text: outcomeText(outcome) };
  });
  print(deps, said, json);
  return ['confirmed', 'done'].includes(String(said.json.result)) ? 0 : 1;
}

/** Numbers, `true`, `false`, `null` and quoted texts as JSON has them; anything else is a text. */
export const valuesOf = (words: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(textsOf(words)).map(([name, text]) => [name, jsonOr(text)]));

function jsonOr(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Throws usage. */
export function ttlIn(text: string): number {
  const ms = parseSpan(text);
  if (ms !== undefined && ms >= 1 && ms <= 3_600_000) return ms;
  throw new Fault('usage', { text: `--ttl is ${text}; 1 s to 1 h is expected, such as 10s` });
}

export const outcomeText = ({ result, facts }: Outcome): string =>
  [
    result,
    ...Object.entries(facts).map(
      ([name, fact]) => `${name}=${typeof fact === 'string' ? fact : JSON.stringify(fact)}`,
    ),
  ].join('  ');
