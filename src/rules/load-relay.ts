import type { Millis } from '../model/index.ts';

/** A relay that does not stand as it was told is told again after these, the last one for ever. */
const AGAIN_MS: readonly Millis[] = [5000, 15_000, 60_000, 300_000];
/** One that has stood right for so long is no longer held against it. */
const STEADY_MS: Millis = 600_000;
/** A command of a door went first. */
const WAY_MS: Millis = 500;

/** How telling it went. `made-way`: nothing was sent. */
export type ToldResult = 'done' | 'failed' | 'unknown' | 'made-way';

/**
 * When one relay of a load is told, and whether it obeys. Pure: readings, results and time (`up`) are handed in. A relay that is shown is told
 * only after its state was read, first and again; of one that nothing shows the answer of the board is all there is.
 */
export class LoadRelay {
  private readonly shows: boolean;
  private want: boolean | undefined;
  private seen: { readonly on: boolean; readonly up: Millis } | undefined;
  private last: { readonly on: boolean; readonly up: Millis; readonly result: ToldResult } | undefined;
  private tries = 0;
  private free_up: Millis = Number.NEGATIVE_INFINITY;
  private right_up: Millis | undefined;

  /** `shows`: its board tells how it stands. */
  constructor(shows: boolean) {
    this.shows = shows;
  }

  /** How the load is to be; undefined: as it is. */
  wish(on: boolean | undefined): void {
    if (on === this.want) return;
    this.want = on;
    this.tries = 0;
    this.right_up = undefined;
    if (on !== this.last?.on) this.free_up = Number.NEGATIVE_INFINITY;
  }

  /** As the board shows it; undefined: nobody can tell now. */
  see(on: boolean | undefined, up: Millis): void {
    this.seen = on === undefined ? undefined : { on, up };
    if (on !== this.want || on === undefined) {
      this.right_up = undefined;
      return;
    }
    this.right_up ??= up;
    if (up - this.right_up >= STEADY_MS) this.tries = 0;
  }

  /** Its board was away and may stand anyhow: that is no disobedience. */
  back(): void {
    this.last = undefined;
  }

  told(on: boolean, result: ToldResult, up: Millis): void {
    if (result === 'made-way') {
      this.free_up = up + WAY_MS;
      return;
    }
    this.last = { on, result, up };
    this.free_up = up + (AGAIN_MS[Math.min(this.tries, AGAIN_MS.length - 1)] ?? 0);
    this.tries += 1;
  }

  /** Whether it is on, as far as can be told. */
  get on(): boolean | undefined {
    if (this.shows) return this.seen?.on;
    return this.last?.result === 'done' ? this.last.on : undefined;
  }

  /** It was told, and does not stand so. */
  get wrong(): boolean {
    const { want, last, seen } = this;
    if (want === undefined || last?.on !== want) return false;
    if (!this.shows) return last.result !== 'done';
    return seen !== undefined && seen.on !== want && seen.up > last.up;
  }

  /** It is as it is to be. */
  get right(): boolean {
    return this.want === undefined || this.on === this.want;
  }

  /** What it is to be told now; undefined: nothing. */
  due(up: Millis): boolean | undefined {
    const { want } = this;
    return want !== undefined && this.asks && up >= this.free_up ? want : undefined;
  }

  /** When it may be told something; Infinity: not by time alone. */
  get due_up(): Millis {
    return this.asks ? this.free_up : Number.POSITIVE_INFINITY;
  }

  private get asks(): boolean {
    if (this.want === undefined || this.on === this.want) return false;
    // Nothing is told to a board that is not heard of, and nothing again before it was looked at.
    if (this.shows && !this.seen) return false;
    return this.last?.on !== this.want || this.wrong;
  }
}
