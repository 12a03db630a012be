import { linked, withTimeout } from '../clock/index.ts';
import type { Acting, ActResult, Call, CommandSpec } from '../contracts/index.ts';
import { asFault, Fault, isFault } from '../faults/index.ts';
import type { JsonObject, Millis } from '../model/index.ts';
import type { DeviceSettings, DeviceWorld } from './settings.ts';
import { Turns } from './turns.ts';

/** Buses bound every exchange; a command that takes longer is left to its fate. */
const LONGEST_MS: Millis = 10_000;
const REST_MS: Millis = 2000;
/** The way to the safe state waits so long for a command under way, then goes past it. */
const MANNERS_MS: Millis = 500;

type Wish = Pick<Call, 'signal' | 'priority'> & {
  /** Aborts when it is to make room. */
  readonly yielding?: AbortSignal;
};

/**
 * Commands of one device: at once and once. From `act` to the wire nothing is waited for but an earlier command of the same device:
 * no store, no uplink, no other bus; the session's own `act` is entered within the same turn of the event loop.
 */
export class Hands {
  private readonly settings: DeviceSettings;
  private readonly session: Acting;
  private readonly world: DeviceWorld;
  private readonly turns = new Turns();
  private resting: Promise<void> | undefined;
  /** Commands nobody waits for, that have not ended. */
  private readonly patient = new Set<AbortController>();
  private debt: boolean;

  constructor(settings: DeviceSettings, session: Acting, world: DeviceWorld) {
    this.settings = settings;
    this.session = session;
    this.world = world;
    this.debt = settings.rest_at_start;
  }

  /** The run before did not end cleanly, and the outputs have not been at rest since. */
  get owesRest(): boolean {
    return this.debt;
  }

  /**
   * Never repeated. What the device or the bus does ends as a result; rejects only when `signal` aborted before anything was sent. With
   * priority `field` it makes room for a command that comes later, unless it is on the wire already: then it has failed with device.made-way.
   */
  async act(name: string, args: JsonObject, { signal, priority }: Wish): Promise<ActResult> {
    if (priority === 'field') return this.actPatiently(name, args, signal);
    const { id } = this.settings;
    for (const waiting of this.patient) waiting.abort(new Fault('device.made-way', { device: id, name }));
    await this.turns.take(signal);
    return this.actInTurn(name, args, { signal, priority });
  }

  private async actPatiently(name: string, args: JsonObject, signal: AbortSignal): Promise<ActResult> {
    const yielding = new AbortController();
    const { controller, release } = linked(signal, yielding.signal);
    this.patient.add(yielding);
    try {
      await this.turns.take(controller.signal);
      return await this.actInTurn(name, args, { signal, priority: 'field', yielding: yielding.signal });
    } catch (error) {
      if (!isFault(error, 'device.made-way')) throw error;
      return { result: 'failed', facts: { fault: error.code, text: error.message, sent: false } };
    } finally {
      this.patient.delete(yielding);
      release();
    }
  }

  private async actInTurn(name: string, args: JsonObject, wish: Wish): Promise<ActResult> {
    try {
      // When that fails the command goes all the same: a door may have to open.
      if (this.debt) await this.bringToRest().catch(ignore);
      wish.signal.throwIfAborted();
      wish.yielding?.throwIfAborted();
      return await this.actNow(name, args, wish);
    } finally {
      this.turns.giveBack();
    }
  }

  /**
   * The second step of a pulse: it passes whatever waits, and a command that does not end. Whoever no longer wants it withdraws it by
   * `signal` until it is sent. Never rejects.
   */
  async end(name: string, args: JsonObject, signal: AbortSignal): Promise<ActResult> {
    await this.manners();
    try {
      if (signal.aborted) return { result: 'failed', facts: { sent: false } };
      return await this.actNow(name, args, { signal: new AbortController().signal, priority: 'urgent' });
    } catch (error) {
      return resultOf(asFault(error), this.settings.driver.commands[name]);
    } finally {
      this.turns.giveBack();
    }
  }

  /** Every output to its safe state; device.rest-late when that takes too long. */
  rest(): Promise<void> {
    this.resting ??= this.inTurn(() => this.bringToRest()).finally(() => {
      this.resting = undefined;
    });
    return this.resting;
  }

  /** The same, unless it is no longer owed when its turn comes. */
  settle(): Promise<void> {
    return this.inTurn(async () => {
      if (this.debt) await this.bringToRest();
    });
  }

  private async actNow(
    name: string,
    args: JsonObject,
    { signal, priority, yielding }: Wish,
  ): Promise<ActResult> {
    const { id, driver } = this.settings;
    const spec = driver.commands[name];
    const late = () => new Fault('device.hung', { device: id, what: name, ms: LONGEST_MS });
    const span = { name: `${id} ${name}`, ms: LONGEST_MS, signal, late };
    try {
      const result = await withTimeout(this.world.clock, span, async (bounded) => {
        // The session knows whether it had been sent, so it is the session that ends.
        const { controller, release } = linked(bounded, ...(yielding ? [yielding] : []));
        return this.session.act(name, args, { signal: controller.signal, priority }).finally(release);
      });
      // Somebody has set the outputs since, and knows why: that is not undone.
      if (spec?.actuates && result.result === 'done') this.debt = false;
      return result;
    } catch (error) {
      const fault = asFault(error);
      if (fault.code === 'command.bad-args') throw new Fault(fault.code, { ...fault.facts, target: id });
      return resultOf(fault, spec);
    }
  }

  private async inTurn(work: () => Promise<void>): Promise<void> {
    await this.manners();
    try {
      await work();
    } finally {
      this.turns.giveBack();
    }
  }

  private async bringToRest(): Promise<void> {
    const { id } = this.settings;
    const late = () => new Fault('device.rest-late', { device: id, ms: REST_MS });
    await withTimeout(this.world.clock, { name: `${id} rest`, ms: REST_MS, late }, (signal) =>
      this.session.rest({ signal, priority: 'command' }),
    );
    this.debt = false;
  }

  /** Takes the next turn, or after a while goes past a command that does not end. */
  private async manners(): Promise<void> {
    const enough = new AbortController();
    const taken = new AbortController();
    const patience = this.world.clock.sleep(`${this.settings.id} rest waits`, MANNERS_MS, taken.signal);
    patience.then(() => enough.abort(), ignore);
    await this.turns.take(enough.signal, 'next').catch(() => this.turns.barge());
    taken.abort();
  }
}

/** A command that left and was not answered may have acted: `unknown`, never a second try. */
function resultOf(fault: Fault, spec: CommandSpec | undefined): ActResult {
  const result = spec?.actuates && !surelyNot(fault) ? 'unknown' : 'failed';
  return { result, facts: { fault: fault.code, text: fault.message } };
}

/** The unit refused it, or no byte of it left. */
const surelyNot = ({ code, facts }: Fault): boolean =>
  facts.sent === false ||
  code === 'bus.exception' ||
  code === 'bus.bad-request' ||
  code === 'command.unknown' ||
  (code === 'bus.unit-off' && facts.sent !== true);

const ignore = (): void => {};
