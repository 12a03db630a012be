import { Fault } from '../faults/index.ts';
import type { JsonObject } from '../model/index.ts';
import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import * as flags from './flags.ts';
import { print, printed } from './output.ts';
import { ttlIn, valuesOf } from './send.ts';

type Deps = Pick<CliDeps, 'signing' | 'writeSecret' | 'readText' | 'unixMillis' | 'freshId' | 'out' | 'err'>;

/** `sign`: what a platform signs, for trials and for platforms without a library. */
export const signCommand = (deps: Deps): Command =>
  command({
    does: 'The platform’s side of signatures: `sign key` makes a key pair, `sign public` shows the public half of one, `sign command` signs a command.',
    examples: [
      'sign key --out desk.key',
      'sign public --key desk.key',
      'sign command relay-1 pulse channel=1 ms=500 --key desk.key --kid desk-2026 --issuer desk --gateway gl-abc --beat NONCE',
    ],
    words: [
      { name: 'WHAT', about: 'key, public or command' },
      { name: 'WORD', about: 'of a command: TARGET COMMAND k=v …', optional: true, many: true },
    ],
    flags: {
      out: { value: 'FILE', about: 'where the new private key goes' },
      key: { value: 'FILE', about: 'private key to sign with' },
      kid: { value: 'NAME', about: 'name of that key in the site file' },
      issuer: { value: 'NAME', about: 'name of the issuer in the site file' },
      gateway: { value: 'ID', about: 'for which gateway' },
      beat: { value: 'NONCE', about: 'of the newest message on …/beat' },
      ttl: { value: 'SPAN', about: 'how long it may be begun after it came', default: '10s' },
      reason: { value: 'TEXT', about: 'why, for the audit' },
      ...flags.json,
    },
    run: async ({ words: [what = '', ...words], flags: given }) =>
      print(deps, await printed(async () => answerTo(deps, { what, words, given })), given.json),
  });

type Given = Readonly<Record<string, string | boolean | undefined>>;

function answerTo(
  deps: Deps,
  { what, words, given }: { readonly what: string; readonly words: readonly string[]; readonly given: Given },
): { json: JsonObject; text: string } {
  if (what !== 'command' && words[0] !== undefined)
    throw new Fault('usage', { text: `${words[0]} is one word too many` });
  if (what === 'key') {
    const { pem, public_key } = deps.signing.fresh();
    deps.writeSecret(needed(given, 'out', 'FILE'), pem);
    return { json: { public_key }, text: public_key };
  }
  const pem = deps.readText(needed(given, 'key', 'FILE'));
  if (what === 'public') {
    const public_key = deps.signing.publicHalf(pem);
    return { json: { public_key }, text: public_key };
  }
  if (what === 'command') {
    const message = { v: 1, jws: signed(deps, { pem, words, given }) };
    return { json: message, text: JSON.stringify(message) };
  }
  throw new Fault('usage', { text: `There is no sign ${what}; there are key, public and command` });
}

function signed(
  deps: Deps,
  { pem, words, given }: { readonly pem: string; readonly words: readonly string[]; readonly given: Given },
): string {
  const [target, name, ...args] = words;
  if (target === undefined || name === undefined)
    throw new Fault('usage', {
      text: 'A target and a command are missing: sign command TARGET COMMAND k=v …',
    });
  const payload = {
    v: 1,
    id: deps.freshId(),
    gateway: needed(given, 'gateway', 'ID'),
    ...{ target, name, args: valuesOf(args) },
    issuer: needed(given, 'issuer', 'NAME'),
    ...(typeof given.reason === 'string' && { reason: given.reason }),
    issued_at: Math.round(deps.unixMillis()),
    ttl_ms: ttlIn(String(given.ttl)),
    beat: needed(given, 'beat', 'NONCE'),
  };
  return deps.signing.sign(payload, { pem, kid: needed(given, 'kid', 'NAME'), kind: 'gl-cmd' });
}

function needed(given: Given, name: string, value: string): string {
  const text = given[name];
  if (typeof text === 'string') return text;
  throw new Fault('usage', { text: `--${name} is missing: --${name} ${value}` });
}
