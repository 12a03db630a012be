import type { Millis } from '../../model/index.ts';

/** Above 19200 baud the silences are fixed (Modbus over serial line 1.02, 2.5.1.1). */
const FIXED_GAP_MS: Millis = 1.75;
/** After bytes that should not have been there, the line must be silent for so long: an adapter may bring the rest 16 ms later. */
const DISTRUST_MS: Millis = 20;
/** The longest frame there is. */
const LONGEST_FRAME = 256;
const PATIENCE_MS: Millis = 100;

/** The silent interval of 3.5 characters that separates frames. */
export function gapMillis(baud: number, bits_per_character: number): Millis {
  return baud > 19_200 ? FIXED_GAP_MS : (3.5 * Math.max(11, bits_per_character) * 1000) / baud;
}

/**
 * When the line may be used. It must have been silent for t3.5, and for the gap a unit asks for. A line that is never silent (floating
 * without bias, a unit that babbles) is used all the same after the time of the longest frame: who drives it is often heard.
 */
export class Silence {
  readonly gap_ms: Millis;
  private readonly longest_ms: Millis;
  /** Silent since t3.5 then. */
  private quiet_up: Millis = 0;
  /** Not before this in any case: our own request leaves, or a unit wants its gap. */
  private gap_up: Millis = 0;
  private patience_up: Millis | undefined;

  constructor(baud: number, bits_per_character: number) {
    this.gap_ms = gapMillis(baud, bits_per_character);
    this.longest_ms = (LONGEST_FRAME * bits_per_character * 1000) / baud + PATIENCE_MS;
  }

  /** Bytes came. */
  heard(up: Millis): void {
    this.quiet_up = Math.max(this.quiet_up, up + this.gap_ms);
  }

  /** Our request is on the wire until then. */
  spoke(end_up: Millis): void {
    this.gap_up = end_up + this.gap_ms;
    this.quiet_up = this.gap_up;
    this.patience_up = undefined;
  }

  /** An exchange is over, with the reply or without. `distrust`: something was there that should not have been. */
  ended(up: Millis, { gap_ms, distrust }: { readonly gap_ms: Millis; readonly distrust: boolean }): void {
    this.gap_up = up + gap_ms;
    this.quiet_up = up + Math.max(this.gap_ms, distrust ? DISTRUST_MS : 0);
  }

  /** When somebody who waits now may speak, if nothing more comes. */
  freeBy(now: Millis): Millis {
    if (now >= this.quiet_up) {
      this.patience_up = undefined;
      return this.gap_up;
    }
    this.patience_up ??= now + this.longest_ms;
    return Math.max(this.gap_up, Math.min(this.quiet_up, this.patience_up));
  }
}
