import { z } from 'zod';
import type { KeptFile } from '../contracts/index.ts';

/** What a file costs beside its own bytes: its label, and what the file system needs for both. */
export const LABEL_BYTES = 4096;

const ENDINGS = { 'image/jpeg': 'jpg', 'image/png': 'png' } as const;
const NAME = /^(\d{10}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(jpg|png|json)(\.part)?$/;

const stemOf = ({ number, id }: Pick<KeptFile, 'number' | 'id'>): string =>
  `${String(number).padStart(10, '0')}-${id}`;

/** The two files of one that is kept; while they are written, `.part` stands behind their names. */
export const namesOf = (
  file: Pick<KeptFile, 'number' | 'id' | 'type'>,
): { readonly data: string; readonly label: string } => ({
  data: `${stemOf(file)}.${ENDINGS[file.type]}`,
  label: `${stemOf(file)}.json`,
});

export const unfinished = (name: string): string => `${name}.part`;

/** What a folder holds of ours: whole pairs, and what a write that did not end has left. Names that are none of ours are in neither. */
export function sortOut(names: readonly string[]): {
  readonly pairs: readonly { readonly data: string; readonly label: string }[];
  readonly leftovers: readonly string[];
} {
  const stems = new Map<string, { data?: string; label?: string }>();
  const leftovers: string[] = [];
  for (const name of names) {
    const [, stem, ending, part] = NAME.exec(name) ?? [];
    if (stem === undefined) continue;
    const found = stems.get(stem) ?? {};
    stems.set(stem, found);
    if (part !== undefined) leftovers.push(name);
    else if (ending === 'json') found.label = name;
    else if (found.data === undefined) found.data = name;
    else leftovers.push(name);
  }
  const pairs = [...stems.values()].flatMap(({ data, label }) => {
    if (data !== undefined && label !== undefined) return [{ data, label }];
    leftovers.push(...[data, label].filter((name) => name !== undefined));
    return [];
  });
  return { pairs, leftovers };
}

const labelSchema = z.strictObject({
  id: z.string(),
  number: z.int().min(1).max(9_999_999_999),
  device: z.string(),
  ref: z.string(),
  stamp: z.strictObject({ boot: z.string(), up: z.number() }),
  unix_ms: z.number(),
  clock: z.enum(['unsynced', 'corrected', 'synced', 'holdover']),
  type: z.enum(['image/jpeg', 'image/png']),
  bytes: z.int().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
}) satisfies z.ZodType<KeptFile>;

/** A label as it was written, of just these two files; undefined: it is damaged, or they are not what it says. */
export function labelIn(
  text: string,
  names: { readonly data: string; readonly label: string },
  bytes: number,
): KeptFile | undefined {
  try {
    const file = labelSchema.parse(JSON.parse(text));
    const own = namesOf(file);
    return own.data === names.data && own.label === names.label && file.bytes === bytes ? file : undefined;
  } catch {
    return undefined;
  }
}

/** What is kept, lowest number first, within a quota. Pure: it says who makes room, and moves nothing. */
export class Ring {
  private readonly quota: number;
  private readonly byId = new Map<string, KeptFile>();
  private used = 0;
  private highest = 0;

  constructor(quota_bytes: number, files: readonly KeptFile[] = []) {
    this.quota = quota_bytes;
    for (const file of [...files].sort((one, other) => one.number - other.number)) this.add(file);
  }

  /** The largest file that it could hold. */
  get room(): number {
    return this.quota - LABEL_BYTES;
  }

  get next(): number {
    return this.highest + 1;
  }

  get files(): readonly KeptFile[] {
    return [...this.byId.values()];
  }

  find(id: string): KeptFile | undefined {
    return this.byId.get(id);
  }

  /** Who goes, so that so many bytes fit: the oldest, and no more than must. */
  toMakeRoom(bytes: number): readonly KeptFile[] {
    const going: KeptFile[] = [];
    let used = this.used + (bytes > 0 ? bytes + LABEL_BYTES : 0);
    for (const file of this.byId.values()) {
      if (used <= this.quota) break;
      used -= file.bytes + LABEL_BYTES;
      going.push(file);
    }
    return going;
  }

  add(file: KeptFile): void {
    this.byId.set(file.id, file);
    this.used += file.bytes + LABEL_BYTES;
    this.highest = Math.max(this.highest, file.number);
  }

  /** A number that was given out and has come to nothing is not given out again. */
  spend(number: number): void {
    this.highest = Math.max(this.highest, number);
  }

  drop({ id }: Pick<KeptFile, 'id'>): void {
    const file = this.byId.get(id);
    if (!this.byId.delete(id) || !file) return;
    this.used -= file.bytes + LABEL_BYTES;
  }
}
