import type { CheckedSupply } from '../config/index.ts';
import type { ActResult, Clock } from '../contracts/index.ts';
import type { DeviceHost } from '../devices/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import type { JsonObject, Millis } from '../model/index.ts';

interface FeedWorld {
  readonly clock: Clock;
  /** undefined: it could not be opened. */
  readonly host: (id: string) => Pick<DeviceHost, 'condition' | 'last' | 'act'> | undefined;
}

/** A relay that makes room for a command is told again; so often. */
const MOST_WAYS = 10;
const WAY_MS: Millis = 1000;
/** A supply that does not come back is given again after these. */
const AGAIN_MS: readonly Millis[] = [500, 1000, 2000, 5000, 10_000, 30_000];

/** The relay that a supply goes through: how it stands, and how it is moved. */
export class Feed {
  private readonly plan: Pick<CheckedSupply, 'config' | 'cut' | 'give' | 'shown'>;
  private readonly world: FeedWorld;
  private stands: boolean | undefined;
  /** How it stood when the relay board was heard of last. */
  private stood: boolean | undefined;

  constructor(plan: Pick<CheckedSupply, 'config' | 'cut' | 'give' | 'shown'>, world: FeedWorld) {
    this.plan = plan;
    this.world = world;
  }

  /** Whether the supply is on, by the last look; undefined while the relay board is not heard of. */
  get on(): boolean | undefined {
    return this.stands;
  }

  /**
   * Once a second. Why the supply must be given now, if it must: it is off though nobody of this run wanted that, since the run before ended
   * that way, or since the relay board has lost its own power. What somebody has switched off is left to him.
   */
  watch(moving: boolean): 'start' | 'relay-was-off' | undefined {
    const before = this.stands;
    const { stood } = this;
    this.stands = this.lookAt();
    if (this.stands === undefined) return undefined;
    this.stood = this.stands;
    if (before !== undefined || this.stands || moving || stood === false) return undefined;
    return stood === undefined ? 'start' : 'relay-was-off';
  }

  /** Cuts it, behind every command. */
  cut(signal: AbortSignal): Promise<ActResult> {
    return this.move(this.plan.cut, signal);
  }

  /** Gives it, until the relay board confirms that or the signal aborts. `stuck` hears what is wrong each time. */
  async give(signal: AbortSignal, stuck: (evidence: string) => void): Promise<void> {
    const { id, relay, channel } = this.plan.config;
    for (let tries = 0; !signal.aborted; tries += 1) {
      const { result, facts } = await this.move(this.plan.give, signal);
      if (result === 'done' || signal.aborted) return;
      stuck(`relay ${channel} of ${relay}: ${String(facts.text ?? facts.fault ?? result)}`);
      const wait_ms = AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)] ?? 0;
      await this.world.clock.sleep(`${id} is given`, wait_ms, signal).catch(ignore);
    }
  }

  private lookAt(): boolean | undefined {
    const { config, shown } = this.plan;
    const host = this.world.host(config.relay);
    const reading = host?.condition === 'well' ? host.last(shown.point) : undefined;
    const isNow = typeof reading?.value === 'boolean' && reading.quality !== 'stale';
    return isNow ? reading.value !== shown.cut : undefined;
  }

  /** Again when a command went first. */
  private async move(
    { name, args }: { readonly name: string; readonly args: JsonObject },
    signal: AbortSignal,
  ): Promise<ActResult> {
    for (let ways = 1; ; ways += 1) {
      const result = await this.moveOnce(name, args, signal);
      const { fault } = result.facts;
      const madeWay = result.result === 'failed' && fault === 'device.made-way';
      if (!madeWay || ways === MOST_WAYS || signal.aborted) return result;
      await this.world.clock.sleep(`${this.plan.config.id} made way`, WAY_MS, signal).catch(ignore);
    }
  }

  private async moveOnce(name: string, args: JsonObject, signal: AbortSignal): Promise<ActResult> {
    const { relay } = this.plan.config;
    try {
      const host = this.world.host(relay);
      if (!host) throw new Fault('device.closed', { device: relay });
      return await host.act(name, args, { signal, priority: 'field' });
    } catch (error) {
      const { code, message } = asFault(error);
      return { result: 'failed', facts: { fault: code, text: message } };
    }
  }
}

const ignore = (): void => {};
