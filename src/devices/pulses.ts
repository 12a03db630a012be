import { linked } from '../clock/index.ts';
import type { ActResult, Call, CommandSpec } from '../contracts/index.ts';
import { withoutMillis } from '../kit/index.ts';
import type { JsonObject, Millis } from '../model/index.ts';
import type { Hands } from './acting.ts';
import type { Perception } from './perception.ts';
import type { DeviceSettings, DeviceWorld } from './settings.ts';

/** An output that should not be as it is cannot wait long; a mute unit costs its bus a timeout at every try. */
const AGAIN_MS: readonly Millis[] = [100, 200, 500, 1000, 2000, 5000, 10_000];
/** A board that acknowledges nothing is told so many times: one may be lost, and nobody would ever know. */
const TOLD_BLIND = 3;
/** Longest that ending one may take before the loop counts as stuck. */
const SLACK_MS: Millis = 120_000;

/** A command that the host times. */
type Timed = CommandSpec & { readonly steps: NonNullable<CommandSpec['steps']> };

type Wish = Pick<Call, 'signal' | 'priority'>;

/** A pulse that is under way: its output is to be brought back. */
interface Pulse {
  readonly key: string;
  readonly end: { readonly name: string; readonly args: JsonObject };
  due_up: Millis;
  /** How often its end was sent and has not come true. */
  tries: number;
  /** Aborts when it is over, by whoever ended it. */
  readonly over: AbortController;
  /** Ends what it sleeps for. */
  wake: () => void;
  ended: Promise<void>;
}

interface Parts {
  readonly settings: DeviceSettings;
  readonly hands: Hands;
  readonly perception: Perception;
  /** An output has moved by itself: the device is worth a look. */
  readonly onEnd: () => void;
}

/**
 * Pulses of outputs that have no timer of their own. The first step is sent as any command; the second one passes everything that waits, and is
 * tried until it has come true: it moves the output to one state, so a repeat does no harm. Time counts from the end of the first step, so
 * no pulse is shorter than it was asked for. Another pulse of the same output while one is under way makes it last until the later end of
 * both, as a board does that is told again; a plain `on` or `off` takes its place.
 */
export class Pulses {
  private readonly parts: Parts;
  private readonly world: DeviceWorld;
  private readonly running = new Map<string, Pulse>();
  private readonly beginning = new Set<Promise<unknown>>();
  /** None may last any longer: the device is being closed or brought to rest. */
  private ending = 0;

  constructor(parts: Parts, world: DeviceWorld) {
    this.parts = parts;
    this.world = world;
  }

  /** A declared command of any kind, its arguments checked. Rejects only when nothing was sent. */
  async act(name: string, args: JsonObject, call: Wish): Promise<ActResult> {
    const spec = this.parts.settings.driver.commands[name];
    if (spec?.steps) {
      const begun = this.pulse({ ...spec, steps: spec.steps }, args, call);
      this.beginning.add(begun);
      return begun.finally(() => this.beginning.delete(begun));
    }
    const result = await this.parts.hands.act(name, args, call);
    // Somebody has told the output to stay so: what was to happen to it later is no longer wanted.
    const pulse = this.running.get(keyOf(args));
    if (pulse && spec?.actuates && result.result === 'done') this.finish(pulse);
    return result;
  }

  /** Ends every pulse now, be its time over or not. False: `signal` aborted before each had come true. */
  async endAll(signal: AbortSignal): Promise<boolean> {
    this.ending += 1;
    const left = new Promise<false>((resolve) => {
      if (signal.aborted) resolve(false);
      signal.addEventListener('abort', () => resolve(false), { once: true });
    });
    const all = async (): Promise<true> => {
      // What may just have moved is still to be brought back.
      await Promise.allSettled(this.beginning);
      for (const pulse of this.running.values()) {
        pulse.due_up = this.world.clock.now().up;
        pulse.wake();
      }
      await Promise.all([...this.running.values()].map(({ ended }) => ended));
      return true;
    };
    return Promise.race([all(), left]).finally(() => {
      this.ending -= 1;
    });
  }

  /** The host is closed: nothing more is tried. */
  abandon(): void {
    for (const pulse of [...this.running.values()]) this.finish(pulse);
  }

  private async pulse(spec: Timed, args: JsonObject, call: Wish): Promise<ActResult> {
    const there = withoutMillis(args);
    const effective_ms = stepped(Number(args.ms), spec);
    const result = await this.parts.hands.act(spec.steps.begin, there, call);
    const { facts } = result;
    // Seen not to have moved, it may be slow; only what surely was not sent or was refused needs no end.
    if (result.result !== 'failed' || facts.evidence !== undefined)
      this.arm({ name: spec.steps.end, args: there }, effective_ms);
    return { ...result, facts: { ...facts, effective_ms, degraded: 'host-timed' } };
  }

  /** It has begun, or may have. */
  private arm(end: Pulse['end'], ms: Millis): void {
    const key = keyOf(end.args);
    const due_up = this.world.clock.now().up + (this.ending > 0 ? 0 : ms);
    const before = this.running.get(key);
    if (before?.end.name === end.name) {
      before.due_up = Math.max(before.due_up, due_up);
      return;
    }
    // The other way round: what was under way is over with it.
    if (before) this.finish(before);
    const over = new AbortController();
    const pulse = { key, end, due_up, tries: 0, over, wake: ignore, ended: Promise.resolve() };
    this.running.set(key, pulse);
    pulse.ended = this.untilOver(pulse);
  }

  private async untilOver(pulse: Pulse): Promise<void> {
    const { signal } = pulse.over;
    while (!signal.aborted) {
      const wait_ms = Math.max(0, pulse.due_up - this.world.clock.now().up);
      this.beat(wait_ms);
      if (wait_ms > 0) await this.pause('pulse', wait_ms, pulse);
      else if (await this.tryToEnd(pulse)) break;
      else if (!signal.aborted)
        await this.pause('pulse again', AGAIN_MS[Math.min(pulse.tries, AGAIN_MS.length) - 1] ?? 0, pulse);
    }
    if (!signal.aborted) this.parts.onEnd();
    this.finish(pulse);
  }

  /** Whether its output has been brought back, as far as the board can tell. */
  private async tryToEnd(pulse: Pulse): Promise<boolean> {
    const { id } = this.parts.settings;
    const { name, args } = pulse.end;
    const { result, facts } = await this.parts.hands.end(name, args, pulse.over.signal);
    if (result === 'done' || pulse.over.signal.aborted) return true;
    pulse.tries += 1;
    if (result === 'unknown' && facts.evidence === 'sent') return pulse.tries >= TOLD_BLIND;
    const why = String(facts.text ?? facts.fault ?? result);
    const evidence = `${name} ${JSON.stringify(args)} has not come true in ${pulse.tries} tries: ${why}`;
    this.world.health.raise('pulse-stuck', id, evidence);
    if (pulse.tries === 1)
      this.world.log.error({ device: id, command: name, args, why }, 'a pulse could not be ended yet');
    return false;
  }

  private finish(pulse: Pulse): void {
    pulse.over.abort();
    if (this.running.get(pulse.key) === pulse) this.running.delete(pulse.key);
    const others = [...this.running.values()];
    if (!others.some(({ tries }) => tries > 0))
      this.world.health.clear('pulse-stuck', this.parts.settings.id);
    if (others.length === 0) this.beat(Number.POSITIVE_INFINITY);
  }

  /** So long, or until there is a reason to look again: it is over, it must end now, the unit is heard of again. */
  private async pause(name: string, ms: Millis, pulse: Pulse): Promise<void> {
    const { controller, release } = linked(pulse.over.signal);
    pulse.wake = () => controller.abort();
    const forget = this.parts.perception.onceUp(pulse.wake);
    const { id } = this.parts.settings;
    await this.world.clock.sleep(`${id} ${name}`, ms, controller.signal).catch(ignore);
    pulse.wake = ignore;
    forget();
    release();
  }

  private beat(next_ms: Millis): void {
    this.world.heartbeat?.beat(`pulses of ${this.parts.settings.id}`, next_ms + SLACK_MS);
  }
}

/** Asked for → what is kept: rounded up to whole steps. */
const stepped = (ms: Millis, { step_ms = 1, max_ms = Number.POSITIVE_INFINITY }: CommandSpec): Millis =>
  Math.min(max_ms, Math.ceil(ms / step_ms) * step_ms);

/** The output that a command moves: all that it is told. */
const keyOf = (args: JsonObject): string =>
  JSON.stringify(Object.entries(args).sort(([one], [other]) => (one < other ? -1 : 1)));

const ignore = (): void => {};
