import type { StateSet } from './protocol.ts';

/** A value on its way to the file, and all who wait for it or for an older value of the same name. */
export interface Setting {
  readonly set: StateSet;
  readonly waiters: readonly {
    readonly resolve: () => void;
    readonly reject: (error: Error) => void;
  }[];
}

/**
 * Values that wait to be stored. A newer one takes the place of an older one of the same name, so that a window that is set every second
 * takes no more memory while the disk stands still than one value does.
 */
export class Settings {
  private waiting = new Map<string, Setting>();
  private taken: readonly Setting[] = [];

  get any(): boolean {
    return this.waiting.size > 0;
  }

  /** Resolves when this value, or one that came after it, is durable. */
  add(set: StateSet): Promise<void> {
    return new Promise((resolve, reject) => {
      const before = this.waiting.get(nameOf(set))?.waiters ?? [];
      this.waiting.set(nameOf(set), { set, waiters: [...before, { resolve, reject }] });
    });
  }

  /** The value that is to be in the file next, if one waits or is under way. */
  find(owner: string, name: string): StateSet | undefined {
    const same = ({ set }: Setting) => set.owner === owner && set.name === name;
    return (this.waiting.get(nameOf({ owner, name })) ?? this.taken.find(same))?.set;
  }

  take(): readonly Setting[] {
    this.taken = [...this.waiting.values()];
    this.waiting = new Map();
    return this.taken;
  }

  stored(): void {
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

  /** What was taken, and on `all` what waits too, is given up. */
  reject(error: Error, all = false): void {
    const gone = [...this.taken, ...(all ? this.waiting.values() : [])];
    this.taken = [];
    if (all) this.waiting = new Map();
    for (const { waiters } of gone) for (const { reject } of waiters) reject(error);
  }
}

const nameOf = ({ owner, name }: Pick<StateSet, 'owner' | 'name'>) => JSON.stringify([owner, name]);
