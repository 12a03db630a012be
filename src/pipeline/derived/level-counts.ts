import { rankOf } from './levels.ts';

const BINS_PER_DB = 10;
const LOUDEST_DB = 140;

/**
 * How often each level was seen, in tenths of a decibel (what the transmitters give): percentiles without keeping the values. 1,401 counters
 * a window, one of which moves with each value.
 */
export class LevelCounts {
  private readonly counts = new Uint32Array(LOUDEST_DB * BINS_PER_DB + 1);
  private total = 0;

  add(level: number, times = 1): void {
    const bin = Math.min(this.counts.length - 1, Math.max(0, Math.round(level * BINS_PER_DB)));
    this.counts[bin] = (this.counts[bin] ?? 0) + times;
    this.total += times;
  }

  /** The level exceeded `percent` % of the time, as `exceeded` says it; undefined when nothing was seen. */
  exceeded(percent: number): number | undefined {
    if (this.total === 0) return undefined;
    let left = rankOf(this.total, percent);
    for (let bin = this.counts.length - 1; bin >= 0; bin -= 1) {
      left -= this.counts[bin] ?? 0;
      if (left <= 0) return bin / BINS_PER_DB;
    }
    return undefined;
  }

  clear(): void {
    this.counts.fill(0);
    this.total = 0;
  }

  /** As text for the state: pairs of (bins since the last one, count), each as a number of seven-bit bytes, in base64. */
  save(): string {
    const bytes: number[] = [];
    let last = 0;
    for (const [bin, count] of this.counts.entries()) {
      if (count === 0) continue;
      put(bytes, bin - last);
      put(bytes, count);
      last = bin;
    }
    return Buffer.from(bytes).toString('base64');
  }

  restore(text: string): void {
    this.clear();
    const numbers = numbersOf(Buffer.from(text, 'base64'));
    let bin = 0;
    for (let index = 0; index + 1 < numbers.length; index += 2) {
      bin += numbers[index] ?? 0;
      this.add(bin / BINS_PER_DB, numbers[index + 1]);
    }
  }
}

function put(bytes: number[], number: number): void {
  let rest = number;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
}

function numbersOf(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let number = 0;
  let shift = 0;
  for (const byte of bytes) {
    number += (byte & 0x7f) << shift;
    shift += 7;
    if (byte & 0x80) continue;
    numbers.push(number);
    number = 0;
    shift = 0;
  }
  return numbers;
}
