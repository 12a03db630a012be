import { createHash } from 'node:crypto';
import type { InventoryMessage } from '../uplink/shapes/index.ts';

/** Revisions whose pages are being collected: the newest and the one before it, of which old pages may still be retained. */
const OPEN = 2;

interface Page {
  readonly devices: InventoryMessage['devices'];
  readonly texts: readonly unknown[];
}

/** Puts the pages of an inventory together. */
export class Catalogue {
  private readonly open = new Map<string, Map<number, Page>>();

  /** All devices, once the last missing page of a revision came; undefined before. Throws when they are not what the hash says. */
  add(message: InventoryMessage, asItCame: unknown): InventoryMessage['devices'] | undefined {
    const { revision, page, pages, hash, devices } = message;
    // What is left of a larger revision.
    if (page >= pages) return undefined;
    const key = `${revision} ${pages} ${hash}`;
    const found = this.open.get(key) ?? new Map<number, Page>();
    this.open.delete(key);
    this.open.set(key, found);
    for (const old of [...this.open.keys()].slice(0, -OPEN)) this.open.delete(old);
    // The check puts the fields into an order of its own, and the hash is over what was sent; it passed that check, so it is of this shape.
    const { devices: texts } = asItCame as { readonly devices: readonly unknown[] };
    found.set(page, { devices, texts });
    if (found.size < pages) return undefined;
    this.open.delete(key);
    const all = [...found].sort(([x], [y]) => x - y).map(([, one]) => one);
    const text = JSON.stringify(all.flatMap(({ texts }) => texts));
    const sum = createHash('sha256').update(text).digest('hex');
    if (sum !== hash) throw new Error(`the pages of revision ${revision} are not what their hash says`);
    return all.flatMap(({ devices }) => devices);
  }
}
