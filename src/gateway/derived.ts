import { readBoth, ticker } from '../clock/index.ts';
import type { CheckedDerived } from '../config/index.ts';
import type { Clock, Log, State, StateWrite, WallClock } from '../contracts/index.ts';
import type { DeviceStatus } from '../control/index.ts';
import type { DeviceCard } from '../devices/index.ts';
import { asFault } from '../faults/index.ts';
import type { JsonObject, Reading } from '../model/index.ts';
import { Derivation, type Moment } from '../pipeline/index.ts';
import { derivedCard, derivedSettings, driverName } from './derived-plan.ts';

/** State is written at most this often: a card wears, and a crash costs a minute of a window, which the window then says. */
const SAVE_EVERY_S = 60;
const OWNER = 'derived';

interface DerivedWorld {
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly state: State;
  readonly log: Log;
}

/** Derived devices at work: their time, and what of them outlives this process. */
export class DerivedDevices {
  readonly cards: readonly DeviceCard[];
  private readonly derived: readonly CheckedDerived[];
  private readonly derivation: Derivation;
  private readonly world: DerivedWorld;
  private readonly since_up: number;
  private begun = false;

  constructor(derived: readonly CheckedDerived[], zone: string, world: DerivedWorld) {
    this.derived = derived;
    this.derivation = new Derivation(derived.map((one) => derivedSettings(one, zone)));
    this.world = world;
    this.since_up = world.clock.now().up;
    this.cards = derived.map((one) => derivedCard(one, this.derivation.points(one.config.id)));
  }

  /** Each with its points and the rules for them, for the pipeline. */
  points() {
    return this.derived.map(({ config: { id, points: rules } }) => ({
      id,
      points: this.derivation.points(id),
      rules,
    }));
  }

  /** Takes up what an earlier run left; before any reading. */
  async begin(): Promise<void> {
    const { state } = this.world;
    const names = this.derivation.stateNames();
    const found = await Promise.all(names.map(async (name) => [name, await state.get(OWNER, name)] as const));
    const kept = new Map<string, JsonObject>();
    for (const [name, value] of found) if (value) kept.set(name, value);
    this.derivation.begin(kept, this.moment());
    this.begun = true;
    await this.forget(names);
  }

  feedOf(device: string, point: string) {
    return this.derivation.feedOf(device, point);
  }

  drain(): readonly Reading[] {
    return this.derivation.drain();
  }

  /** What of these is to be kept with what they made. */
  changed(ids: ReadonlySet<string>): readonly StateWrite[] {
    return this.derivation.changed(ids).map((part) => ({ owner: OWNER, ...part }));
  }

  last(id: string): readonly Reading[] {
    return this.derivation.last(id);
  }

  has(id: string): boolean {
    return this.derived.some(({ config }) => config.id === id);
  }

  zone(id: string) {
    return this.derivation.zone(id);
  }

  /** Time passes for them, and once a minute what they must not forget is kept. `made`: something may lie ready. */
  async run(made: () => void, signal: AbortSignal): Promise<void> {
    if (this.derived.length === 0) return;
    let seconds = 0;
    for await (const { missed } of ticker(
      this.world.clock,
      { name: 'derived values', every_ms: 1000 },
      signal,
    )) {
      this.derivation.tick(this.moment());
      made();
      seconds += 1 + missed;
      if (seconds < SAVE_EVERY_S) continue;
      seconds = 0;
      // The disk may stand still; the windows go on meanwhile.
      void this.save();
    }
  }

  /** What changed since, durable when it resolves. Never rejects: the store tells what is wrong with it. */
  async save(): Promise<void> {
    // What an earlier run left must not be written over by what has not begun.
    if (!this.begun) return;
    const { state, log } = this.world;
    const parts = this.derivation.changed();
    const written = await Promise.allSettled(parts.map(({ name, value }) => state.set(OWNER, name, value)));
    const failed = written.find((one) => one.status === 'rejected');
    if (failed) log.warn({ fault: asFault(failed.reason) }, 'state of derived values was not kept');
  }

  views(): DeviceStatus[] {
    return this.derived.map((one) => {
      const { id, name, zone } = one.config;
      return {
        ...{ id, name, zone, bus: OWNER, driver: driverName(one), status: 'online', cause: '' },
        since_up: this.since_up,
        ...{ polls: 0, missed: 0, failures: 0, rejected: 0, commands: [] },
        last: this.last(id),
      };
    });
  }

  /** What belonged to derived devices that the site no longer has. */
  private async forget(names: readonly string[]): Promise<void> {
    const { state } = this.world;
    const before = await state.get(OWNER, 'names');
    const known = Array.isArray(before?.names) ? before.names : [];
    if (JSON.stringify(known) === JSON.stringify(names)) return;
    const gone = known.filter((name) => typeof name === 'string' && !names.includes(name));
    await Promise.all(gone.map((name) => state.set(OWNER, String(name), undefined)));
    await state.set(OWNER, 'names', { names });
  }

  private moment(): Moment {
    const { stamp, wall } = readBoth(this.world);
    return { stamp, offset_ms: wall.state === 'unsynced' ? undefined : wall.unix_ms - stamp.up };
  }
}
