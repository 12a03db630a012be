import { withTimeout } from '../clock/index.ts';
import type { Acting, ActResult, CommandSpec } from '../contracts/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import type { JsonObject, Millis } from '../model/index.ts';
import type { DeviceSettings, DeviceWorld } from './settings.ts';

/** Buses bound every exchange; a command that takes longer is left to its fate. */
const LONGEST_MS: Millis = 10_000;
const REST_MS: Millis = 2000;
/** The way to the safe state waits so long for a command under way, then goes past it. */
const MANNERS_MS: Millis = 500;

/**
 * Commands of one device: at once and once. From `act` to the wire nothing is waited for but an earlier command of the same device:
 * no store, no uplink, no other bus; the session's own `act` is entered within the same turn of the event loop.
 */
export class Hands {
  private readonly settings: DeviceSettings;
  private readonly session: Acting;
  private readonly world: DeviceWorld;
  private acting: Promise<void> | undefined;

  constructor(settings: DeviceSettings, session: Acting, world: DeviceWorld) {
    this.settings = settings;
    this.session = session;
    this.world = world;
  }

  /** Never repeated. What the device or the bus does ends as a result; rejects only when `signal` aborted before anything was sent. */
  async act(name: string, args: JsonObject, signal: AbortSignal): Promise<ActResult> {
    while (this.acting) await this.acting;
    signal.throwIfAborted();
    const { id, driver } = this.settings;
    const late = () => new Fault('device.hung', { device: id, what: name, ms: LONGEST_MS });
    const span = { name: `${id} ${name}`, ms: LONGEST_MS, signal, late };
    const run = withTimeout(this.world.clock, span, (bounded) =>
      this.session.act(name, args, { signal: bounded, priority: 'command' }),
    );
    const ended = run.then(ignore, ignore);
    this.acting = ended;
    try {
      return await run;
    } catch (error) {
      const fault = asFault(error);
      if (fault.code === 'command.bad-args') throw new Fault(fault.code, { ...fault.facts, target: id });
      return resultOf(fault, driver.commands[name]);
    } finally {
      if (this.acting === ended) this.acting = undefined;
    }
  }

  /** Every output to its safe state; device.rest-late when that takes too long. */
  async rest(): Promise<void> {
    const { id } = this.settings;
    await this.manners();
    const late = () => new Fault('device.rest-late', { device: id, ms: REST_MS });
    await withTimeout(this.world.clock, { name: `${id} rest`, ms: REST_MS, late }, (signal) =>
      this.session.rest({ signal, priority: 'command' }),
    );
  }

  private async manners(): Promise<void> {
    if (!this.acting) return;
    const enough = new AbortController();
    const patience = this.world.clock.sleep(`${this.settings.id} rest waits`, MANNERS_MS, enough.signal);
    await Promise.race([this.acting, patience.catch(ignore)]);
    enough.abort();
  }
}

/** A command that left and was not answered may have acted: `unknown`, never a second try. */
export function resultOf(fault: Fault, spec: CommandSpec | undefined): ActResult {
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
