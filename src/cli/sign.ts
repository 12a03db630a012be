import type { JsonObject } from '../model/index.ts';
import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import * as flags from './flags.ts';
import { print, printed } from './output.ts';
import { ttlIn, valuesOf } from './send.ts';

/** The platform's side of signatures, for trials and for platforms without a library. */
type Deps = Pick<CliDeps, 'signing' | 'writeSecret' | 'readText' | 'unixMillis' | 'freshId' | 'out' | 'err'>;

const key = { value: 'FILE', about: 'private key, as sign key made it', required: true } as const;

/** `sign key`: `{"public_key"}`. */
export const signKeyCommand = (deps: Deps): Command =>
  command({
    does: 'Makes a key pair: the private half goes into a file that only you may read, the public half is shown for the site file.',
    examples: ['sign key --out desk.key'],
    words: [],
    flags: { out: { value: 'FILE', about: 'where the private key goes', required: true }, ...flags.json },
    run: async ({ flags: { out, json } }) => {
      const made = async () => {
        const { pem, public_key } = deps.signing.fresh();
        deps.writeSecret(out, pem);
        return { json: { public_key }, text: public_key };
      };
      return print(deps, await printed(made), json);
    },
  });

/** `sign public`: the same of a key that is there. */
export const signPublicCommand = (deps: Deps): Command =>
  command({
    does: 'Shows the public half of a key pair.',
    examples: ['sign public --key desk.key'],
    words: [],
    flags: { key, ...flags.json },
    run: async ({ flags: { key: file, json } }) => {
      const shown = async () => {
        const public_key = deps.signing.publicHalf(deps.readText(file));
        return { json: { public_key }, text: public_key };
      };
      return print(deps, await printed(shown), json);
    },
  });

/** `sign command`: the message for …/cmd. */
export const signCommandCommand = (deps: Deps): Command =>
  command({
    does: 'Signs a command, and prints the message that a platform publishes on …/cmd.',
    examples: [
      'sign command relay-1 pulse channel=1 ms=500 --key desk.key --kid desk-2026 --issuer desk --gateway gl-abc --beat NONCE',
    ],
    words: [
      { name: 'TARGET', about: 'a device' },
      { name: 'COMMAND', about: 'one of its commands' },
      { name: 'k=v', about: 'its arguments', optional: true, many: true },
    ],
    flags: {
      key,
      kid: { value: 'NAME', about: 'name of that key in the site file', required: true },
      issuer: { value: 'NAME', about: 'name of the issuer in the site file', required: true },
      gateway: { value: 'ID', about: 'for which gateway', required: true },
      beat: { value: 'NONCE', about: 'of the newest message on …/beat', required: true },
      ttl: { value: 'SPAN', about: 'how long it may be begun after it came', default: '10s' },
      reason: { value: 'TEXT', about: 'why, for the audit' },
      ...flags.json,
    },
    run: async ({ words: [target = '', name = '', ...args], flags: given }) => {
      const { gateway, issuer, reason, beat, kid } = given;
      const payload: JsonObject = {
        ...{ v: 1, id: deps.freshId(), gateway, target, name, args: valuesOf(args), issuer },
        ...(reason !== undefined && { reason }),
        issued_at: Math.round(deps.unixMillis()),
        ttl_ms: ttlIn(given.ttl),
        beat,
      };
      const signed = async () => {
        const pem = deps.readText(given.key);
        const message = { v: 1, jws: deps.signing.sign(payload, { pem, kid, kind: 'gl-cmd' }) };
        return { json: message, text: JSON.stringify(message) };
      };
      return print(deps, await printed(signed), given.json);
    },
  });
