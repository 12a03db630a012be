import type { JsonObject, Millis } from '../../model/index.ts';
import { dayLevel, levelOf } from './levels.ts';
import { type PartStart, partAt, type Stretch } from './local-time.ts';
import { numberOr, STEP_MS } from './maker.ts';
import type { PartName, PeriodRule } from './noise-points.ts';

type Part = Stretch & { readonly name: string };

/** What a part of the day came to. */
export interface PartResult {
  readonly name: PartName;
  readonly complete: number;
  /** undefined: too little of it was measured. */
  readonly level: number | undefined;
  readonly max: number | undefined;
  /** With the last part: the level of the whole day; undefined when a part of it is missing. */
  readonly whole?: { readonly level: number | undefined };
}

/**
 * Day, evening and night in local time. It lives on the time of day: while that is not known nothing is added and nothing ends. When the
 * clock is set, the part it is now counts; one that lies in the future by the new clock never was.
 */
export class NoiseParts {
  private readonly rule: PeriodRule;
  private readonly starts: readonly PartStart[];
  private readonly zone: string;
  private readonly enough: number;
  private part: Part | undefined;
  private offset: number | undefined;
  private power_ms = 0;
  private covered_ms = 0;
  private max: number | undefined;
  /** Levels of the parts of `day` that are over. */
  private done: { day: string; levels: Partial<Record<PartName, number>> } = { day: '', levels: {} };

  constructor(rule: PeriodRule, { zone, enough }: { readonly zone: string; readonly enough: number }) {
    this.rule = rule;
    this.starts = rule.parts.map(({ name, from_h }) => ({ name, from_min: Math.round(from_h * 60) }));
    this.zone = zone;
    this.enough = enough;
  }

  /** The time of day as it is known now. */
  align(up: Millis, offset_ms: number | undefined): void {
    this.offset = offset_ms;
    if (offset_ms === undefined) return;
    const unix = up + offset_ms;
    if (!this.part) this.begin(unix);
    // Slewing moves the clock by a hair; what is measured just then belongs where it was.
    else if (unix < this.part.from - STEP_MS) this.begin(unix);
  }

  /** Infinity while the time of day is not known. */
  get end_up(): Millis {
    return this.part && this.offset !== undefined ? this.part.to - this.offset : Number.POSITIVE_INFINITY;
  }

  add(power: number, ms: Millis): void {
    if (this.offset === undefined) return;
    this.power_ms += power * ms;
    this.covered_ms += ms;
  }

  see(level: number): void {
    if (this.offset !== undefined && (this.max === undefined || level > this.max)) this.max = level;
  }

  /** Ends the part at its end; the one in which `up` lies begins. */
  close(up: Millis): PartResult | undefined {
    const { part, offset } = this;
    if (!part || offset === undefined) return undefined;
    const name = this.nameOf(part.name);
    const complete = this.covered_ms / (part.to - part.from);
    const level =
      complete >= this.enough && this.covered_ms > 0 ? levelOf(this.power_ms / this.covered_ms) : undefined;
    if (this.done.day !== part.day) this.done = { day: part.day, levels: {} };
    if (level !== undefined) this.done.levels[name] = level;
    const result = { name, complete, level, max: this.max };
    const last = this.rule.parts.at(-1)?.name === name;
    const whole = last ? { whole: { level: this.whole() } } : {};
    this.begin(Math.max(part.to, up + offset));
    return { ...result, ...whole };
  }

  save(): JsonObject {
    const { part, done } = this;
    return {
      ...(part && { part: { ...part } }),
      power: Number(this.power_ms.toPrecision(12)),
      covered: Math.round(this.covered_ms),
      ...(this.max !== undefined && { max: this.max }),
      done: { day: done.day, levels: { ...done.levels } },
    };
  }

  restore(saved: JsonObject): void {
    const part = partOf(saved.part);
    // The site file may have other periods since.
    if (!part || !this.starts.some(({ name }) => name === part.name)) return;
    if (partAt(part.from, this.starts, this.zone).to !== part.to) return;
    this.part = part;
    this.power_ms = numberOr(saved.power, 0);
    this.covered_ms = numberOr(saved.covered, 0);
    this.max = typeof saved.max === 'number' ? saved.max : undefined;
    this.done = doneOf(saved.done, this.rule);
  }

  private begin(unix: number): void {
    const part = partAt(unix, this.starts, this.zone);
    // By the clock as it is now these days are still to come.
    if (this.done.day > part.day) this.done = { day: '', levels: {} };
    this.part = part;
    this.power_ms = 0;
    this.covered_ms = 0;
    this.max = undefined;
  }

  private whole(): number | undefined {
    const { parts } = this.rule;
    const known = parts.flatMap(({ name, penalty }, index) => {
      const level = this.done.levels[name];
      return level === undefined ? [] : [{ hours: hoursOf(parts, index), penalty, level }];
    });
    return known.length === parts.length ? dayLevel(known) : undefined;
  }

  private nameOf(name: string): PartName {
    return this.rule.parts.find((one) => one.name === name)?.name ?? 'day';
  }
}

/** Nominal length: on the days the clocks are changed the formula stays the same. */
function hoursOf(parts: PeriodRule['parts'], index: number): number {
  const from = parts[index]?.from_h ?? 0;
  const to = parts[index + 1]?.from_h ?? (parts[0]?.from_h ?? 0) + 24;
  return to - from;
}

function partOf(saved: unknown): Part | undefined {
  if (typeof saved !== 'object' || saved === null) return undefined;
  const { name, from, to, day } = { name: '', from: 0, to: 0, day: '', ...saved };
  const fits = typeof name === 'string' && typeof from === 'number' && typeof to === 'number';
  return fits && typeof day === 'string' && from < to ? { name, from, to, day } : undefined;
}

function doneOf(saved: unknown, { parts }: PeriodRule): NoiseParts['done'] {
  const given = typeof saved === 'object' && saved !== null ? { day: '', levels: {}, ...saved } : undefined;
  if (typeof given?.day !== 'string' || typeof given.levels !== 'object') return { day: '', levels: {} };
  const levels = new Map<string, unknown>(Object.entries(given.levels ?? {}));
  const known = parts.flatMap(({ name }) => {
    const level = levels.get(name);
    return typeof level === 'number' ? [[name, level] as const] : [];
  });
  return { day: given.day, levels: Object.fromEntries(known) };
}
