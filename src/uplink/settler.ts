import type { Acknowledged, Outbox } from '../contracts/index.ts';
import { addRange, type SeqRange } from '../model/index.ts';

/** Hands acknowledgements to the outbox, one call at a time; what comes meanwhile is merged, so that a fast drain does not cost a transaction per batch. */
export class Settler {
  private readonly outbox: Outbox;
  private readonly uplink: string;
  private waiting = new Map<string, Acknowledged>();
  private running: Promise<void> | undefined;

  constructor(outbox: Outbox, uplink: string) {
    this.outbox = outbox;
    this.uplink = uplink;
  }

  /** Resolves when this acknowledgement (and what it was merged with) is stored. */
  settle(ack: Acknowledged): Promise<void> {
    const key = `${ack.epoch} ${ack.lane}`;
    const before = this.waiting.get(key);
    const ranges = ack.ranges.reduce<SeqRange[]>(
      (all, range) => addRange(all, range),
      [...(before?.ranges ?? [])],
    );
    this.waiting.set(key, { ...ack, ranges, nacks: [...(before?.nacks ?? []), ...ack.nacks] });
    this.running ??= this.work().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async work(): Promise<void> {
    while (this.waiting.size > 0) {
      const now = [...this.waiting.values()];
      this.waiting = new Map();
      for (const ack of now) await this.outbox.settle(this.uplink, ack);
    }
  }
}
