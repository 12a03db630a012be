import { asFault, type Fault } from '../faults/index.ts';
import type { JsonObject, Millis, PointSpecs, Reading, Sample, Stamp } from '../model/index.ts';
import { readingsOf } from './readings.ts';
import type { DeviceSettings, DeviceWorld } from './settings.ts';
import {
  begin,
  type Condition,
  conditionOf,
  type Edge,
  goodNeeded,
  hasSpoken,
  LONGEST_REST_MS,
  patienceOf,
  restAfter,
  type SuperviseSettings,
  type Supervision,
  supervise,
} from './supervise.ts';
import { suspect, TRUSTED } from './suspicion.ts';
import { Warming } from './warming.ts';

/** Owner of the marks: where each device is to go on telling. */
export const MARKS = 'marks';

interface Told {
  readonly up?: Millis | undefined;
  readonly mark?: JsonObject | undefined;
}

/** What the answers of one device become, and what its failures mean. After `hush` nothing is heard of it. */
export class Perception {
  private readonly settings: DeviceSettings;
  private readonly points: PointSpecs;
  private readonly world: DeviceWorld;
  private readonly newest = new Map<string, Reading>();
  private readonly warming: Warming;
  private readonly patience: SuperviseSettings;
  private state: Supervision;
  private trust = TRUSTED;
  private hushed = false;
  private failed = 0;
  private heard: Millis | undefined;
  private rejected = 0;
  /** What the driver gave and may not give, as it was last told. */
  private told = '';
  private readonly whenUp = new Set<() => void>();

  constructor(settings: DeviceSettings, points: PointSpecs, world: DeviceWorld) {
    this.settings = settings;
    this.points = points;
    this.world = world;
    this.state = begin(world.clock.now().up);
    this.patience = patienceOf(settings.driver.offline_after_ms);
    this.warming = new Warming(settings.driver.warm_up_ms?.(settings.options) ?? 0);
  }

  /** The device answered, now. `up`: when that was so which it tells, where it knows. */
  perceive(sample: Sample, up?: Millis): readonly Reading[] {
    if (this.hushed) return [];
    const { id, simulated } = this.settings;
    const now = this.world.clock.now();
    // A unit that was gone may have lost its power.
    if (this.state.status === 'offline') this.warming.begin(now.up);
    const shown = this.warming.judge(sample, now.up);
    const stamp = stampAt(now, up);
    const { readings, wrong } = readingsOf(shown, { id, points: this.points, simulated }, stamp);
    for (const reading of readings) this.newest.set(reading.point, reading);
    this.judge(undefined);
    this.weigh(readings, wrong);
    if (readings.length) this.world.intake.readings(readings);
    return readings;
  }

  /** The device has begun to measure only now. */
  started(): void {
    this.warming.begin(this.world.clock.now().up);
  }

  /**
   * The device reported something; `up`: when it happened, where that is known; `mark` is kept with it. True: it is kept. What is not declared
   * is dropped.
   */
  async tell(name: string, fields: JsonObject, more: Told = {}): Promise<boolean> {
    if (this.hushed) return false;
    const { driver } = this.settings;
    const spec = Object.hasOwn(driver.events, name) ? driver.events[name] : undefined;
    this.judge(undefined);
    if (spec?.passing) return this.pass(name, fields, spec.lane, more.up);
    if (spec) return (await this.record(name, fields, spec.lane, more)) ?? true;
    this.weigh([], [name]);
    return true;
  }

  /** One look went well, or not. `weight`: how many looks it stands for. */
  judge(error: unknown, weight = 1): void {
    if (this.hushed) return;
    const fault = error === undefined ? undefined : asFault(error);
    if (fault) this.failed += 1;
    const { up } = this.world.clock.now();
    if (!fault || hasSpoken(fault.code)) this.heard = up;
    const before = this.state;
    const looked = fault ? { up, fault: fault.code, weight } : { up };
    const { state, edge } = supervise(before, looked, this.patience);
    this.state = state;
    if (edge) this.passage(edge, before, fault);
    else if (state.status === 'offline') this.explain(fault);
  }

  /** Calls when the device comes up; returns the way to stop. */
  onceUp(call: () => void): () => void {
    this.whenUp.add(call);
    return () => void this.whenUp.delete(call);
  }

  get condition(): Condition {
    return conditionOf(this.state);
  }

  /** When it last said anything, be it of use or not; undefined: not since the start. */
  get heard_up(): Millis | undefined {
    return this.heard;
  }

  restAfter(): Millis {
    const { driver, poll_ms } = this.settings;
    const { offline_after_ms: patience_ms } = driver;
    return restAfter(this.state, poll_ms, patience_ms === undefined ? LONGEST_REST_MS : patience_ms / 2);
  }

  last(): readonly Reading[] {
    return [...this.newest.values()];
  }

  view() {
    const { status, since_up, cause } = this.state;
    return { status, since_up, cause, failures: this.failed, rejected: this.rejected, last: this.last() };
  }

  /** The device is no longer ours: what was told of it is taken back. */
  hush(): void {
    this.hushed = true;
    this.world.health.clear('device-down', this.settings.id);
    this.world.health.clear('device-suspect', this.settings.id);
  }

  private passage(edge: Edge, before: Supervision, fault: Fault | undefined): void {
    const { id, bus } = this.settings;
    if (edge === 'up') {
      const down_ms = before.status === 'offline' ? Math.round(this.state.edge_up - before.edge_up) : 0;
      this.world.health.clear('device-down', id);
      if (down_ms) this.world.log.info({ device: id, bus, down_ms }, 'device is back');
      this.record('device-up', { bus, ...(down_ms && { down_ms }) }, 'b');
      for (const call of this.whenUp) call();
      return;
    }
    const code = fault?.code ?? 'internal';
    const text = fault?.message ?? '';
    this.world.health.raise('device-down', id, text);
    this.world.log.warn({ device: id, bus, fault: code, text }, 'device is down');
    this.record('device-down', { bus, fault: code, text }, 'b');
    this.age();
  }

  private explain(fault: Fault | undefined): void {
    const { good } = this.state;
    const needed = goodNeeded(this.state);
    const evidence =
      fault?.message ?? `it answers again; back after ${needed} answers in a row (${good} so far)`;
    this.world.health.raise('device-down', this.settings.id, evidence);
  }

  /** What was known is now only what was known then: each value once more, with its own time. */
  private age(): void {
    const stale = this.last()
      .filter(({ quality }) => quality !== 'stale')
      .map((reading): Reading => ({ ...reading, quality: 'stale' }));
    for (const reading of stale) this.newest.set(reading.point, reading);
    if (stale.length) this.world.intake.readings(stale);
  }

  /** Values out of range, or that the driver never declared, speak against the unit being what the site file says. */
  private weigh(readings: readonly Reading[], wrong: readonly string[]): void {
    const { id } = this.settings;
    const outside = readings.filter(({ quality }) => quality === 'out-of-range');
    this.rejected += wrong.length;
    this.tellWrong(wrong);
    if (readings.length + wrong.length === 0) return;
    this.trust = suspect(this.trust, outside.length + wrong.length > 0);
    if (!this.trust.raised) this.world.health.clear('device-suspect', id);
    else if (outside.length + wrong.length > 0)
      this.world.health.raise('device-suspect', id, this.evidence(outside, wrong));
  }

  private evidence(outside: readonly Reading[], wrong: readonly string[]): string {
    const values = outside.map(({ point, value }) => {
      const spec = this.points[point];
      return spec?.kind === 'number' ? `${point} is ${value} ${spec.unit} (${spec.min}..${spec.max})` : point;
    });
    return [...values, ...wrong.map((name) => `${name} is not what its driver declares`)].join(', ');
  }

  /** Once when it begins, not with every sample. */
  private tellWrong(wrong: readonly string[]): void {
    const names = wrong.join(', ');
    if (names === '' || names === this.told) return;
    this.told = names;
    const facts = { device: this.settings.id, driver: this.settings.driver.id, names };
    this.world.log.warn(facts, 'the driver gives what it does not declare; it is dropped');
  }

  /** To whoever acts on it at once, and to nobody else. */
  private pass(name: string, fields: JsonObject, lane: 'a' | 'b', up: Millis | undefined): true {
    const stamp = stampAt(this.world.clock.now(), up);
    this.world.intake.pass?.({ kind: 'event', lane, subject: this.settings.id, name, fields, stamp });
    return true;
  }

  private record(
    name: string,
    fields: JsonObject,
    lane: 'a' | 'b',
    { up, mark }: Told = {},
  ): Promise<boolean> | undefined {
    const { id } = this.settings;
    const stamp = stampAt(this.world.clock.now(), up);
    const kept = mark ? [{ owner: MARKS, name: id, value: mark }] : [];
    return this.world.intake.event({ kind: 'event', lane, subject: id, name, fields, stamp }, kept);
  }
}

/** Nothing has happened later than now. */
const stampAt = (now: Stamp, up: Millis | undefined): Stamp =>
  up === undefined ? now : { ...now, up: Math.min(now.up, up) };
