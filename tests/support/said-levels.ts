import type { Said } from '../../src/simulate/site.ts';

interface Row {
  readonly up: number;
  readonly unix_ms: number;
  readonly value: number;
}

/** Unix ms. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** What the far ends of some points said, and what follows from it by plain sums: each value stands until the next one, or three looks. */
export class SaidLevels {
  private readonly rows = new Map<string, Row[]>();
  private readonly stands_ms: (device: string) => number;

  constructor(stands_ms: (device: string) => number) {
    this.stands_ms = stands_ms;
  }

  watch(device: string, point: string): void {
    this.rows.set(`${device}/${point}`, []);
  }

  take({ device, up, unix_ms, values }: Said): void {
    for (const [point, value] of Object.entries(values))
      if (typeof value === 'number') this.rows.get(`${device}/${point}`)?.push({ up, unix_ms, value });
  }

  /** Mean of `of` over a stretch, and how much of it was measured. */
  mean(
    device: string,
    point: string,
    stretch: Stretch,
    of: (value: number) => number = (value) => value,
  ): { readonly mean: number; readonly share: number } {
    const rows = this.rows.get(`${device}/${point}`) ?? [];
    const { from, to } = stretch;
    let sum = 0;
    let covered = 0;
    for (const [index, row] of rows.entries()) {
      const stood = Math.min((rows[index + 1]?.up ?? row.up) - row.up, this.stands_ms(device));
      const ms = Math.min(row.unix_ms + stood, to) - Math.max(row.unix_ms, from);
      if (ms <= 0) continue;
      sum += of(row.value) * ms;
      covered += ms;
    }
    return { mean: sum / covered, share: covered / (to - from) };
  }

  /** What the device said, by ms since boot. */
  saidAt(device: string, point: string): ReadonlyMap<number, number> {
    return new Map(this.rows.get(`${device}/${point}`)?.map(({ up, value }) => [up, value]));
  }

  /** Energy mean of a sound level. */
  level(device: string, stretch: Stretch) {
    const { mean, share } = this.mean(device, 'noise', stretch, (value) => 10 ** (value / 10));
    return { level: 10 * Math.log10(mean), share };
  }
}
