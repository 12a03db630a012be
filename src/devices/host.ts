import { linked, withTimeout } from '../clock/index.ts';
import type { ActResult, CommandSpec, Session } from '../contracts/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import { checkArgs } from '../kit/index.ts';
import type { JsonObject, Millis, PointSpecs, Reading } from '../model/index.ts';
import { Hands } from './acting.ts';
import { Listening } from './listening.ts';
import { Looks } from './looks.ts';
import { MARKS, Perception } from './perception.ts';
import { Polling } from './polling.ts';
import { Pulses } from './pulses.ts';
import { restOwed } from './resting.ts';
import type { AnyLink, DeviceSettings, DeviceWorld } from './settings.ts';
import type { Condition, DeviceStatus } from './supervise.ts';
import { telling } from './warming.ts';

/** Longest a stopping device is waited for, before its outputs are brought to rest (2.5 s more at most). */
const CLOSE_MS: Millis = 2000;
/** So long the ends of pulses are tried before the outputs are brought to rest anyhow. */
const PULSES_MS: Millis = 1000;
/** A loop that ended by a mistake of ours is begun again after this. */
const MISHAP_MS: Millis = 1000;

export interface DeviceView {
  readonly id: string;
  readonly name: string | undefined;
  readonly zone: string | undefined;
  readonly bus: string;
  readonly unit: number | undefined;
  readonly driver: string;
  readonly status: DeviceStatus;
  readonly since_up: Millis;
  /** Fault code; '' while it is well. */
  readonly cause: string;
  /** Looks taken, or things heard of a device that speaks first. */
  readonly polls: number;
  /** Looks that were due while the one before still ran. */
  readonly missed: number;
  readonly failures: number;
  /** Values and events dropped since the driver does not declare them. */
  readonly rejected: number;
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
  private readonly perception: Perception;
  private readonly looks: Looks | undefined;
  private readonly polling: Polling | undefined;
  private readonly listening: Listening | undefined;
  private readonly hands: Hands | undefined;
  private readonly pulses: Pulses | undefined;
  private readonly stop = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private closing: Promise<void> | undefined;

  constructor(
    settings: DeviceSettings,
    wire: { readonly link: AnyLink; readonly place: { readonly index: number; readonly of: number } },
    world: DeviceWorld,
  ) {
    this.settings = settings;
    this.world = world;
    this.points = settings.driver.points(settings.options);
    // The roster gives the link kind that the driver names; the index has forgotten it.
    const session = settings.driver.open(wire.link as never, settings.options);
    this.perception = new Perception(settings, this.points, world);
    this.session = telling(session, {
      started: () => this.perception.started(),
      tell: (event, fields, mark) => this.perception.tell(event, fields, { mark }),
      mark: async () => world.state?.get(MARKS, settings.id),
    });
    const { sample, watch } = this.session;
    // Calls of a session never overlap: who listens does not ask.
    if (watch)
      this.listening = new Listening({ settings, watch, perception: this.perception }, this.points, world);
    else if (sample) {
      this.looks = new Looks(settings.id, sample, world);
      this.polling = new Polling(
        { settings, looks: this.looks, perception: this.perception },
        wire.place,
        world,
      );
    }
    if (!this.session.act) return;
    this.hands = new Hands(settings, this.session, world);
    const { hands, perception } = this;
    this.pulses = new Pulses({ settings, hands, perception, onEnd: () => this.polling?.lookSoon() }, world);
  }

  start(): void {
    const { signal } = this.stop;
    this.running = this.run(signal);
  }

  /** What a command is, its arguments checked. Throws command.unknown, command.bad-args. */
  commandNamed(name: string, args: JsonObject): CommandSpec {
    const { id, driver } = this.settings;
    checkArgs({ target: id, name, args }, driver.commands);
    const spec = driver.commands[name];
    if (!spec || !this.pulses) throw new Fault('command.unknown', { target: id, name, known: 'none' });
    return spec;
  }

  /**
   * A declared command, at once and once: it passes every queued poll and waits for nothing but its own bus. Throws command.unknown,
   * command.bad-args and device.closed; what the device or the bus does ends as a result. Then the device is looked at. `field`: nobody waits for
   * it, so it stands behind commands, and makes room for one that comes to the same device.
   */
  async act(
    name: string,
    args: JsonObject,
    options: { readonly signal?: AbortSignal; readonly priority?: 'command' | 'field' } = {},
  ): Promise<ActResult> {
    this.assertOpen();
    const { id, driver } = this.settings;
    const checked = checkArgs({ target: id, name, args }, driver.commands);
    if (!this.pulses) throw new Fault('command.unknown', { target: id, name, known: 'none' });
    const { signal, release } = this.until(options.signal);
    const { priority = 'command' } = options;
    const result = await this.pulses.act(name, checked, { signal, priority }).finally(release);
    this.polling?.lookSoon();
    // Of a device that cannot be looked at, commands are all that is ever heard.
    if (!this.polling && !this.listening && result.result === 'done') this.perception.judge(undefined);
    return result;
  }

  /** A technician's look, now; what is seen is kept like any reading. For a device that speaks first: what it said last. */
  async read(options: { readonly signal?: AbortSignal } = {}): Promise<readonly Reading[]> {
    this.assertOpen();
    if (!this.looks) return this.perception.last();
    const { signal, release } = this.until(options.signal);
    try {
      const sample = await this.looks.take('field', signal);
      this.assertOpen();
      return this.perception.perceive(sample);
    } catch (error) {
      if (!signal.aborted) this.perception.judge(error);
      throw error;
    } finally {
      release();
    }
  }

  get condition(): Condition {
    return this.perception.condition;
  }

  /** When it last said anything, be it of use or not; undefined: not since the start. */
  get heard_up(): Millis | undefined {
    return this.perception.heard_up;
  }

  /** What it told last of a point. */
  last(point: string): Reading | undefined {
    return this.perception.last().find((reading) => reading.point === point);
  }

  /** It has got its power back now: it begins to measure, and is worth a look. */
  powered(): void {
    this.perception.started();
    this.polling?.lookSoon();
  }

  /** Ends what this process times and brings every output to its safe state. A device without outputs has nothing to do. */
  async rest(): Promise<void> {
    await this.endPulses();
    await this.hands?.rest();
  }

  view(): DeviceView {
    const { id, name, zone, bus, unit, driver } = this.settings;
    return {
      ...{ id, name, zone, bus, unit, driver: driver.id },
      ...this.perception.view(),
      polls: this.looks?.taken ?? this.listening?.heard ?? 0,
      missed: this.polling?.missed ?? 0,
      commands: Object.keys(driver.commands),
    };
  }

  /** Within 5 s, even if the session hangs: it is left behind, told nothing and heard no more. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    const { id, rest_at_stop } = this.settings;
    this.perception.hush();
    const late = () => new Fault('device.closed', { device: id });
    this.stop.abort(late());
    // A relay that nobody else ends is brought back whatever becomes of it afterwards.
    const [ended] = await Promise.all([
      this.endPulses(),
      withTimeout(this.world.clock, { name: `${id} close`, ms: CLOSE_MS, late }, () => this.running).catch(
        () => {},
      ),
    ]);
    this.pulses?.abandon();
    if (!ended)
      this.world.log.error({ device: id }, 'a pulse could not be ended; its output may still be on');
    if (rest_at_stop) await this.restOrTell();
    this.world.heartbeat?.beat(`device ${id}`, Number.POSITIVE_INFINITY);
  }

  private async run(signal: AbortSignal): Promise<void> {
    const { hands, perception, settings, world } = this;
    const rested = hands ? restOwed({ hands, perception, settings }, world, signal) : Promise.resolve();
    await Promise.all([this.perceive(signal), this.heedNudges(signal), rested]);
  }

  /** A device that says by itself that it is worth a look is looked at, at once. */
  private async heedNudges(signal: AbortSignal): Promise<void> {
    const { nudges } = this.session;
    while (nudges && !signal.aborted) {
      try {
        for await (const _ of nudges({ signal, priority: 'poll' })) this.polling?.lookSoon();
      } catch {
        // The wire is not there; what was missed meanwhile a look will find.
      }
      await this.world.clock.sleep(`${this.settings.id} nudges`, MISHAP_MS, signal).catch(() => {});
    }
  }

  private async perceive(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await (this.listening ?? this.polling)?.run(signal);
        return;
      } catch (error) {
        const { id } = this.settings;
        this.world.log.error({ device: id, fault: asFault(error) }, 'device loop broke and is begun again');
        await this.world.clock.sleep(`${id} mishap`, MISHAP_MS, signal).catch(() => {});
      }
    }
  }

  /** Ends what this process times, within a second; whether each has come true. */
  async endPulses(): Promise<boolean> {
    if (!this.pulses) return true;
    const enough = new AbortController();
    const ended = new AbortController();
    const { clock } = this.world;
    clock.sleep(`${this.settings.id} pulses end`, PULSES_MS, ended.signal).then(
      () => enough.abort(),
      () => {},
    );
    return this.pulses.endAll(enough.signal).finally(() => ended.abort());
  }

  private async restOrTell(): Promise<void> {
    try {
      await this.hands?.rest();
    } catch (error) {
      const { id } = this.settings;
      this.world.log.error({ device: id, fault: asFault(error) }, 'outputs may not be in their safe state');
    }
  }

  /** A call lasts until its caller or this host has had enough. */
  private until(caller: AbortSignal | undefined): { readonly signal: AbortSignal; release(): void } {
    const { controller, release } = linked(this.stop.signal, ...(caller ? [caller] : []));
    return { signal: controller.signal, release };
  }

  private assertOpen(): void {
    if (this.stop.signal.aborted) throw new Fault('device.closed', { device: this.settings.id });
  }
}
