import { devicesOfDoor, type Loaded, type SiteConfig } from '../config/index.ts';
import type { AnyDriver, Bus, Clock, Loan, Log } from '../contracts/index.ts';
import type { DeviceHost } from '../devices/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import { type EventEntry, type JsonObject, LOAN_MINUTES } from '../model/index.ts';

export interface LoansWorld {
  readonly clock: Clock;
  readonly log: Log;
  readonly bus: (id: string) => Bus | undefined;
  readonly hosts: () => readonly Pick<DeviceHost, 'settings' | 'endPulses'>[];
  /** Somebody has said that he works at that bus. */
  readonly inMaintenance: (bus: string) => boolean;
  readonly tell: (event: EventEntry) => Promise<boolean>;
}

/**
 * Leaves the wire of a bus to a tool of this machine. Never one that a door or a fire input depends on, be it for its lock, its reader or its
 * contact: a fire must reach it at any moment. One with other outputs (lamps, signs, supplies) only while somebody says, with his reason, that he
 * works there. It ends when the tool is gone, and after ten minutes by itself.
 */
export class Loans {
  private readonly site: SiteConfig;
  private readonly devices: Loaded['devices'];
  private readonly world: LoansWorld;

  constructor(site: SiteConfig, { devices }: Pick<Loaded, 'devices'>, world: LoansWorld) {
    this.site = site;
    this.devices = devices;
    this.world = world;
  }

  /** Gives the way to have it back. Throws usage, field.serves-doors, field.serves-outputs, and what `Bus.lend` throws. */
  async lend(id: string, { user, over }: Loan): Promise<() => void> {
    const bus = this.world.bus(id);
    if (!bus) throw new Fault('usage', { text: `there is no bus ${id}` });
    this.allow(id);
    // What this process times ends first: nobody could end it while the wire is away.
    const own = this.world.hosts().filter(({ settings }) => settings.bus === id);
    await Promise.all(own.map((host) => host.endPulses()));
    const back = await bus.lend();
    const begun_up = this.world.clock.now().up;
    this.tell(id, 'bus-lent', { user });
    const ended = new AbortController();
    const end = (ended_by: string) => {
      if (ended.signal.aborted) return;
      ended.abort();
      back();
      this.tell(id, 'bus-back', {
        ...{ user, ended_by },
        lasted_ms: Math.round(this.world.clock.now().up - begun_up),
      });
    };
    this.world.clock.sleep(`loan of ${id}`, LOAN_MINUTES * 60_000, ended.signal).then(
      () => {
        end('time');
        over();
      },
      () => {},
    );
    return () => end('given-back');
  }

  private allow(bus: string): void {
    const { doors, fire_inputs } = this.site;
    const here = this.devices.filter(({ config }) => config.bus === bus);
    const on = new Set(here.map(({ config }) => config.id));
    const served = [
      ...doors.filter((door) => [...devicesOfDoor(door)].some((id) => on.has(id))).map(({ id }) => id),
      ...fire_inputs.filter(({ device }) => on.has(device)).map(({ id }) => `fire input ${id}`),
      // What feeds a lock that is no door of this gateway.
      ...here.filter(({ config }) => config.locks.length > 0).map(({ config }) => config.id),
    ];
    if (served.length > 0)
      throw new Fault('field.serves-doors', { bus, served: [...new Set(served)].join(', ') });
    const moving = here.filter(({ driver }) => canMove(driver)).map(({ config }) => config.id);
    if (moving.length > 0 && !this.world.inMaintenance(bus))
      throw new Fault('field.serves-outputs', { bus, devices: moving.join(', ') });
  }

  private tell(subject: string, name: string, fields: JsonObject): void {
    this.world.log.info({ bus: subject, event: name, ...fields }, 'a wire and a technician');
    const stamp = this.world.clock.now();
    this.world.tell({ kind: 'audit', lane: 'a', subject, name, fields, stamp }).catch((error: unknown) => {
      this.world.log.warn({ bus: subject, fault: asFault(error) }, 'a loan was not told');
    });
  }
}

const canMove = ({ commands }: AnyDriver): boolean =>
  Object.values(commands).some(({ actuates }) => actuates);
