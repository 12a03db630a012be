import { type LoadedPeople, loadPeople, sentenceOf } from '../config/index.ts';
import type { ListMaking, PeopleList, Signing } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import * as flags from './flags.ts';
import { print, printed } from './output.ts';

type Deps = Pick<
  CliDeps,
  'signing' | 'lists' | 'load' | 'readText' | 'writeNew' | 'unixMillis' | 'out' | 'err'
>;

/** `sign list`: the messages for …/access. */
export const signListCommand = (deps: Deps): Command =>
  command({
    does: 'Signs a list of credentials, or the changes to one, and prints the messages that a platform publishes on …/access.',
    examples: [
      'sign list people.yaml --version 7 --key lists.key --kid platform-2026 --gateway gl-abc',
      'sign list groups.yaml residents.csv --version 8 --delta-from 7 --before old.yaml --key lists.key --kid platform-2026 --gateway gl-abc',
    ],
    words: [
      {
        name: 'FILE',
        about:
          'YAML or JSON (groups, schedules, calendar, credentials, revoked, offline_until); .csv: credentials',
        many: true,
      },
    ],
    flags: {
      key: { value: 'FILE', about: 'private key, as sign key made it', required: true },
      kid: { value: 'NAME', about: 'name of that key under trust.lists of the site file', required: true },
      gateway: { value: 'ID', about: 'for which gateway', required: true },
      version: {
        value: 'N',
        about: 'version of this list; each is higher than the one before',
        required: true,
      },
      'delta-from': { value: 'N', about: 'the version that is in force: only the changes to it are sent' },
      before: {
        value: 'FILE',
        about: 'the list of that version; what has changed is found. Left out: FILE names the changes',
        many: true,
      },
      config: { value: 'FILE', about: 'site file of the gateway: whether the doors and floors are there' },
      out: { value: 'FOLDER', about: 'one file for each message, in their order, in place of printing them' },
      ...flags.json,
    },
    run: async ({ words, flags: given }) => {
      const version = versionIn('version', given.version);
      const from =
        given['delta-from'] === undefined ? undefined : versionIn('delta-from', given['delta-from']);
      if (from !== undefined && from >= version)
        throw usage(`--version is ${version}; it must be higher than --delta-from, ${from}`);
      if (from === undefined && given.before.length > 0)
        throw usage('--delta-from is missing: the version of the list that --before names');
      const site = given.config === undefined ? undefined : (await deps.load(given.config, undefined)).site;
      if (given.config !== undefined && !site)
        throw usage(`${given.config} is not good; see gatelodge check ${given.config}`);
      const whole = from === undefined || given.before.length > 0;
      const around = { now_ms: deps.unixMillis(), doors: site?.doors };
      const read = (files: readonly string[], kind: 'whole' | 'changes', now_ms = around.now_ms) =>
        peopleIn(deps, files, { ...around, kind, now_ms });
      const signed = async () => {
        const after = read(words, whole ? 'whole' : 'changes');
        // It may have ended since.
        const before = given.before.length > 0 ? read(given.before, 'whole', 0) : undefined;
        const list = before ? deps.lists.changes(before, after) : after;
        const messages = messagesOf(deps, list, { ...given, version, from });
        const said = { version, pages: messages.length, ...counted(list) };
        if (given.out === undefined)
          return { json: { ...said, messages }, text: messages.map((one) => JSON.stringify(one)).join('\n') };
        const files = messages.map((message, index) => {
          const name = `${given.out}/${String(index + 1).padStart(4, '0')}.json`;
          deps.writeNew(name, `${JSON.stringify(message)}\n`);
          return name;
        });
        return { json: { ...said, files }, text: files.join('\n') };
      };
      return print(deps, await printed(signed), given.json);
    },
  });

interface Message {
  readonly [key: string]: number | string;
  readonly v: 1;
  readonly jws: string;
}

function messagesOf(
  {
    signing,
    lists,
    readText,
  }: { readonly signing: Signing; readonly lists: ListMaking } & Pick<Deps, 'readText'>,
  list: PeopleList,
  by: {
    readonly key: string;
    readonly kid: string;
    readonly gateway: string;
    readonly version: number;
    readonly from: number | undefined;
  },
): readonly Message[] {
  const { gateway, version, from, kid } = by;
  const of = { gateway, version, ...(from !== undefined && { from }) };
  const { pages, too_large } = lists.pages(of, list);
  if (too_large !== undefined)
    throw new Fault('sign.refused', {
      problems: `a single group or schedule is larger than a page (page ${too_large + 1} of ${pages.length}); make several of it`,
    });
  const pem = readText(by.key);
  return pages.map((page) => ({ v: 1, jws: signing.sign(page, { pem, kid, kind: 'gl-list' }) }));
}

function peopleIn(
  { readText, err }: Pick<Deps, 'readText' | 'err'>,
  files: readonly string[],
  around: Parameters<typeof loadPeople>[1],
): PeopleList {
  const texts = files.map((name) => ({ name, text: readText(name) }));
  const { people, problems } = loadPeople(texts, around);
  if (people) {
    for (const problem of problems) err(`${lineOf(problem)}\n`);
    return people;
  }
  throw new Fault('sign.refused', { problems: problems.map((one) => `\n  ${lineOf(one)}`).join('') });
}

const lineOf = (problem: LoadedPeople['problems'][number]): string =>
  `${problem.file}:${problem.line}:${problem.column} ${problem.severity}: ${sentenceOf(problem)}. ${problem.remedy}`;

const counted = ({ rows, revoked }: PeopleList) => ({
  groups: rows.groups.length,
  credentials: rows.credentials.length,
  removed: Object.values(rows.removed ?? {}).flat().length,
  revoked: revoked.length,
});

function versionIn(name: string, text: string): number {
  const version = Number(text);
  if (Number.isSafeInteger(version) && version >= 1) return version;
  throw usage(`--${name} is ${text}; a whole number from 1 on is expected`);
}

const usage = (text: string): Fault => new Fault('usage', { text });
