import { readBoth } from '../clock/index.ts';
import type { SiteConfig } from '../config/index.ts';
import type {
  Clock,
  CommandHow,
  CommandTarget,
  Log,
  State,
  StateWrite,
  WallClock,
} from '../contracts/index.ts';
import type { DeviceStatus, MaintenanceItem } from '../control/index.ts';
import type { DeviceCard } from '../devices/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import { checkArgs } from '../kit/index.ts';
import type { EventEntry, JsonObject, Millis, Outcome } from '../model/index.ts';
import { MAINTENANCE_COMMANDS } from './maintenance-commands.ts';
import { keepWorks, type Moment, recallWorks, takenUp, type Work, workFrom } from './maintenance-state.ts';
import { Nap } from './nap.ts';

export interface MaintenanceWorld {
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly state: State;
  readonly log: Log;
  readonly tell: (event: EventEntry, kept: readonly StateWrite[]) => Promise<boolean>;
  /** Hears whose alarms are muted, whenever that has changed. */
  readonly mute: (subjects: ReadonlySet<string>) => void;
}

/** What there is to work at. */
export interface Places {
  readonly buses: readonly string[];
  readonly devices: readonly { readonly id: string; readonly bus: string }[];
  /** What is not real, with the devices it is made of: it is muted with one of them, or (bays of a zone) with all. */
  readonly derived: readonly {
    readonly id: string;
    readonly of: readonly string[];
    readonly with: 'any' | 'all';
  }[];
  /** Ids of all else that alarms: doors, uplinks and the like. A bus may have one of them. */
  readonly others: readonly string[];
}

/** All of a site. A zone is muted only with all of its bays: one that is worked at does not hide the others. */
export const placesOf = (
  site: Pick<SiteConfig, 'buses' | 'devices' | 'doors' | 'fire_inputs' | 'supplies' | 'loads' | 'uplinks'>,
  derived: readonly Pick<DeviceCard, 'id' | 'derived'>[],
): Places => ({
  buses: site.buses.map(({ id }) => id),
  devices: site.devices.map(({ id, bus }) => ({ id, bus })),
  derived: derived.map(({ id, derived: made }) => ({
    id,
    of: [...new Set((made?.made_of ?? []).map((from) => from.split('/')[0] ?? ''))],
    with: made?.type === 'parking' ? 'all' : 'any',
  })),
  others: [site.doors, site.fire_inputs, site.supplies, site.loads, site.uplinks].flatMap((list) =>
    list.map(({ id }) => id),
  ),
});

/** A bus as the target of a command. */
const BUS_TARGET = 'bus:';
const OWNER = 'maintenance';
const NAME = 'works';

/**
 * Who works at which device or bus, why, and until when. It works on meanwhile; its alarms alarm nobody, and say so. (Doors see to theirs
 * themselves; here it is only known of which.) Each begins and ends with a record in the audit, and outlives a restart.
 */
export class Maintenance {
  private readonly places: Places;
  private readonly world: MaintenanceWorld;
  private readonly nap: Nap;
  /** By id of a device, or `bus:ID`. */
  private readonly works = new Map<string, Work>();
  private readonly doors = new Map<string, MaintenanceItem>();
  private muted: ReadonlySet<string> = new Set();
  private worked: ReadonlySet<string> = new Set();
  private read = false;

  constructor(places: Places, world: MaintenanceWorld) {
    this.places = places;
    this.world = world;
    this.nap = new Nap(world.clock, 'maintenance', () => this.endOverdue());
  }

  /** What an earlier run left. A disk that is slow is not waited for: nothing begins before it has answered. */
  async load(): Promise<void> {
    const { state, log } = this.world;
    const kept = await state.get(OWNER, NAME).catch((error: unknown) => {
      log.error({ fault: asFault(error) }, 'what was in maintenance cannot be read');
      return undefined;
    });
    const left = recallWorks(kept);
    this.read = true;
    const over = [...left].filter(([place, work]) => {
      const now = this.isPlace(place) ? takenUp(work, this.now()) : undefined;
      if (now) this.works.set(place, now);
      return !now;
    });
    const { boot } = this.now();
    for (const [place, work] of over)
      this.tell(place, 'maintenance-ended', { ended_by: work.boot === boot ? 'time' : 'restart' });
    this.settle();
  }

  /** The commands of that target, with those of maintenance. `other`: what else it can be told; it throws where there is none. */
  target(id: string, other: () => CommandTarget): CommandTarget {
    if (!this.isPlace(id)) return other();
    const own = (name: string) => Object.hasOwn(MAINTENANCE_COMMANDS, name);
    const rest = () => (id.startsWith(BUS_TARGET) ? nothingElse(id) : other());
    return {
      check: (name, args) => {
        if (!own(name)) return rest().check(name, args);
        checkArgs({ target: id, name, args }, MAINTENANCE_COMMANDS);
        return { actuates: false };
      },
      act: async (name, args, how) =>
        own(name) ? this.obey({ place: id, name, args }, how) : rest().act(name, args, how),
    };
  }

  /** A door says how it is with its own. */
  door(
    id: string,
    work: { readonly by: string; readonly why: string; readonly until_up: Millis } | undefined,
  ) {
    if (!work && !this.doors.has(id)) return;
    if (work) this.doors.set(id, { kind: 'door', subject: id, ...work });
    else this.doors.delete(id);
    this.settle();
  }

  /** Whether what is told of that device or bus is muted. */
  isMuted(subject: string): boolean {
    return this.muted.has(subject) && !this.doors.has(subject);
  }

  /** Whether somebody works at that device, by itself or with the bus it hangs on. */
  isWorkedAt(device: string): boolean {
    return this.worked.has(device);
  }

  /** Whether somebody works at that very bus. */
  hasBus(bus: string): boolean {
    return this.works.has(`${BUS_TARGET}${bus}`);
  }

  /** All that is in maintenance, as it was ordered. */
  views(): readonly MaintenanceItem[] {
    const works = [...this.works].map(([place, work]): MaintenanceItem => {
      const bus = place.startsWith(BUS_TARGET);
      const subject = bus ? place.slice(BUS_TARGET.length) : place;
      return { kind: bus ? 'bus' : 'device', subject, ...shown(work) };
    });
    return [...this.doors.values(), ...works];
  }

  /** With what is known of it here. */
  mark<T extends Pick<DeviceStatus, 'id' | 'bus' | 'commands'>>(
    device: T,
  ): T & Pick<DeviceStatus, 'maintenance'> {
    const own = this.works.get(device.id);
    const bus = this.works.get(`${BUS_TARGET}${device.bus}`);
    const commands = [...device.commands, ...Object.keys(MAINTENANCE_COMMANDS)];
    if (own) return { ...device, commands, maintenance: shown(own) };
    return { ...device, commands, ...(bus && { maintenance: { ...shown(bus), bus: device.bus } }) };
  }

  /** Nothing ends by itself any more. */
  close(): void {
    this.nap.end();
  }

  private isPlace(place: string): boolean {
    const { buses, devices, derived } = this.places;
    if (place.startsWith(BUS_TARGET)) return buses.includes(place.slice(BUS_TARGET.length));
    return devices.some(({ id }) => id === place) || derived.some(({ id }) => id === place);
  }

  private now(): Moment {
    const { stamp, wall } = readBoth(this.world);
    return { ...stamp, unix_ms: wall.state === 'unsynced' ? undefined : wall.unix_ms };
  }

  private obey(
    { place, name, args }: { readonly place: string; readonly name: string; readonly args: JsonObject },
    { by }: Pick<CommandHow, 'by'>,
  ): Outcome {
    const { why = '', ms } = checkArgs({ target: place, name, args }, MAINTENANCE_COMMANDS);
    // Who may switch a lamp without a signature may not mute its alarms.
    if (by.startsWith('unsigned:')) return { result: 'refused', facts: { reason: 'unsigned' } };
    if (!this.read) return { result: 'refused', facts: { reason: 'store-not-read' } };
    if (name === 'end-maintenance') {
      this.end(place, { ended_by: 'command', by });
      return { result: 'done', facts: {} };
    }
    const for_ms = Number(ms);
    const work = workFrom({ by, why: String(why), for_ms }, this.now());
    this.works.set(place, work);
    this.tell(place, 'maintenance-began', { by, why: work.why, for_ms });
    this.settle();
    return { result: 'done', facts: { until_up: work.until_up } };
  }

  private endOverdue(): void {
    const { up } = this.now();
    for (const [place, { until_up }] of [...this.works])
      if (until_up <= up) this.end(place, { ended_by: 'time' });
    this.settle();
  }

  private end(place: string, fields: JsonObject): void {
    if (!this.works.delete(place)) return;
    this.tell(place, 'maintenance-ended', fields);
    this.settle();
  }

  /** With what is kept of it, in one piece. */
  private tell(place: string, name: string, said: JsonObject): void {
    const bus = place.startsWith(BUS_TARGET);
    const subject = bus ? place.slice(BUS_TARGET.length) : place;
    const fields = { of: bus ? 'bus' : 'device', ...said };
    this.world.log.info({ subject, event: name, ...fields }, 'maintenance');
    const kept = { owner: OWNER, name: NAME, value: keepWorks(this.works) };
    const entry = { kind: 'audit', lane: 'a', subject, name, fields, stamp: this.world.clock.now() } as const;
    void this.world.tell(entry, [kept]);
  }

  private settle(): void {
    const ends = [...this.works.values()].map(({ until_up }) => until_up);
    this.nap.until(Math.min(Number.POSITIVE_INFINITY, ...ends));
    const { devices, subjects: muted } = this.whose();
    this.worked = devices;
    if (muted.size === this.muted.size && [...muted].every((one) => this.muted.has(one))) return;
    this.muted = muted;
    this.world.mute(muted);
  }

  private whose(): { readonly devices: ReadonlySet<string>; readonly subjects: ReadonlySet<string> } {
    const { buses, devices, derived, others } = this.places;
    const real = new Set(
      devices.filter(({ id, bus }) => this.works.has(id) || this.hasBus(bus)).map(({ id }) => id),
    );
    const made = derived.filter(
      (one) =>
        this.works.has(one.id) ||
        (one.with === 'any' ? one.of.some((id) => real.has(id)) : one.of.every((id) => real.has(id))),
    );
    const worked = new Set([...real, ...made.map(({ id }) => id)]);
    // Alarms know a thing by its id alone. A bus that has that of something at which nobody works alarms on with it.
    const awake = new Set([
      ...others,
      ...[...devices, ...derived].flatMap(({ id }) => (worked.has(id) ? [] : [id])),
    ]);
    const wires = buses.filter((bus) => this.hasBus(bus) && !awake.has(bus));
    return { devices: worked, subjects: new Set([...wires, ...worked, ...this.doors.keys()]) };
  }
}

const shown = ({ by, why, until_up }: Work) => ({ by, why, until_up });

/** A bus takes no other command. */
const nothingElse = (target: string): CommandTarget => {
  const refuse = (name: string) =>
    new Fault('command.unknown', { target, name, known: Object.keys(MAINTENANCE_COMMANDS).join(', ') });
  return {
    check: (name) => {
      throw refuse(name);
    },
    act: (name) => Promise.reject(refuse(name)),
  };
};
