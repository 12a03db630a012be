import type { Priority } from '../contracts/index.ts';

const ORDER = ['urgent', 'command', 'field', 'poll'] as const satisfies readonly Priority[];

/** What waits for a wire: the end of a pulse first, then commands, then a technician's reads, then polls; in order of arrival within each. */
export class PriorityQueue<T extends { readonly priority: Priority }> {
  private readonly waiting: Record<Priority, T[]> = {
    urgent: [],
    command: [],
    field: [],
    poll: [],
  };

  push(one: T): void {
    this.waiting[one.priority].push(one);
  }

  /** Something has to be done first: it goes next. */
  putBack(one: T): void {
    this.waiting[one.priority].unshift(one);
  }

  /** Takes out the first one that may go now. */
  take(mayGo: (one: T) => boolean): T | undefined {
    for (const priority of ORDER) {
      const queue = this.waiting[priority];
      const at = queue.findIndex(mayGo);
      if (at === 0) return queue.shift();
      if (at > 0) return queue.splice(at, 1)[0];
    }
    return undefined;
  }

  /** Its caller has gone away. */
  remove(one: T): void {
    const queue = this.waiting[one.priority];
    const at = queue.indexOf(one);
    if (at >= 0) queue.splice(at, 1);
  }

  /** All that wait, taken out. */
  drain(): readonly T[] {
    return ORDER.flatMap((priority) => this.waiting[priority].splice(0));
  }

  get length(): number {
    return ORDER.reduce((sum, priority) => sum + this.waiting[priority].length, 0);
  }
}
