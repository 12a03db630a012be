import { type AccessTime, type Doors, keep } from '../access/index.ts';
import type { KeptDoor, Log, State, StateWrite } from '../contracts/index.ts';
import { asFault } from '../faults/index.ts';
import type { JsonObject, Millis } from '../model/index.ts';

const OWNER = 'doors';
/** No door has this name: ids begin with a letter or a digit. */
const TIME = '-time';
const REMEMBER_TIME_MS: Millis = 600_000;

/** What of the doors outlives this process. Nobody waits for it to be stored. */
export class DoorMemory {
  private readonly state: State;
  private readonly log: Log;
  private readonly kept = new Map<string, KeptDoor>();
  private readonly stored = new Map<string, string>();
  private remembered_up = Number.NEGATIVE_INFINITY;
  /** It is at least so late. */
  newest_ms = 0;

  constructor({ state, log }: { readonly state: State; readonly log: Log }) {
    this.state = state;
    this.log = log;
  }

  /** What an earlier run left, as far as it can be read: doors start without it too. */
  async load(doors: readonly string[]): Promise<void> {
    for (const id of doors) {
      const kept = await this.recall(id);
      // Written by `keep`, of this version or one before it.
      if (kept) this.kept.set(id, kept as KeptDoor);
    }
    const time = await this.recall(TIME);
    if (typeof time?.unix_ms === 'number') this.newest_ms = time.unix_ms;
  }

  of(door: string): KeptDoor | undefined {
    return this.kept.get(door);
  }

  /** What has changed since it was asked last. */
  changes(doors: Doors): readonly StateWrite[] {
    return Object.entries(doors).flatMap(([door, { state }]) => {
      const text = JSON.stringify(keep(state));
      if (this.stored.get(door) === text) return [];
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

  /** Later runs know by it how late it is at least. */
  remember({ unix_ms, known }: AccessTime, up: Millis): void {
    if (!known || up - this.remembered_up < REMEMBER_TIME_MS) return;
    this.remembered_up = up;
    void this.state.set(OWNER, TIME, { unix_ms: Math.round(unix_ms) }).catch(() => {});
  }

  private recall(name: string): Promise<JsonObject | undefined> {
    return this.state.get(OWNER, name).catch((error: unknown) => {
      this.log.error({ door: name, fault: asFault(error) }, 'what was kept of a door cannot be read');
      return undefined;
    });
  }
}
