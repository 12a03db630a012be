import type { AuditView, ControlClient } from '../control/index.ts';
import { Fault } from '../faults/index.ts';
import { type AuditRow, faultInChain } from '../model/index.ts';
import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import * as flags from './flags.ts';
import { type Printed, print, printed, table } from './output.ts';

const PAGE = 500;
type Deps = Pick<CliDeps, 'control' | 'signing' | 'sha256' | 'out' | 'err'>;

/** `audit list`: `{"rows":[…]}`. */
export const auditListCommand = (deps: Deps): Command =>
  command({
    does: 'The newest decisions of the running gateway: who was let do what, and who was not.',
    examples: ['audit list', 'audit list --last 50'],
    words: [],
    flags: {
      last: { value: 'NUMBER', about: 'so many', default: '20' },
      ...flags.socket,
      ...flags.json,
    },
    run: async ({ flags: { last, socket, json } }) =>
      print(deps, await printed(() => list(deps.control(socket), wholeIn(last))), json),
  });

/** `audit verify`: whether what was decided is still what was written. */
export const auditVerifyCommand = (deps: Deps): Command =>
  command({
    does: 'Recomputes the chain of the audit, from its checkpoint to its head.',
    examples: ['audit verify', 'audit verify --head JWS'],
    words: [],
    flags: {
      head: {
        value: 'JWS',
        about: 'the newest head that the platform has: a tail that was cut off shows against it',
      },
      ...flags.socket,
      ...flags.json,
    },
    run: async ({ flags: { head, socket, json } }) =>
      print(deps, await verified(deps, deps.control(socket), head), json),
  });

async function list(control: ControlClient, last: number) {
  const { head, floor } = await control.auditStats();
  const rows: AuditRow[] = [];
  for (let from = Math.max(floor.nr, head.nr - last) + 1; from <= head.nr; from += PAGE)
    rows.push(...(await control.audit(from, PAGE)));
  const lines = rows.map(({ nr, epoch, stamp, subject, name, fields }) => [
    String(nr),
    `${epoch.slice(0, 4)}…+${Math.round(stamp.up / 1000)} s`,
    name,
    subject,
    Object.entries(fields)
      .map(
        ([key, value]) => `${key}=${typeof value === 'string' ? value.slice(0, 40) : JSON.stringify(value)}`,
      )
      .join(' '),
  ]);
  const text =
    lines.length > 0 ? table([['nr', 'when', 'what', 'about', ''], ...lines]) : 'nothing was decided yet';
  return { json: { rows: JSON.parse(JSON.stringify(rows)) }, text };
}

/** Rows are fetched page by page and hashed here: the gateway is not asked for its opinion. */
async function verified(deps: Deps, control: ControlClient, head: string | undefined): Promise<Printed> {
  const outcome = await printed(async () => {
    const stats = await control.auditStats();
    const place = head === undefined ? undefined : placeIn(deps, head, stats);
    let before = stats.floor;
    const hashes = new Map([[before.nr, before.hash]]);
    while (before.nr < stats.head.nr) {
      const rows = await control.audit(before.nr + 1, PAGE);
      for (const { nr, hash } of rows) hashes.set(nr, hash);
      const wrong =
        rows.length === 0
          ? { nr: before.nr + 1, text: 'it is missing' }
          : (faultInChain(rows, before, deps.sha256) ??
            falseSignature(deps, { rows, hashes, public_key: stats.public_key }));
      if (wrong) throw new Fault('audit.broken', { nr: wrong.nr, text: wrong.text });
      before = rows.at(-1) ?? before;
    }
    if (place && place.nr >= stats.floor.nr && hashes.get(place.nr) !== place.hash)
      throw new Fault('audit.cut', { nr: place.nr, last: stats.head.nr });
    const { count, floor, head: newest } = stats;
    const text = `whole: ${count} records, ${floor.nr + 1} to ${newest.nr}${place ? `, and the head ${place.nr} that the platform has is among them` : ''}`;
    return { json: { whole: true, count, from: floor.nr + 1, to: newest.nr, head: newest.hash }, text };
  });
  return outcome;
}

/** What the gateway once signed. */
function placeIn(deps: Deps, jws: string, { gateway, public_key }: AuditView) {
  const said = signedPlace(deps, jws, public_key);
  if (said?.gateway !== gateway) throw new Fault('audit.foreign-head', { gateway });
  return said;
}

/** Heads and checkpoints carry a signature over the hash of an earlier record: who writes the chain anew cannot write those. */
function falseSignature(
  deps: Deps,
  {
    rows,
    hashes,
    public_key,
  }: {
    readonly rows: readonly AuditRow[];
    readonly hashes: ReadonlyMap<number, string>;
    readonly public_key: string;
  },
) {
  for (const { nr, name, fields } of rows) {
    if (name !== 'head' && name !== 'checkpoint') continue;
    const said = signedPlace(deps, String(fields.jws), public_key);
    if (!said) return { nr, text: 'its signature is not of this gateway' };
    const hash = hashes.get(said.nr);
    if (hash !== undefined && hash !== said.hash)
      return { nr: said.nr, text: `it is not what the gateway signed in ${nr}` };
  }
  return undefined;
}

function signedPlace(deps: Deps, jws: string, public_key: string) {
  const said = deps.signing.opened(jws, { public_key, kind: 'gl-audit' });
  if (typeof said !== 'object' || said === null || !('nr' in said)) return undefined;
  return { nr: Number(said.nr), hash: String(said.hash), gateway: String(said.gateway) };
}

function wholeIn(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new Fault('usage', { text: `--last is ${text}; 1 to 999999 is expected` });
}
