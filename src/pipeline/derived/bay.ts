import type { Millis } from '../../model/index.ts';

export const BAY_STATES = ['free', 'occupied', 'unknown'] as const;
export type BayState = (typeof BAY_STATES)[number];

/**
 * What one look at a bay showed. `between`: within the hysteresis, where it speaks for what was known; `nothing`: no valid value;
 * `fault`: the detector or its device says that it does not know.
 */
export type Seen = 'free' | 'occupied' | 'between' | 'nothing' | 'fault';

export interface BayRules {
  /** A vehicle must be seen so long before the bay is occupied, and must be gone so long before it is free. */
  readonly enter_ms: Millis;
  readonly leave_ms: Millis;
  /** Looks that must agree in a row. */
  readonly samples: number;
  /** Without a valid value for so long the bay is unknown; Infinity: silence is no fault (contacts that only tell changes). */
  readonly unknown_after_ms: Millis;
  /** The detector forgets a vehicle after so long: presence that ends just then is no departure. Infinity: it does not. */
  readonly presence_limit_ms: Millis;
}

/** A detector's own timer is not that exact. */
const LIMIT_TOLERANCE = 0.02;
const LIMIT_SLACK_MS: Millis = 2000;

/**
 * One bay: free or occupied only when enough looks agree for long enough, unknown when nobody can say. Never free for want of news.
 * Before the first decision `state` is undefined. Times are `up`.
 */
export class Bay {
  private readonly rules: BayRules;
  private now: BayState | undefined;
  private wished: 'free' | 'occupied' | undefined;
  private wished_up = 0;
  private agreeing = 0;
  private valid_up: Millis;
  private occupied_up = 0;
  /** The detector forgot a vehicle: that nothing is there is not believed until it sees one again. */
  private forgot = false;

  constructor(rules: BayRules, up: Millis) {
    this.rules = rules;
    this.valid_up = up;
  }

  get state(): BayState | undefined {
    return this.now;
  }

  /** A look at the bay. True: its state has changed. */
  see(seen: Seen, up: Millis): boolean {
    if (seen === 'fault') return this.doubt();
    if (seen === 'nothing') return this.pass(up);
    this.valid_up = up;
    const means = seen === 'between' ? this.decided() : seen;
    if (means === undefined || means === this.now) {
      this.wished = undefined;
      return false;
    }
    if (means !== this.wished) {
      this.wished = means;
      this.wished_up = up;
      this.agreeing = 0;
    }
    this.agreeing += 1;
    return this.pass(up);
  }

  /** Time passes: what had to last has lasted, or nothing was heard too long. True: its state has changed. */
  pass(up: Millis): boolean {
    const { unknown_after_ms, samples } = this.rules;
    if (up - this.valid_up >= unknown_after_ms) return this.doubt();
    if (!this.wished || this.agreeing < samples) return false;
    const hold = this.wished === 'occupied' ? this.rules.enter_ms : this.rules.leave_ms;
    if (up - this.wished_up < hold) return false;
    return this.decide(this.wished);
  }

  private decided(): 'free' | 'occupied' | undefined {
    return this.now === 'unknown' ? undefined : this.now;
  }

  private decide(state: 'free' | 'occupied'): boolean {
    this.wished = undefined;
    if (state === 'occupied') {
      this.occupied_up = this.wished_up;
      this.forgot = false;
    } else if (this.now === 'occupied') this.forgot = this.endsAtLimit();
    return this.become(state === 'free' && this.forgot ? 'unknown' : state);
  }

  private endsAtLimit(): boolean {
    const { presence_limit_ms } = this.rules;
    if (!Number.isFinite(presence_limit_ms)) return false;
    const lasted = this.wished_up - this.occupied_up;
    return Math.abs(lasted - presence_limit_ms) <= presence_limit_ms * LIMIT_TOLERANCE + LIMIT_SLACK_MS;
  }

  private doubt(): boolean {
    this.wished = undefined;
    return this.become('unknown');
  }

  private become(state: BayState): boolean {
    const changed = state !== this.now;
    this.now = state;
    return changed;
  }
}
