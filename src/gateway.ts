import { setMaxListeners } from 'node:events';
import type { PageVerdict } from './access/index.ts';
import { openBus } from './buses/index.ts';
import { atMost, keepOffsets } from './clock/index.ts';
import type { CommandInbox } from './commands/index.ts';
import { feedsLock, type Loaded, type SiteConfig } from './config/index.ts';
import type { Bus, Log, Store } from './contracts/index.ts';
import { type Control, type ControlViews, openControl } from './control/index.ts';
import { type DeviceCard, type DeviceHost, Roster } from './devices/index.ts';
import { Fault } from './faults/index.ts';
import { keepAudit } from './gateway/audit.ts';
import { openCommands, siteTrust } from './gateway/commands.ts';
import { DerivedDevices } from './gateway/derived.ts';
import { DoorList } from './gateway/door-list.ts';
import { markHostTimed } from './gateway/door-plan.ts';
import { DoorRuntime } from './gateway/doors.ts';
import { tellConfig, tellInventory } from './gateway/first-records.ts';
import { feeding, GatewayIntake, type OnDurable } from './gateway/intake.ts';
import { Loans } from './gateway/lend.ts';
import { Loads } from './gateway/loads.ts';
import { Maintenance, placesOf } from './gateway/maintenance.ts';
import { auditLimits, below, busSettings, pointPlans, rosterEntry, storeFile } from './gateway/plan.ts';
import { SiteRules } from './gateway/rules.ts';
import { Signs } from './gateway/signs.ts';
import { openSnapshots, type Snapshots } from './gateway/snapshots.ts';
import { statusView } from './gateway/status.ts';
import { Supplies } from './gateway/supplies.ts';
import { openUplinks } from './gateway/uplinks.ts';
import {
  type HealthRegistry,
  keepPulse,
  openHealth,
  openWatchdog,
  type Watchdog,
  watchdogMillis,
  watchLoop,
} from './health/index.ts';
import { type Identity, machineId, openIdentity } from './identity/index.ts';
import type { Millis } from './model/index.ts';
import { openPipeline, type Pipeline } from './pipeline/index.ts';
import { openStore } from './store/index.ts';
import type { Uplink } from './uplink/index.ts';
import type { World } from './world.ts';

/** Longest that the devices wait for the disk. */
const DISK_MS: Millis = 2000;

export interface GatewayOptions {
  readonly site: SiteConfig;
  readonly loaded: Loaded;
  /** Relative paths of the site file are below this folder. */
  readonly root: string;
  readonly world: World;
  readonly log: Log;
  readonly version: string;
  readonly onDurable?: OnDurable | undefined;
  /** A rule wants the gateway to end, in order. */
  readonly onStop?: ((why: string) => void) | undefined;
}

/**
 * A gateway, put together in the order of its story: bus → device → pipeline → outbox → uplink, and the control socket beside
 * it. What comes later in the story is opened first, so that nothing is perceived that cannot be kept; closing goes the other way.
 */
export class Gateway {
  private readonly options: GatewayOptions;
  private readonly identity: Identity;
  private readonly health: HealthRegistry;
  private readonly watchdog: Watchdog;
  private readonly stop = new AbortController();
  private readonly started_up: number;
  private readonly pipeline: Pipeline;
  private readonly store: Store;
  private readonly derived: DerivedDevices;
  private readonly signs: Signs;
  private readonly supplies: Supplies;
  private readonly access: DoorList;
  private readonly doors: DoorRuntime;
  private readonly rules: SiteRules;
  private readonly loads: Loads;
  private readonly maintenance: Maintenance;
  private readonly loans: Loans;
  private readonly snapshots: Snapshots;
  private readonly intake: GatewayIntake;
  private readonly commands: CommandInbox;
  private buses: ReadonlyMap<string, Bus> = new Map();
  private roster: Roster | undefined;
  private uplinks: readonly Uplink[] = [];
  private control: Control | undefined;
  private loops: readonly Promise<void>[] = [];

  /** Throws a Fault when it cannot start: nothing is left running then. */
  static async open(options: GatewayOptions): Promise<Gateway> {
    const { site, root, world } = options;
    const state_dir = below(root, site.gateway.state_dir);
    const { randomBytes } = world;
    const identity = openIdentity(state_dir, { configured: site.gateway.id, randomBytes });
    const health = openHealth(world.clock);
    const store = await openStore({
      file: storeFile(site, root),
      quota_bytes: site.store.quota_mb * 1024 * 1024,
      uplinks: site.uplinks.map(({ id }) => id),
      machine: machineId(world.readText),
      clock: world.clock,
      health,
      randomBytes,
      worker: world.storeWorker,
      // A tenth of the promise is left to the commit itself.
      commit_ms: site.store.commit_ms * 0.9,
      retain_ms: site.store.retain_hours * 3_600_000,
    });
    const gateway = new Gateway(options, { identity, health, store });
    try {
      await gateway.start();
      return gateway;
    } catch (error) {
      await gateway.close();
      throw error;
    }
  }

  private constructor(
    options: GatewayOptions,
    parts: { readonly identity: Identity; readonly health: HealthRegistry; readonly store: Store },
  ) {
    const { world, log, loaded, onDurable } = options;
    // Every loop of it listens to its end.
    setMaxListeners(0, this.stop.signal);
    this.options = options;
    this.identity = parts.identity;
    this.health = parts.health;
    this.store = parts.store;
    this.started_up = world.clock.now().up;
    const { clock, notify, env } = world;
    this.watchdog = openWatchdog({ clock, notify, health: this.health, every_ms: watchdogMillis(env) });
    const { state } = parts.store;
    this.derived = new DerivedDevices(loaded.derived, options.site.site.time_zone, { ...world, state, log });
    this.pipeline = openPipeline(
      pointPlans(loaded.devices, this.derived.points()),
      feeding((device, point) => [this.derived.feedOf(device, point), this.rules.feedOf(device, point)]),
    );
    this.signs = new Signs(options.site.signs, {
      clock,
      log,
      act: async (id, command, args) => this.device(id).act(command, args),
      free: (id) => this.derived.zone(id)?.free,
    });
    this.supplies = new Supplies(loaded.supplies, {
      ...{ clock, log, state, wall: world.wall, health: this.health },
      hosts: () => this.roster?.all() ?? [],
      host: (id) => this.roster?.get(id),
      tell: (event, kept) => this.intake.event(event, kept),
      inMaintenance: (id) => this.maintenance.isWorkedAt(id),
      feedsLock: (relay, channel) => feedsLock(options.site.devices, relay, channel),
    });
    const trust = siteTrust(options.site, world.wall);
    const tell = (...told: Parameters<GatewayIntake['event']>) => this.intake.event(...told);
    const { gateway, credential_key: key } = parts.identity;
    const { id: site, time_zone: zone } = options.site.site;
    const { health } = this;
    const { newest_unix_ms: newest_ms } = this.store.opened;
    const lists = { gateway, site, zone, key, trust, state, newest_ms };
    this.access = new DoorList({ ...world, ...lists, tell, health, log });
    this.doors = new DoorRuntime(options.site, loaded.doors, {
      ...{ ...world, state, log, tell },
      list: this.access,
      host: (id) => this.roster?.get(id),
      show: (door) => {
        this.maintenance.door(door.id, door.maintenance);
        this.intake.show({ type: 'door', door });
      },
    });
    markHostTimed(loaded.doors, this.health);
    this.loads = new Loads(options.site, loaded.loads, {
      ...{ ...world, state, log, tell, health },
      host: (id) => this.roster?.get(id),
      show: (load) => this.intake.show({ type: 'load', load }),
    });
    this.snapshots = openSnapshots(options.site, options.root, {
      ...{ ...world, health, log, tell },
      uplink: (id) => this.uplinks.find((uplink) => uplink.view().id === id),
    });
    this.rules = new SiteRules(options.site, loaded.rules, {
      ...{ clock, wall: world.wall, state, health: this.health, log, tell },
      facts: () => this.health.facts(),
      host: (id) => this.roster?.get(id),
      doorAlarms: (id) => this.doors.alarms(id),
      follow: (wish) => this.commands.follow(wish),
      stop: options.onStop ?? (() => {}),
    });
    this.maintenance = new Maintenance(placesOf(options.site, this.derived.cards), {
      ...{ ...world, state, log, tell },
      mute: (subjects) => {
        this.health.mute(subjects);
        this.rules.mute(subjects);
      },
    });
    this.loans = new Loans(options.site, loaded, {
      ...{ clock, log, tell },
      bus: (id) => this.buses.get(id),
      hosts: () => this.roster?.all() ?? [],
      inMaintenance: (bus) => this.maintenance.hasBus(bus),
    });
    this.intake = new GatewayIntake(this.pipeline, parts.store.outbox, {
      derived: this.derived,
      log,
      onDurable,
      muted: (subject) => this.maintenance.isMuted(subject),
      sense: (readings) => {
        this.doors.readings(readings);
        this.loads.readings(readings);
      },
      secret: (event) => this.doors.isSecret(event),
      hear: (event) => {
        this.doors.hear(event);
        this.signs.hear(event);
        this.loads.hear(event);
        this.rules.hear(event);
      },
    });
    this.commands = openCommands({
      ...{ site: options.site, gateway: this.identity.gateway, world, store: parts.store, log },
      intake: () => this.intake,
      derived: (id) => this.derived.has(id),
      device: (id) => this.device(id),
      ...{ doors: this.doors, loads: this.loads, trust },
      ...{ maintenance: this.maintenance, snapshots: this.snapshots },
    });
  }

  /** Its own name, for the log and the first line a person sees. */
  get id(): string {
    return this.identity.gateway;
  }

  /** A changed site file was not accepted; this one runs on. */
  refused(why: string): void {
    this.health.raise('config-refused', '', why);
  }

  /** A signed page of the list of credentials. Throws Fault trust.refused. */
  takeAccess(page: string): PageVerdict {
    return this.access.take(page);
  }

  private async start(): Promise<void> {
    const { site, loaded, root, world, log } = this.options;
    const { signal } = this.stop;
    const { clock, random } = world;
    const heartbeat = this.watchdog;
    const keepClock = keepOffsets(
      { ...world, health: this.health },
      (record) => this.intake.event(record),
      signal,
    );

    // The devices know what they are before anything is heard of them; the uplinks tell it.
    const buses = site.buses.map((bus) =>
      openBus(busSettings(bus, root, world), {
        ports: world.ports,
        clock,
        health: this.health,
        log,
        random,
        heartbeat,
      }),
    );
    this.buses = new Map(buses.map((bus) => [bus.id, bus]));
    await this.derived.begin();
    const entries = loaded.devices.map((device) => rosterEntry(device, !this.store.opened.clean, world));
    const { state } = this.store;
    const first = { state, clock, intake: this.intake };
    const hosts = {
      clock,
      wall: world.wall,
      intake: this.intake,
      health: this.health,
      log,
      heartbeat,
      state,
    };
    this.roster = Roster.open(entries, this.buses, hosts);
    await this.soon('inventory', () => tellInventory(this.inventory(), first));
    await this.soon('commands', () => this.commands.begin());
    await this.soon('audit', () => tellConfig(site, first));
    await this.supplies.begin();
    await this.soon('doors', () =>
      Promise.all([this.access.load(), this.doors.load(), this.maintenance.load()]),
    );
    await this.soon('rules', () => Promise.all([this.rules.begin(), this.loads.begin()]));
    this.roster.start();
    this.doors.start();
    this.loads.run(signal);
    this.uplinks = await openUplinks(this.options, {
      ...{ identity: this.identity, store: this.store, health: this.health, access: this.access },
      ...{ heartbeat, commands: this.commands, devices: this.inventory(), snapshots: this.snapshots },
    });
    this.control = await openControl(below(root, site.control.socket), this.views());
    this.loops = [
      keepClock,
      this.intake.flush(clock, signal),
      this.derived.run(() => this.intake.collect(), signal),
      this.signs.run(signal),
      this.supplies.run(signal),
      ...[this.access.run(signal), this.doors.run(signal), this.rules.run(signal)],
      keepAudit(
        {
          ...{ clock, log, identity: this.identity },
          trail: this.store.audit,
          limits: auditLimits(site),
          tell: (event) => this.intake.event(event),
        },
        signal,
      ),
      watchLoop({ clock, health: this.health, longest: world.loopDelay }, signal),
      keepPulse({ clock, heartbeat }, { name: 'store', ask: () => this.askStore() }, signal),
      this.watchdog.run(signal),
      this.showHealth(signal),
    ];
    world.notify('READY=1');
  }

  /** Something small that only its worker can answer. */
  private askStore(): Promise<unknown> {
    return this.store.state.get('inventory', 'revision');
  }

  /** Devices of the field, then those made of them. */
  private inventory(): readonly DeviceCard[] {
    return [...(this.roster?.inventory ?? []), ...this.derived.cards];
  }

  /**
   * Nothing is heard of a device before the record that says what it is, nothing is commanded before it is known what was. But a disk that stalls
   * does not keep doors from opening.
   */
  private async soon(name: string, work: () => Promise<unknown>): Promise<void> {
    await atMost(this.options.world.clock, { name, ms: DISK_MS }, work());
  }

  private async showHealth(signal: AbortSignal): Promise<void> {
    for await (const facts of this.health.changes(signal)) this.intake.show({ type: 'health', facts });
  }

  private views(): ControlViews {
    return {
      status: () =>
        statusView({
          ...{ ...this.options, store: this.store, health: this.health, pipeline: this.pipeline },
          ...{ gateway: this.identity.gateway, started_up: this.started_up, buses: this.buses },
          ...{ devices: this.roster?.views() ?? [], uplinks: this.uplinks, doors: this.doors.views() },
          ...{ loads: this.loads.views(), maintenance: this.maintenance.views() },
        }),
      devices: () =>
        [...(this.roster?.views() ?? []), ...this.derived.views()].map((one) => this.maintenance.mark(one)),
      doors: () => this.doors.views(),
      loads: () => this.loads.views(),
      health: () => this.health.facts(),
      watch: (listener) => this.intake.watch(listener),
      lend: (id, loan) => this.loans.lend(id, loan),
      read: async (id) => (this.derived.has(id) ? this.derived.last(id) : this.device(id).read()),
      takeAccess: (page) => this.takeAccess(page),
      snapshots: () => this.snapshots.files.list(),
      saveSnapshot: (id, user) => this.snapshots.save(id, user),
      submit: (wish) => this.commands.submit(wish),
      audit: (from, most) => this.store.audit.rows(from, most),
      auditStats: async () => {
        const { gateway, public_key } = this.identity;
        return { ...(await this.store.audit.stats()), gateway, public_key };
      },
    };
  }

  /** One of its devices. Throws device.unknown, and for a device that could not be opened the fault that stopped it. */
  device(id: string): DeviceHost {
    if (!this.roster) throw new Fault('internal', { text: 'the gateway is not started' });
    return this.roster.find(id);
  }

  /** Outputs to their safe state, then everything in reverse; all that was accepted is durable afterwards. */
  async close(): Promise<void> {
    this.options.world.notify('STOPPING=1');
    this.stop.abort();
    await this.control?.close();
    // A platform that hangs must not keep outputs from their safe state, nor a mute unit the goodbye.
    await Promise.allSettled([this.closeDevices(), ...this.uplinks.map((uplink) => uplink.close())]);
    this.maintenance.close();
    await Promise.allSettled([...this.loops, this.snapshots.close()]);
    this.intake.end();
    await this.derived.save();
    await this.store.outbox.close();
  }

  private async closeDevices(): Promise<void> {
    await this.doors.rest();
    await this.roster?.close();
    await Promise.allSettled([...this.buses.values()].map((bus) => bus.close()));
  }
}
