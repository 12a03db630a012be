import type { StateWrite } from '../contracts/index.ts';
import type { Lane } from '../model/index.ts';
import type { StateSet } from './protocol.ts';

/** The later one of a name has the higher number, whichever transaction takes it. */
interface Ordered extends StateSet {
  readonly order: number;
}
/** A value that goes with records of its lane. */
export type Rider = Ordered & { readonly lane: Lane };

/** A value on its way to the file, and all who wait for it or for an older value of the same name. */
export interface Setting {
  readonly set: Ordered;
  readonly waiters: readonly {
    readonly resolve: () => void;
    readonly reject: (error: Error) => void;
  }[];
}

/**
 * Values that wait to be stored. A newer one takes the place of an older one of the same name, so that a window that is set every second
 * takes no more memory while the disk stands still than one value does. Riders wait with their records; neither of the two ever takes the place of a
 * newer value in the file.
 */
export class Settings {
  private waiting = new Map<string, Setting>();
  private taken: readonly Setting[] = [];
  /** The newest rider of each name that is not stored yet. */
  private readonly riding = new Map<string, Rider>();
  /** What is in the file, by its number. */
  private readonly written = new Map<string, number>();
  private orders = 0;

  get any(): boolean {
    return this.waiting.size > 0;
  }

  /** Resolves when this value, or one that came after it, is durable. */
  add(write: StateWrite): Promise<void> {
    return new Promise((resolve, reject) => {
      const before = this.waiting.get(nameOf(write))?.waiters ?? [];
      const set = { ...write, order: this.next() };
      this.waiting.set(nameOf(set), { set, waiters: [...before, { resolve, reject }] });
    });
  }

  /** Values that go with records of that lane. */
  ride(writes: readonly StateWrite[], lane: Lane): readonly Rider[] {
    const riders = writes.map((write) => ({ ...write, lane, order: this.next() }));
    for (const rider of riders) this.riding.set(nameOf(rider), rider);
    return riders;
  }

  /** Their records are not stored. */
  stay(riders: readonly Rider[]): void {
    for (const rider of riders)
      if (this.riding.get(nameOf(rider)) === rider) this.riding.delete(nameOf(rider));
  }

  /** The value that is to be in the file next, if one waits or is under way. */
  find(owner: string, name: string): StateSet | undefined {
    const same = ({ set }: Setting) => set.owner === owner && set.name === name;
    const set = (this.waiting.get(nameOf({ owner, name })) ?? this.taken.find(same))?.set;
    const rider = this.riding.get(nameOf({ owner, name }));
    return set && rider ? (set.order > rider.order ? set : rider) : (set ?? rider);
  }

  /** What a transaction is to store of them. */
  together(settings: readonly Setting[], riders: readonly Rider[]): readonly StateSet[] {
    const sets = settings.map(({ set }) => set);
    const newer = (one: Ordered) => one.order > (this.written.get(nameOf(one)) ?? 0);
    const passed = (rider: Rider) => sets.some((set) => set.order > rider.order && isSame(set, rider));
    return [...sets.filter(newer), ...riders.filter((rider) => newer(rider) && !passed(rider))];
  }

  take(): readonly Setting[] {
    this.taken = [...this.waiting.values()];
    this.waiting = new Map();
    return this.taken;
  }

  /** `riders`: those whose records are stored now. */
  stored(riders: readonly Rider[] = []): void {
    for (const one of [...this.taken.map(({ set }) => set), ...riders])
      this.written.set(nameOf(one), Math.max(one.order, this.written.get(nameOf(one)) ?? 0));
    this.stay(riders);
    for (const { waiters } of this.taken) for (const { resolve } of waiters) resolve();
    this.taken = [];
  }

  /** They could not be stored: they wait again, where nothing newer has come. */
  putBack(): void {
    const newer = this.waiting;
    this.waiting = new Map(this.taken.map((setting) => [nameOf(setting.set), setting]));
    this.taken = [];
    for (const [name, { set, waiters }] of newer) {
      const before = this.waiting.get(name)?.waiters ?? [];
      this.waiting.set(name, { set, waiters: [...before, ...waiters] });
    }
  }

  private next(): number {
    this.orders += 1;
    return this.orders;
  }

  /** What was taken, and on `all` what waits too, is given up. */
  reject(error: Error, all = false): void {
    const gone = [...this.taken, ...(all ? this.waiting.values() : [])];
    this.taken = [];
    if (all) this.waiting = new Map();
    for (const { waiters } of gone) for (const { reject } of waiters) reject(error);
  }
}

const isSame = (one: StateWrite, other: StateWrite) => one.owner === other.owner && one.name === other.name;
const nameOf = ({ owner, name }: Pick<StateSet, 'owner' | 'name'>) => JSON.stringify([owner, name]);
