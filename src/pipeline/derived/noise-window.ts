import type { JsonObject, Millis, Stamp } from '../../model/index.ts';
import { LevelCounts } from './level-counts.ts';
import { levelOf } from './levels.ts';
import { type Moment, numberOr } from './maker.ts';

/** A shorter one is no window: its end is that of the next. */
const SHORTEST_MS: Millis = 1000;

/** What a window came to. */
export interface WindowResult {
  /** Share of the whole length that was measured. */
  readonly complete: number;
  readonly laeq: number | undefined;
  readonly max: number | undefined;
  readonly counts: LevelCounts;
}

/**
 * One window after the other on the monotonic clock. Their ends lie on multiples of their length: of the time of day where it is known when
 * a window begins, of the time since boot otherwise. So a first one, and one in which the clock was set, may be shorter; its share says it.
 */
export class NoiseWindow {
  private readonly length_ms: Millis;
  private readonly counts = new LevelCounts();
  private begin_up = 0;
  private end = Number.POSITIVE_INFINITY;
  private power_ms = 0;
  private covered_ms = 0;
  private max: number | undefined;

  constructor(length_ms: Millis) {
    this.length_ms = length_ms;
  }

  get end_up(): Millis {
    return this.end;
  }

  begin(up: Millis, offset_ms: number | undefined): void {
    const at = up + (offset_ms ?? 0);
    const into = at - Math.floor(at / this.length_ms) * this.length_ms;
    const left = this.length_ms - into;
    this.begin_up = up;
    this.end = up + (left < SHORTEST_MS ? left + this.length_ms : left);
    this.power_ms = 0;
    this.covered_ms = 0;
    this.max = undefined;
    this.counts.clear();
  }

  add(power: number, ms: Millis): void {
    this.power_ms += power * ms;
    this.covered_ms += ms;
  }

  see(level: number): void {
    this.counts.add(level);
    if (this.max === undefined || level > this.max) this.max = level;
  }

  result(): WindowResult {
    return {
      complete: this.covered_ms / this.length_ms,
      laeq: this.covered_ms > 0 ? levelOf(this.power_ms / this.covered_ms) : undefined,
      max: this.max,
      counts: this.counts,
    };
  }

  save(boot: string, offset_ms: number | undefined): JsonObject {
    return {
      boot,
      begin: Math.round(this.begin_up),
      end: this.end,
      ...(offset_ms !== undefined && { until: Math.round(this.end + offset_ms) }),
      power: Number(this.power_ms.toPrecision(12)),
      covered: Math.round(this.covered_ms),
      ...(this.max !== undefined && { max: this.max }),
      counts: this.counts.save(),
    };
  }

  /** Takes an earlier one up again; false: it was over by then, and `result` is what it came to. */
  restore(saved: JsonObject, now: Moment): boolean {
    const { stamp, offset_ms } = now;
    this.begin_up = numberOr(saved.begin, stamp.up);
    this.power_ms = numberOr(saved.power, 0);
    this.covered_ms = numberOr(saved.covered, 0);
    this.max = typeof saved.max === 'number' ? saved.max : undefined;
    this.counts.restore(typeof saved.counts === 'string' ? saved.counts : '');
    this.end = endNow(saved, stamp, offset_ms);
    return stamp.up < this.end;
  }
}

/** Of another boot only the time of day tells when it ends; who does not know it takes it as over. */
function endNow(saved: JsonObject, { boot, up }: Stamp, offset_ms: number | undefined): Millis {
  if (saved.boot === boot) return numberOr(saved.end, up);
  if (offset_ms === undefined || typeof saved.until !== 'number') return up;
  return saved.until - offset_ms;
}
