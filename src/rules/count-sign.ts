import type { Millis } from '../model/index.ts';

/** What a count sign is to show. */
export interface SignCount {
  readonly count: number;
  readonly colour: 'green' | 'yellow' | 'red';
}

export interface SignRules {
  /** Up to so many it is yellow; 0 is red. */
  readonly few: number;
  /** It is shown again after so long; Infinity: never. */
  readonly refresh_ms: Millis;
}

const FIRST_RETRY_MS: Millis = 5000;
const LAST_RETRY_MS: Millis = 60_000;

/** Free bays only: one that is unknown is not offered. */
const signCount = (free: number, few: number): SignCount => ({
  count: free,
  colour: free === 0 ? 'red' : free <= few ? 'yellow' : 'green',
});

/**
 * Decides when a sign is written: when its count changes, when it comes back, when writing failed (after 5, 10, 20, 40, 60 s), and now and then
 * since a sign that lost its power does not tell. Else never. Times are `up`.
 */
export class CountSign {
  private readonly rules: SignRules;
  private wanted: SignCount | undefined;
  private shown: SignCount | undefined;
  private due_up: Millis = Number.POSITIVE_INFINITY;
  private retry_ms: Millis = FIRST_RETRY_MS;

  constructor(rules: SignRules) {
    this.rules = rules;
  }

  /** The count as it is now; undefined: not known yet, so nothing is shown. */
  want(free: number | undefined, up: Millis): void {
    if (free === undefined) return;
    const wanted = signCount(free, this.rules.few);
    if (same(wanted, this.wanted)) return;
    this.wanted = wanted;
    // What it shows already need not be written; while it cannot be written it is not tried more often for that.
    if (this.shown && same(wanted, this.shown)) this.due_up = up + this.rules.refresh_ms;
    else if (this.retry_ms === FIRST_RETRY_MS) this.due_up = up;
  }

  /** It was away and is back: nobody knows what it shows. */
  back(up: Millis): void {
    this.shown = undefined;
    this.retry_ms = FIRST_RETRY_MS;
    if (this.wanted) this.due_up = up;
  }

  /** What is to be written now; undefined: nothing. */
  due(up: Millis): SignCount | undefined {
    return up >= this.due_up ? this.wanted : undefined;
  }

  /** How writing it went. */
  wrote(count: SignCount, done: boolean, up: Millis): void {
    if (!done) {
      this.shown = undefined;
      this.due_up = up + this.retry_ms;
      this.retry_ms = Math.min(LAST_RETRY_MS, 2 * this.retry_ms);
      return;
    }
    this.shown = count;
    this.retry_ms = FIRST_RETRY_MS;
    this.due_up = same(count, this.wanted) ? up + this.rules.refresh_ms : up;
  }
}

const same = (x: SignCount, y: SignCount | undefined): boolean =>
  x.count === y?.count && x.colour === y.colour;
