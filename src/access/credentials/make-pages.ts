import { createHash } from 'node:crypto';
import type { ListRows } from '../../contracts/index.ts';
import { type ListPage, MOST_CONTENT } from './page.ts';

export interface PagesOf {
  readonly gateway: string;
  readonly version: number;
  /** Of a delta: the version it changes. */
  readonly from?: number;
  readonly revoked?: readonly string[];
}

/** What a page may hold, as it is counted below: signed, in base64 and in its message it stays below 64 KiB then. */
const MOST_BYTES = 46 * 1024;
/** What stands in every page beside what it holds. */
const FRAME_BYTES = 400;

type Removed = NonNullable<ListRows['removed']>;

/** The smallest thing that a page can hold. */
type Piece =
  | { readonly is: 'revoked'; readonly id: string }
  | { readonly is: 'offline_until_ms'; readonly at: number }
  | { readonly is: 'removed'; readonly of: keyof Removed; readonly id: string }
  | { readonly is: 'day'; readonly day: string; readonly kind: string }
  | { readonly is: 'groups' | 'schedules' | 'credentials'; readonly row: object };

/**
 * The platform's side: the pages of a list, each so small that it can be signed and sent. Revocations go first, so that they count before the rest
 * has come; what is removed goes before what takes its place. A single thing that is larger than a page makes a page that is refused.
 */
export function makePages(
  { gateway, version, from, revoked = [] }: PagesOf,
  content: Partial<ListRows>,
  most_bytes: number = MOST_BYTES,
): ListPage[] {
  let page = new Page();
  const pages = [page];
  for (const piece of piecesOf(revoked, content)) {
    const bytes = bytesOf(piece);
    if (page.bytes + bytes > most_bytes && page.bytes > FRAME_BYTES) {
      page = new Page();
      pages.push(page);
    }
    page.add(piece, bytes);
  }
  const texts = pages.map((one) => JSON.stringify(one.content));
  const hash = createHash('sha256').update(texts.join('')).digest('hex');
  return pages.map((one, nr) => ({
    v: 1,
    gateway,
    version,
    ...(from !== undefined && { from }),
    page: nr,
    pages: pages.length,
    hash,
    revoked: one.revoked,
    content: texts[nr] ?? '',
  }));
}

class Page {
  bytes = FRAME_BYTES;
  readonly revoked: string[] = [];
  readonly content: Record<string, unknown> = {};

  add(piece: Piece, bytes: number): void {
    this.bytes += bytes;
    switch (piece.is) {
      case 'revoked':
        this.revoked.push(piece.id);
        return;
      case 'offline_until_ms':
        this.content.offline_until_ms = piece.at;
        return;
      case 'removed':
        this.list(this.map('removed'), piece.of).push(piece.id);
        return;
      case 'day':
        this.map('calendar')[piece.day] = piece.kind;
        return;
      default:
        this.list(this.content, piece.is).push(piece.row);
    }
  }

  private map(name: string): Record<string, unknown> {
    // Made here, and nowhere else.
    const made = (this.content[name] ?? {}) as Record<string, unknown>;
    this.content[name] = made;
    return made;
  }

  private list(inside: Record<string, unknown>, name: string): unknown[] {
    const made = Array.isArray(inside[name]) ? inside[name] : [];
    inside[name] = made;
    return made;
  }
}

function piecesOf(revoked: readonly string[], content: Partial<ListRows>): Piece[] {
  const { offline_until_ms, removed, groups = [], schedules = [], calendar = {}, credentials = [] } = content;
  const gone = Object.entries(removed ?? {}).flatMap(([of, ids]) =>
    // Object.entries forgets the names of the keys.
    ids.map((id): Piece => ({ is: 'removed', of: of as keyof Removed, id })),
  );
  return [
    ...revoked.map((id): Piece => ({ is: 'revoked', id })),
    ...(offline_until_ms === undefined ? [] : [{ is: 'offline_until_ms', at: offline_until_ms } as const]),
    ...gone,
    ...groups.map((row): Piece => ({ is: 'groups', row })),
    ...schedules.map((row): Piece => ({ is: 'schedules', row })),
    ...Object.entries(calendar).map(([day, kind]): Piece => ({ is: 'day', day, kind })),
    ...credentials.map((row): Piece => ({ is: 'credentials', row })),
  ];
}

/** The content is a text within a text: its quotes take two bytes. */
const bytesOf = (piece: Piece): number => {
  const text = JSON.stringify('row' in piece ? piece.row : piece);
  return Buffer.byteLength(JSON.stringify(text));
};

/** The first thing in it that no page has room for; undefined: all of it can be sent. */
export function tooLarge(pages: readonly ListPage[]): ListPage | undefined {
  return pages.find(
    ({ content, revoked }) =>
      content.length > MOST_CONTENT ||
      Buffer.byteLength(JSON.stringify({ content, revoked })) > MOST_BYTES + FRAME_BYTES,
  );
}
