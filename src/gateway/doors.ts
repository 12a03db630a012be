import {
  type AccessTime,
  beginDoors,
  type Doors,
  type DoorsInput,
  type DoorsStep,
  type DoorView,
  doorSchedule,
  type Schedules,
  schedules,
  stepDoors,
  viewDoor,
} from '../access/index.ts';
import { atMost, ticker } from '../clock/index.ts';
import type { CheckedDoor, SiteConfig } from '../config/index.ts';
import type { ActResult, CommandTarget, DoorCommand, KeptDoor } from '../contracts/index.ts';
import type { DoorStatus } from '../control/index.ts';
import type { EventEntry, JsonObject, Millis, Reading } from '../model/index.ts';
import { DoorBoard } from './door-board.ts';
import { doorTarget, type Ordered } from './door-commands.ts';
import { inputsOf, unreadable } from './door-inputs.ts';
import { DoorMemory } from './door-memory.ts';
import { Passback } from './door-passback.ts';
import { type DoorWiring, doorWiring } from './door-plan.ts';
import { type Asking, DoorReaders } from './door-readers.ts';
import { DoorRelays } from './door-relays.ts';
import type { Counted } from './door-visits.ts';
import type { DoorsWorld } from './door-world.ts';
import { Nap } from './nap.ts';

/** Somebody who waits for what the contact shows of an order. */
type Waiting = (evidence: string | undefined) => void;

/** At the end of this process a lock is waited for no longer. */
const STOP_MS: Millis = 1000;
/** What an earlier run left is waited for so long. */
const BLIND_MS: Millis = 30_000;

/**
 * The doors of this gateway: what their inputs, readers, orders and the time say goes to the rules of access at once, what those say goes to
 * relays, readers and records. Nothing of it waits for the disk.
 */
export class DoorRuntime {
  private readonly wiring: DoorWiring;
  private readonly world: DoorsWorld;
  private readonly relays: DoorRelays;
  private readonly readers: DoorReaders;
  private readonly passback: Passback;
  private readonly times: Schedules;
  private readonly memory: DoorMemory;
  private readonly board: DoorBoard;
  private readonly stop = new AbortController();
  private readonly said = new Map<string, string>();
  private readonly waiting = new Map<string, Waiting>();
  /** Gates that are unlocked only for as long as this process lives. */
  private readonly passing = new Set<string>();
  private doors: Doors | undefined;
  private started_up: Millis = 0;
  private gaveUp = false;
  /** Of whom is asked for now: it is counted with the record of his grant. */
  private counted: Counted | undefined;
  private readonly nap: Nap;

  constructor(site: SiteConfig, doors: readonly CheckedDoor[], world: DoorsWorld) {
    this.wiring = doorWiring(site, doors);
    this.world = world;
    this.memory = new DoorMemory(world);
    this.board = new DoorBoard(doors, this.wiring.plan.doors, world);
    this.passback = new Passback(doors);
    this.nap = new Nap(world.clock, 'doors', () => this.wake());
    const { clock, log, host } = world;
    this.times = schedules({ zone: site.site.time_zone, calendar: site.calendar });
    this.relays = new DoorRelays(this.wiring.relays, {
      ...{ clock, log, host },
      board: (door, state) => void this.step({ door, input: { kind: 'board', state } }),
    });
    this.readers = new DoorReaders(this.wiring.readers, {
      ...{ host, tokens: world.list.tokens, book: () => world.list.book(), visits: world.list.visits },
      time: () => this.time(),
      ref: () => `d-${Buffer.from(world.randomBytes(8)).toString('hex')}`,
    });
  }

  /** What an earlier run left. A disk that is slow is not waited for: what it gives late is taken over then. */
  async load(): Promise<void> {
    if (this.none) return;
    await this.memory.load(this.wiring.plan.doors.map(({ id }) => id));
    if (this.doors) this.takeOver();
  }

  /** Every lock is told how to stand, whatever it was told before. */
  start(): void {
    if (this.none) return;
    const { boot, up } = this.world.clock.now();
    this.started_up = up;
    const schedule = (door: string) => (this.isBlind(door) ? 'unknown' : (this.saysOf(door) ?? 'lock'));
    const startOf = (door: string) => ({ boot, kept: this.memory.of(door), schedule: schedule(door) });
    const begun = beginDoors(this.wiring.plan, startOf, up);
    for (const { id } of this.wiring.plan.doors) this.said.set(id, schedule(id));
    // Where it is not known what was, a lock that may be released for a fire is left as it stands.
    const mayWait = ({ door, output }: DoorsStep['outputs'][number]) =>
      this.isBlind(door) && (output.do === 'lock' || output.do === 'close');
    const first = { ...begun, outputs: begun.outputs.filter((one) => !mayWait(one)) };
    void this.apply(first);
  }

  /** Schedules follow a time of day that may be set at any moment. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.none) return;
    const rhythm = { name: 'door schedules', every_ms: 1000 };
    for await (const _ of ticker(this.world.clock, rhythm, signal)) {
      this.waitNoLonger();
      this.followSchedules();
    }
  }

  /** Levels of inputs. */
  readings(readings: readonly Reading[]): void {
    if (this.none) return;
    for (const reading of readings)
      for (const input of inputsOf(this.wiring.senses, reading)) this.step(input);
  }

  /** Cards, PINs, and devices that come and go. */
  hear(event: EventEntry): void {
    if (!this.doors) return;
    const { subject, name } = event;
    if (name === 'device-down' || name === 'device-up') {
      this.relays.heard(subject, name === 'device-up');
      if (name === 'device-down')
        for (const input of unreadable(this.wiring.senses, subject)) this.step(input);
      return;
    }
    const { up } = this.world.clock.now();
    const asking = this.readers.hear(event, up);
    if (asking) this.ask(asking);
    else this.arm();
  }

  /** A code at one of its readers opens by itself: nobody else is to have it. */
  isSecret(event: EventEntry): boolean {
    return this.readers.isSecret(event);
  }

  /** undefined: there is no such door. */
  target(id: string): CommandTarget | undefined {
    const rules = this.wiring.plan.doors.find((door) => door.id === id);
    return rules && doorTarget(id, rules.kind, (order, signal) => this.obey(id, order, signal));
  }

  /** As people see them. */
  views(): readonly DoorStatus[] {
    return this.board.views();
  }

  /** Alarms that stand; undefined: nobody can tell, or they are muted. */
  alarms(id: string): readonly string[] | undefined {
    const { alarms, position, maintenance } = this.view(id);
    return position === 'unknown' || maintenance ? undefined : alarms;
  }

  /** The door that alone moves what this command of a device would move. */
  owner(device: string, args: JsonObject): string | undefined {
    const own = this.wiring.relays.filter((relay) => relay.device === device);
    const met = own.find(({ args: named }) =>
      Object.entries(named).every(([key, value]) => !(key in args) || args[key] === value),
    );
    return met?.door;
  }

  /** Locks what is unlocked only while this process lives; what is to stay as it is stays. */
  async rest(): Promise<void> {
    this.stop.abort();
    this.nap.end();
    for (const end of this.waiting.values()) end(undefined);
    const { signal } = this.stop;
    const locking = [...this.passing].map((key) => {
      const { door, gate } = JSON.parse(key);
      return this.relays.put(door, { do: 'lock', gate, because: 'stop' }, signal);
    });
    this.doors = undefined;
    if (locking.length === 0) return;
    await atMost(this.world.clock, { name: 'doors are locked', ms: STOP_MS }, Promise.all(locking));
  }

  /** What an earlier run left has come late. */
  private takeOver(): void {
    for (const { id } of this.wiring.plan.doors) this.recall(id, this.memory.of(id));
  }

  /** A disk that gives nothing for so long may never do: the doors go by what can be seen. What comes still later is taken over all the same. */
  private waitNoLonger(): void {
    if (this.gaveUp || this.world.clock.now().up - this.started_up < BLIND_MS) return;
    const blind = this.wiring.plan.doors.filter(({ id }) => this.isBlind(id));
    this.gaveUp = true;
    for (const { id } of blind) this.recall(id, undefined);
  }

  private recall(door: string, kept: KeptDoor | undefined): void {
    const schedule = this.saysOf(door) ?? 'lock';
    this.said.set(door, schedule);
    this.step({ door, input: { kind: 'kept', kept, schedule } });
  }

  private isBlind(door: string): boolean {
    return !this.gaveUp && this.memory.isUnread(door);
  }

  private get none(): boolean {
    return this.wiring.plan.doors.length === 0;
  }

  private obey(door: string, order: DoorCommand, signal: AbortSignal): Ordered {
    const evidence = new Promise<string | undefined>((resolve) => {
      const end: Waiting = (shown) => {
        this.waiting.delete(order.ref);
        signal.removeEventListener('abort', late);
        resolve(shown);
      };
      const late = () => end(undefined);
      this.waiting.set(order.ref, end);
      signal.addEventListener('abort', late, { once: true });
      if (signal.aborted) late();
    });
    const { answer, moved, host_timed } = this.step({ door, input: order }) ?? NOTHING;
    if (!answer?.accepted) this.waiting.get(order.ref)?.(undefined);
    return {
      answer,
      moved: moved.get(door),
      host_timed: host_timed.has(door),
      view: this.view(door),
      evidence,
    };
  }

  private view(id: string): DoorView {
    const rules = this.wiring.plan.doors.find((door) => door.id === id);
    const state = this.doors?.[id]?.state;
    return rules && state ? viewDoor(rules, state) : AWAY;
  }

  private ask(asking: Asking): void {
    this.counted = asking.counted;
    this.step(asking);
    this.counted = undefined;
  }

  private step(input: DoorsInput) {
    if (!this.doors) return undefined;
    return this.apply(stepDoors(this.wiring.plan, this.doors, input, this.world.clock.now().up));
  }

  private apply(step: DoorsStep) {
    this.doors = step.doors;
    const moving = new Map<string, Promise<ActResult>[]>();
    const host_timed = new Set<string>();
    for (const { door, output } of step.outputs) {
      if (output.do === 'signal') this.readers.signal(door, output.side, output.signal);
      if (output.do === 'show' && output.signal === 'held-soon')
        this.readers.signal(door, undefined, 'held-soon');
      if (output.do === 'unlock' && output.timing === 'host') host_timed.add(door);
      if ('gate' in output) {
        const key = JSON.stringify({ door, gate: output.gate });
        if (output.do === 'unlock' && output.on_stop === 'rest') this.passing.add(key);
        else this.passing.delete(key);
      }
      const moved = this.relays.put(door, output, this.stop.signal);
      if (moved) moving.set(door, [...(moving.get(door) ?? []), moved]);
    }
    this.tellAll(step);
    this.board.look(step);
    this.arm(step.wake_at);
    const moved = new Map([...moving].map(([door, all]) => [door, Promise.all(all).then(worstOf)]));
    return { answer: step.answer, moved, host_timed };
  }

  private tellAll({ events }: DoorsStep): void {
    const { boot } = this.world.clock.now();
    let kept = this.memory.changes(this.doors ?? {});
    for (const { door, event } of events) {
      const { name, lane, fields, up } = event;
      const kind = DECISIONS.includes(name) ? 'audit' : 'event';
      const entry: EventEntry = { kind, lane, subject: door, name, fields, stamp: { boot, up } };
      const { floor, visits } = this.world.list;
      const used = name === 'granted' && this.counted ? visits.use(this.counted) : [];
      const dated = kind === 'audit' ? [...kept, ...used, ...floor.kept()] : kept;
      this.memory.settle(this.world.tell(entry, dated), kept);
      kept = [];
      this.prove(name, fields);
      const again = this.passback.hear(door, event);
      if (again) void this.world.tell({ ...entry, kind: 'event', name: 'passback', fields: again }, []);
    }
    this.memory.write(kept);
  }

  /** An order is proved by its contact, and over at the latest when its unlock is. */
  private prove(name: string, { ref, evidence }: JsonObject): void {
    if (typeof ref !== 'string') return;
    if (name === 'opened') this.waiting.get(ref)?.('opened');
    if (name === 'unlock-ended') this.waiting.get(ref)?.(String(evidence));
  }

  private arm(wake_at = this.wakeAt()): void {
    const at = Math.min(wake_at ?? Number.POSITIVE_INFINITY, this.readers.wake_at);
    this.nap.until(this.stop.signal.aborted ? Number.POSITIVE_INFINITY : at);
  }

  private wakeAt(): Millis | undefined {
    const times = Object.values(this.doors ?? {}).flatMap(({ wake_at }) =>
      wake_at === undefined ? [] : [wake_at],
    );
    return times.length ? Math.min(...times) : undefined;
  }

  private wake(): void {
    for (const asking of this.readers.due(this.world.clock.now().up)) this.step(asking);
    this.step({ time: true });
  }

  private followSchedules(): void {
    for (const door of this.wiring.schedules.keys()) {
      if (this.isBlind(door)) continue;
      const says = this.saysOf(door);
      if (says === undefined || says === this.said.get(door)) continue;
      this.said.set(door, says);
      this.step({ door, input: { kind: 'schedule', says } });
    }
  }

  private saysOf(door: string): 'unlock' | 'lock' | 'unknown' | undefined {
    const schedule = this.wiring.schedules.get(door);
    return schedule && doorSchedule(schedule, this.times, this.time());
  }

  private time(): AccessTime {
    return this.world.list.time();
  }
}

/** One record of class A for each, in the chain of the audit. */
const DECISIONS: readonly string[] = ['granted', 'denied', 'maintenance-began', 'maintenance-ended'];

const NOTHING = { answer: undefined, moved: new Map<string, Promise<ActResult>>(), host_timed: new Set() };
const AWAY: DoorView = {
  position: 'unknown',
  mode: 'locked',
  lock: 'locked',
  alarms: [],
  lockdown: false,
  maintenance: undefined,
  occupied: false,
};

const worstOf = (results: readonly ActResult[]): ActResult =>
  results.find(({ result }) => result === 'failed') ??
  results.find(({ result }) => result === 'unknown') ??
  results[0] ?? { result: 'done', facts: {} };
