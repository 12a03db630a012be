import { type Doors, keep } from '../access/index.ts';
import type { KeptDoor, Log, State, StateWrite } from '../contracts/index.ts';
import { asFault } from '../faults/index.ts';
import type { JsonObject } from '../model/index.ts';

const OWNER = 'doors';

/** What of the doors outlives this process. Nobody waits for it to be stored. */
export class DoorMemory {
  private readonly state: State;
  private readonly log: Log;
  private readonly kept = new Map<string, KeptDoor>();
  private readonly stored = new Map<string, string>();
  /** Doors of which it is not known yet what an earlier run left: nothing is written over that. */
  private readonly unread = new Set<string>();

  constructor({ state, log }: { readonly state: State; readonly log: Log }) {
    this.state = state;
    this.log = log;
  }

  /** What an earlier run left, as far as it can be read: doors start without it too. */
  async load(doors: readonly string[]): Promise<void> {
    const reading = doors.map(async (id) => {
      this.unread.add(id);
      const kept = await this.recall(id);
      // Written by `keep`, of this version or one before it.
      if (kept) this.kept.set(id, kept as KeptDoor);
      this.unread.delete(id);
    });
    await Promise.all(reading);
  }

  /** It is not known yet what an earlier run left of it. */
  isUnread(door: string): boolean {
    return this.unread.has(door);
  }

  of(door: string): KeptDoor | undefined {
    return this.kept.get(door);
  }

  /** What has changed since it was asked last. */
  changes(doors: Doors): readonly StateWrite[] {
    return Object.entries(doors).flatMap(([door, { state }]) => {
      const text = JSON.stringify(keep(state));
      if (this.unread.has(door) || this.stored.get(door) === text) return [];
      this.stored.set(door, text);
      // What is undefined in it is left out, as JSON does.
      return [{ owner: OWNER, name: door, value: JSON.parse(text) as JsonObject }];
    });
  }

  /** They go with a record. What was not stored is written again with what comes next. */
  settle(storing: Promise<boolean> | undefined, kept: readonly StateWrite[]): void {
    if (kept.length === 0) return;
    void storing?.then((stored) => {
      if (!stored) for (const { name } of kept) this.stored.delete(name);
    });
  }

  /** They go by themselves. */
  write(kept: readonly StateWrite[]): void {
    for (const one of kept) {
      const storing = this.state.set(one.owner, one.name, one.value).then(
        () => true,
        (error: unknown) => {
          this.log.warn({ door: one.name, fault: asFault(error) }, 'the state of a door was not kept');
          return false;
        },
      );
      this.settle(storing, [one]);
    }
  }

  private recall(name: string): Promise<JsonObject | undefined> {
    return this.state.get(OWNER, name).catch((error: unknown) => {
      this.log.error({ door: name, fault: asFault(error) }, 'what was kept of a door cannot be read');
      return undefined;
    });
  }
}
