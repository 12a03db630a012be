import type { Json, JsonObject } from './json.ts';
import type { Stamp } from './time.ts';

/** Where a record stands in the audit chain of its gateway: `hash` is over all of it and `prev`, the hash of the one before. */
export interface AuditLink {
  /** Grows by 1 from 1, across epochs. */
  readonly nr: number;
  readonly prev: string;
  /** SHA-256, hex. */
  readonly hash: string;
}

export interface AuditRow extends AuditLink {
  readonly epoch: string;
  readonly stamp: Stamp;
  readonly subject: string;
  readonly name: string;
  /** Without its link. */
  readonly fields: JsonObject;
}

/** What the first of all stands on. */
export const NO_HASH = '0'.repeat(64);

/** The text whose SHA-256 is the hash: canonical JSON (RFC 8785) of everything but the hash itself. */
export const auditText = ({
  nr,
  prev,
  epoch,
  stamp,
  subject,
  name,
  fields,
}: Omit<AuditRow, 'hash'>): string =>
  canonical({ nr, prev, epoch, boot: stamp.boot, up: stamp.up, subject, name, fields });

/** JSON with its names in order and no blanks: the same bytes wherever it is written (RFC 8785). */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([name, part]) => `${JSON.stringify(name)}:${canonical(part)}`).join(',')}}`;
}

/** What is wrong with rows that should follow each other; undefined: nothing. `from`: what the first of them stands on. */
export function faultInChain(
  rows: readonly AuditRow[],
  from: Pick<AuditLink, 'nr' | 'hash'>,
  hashOf: (text: string) => string,
): { readonly nr: number; readonly text: string } | undefined {
  let before = from;
  for (const row of rows) {
    const nr = before.nr + 1;
    if (row.nr !== nr) return { nr, text: row.nr > nr ? 'it is missing' : `${row.nr} stands in its place` };
    if (row.prev !== before.hash) return { nr, text: 'it does not follow the one before' };
    if (hashOf(auditText(row)) !== row.hash) return { nr, text: 'it is not as it was written' };
    before = row;
  }
  return undefined;
}
