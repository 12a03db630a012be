import { linked, withTimeout } from '../clock/index.ts';
import type { ActResult, Call, Heard, Session } from '../contracts/index.ts';
import { asFault, Fault, isFault } from '../faults/index.ts';
import type { JsonObject, Millis, PointSpecs, Reading, Sample } from '../model/index.ts';
import { readingsOf } from './readings.ts';
import { afterLook, beginSchedule, type Schedule } from './schedule.ts';
import type { AnyLink, DeviceSettings, DeviceWorld } from './settings.ts';
import { begin, type Edge, type Supervision, supervise } from './supervise.ts';

/** Longest a stopping device is waited for. */
const CLOSE_MS: Millis = 5000;
const REST_MS: Millis = 2000;
/** A device that speaks first is mute after so many of its intervals, and never sooner than this. */
const SILENT_INTERVALS = 4;
const SILENT_MS: Millis = 5000;
/** A conversation that broke is begun again after this. */
const AGAIN_MS: Millis = 1000;

export interface DeviceView {
  readonly id: string;
  readonly name: string | undefined;
  readonly zone: string | undefined;
  readonly bus: string;
  readonly unit: number | undefined;
  readonly driver: string;
  readonly status: Supervision['status'];
  readonly since_up: Millis;
  readonly cause: string;
  readonly polls: number;
  readonly missed: number;
  readonly failures: number;
  readonly last: readonly Reading[];
  readonly commands: readonly string[];
}

/**
 * Runs one driver session: when it is asked, what its answers become, and what its failures mean. After `close` nothing is heard of it.
 */
export class DeviceHost {
  readonly settings: DeviceSettings;
  readonly points: PointSpecs;
  private readonly world: DeviceWorld;
  private readonly session: Session<PointSpecs>;
  private readonly stop = new AbortController();
  private readonly last = new Map<string, Reading>();
  private schedule: Schedule;
  private state: Supervision;
  private polls = 0;
  private failed = 0;
  private looking = false;
  private poke: (() => void) | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    settings: DeviceSettings,
    wire: { readonly link: AnyLink; readonly place: { readonly index: number; readonly of: number } },
    world: DeviceWorld,
  ) {
    this.settings = settings;
    this.world = world;
    this.points = settings.driver.points(settings.options);
    // The roster gives the link kind that the driver names; the index has forgotten it.
    this.session = settings.driver.open(wire.link as never, settings.options);
    const { up } = world.clock.now();
    this.state = begin(up);
    this.schedule = beginSchedule(up, settings.poll_ms, wire.place);
  }

  start(): void {
    const { signal } = this.stop;
    this.running = this.run(signal).catch((error) => {
      if (!signal.aborted)
        this.world.log.error({ device: this.settings.id, fault: asFault(error) }, 'device loop ended');
    });
  }

  /**
   * A declared command, at once and once: it passes every queued poll and waits for nothing but its own bus. Throws command.unknown and
   * command.bad-args; what the device or the bus does ends as a result.
   */
  async act(name: string, args: JsonObject, signal: AbortSignal = this.stop.signal): Promise<ActResult> {
    const { act } = this.session;
    const { id, driver } = this.settings;
    if (!act) throw new Fault('command.unknown', { target: id, name, known: 'none' });
    try {
      const result = await act(name, args, { signal, priority: 'command' });
      this.lookSoon();
      return result;
    } catch (error) {
      if (isFault(error, 'command.unknown', 'command.bad-args')) {
        throw new Fault(error.code, { ...error.facts, target: id });
      }
      const fault = asFault(error);
      this.lookSoon();
      // It left, and nobody answered: the device may have acted.
      const unknown = fault.code === 'bus.no-reply' && driver.commands[name]?.actuates;
      return { result: unknown ? 'unknown' : 'failed', facts: { fault: fault.code, text: fault.message } };
    }
  }

  /** A technician's look, now. For a device that speaks first: what it said last. */
  async read(signal: AbortSignal = this.stop.signal): Promise<readonly Reading[]> {
    if (!this.session.sample) return [...this.last.values()];
    const readings = this.accept(await this.session.sample({ signal, priority: 'field' }));
    this.judge(undefined);
    return readings;
  }

  /** Brings every output to its safe state. A device without outputs has nothing to do. */
  async rest(): Promise<void> {
    const { rest } = this.session;
    if (!rest) return;
    const late = () => new Fault('device.rest-late', { device: this.settings.id, ms: REST_MS });
    const span = { name: `${this.settings.id} rest`, ms: REST_MS, late };
    await withTimeout(this.world.clock, span, (signal) => rest({ signal, priority: 'command' }));
  }

  view(): DeviceView {
    const { id, name, zone, bus, unit, driver } = this.settings;
    return {
      id,
      name,
      zone,
      bus,
      unit,
      driver: driver.id,
      status: this.state.status,
      since_up: this.state.since_up,
      cause: this.state.cause,
      polls: this.polls,
      missed: this.schedule.missed,
      failures: this.failed,
      last: [...this.last.values()],
      commands: Object.keys(driver.commands),
    };
  }

  async close(): Promise<void> {
    this.stop.abort(new Fault('device.closed', { device: this.settings.id }));
    const late = () => new Fault('device.closed', { device: this.settings.id });
    const span = { name: `${this.settings.id} close`, ms: CLOSE_MS, late };
    // A session that hangs is left behind: it is told nothing and heard no more.
    await withTimeout(this.world.clock, span, () => this.running).catch(() => {});
  }

  private async run(signal: AbortSignal): Promise<void> {
    if (this.settings.rest_at_start) await this.rest().catch((error) => this.judge(asFault(error)));
    if (this.session.watch) await this.listen(signal);
    else await this.poll(signal);
  }

  private async poll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.restUntilDue(signal);
      if (signal.aborted) return;
      await this.look({ signal, priority: 'poll' });
      this.schedule = afterLook(this.schedule, this.world.clock.now().up);
      this.world.heartbeat?.beat('devices');
    }
  }

  private async look(call: Call): Promise<void> {
    const { sample } = this.session;
    if (!sample) return;
    this.polls += 1;
    this.looking = true;
    try {
      const taken = await sample(call);
      if (!call.signal.aborted) this.accept(taken);
      if (!call.signal.aborted) this.judge(undefined);
    } catch (error) {
      if (!call.signal.aborted) this.judge(asFault(error));
    } finally {
      this.looking = false;
    }
  }

  private async restUntilDue(signal: AbortSignal): Promise<void> {
    const wait = this.schedule.next_up - this.world.clock.now().up;
    if (wait <= 0) return;
    const { controller, release } = linked(signal);
    this.poke = () => controller.abort();
    await this.world.clock.sleep(`${this.settings.id} poll`, wait, controller.signal).catch(() => {});
    this.poke = undefined;
    release();
  }

  /** After a command the new state is wanted before the next beat of the rhythm. */
  private lookSoon(): void {
    if (!this.looking) this.poke?.();
  }

  private async listen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.conversation(signal);
      } catch (error) {
        if (!signal.aborted) this.judge(asFault(error));
      }
      await this.world.clock.sleep(`${this.settings.id} listen again`, AGAIN_MS, signal).catch(() => {});
      this.world.heartbeat?.beat('devices');
    }
  }

  /** Listens until it ends, breaks, or falls silent. */
  private async conversation(signal: AbortSignal): Promise<void> {
    const { watch } = this.session;
    if (!watch) return;
    const { controller: ending, release } = linked(signal);
    const heard = watch({ signal: ending.signal, priority: 'poll' })[Symbol.asyncIterator]();
    const silence_ms = Math.max(SILENT_MS, this.settings.poll_ms * SILENT_INTERVALS);
    const late = () => new Fault('device.silent', { device: this.settings.id, ms: silence_ms });
    try {
      while (!signal.aborted) {
        const span = { name: `${this.settings.id} silence`, ms: silence_ms, signal, late };
        const next = await withTimeout(this.world.clock, span, () => heard.next());
        if (next.done) return;
        this.hear(next.value);
      }
    } finally {
      ending.abort();
      release();
      void heard.return?.().catch(() => {});
    }
  }

  private hear(heard: Heard<PointSpecs>): void {
    if (this.stop.signal.aborted) return;
    this.polls += 1;
    if ('sample' in heard) this.accept(heard.sample);
    else this.tell(heard.event, heard.fields);
    this.judge(undefined);
  }

  private tell(name: string, fields: JsonObject): void {
    const { id, driver } = this.settings;
    const lane = driver.events[name]?.lane ?? 'b';
    this.world.intake.event({
      kind: 'event',
      lane,
      subject: id,
      name,
      fields,
      stamp: this.world.clock.now(),
    });
  }

  private accept(sample: Sample): readonly Reading[] {
    const { id, simulated } = this.settings;
    const { readings, wrong } = readingsOf(
      sample,
      { id, points: this.points, simulated },
      this.world.clock.now(),
    );
    if (wrong.length)
      this.world.log.warn({ device: id, points: wrong }, 'driver gave values it does not declare');
    for (const reading of readings) this.last.set(reading.point, reading);
    const outside = readings.filter(({ quality }) => quality === 'out-of-range');
    if (outside.length) {
      const evidence = outside.map(({ point, value }) => `${point} ${value}`).join(', ');
      this.world.health.raise('device-suspect', id, evidence);
    } else if (readings.length) this.world.health.clear('device-suspect', id);
    this.world.intake.readings(readings);
    return readings;
  }

  private judge(fault: Fault | undefined): void {
    const { up } = this.world.clock.now();
    if (fault) this.failed += 1;
    const { state, edge } = supervise(this.state, fault ? { up, fault: fault.code } : { up });
    this.state = state;
    if (edge) this.passage(edge, fault);
  }

  private passage(edge: Edge, fault: Fault | undefined): void {
    const { id, bus } = this.settings;
    const stamp = this.world.clock.now();
    if (edge === 'up') {
      this.world.health.clear('device-down', id);
      this.world.intake.event({
        kind: 'event',
        lane: 'b',
        subject: id,
        name: 'device-up',
        fields: { bus },
        stamp,
      });
      return;
    }
    const code = fault?.code ?? 'internal';
    this.world.health.raise('device-down', id, fault?.message ?? '');
    this.world.log.warn({ device: id, bus, fault: code }, 'device is down');
    const fields = { bus, fault: code, text: fault?.message ?? '' };
    this.world.intake.event({ kind: 'event', lane: 'b', subject: id, name: 'device-down', fields, stamp });
    // What was known is now only what was known then: each value once more, with its own time.
    const stale = [...this.last.values()].map((reading): Reading => ({ ...reading, quality: 'stale' }));
    for (const reading of stale) this.last.set(reading.point, reading);
    this.world.intake.readings(stale);
  }
}
