import { type Schedule, type Schedules, schedules } from '../access/index.ts';
import { readBoth } from '../clock/index.ts';
import { type CheckedLoad, type SiteConfig, scheduleOf } from '../config/index.ts';
import type { CommandTarget, LoadPart, State, StateWrite, WallClock } from '../contracts/index.ts';
import type { LoadStatus } from '../control/index.ts';
import { asFault } from '../faults/index.ts';
import type { EventEntry, JsonObject, Reading } from '../model/index.ts';
import type { LoadNow } from '../rules/index.ts';
import { Load, type LoadWorld } from './load.ts';
import { loadTarget } from './load-commands.ts';
import { Nap } from './nap.ts';

export interface LoadsWorld extends Omit<LoadWorld, 'now' | 'wake' | 'keep'> {
  readonly state: State;
  readonly wall: WallClock;
}

const OWNER = 'loads';
/** No load has this name. */
const NAMES = '.ids';
/** Schedules follow a time of day that may be set at any moment. */
const LOOK_MS = 1000;

/** Lights and other loads. Nothing of it waits for the disk, and no door waits for it. */
export class Loads {
  private readonly loads: readonly Load[];
  private readonly byId: ReadonlyMap<string, Load>;
  private readonly parts: readonly { readonly load: string; readonly part: LoadPart }[];
  private readonly times: ReadonlyMap<string, Schedule>;
  private readonly schedules: Schedules;
  private readonly world: LoadsWorld;
  private readonly stop = new AbortController();
  private readonly nap: Nap;
  private running = false;

  constructor(site: SiteConfig, loads: readonly CheckedLoad[], world: LoadsWorld) {
    this.world = world;
    this.times = new Map(site.schedules.map((one) => [one.id, scheduleOf(one)]));
    this.schedules = schedules({ zone: site.site.time_zone, calendar: site.calendar });
    const { signal } = this.stop;
    this.loads = loads.map(
      (load) =>
        new Load(
          load,
          {
            ...world,
            now: (edge) => this.now(load.plan.schedule, edge),
            wake: () => this.nap.until(world.clock.now().up),
            keep: (write) => this.write(write),
          },
          signal,
        ),
    );
    this.byId = new Map(this.loads.map((load) => [load.id, load]));
    this.parts = loads.flatMap(({ plan }) => plan.parts.map((part) => ({ load: plan.id, part })));
    this.nap = new Nap(world.clock, 'loads', () => this.look());
  }

  /** Takes up what was said by hand before an earlier run ended. A load that was known to be on is not switched for that. */
  async begin(): Promise<void> {
    const { state, log } = this.world;
    const recall = (name: string) =>
      state.get(OWNER, name).catch((error: unknown) => {
        log.error({ load: name, fault: asFault(error) }, 'what was kept of a load cannot be read');
        return undefined;
      });
    const ids = [...this.byId.keys()];
    const before = await recall(NAMES);
    const known = Array.isArray(before?.ids) ? before.ids.map(String) : [];
    await Promise.all(this.loads.map(async (load) => load.recall(await recall(load.id))));
    if (JSON.stringify(known) === JSON.stringify(ids)) return;
    for (const gone of known.filter((id) => !ids.includes(id)))
      this.write({ owner: OWNER, name: gone, value: undefined });
    this.write({ owner: OWNER, name: NAMES, value: { ids } });
  }

  run(signal: AbortSignal): void {
    if (this.loads.length === 0) return;
    this.running = true;
    signal.addEventListener('abort', () => this.end(), { once: true });
    if (signal.aborted) this.end();
    else this.look();
  }

  /** How the relays stand, and the switches. */
  readings(readings: readonly Reading[]): void {
    for (const load of this.loads) for (const reading of readings) load.sense(reading);
  }

  /** A board that came back may have lost its power meanwhile. */
  hear({ subject, name }: EventEntry): void {
    if (name !== 'device-up' && name !== 'device-down') return;
    for (const load of this.loads) load.heard(subject, name === 'device-up');
  }

  /** undefined: there is no such load. */
  target(id: string): CommandTarget | undefined {
    const load = this.byId.get(id);
    return load && loadTarget(load);
  }

  /** The load that alone switches what this command of a device would move. */
  owner(device: string, args: JsonObject): string | undefined {
    return this.parts.find(
      ({ part }) =>
        part.device === device &&
        Object.entries(part.on.args).every(([key, value]) => !(key in args) || args[key] === value),
    )?.load;
  }

  views(): readonly LoadStatus[] {
    return this.loads.map((load) => load.view());
  }

  private look(): void {
    if (!this.running || this.stop.signal.aborted) return;
    for (const load of this.loads) load.look();
    this.arm();
  }

  private arm(): void {
    if (!this.running || this.stop.signal.aborted) return;
    const { up } = this.world.clock.now();
    const due = this.loads.map((load) => load.due_up);
    this.nap.until(Math.max(up + 1, Math.min(up + LOOK_MS, ...due)));
  }

  private end(): void {
    this.stop.abort();
    this.nap.end();
    for (const load of this.loads) load.leave();
  }

  private now(id: string | undefined, edge: 'edge' | undefined): LoadNow {
    const { stamp, wall } = readBoth(this.world);
    const schedule = id === undefined ? undefined : this.times.get(id);
    if (wall.state === 'unsynced') return { ...stamp, schedule: schedule && 'unknown' };
    const { unix_ms } = wall;
    if (!schedule) return { ...stamp, unix_ms, schedule: undefined };
    return {
      ...{ ...stamp, unix_ms },
      schedule: this.schedules.holds(schedule, unix_ms) ? 'yes' : 'no',
      ...(edge && { edge_unix_ms: this.schedules.next(schedule, unix_ms) }),
    };
  }

  private write({ owner, name, value }: StateWrite): void {
    void this.world.state.set(owner, name, value).catch(() => {});
  }
}
