import type { Millis } from '../../model/index.ts';

/**
 * One input whose chip does not debounce: a level counts when it has lasted for `ms`. Pure: times are those of the edges, and `settle` is
 * asked when nothing more came.
 */
export class Debounce {
  private readonly ms: Millis;
  private on: boolean;
  private candidate: { readonly on: boolean; readonly up: Millis } | undefined;
  private flips = 0;

  constructor(ms: Millis, on: boolean) {
    this.ms = ms;
    this.on = on;
  }

  /** An edge; gives the change that the time before it has settled, if any. */
  edge(on: boolean, up: Millis): Settled | undefined {
    const settled = this.settle(up);
    if (on === this.on) {
      // Back before it counted: both edges were a bounce.
      if (this.candidate) this.flips += 1;
      this.candidate = undefined;
    } else {
      if (this.candidate) this.flips += 1;
      this.candidate ??= { on, up };
    }
    return settled;
  }

  /** A look at the level, while nothing is under way: an edge that was missed is made up for. */
  seen(on: boolean): void {
    if (!this.candidate) this.on = on;
  }

  /** It is `up` now: the change that has lasted long enough, by the time it began. */
  settle(up: Millis): Settled | undefined {
    const { candidate } = this;
    if (!candidate || up - candidate.up < this.ms) return undefined;
    const bounces = this.flips;
    this.on = candidate.on;
    this.candidate = undefined;
    this.flips = 0;
    return { ...candidate, bounces };
  }

  /** When `settle` is worth asking; undefined: nothing is under way. */
  due(): Millis | undefined {
    return this.candidate && this.candidate.up + this.ms;
  }
}

export interface Settled {
  readonly on: boolean;
  readonly up: Millis;
  readonly bounces: number;
}
