import { createHash } from 'node:crypto';
import type { InventoryMessage } from '../uplink/shapes/index.ts';

/** Revisions whose pages are being collected: the newest and the one before it, of which old pages may still be retained. */
const OPEN = 2;

/** Puts the pages of an inventory together. */
export class Catalogue {
  private readonly open = new Map<string, Map<number, InventoryMessage['devices']>>();

  /** All devices, once the last missing page of a revision came; undefined before. Throws when they are not what the hash says. */
  add({ revision, page, pages, hash, devices }: InventoryMessage): InventoryMessage['devices'] | undefined {
    // What is left of a larger revision.
    if (page >= pages) return undefined;
    const key = `${revision} ${pages} ${hash}`;
    const found = this.open.get(key) ?? new Map<number, InventoryMessage['devices']>();
    this.open.delete(key);
    this.open.set(key, found);
    for (const old of [...this.open.keys()].slice(0, -OPEN)) this.open.delete(old);
    found.set(page, devices);
    if (found.size < pages) return undefined;
    this.open.delete(key);
    const all = [...found].sort(([x], [y]) => x - y).flatMap(([, some]) => some);
    const sum = createHash('sha256').update(JSON.stringify(all)).digest('hex');
    if (sum !== hash) throw new Error(`the pages of revision ${revision} are not what their hash says`);
    return all;
  }
}
