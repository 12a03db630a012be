import { createHash } from 'node:crypto';
import { type ListContent, type ListPage, MOST_CONTENT } from './page.ts';

export interface PagesOf {
  readonly gateway: string;
  readonly version: number;
  /** Of a delta: the version it changes. */
  readonly from?: number;
  readonly revoked?: readonly string[];
}

/** The platform's side: the pages of a list, each with at most so much content that it can be signed and sent. Revocations go with the first. */
export function makePages(
  { gateway, version, from, revoked = [] }: PagesOf,
  content: Partial<ListContent>,
  most_bytes: number = MOST_CONTENT,
): ListPage[] {
  const texts: string[] = [];
  const { credentials = [], ...rest } = content;
  let batch: unknown[] = [];
  let size = JSON.stringify(rest).length + 50;
  let head: object = rest;
  const flush = () => {
    texts.push(JSON.stringify({ ...head, credentials: batch }));
    head = {};
    batch = [];
    size = 50;
  };
  for (const row of credentials) {
    const length = Buffer.byteLength(JSON.stringify(row)) + 1;
    if (size + length > most_bytes && batch.length > 0) flush();
    batch.push(row);
    size += length;
  }
  flush();
  const hash = createHash('sha256').update(texts.join('')).digest('hex');
  return texts.map((text, page) => ({
    v: 1,
    gateway,
    version,
    ...(from !== undefined && { from }),
    page,
    pages: texts.length,
    hash,
    revoked: page === 0 ? [...revoked] : [],
    content: text,
  }));
}
