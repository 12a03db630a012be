import { ticker } from '../clock/index.ts';
import type { SignConfig } from '../config/index.ts';
import type { ActResult, Clock, Log } from '../contracts/index.ts';
import { asFault } from '../faults/index.ts';
import type { EventEntry, JsonObject } from '../model/index.ts';
import { CountSign, type SignCount } from '../rules/index.ts';

interface SignsWorld {
  readonly clock: Clock;
  readonly log: Log;
  /** The ordinary way of a command to a device. */
  readonly act: (device: string, command: string, args: JsonObject) => Promise<ActResult>;
  /** Free bays of a derived parking; undefined: not known yet. */
  readonly free: (parking: string) => number | undefined;
}

interface Sign {
  readonly config: SignConfig;
  readonly rule: CountSign;
  writing: boolean;
  failing: boolean;
}

/** Count signs, driven from the counts of their zones. One never waits for another. */
export class Signs {
  private readonly signs: readonly Sign[];
  private readonly world: SignsWorld;

  constructor(configs: readonly SignConfig[], world: SignsWorld) {
    this.world = world;
    this.signs = configs.map((config) => {
      const { few, refresh_s } = config;
      const refresh_ms = refresh_s === 0 ? Number.POSITIVE_INFINITY : refresh_s * 1000;
      return { config, rule: new CountSign({ few, refresh_ms }), writing: false, failing: false };
    });
  }

  /** A device that came back may be a sign that shows nothing, or anything. */
  hear({ subject, name, stamp }: EventEntry): void {
    if (name !== 'device-up') return;
    for (const { config, rule } of this.signs) if (config.device === subject) rule.back(stamp.up);
  }

  async run(signal: AbortSignal): Promise<void> {
    if (this.signs.length === 0) return;
    for await (const _ of ticker(this.world.clock, { name: 'count signs', every_ms: 1000 }, signal)) {
      for (const sign of this.signs) this.look(sign);
    }
  }

  private look(sign: Sign): void {
    const { up } = this.world.clock.now();
    sign.rule.want(this.freeOf(sign), up);
    const count = sign.writing ? undefined : sign.rule.due(up);
    if (count) void this.write(sign, count);
  }

  private freeOf({ config }: Sign): number | undefined {
    let sum = 0;
    for (const id of config.parking) {
      const free = this.world.free(id);
      if (free === undefined) return undefined;
      sum += free;
    }
    return sum;
  }

  private async write(sign: Sign, count: SignCount): Promise<void> {
    sign.writing = true;
    const done = await this.show(sign, count);
    sign.writing = false;
    sign.rule.wrote(count, done, this.world.clock.now().up);
  }

  private async show(sign: Sign, { count, colour }: SignCount): Promise<boolean> {
    const { device } = sign.config;
    try {
      const { result, facts } = await this.world.act(device, 'show', { count, colour });
      this.tell(sign, result === 'done' ? undefined : { result, ...facts });
      return result === 'done';
    } catch (error) {
      const { code, message } = asFault(error);
      this.tell(sign, { fault: code, text: message });
      return false;
    }
  }

  /** Once when it begins and once when it ends. */
  private tell(sign: Sign, wrong: JsonObject | undefined): void {
    const failing = wrong !== undefined;
    if (failing === sign.failing) return;
    sign.failing = failing;
    const { device } = sign.config;
    if (wrong)
      this.world.log.warn({ device, ...wrong }, 'count sign does not take its count; it is tried again');
    else this.world.log.info({ device }, 'count sign takes its count again');
  }
}
