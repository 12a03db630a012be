import type { FrameRule } from '../../contracts/index.ts';
import type { Millis } from '../../model/index.ts';

/** More than this without a frame is not a stream of this device; the oldest bytes go. */
const MOST_BUFFERED = 4096;

export interface Cutting {
  readonly frame: Uint8Array | undefined;
  /** Bytes that belonged to no frame. */
  readonly skipped: number;
}

/** Bytes of one stream, waiting to be cut into frames by a rule. */
export class Stream {
  private bytes: Uint8Array = new Uint8Array(0);
  private last_up: Millis = 0;

  push(chunk: Uint8Array, up: Millis): number {
    this.bytes = this.bytes.length ? Buffer.concat([this.bytes, chunk]) : chunk;
    this.last_up = up;
    const over = this.bytes.length - MOST_BUFFERED;
    if (over <= 0) return 0;
    this.bytes = this.bytes.subarray(over);
    return over;
  }

  clear(): number {
    const { length } = this.bytes;
    this.bytes = new Uint8Array(0);
    return length;
  }

  get waiting(): boolean {
    return this.bytes.length > 0;
  }

  /** The next frame that the rule finds, if there is one. */
  cut(rule: FrameRule, up: Millis): Cutting {
    let skipped = 0;
    while (this.bytes.length > 0) {
      const verdict = rule(this.bytes, up - this.last_up);
      if (verdict === 'more') break;
      const count = 'take' in verdict ? verdict.take : verdict.skip;
      if (count < 1 || count > this.bytes.length)
        throw new RangeError(`a frame rule cut ${count} of ${this.bytes.length} bytes`);
      const { bytes } = this;
      this.bytes = bytes.subarray(count);
      if ('take' in verdict) return { frame: bytes.slice(0, count), skipped };
      skipped += count;
    }
    return { frame: undefined, skipped };
  }
}
