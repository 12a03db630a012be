import { Fault } from '../faults/index.ts';
import { ID_PATTERN, type JsonObject } from '../model/index.ts';
import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import * as flags from './flags.ts';
import { print, printed } from './output.ts';

type Deps = Pick<CliDeps, 'signing' | 'readText' | 'unixMillis' | 'freshId' | 'out' | 'err'>;

const MOST_USES = 1000;

/** `sign visit`: the text of the code that a visitor shows. */
export const signVisitCommand = (deps: Deps): Command =>
  command({
    does: 'Signs a visitor token, and prints the text of the code to show at a scanner of a door.',
    examples: [
      'sign visit --who v-0815 --door gate --until 2026-12-01T18:00+08:00 --uses 1 --gateway gl-abc --key lists.key --kid platform-2026',
    ],
    words: [],
    flags: {
      key: { value: 'FILE', about: 'private key, as sign key made it', required: true },
      kid: { value: 'NAME', about: 'name of that key under trust.lists of the site file', required: true },
      who: { value: 'NAME', about: 'pseudonym of the visitor', required: true },
      until: { value: 'TIME', about: 'when it ends, such as 2026-12-01T18:00+08:00', required: true },
      from: { value: 'TIME', about: 'when it begins; left out: now' },
      door: { value: 'ID', about: 'a door that it opens', many: true },
      group: { value: 'NAME', about: 'a group of the list whose doors it opens', many: true },
      gateway: { value: 'ID', about: 'for this gateway only' },
      site: { value: 'ID', about: 'for all gateways of this site' },
      uses: { value: 'N', about: 'how often, at each gateway; left out: as often as one likes' },
      ...flags.json,
    },
    run: async ({ flags: given }) => {
      const payload = payloadOf(given, { id: deps.freshId(), now_ms: Math.round(deps.unixMillis()) });
      const signed = async () => {
        const pem = deps.readText(given.key);
        const code = deps.signing.sign(payload, { pem, kid: given.kid, kind: 'gl-visit' });
        return { json: { id: String(payload.id), code }, text: code };
      };
      return print(deps, await printed(signed), given.json);
    },
  });

interface Given {
  readonly who: string;
  readonly until: string;
  readonly from: string | undefined;
  readonly door: readonly string[];
  readonly group: readonly string[];
  readonly gateway: string | undefined;
  readonly site: string | undefined;
  readonly uses: string | undefined;
}

function payloadOf(
  given: Given,
  { id, now_ms }: { readonly id: string; readonly now_ms: number },
): JsonObject {
  const { who, door, group, gateway, site } = given;
  if (gateway === undefined && site === undefined)
    throw usage('--gateway or --site is missing: for whom it is');
  if (door.length + group.length === 0) throw usage('--door or --group is missing: what it opens');
  const odd = door.find((name) => !ID_PATTERN.test(name));
  if (odd !== undefined) throw usage(`--door is ${odd}; the id of a door is expected, such as gate`);
  const from_ms = given.from === undefined ? now_ms : timeIn('from', given.from);
  const until_ms = timeIn('until', given.until);
  if (until_ms <= from_ms) throw usage(`--until is ${given.until}; that is not after its beginning`);
  const uses = given.uses === undefined ? undefined : Number(given.uses);
  if (uses !== undefined && !(Number.isInteger(uses) && uses >= 1 && uses <= MOST_USES))
    throw usage(`--uses is ${given.uses}; 1 to ${MOST_USES} is expected`);
  return {
    ...{ v: 1, id, who },
    ...(gateway !== undefined && { gateway }),
    ...(site !== undefined && { site }),
    ...(door.length > 0 && { doors: [...door] }),
    ...(group.length > 0 && { groups: [...group] }),
    ...{ from_ms, until_ms },
    ...(uses !== undefined && { uses }),
  };
}

/** With its offset: a time of day without one is another moment at every place. */
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})$/;

function timeIn(name: string, text: string): number {
  const ms = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms) || ms < 0)
    throw usage(`--${name} is ${text}; a time with its offset is expected, such as 2026-12-01T18:00+08:00`);
  return ms;
}

const usage = (text: string): Fault => new Fault('usage', { text });
