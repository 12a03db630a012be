import {
  GB_3096_2008,
  type JsonObject,
  type Millis,
  NIGHT_PEAK_DB,
  type NoiseClass,
  type PointSpecs,
  type Quality,
  type Reading,
  type Stamp,
} from '../../model/index.ts';
import { powerOf } from './levels.ts';
import { type Feed, isMeasured, type Maker, type Moment, percent, type Say, saidAt, tenth } from './maker.ts';
import { NoiseParts, type PartResult } from './noise-parts.ts';
import { levelPoint, noisePoints, type PartStatus, type PeriodRule } from './noise-points.ts';
import { NoiseWindow } from './noise-window.ts';
import { Standing } from './standing.ts';

export interface NoiseSettings {
  readonly source: { readonly device: string; readonly point: string };
  readonly window_s: number;
  /** A value stands for at most so long. */
  readonly gap_ms: Millis;
  readonly rule: PeriodRule;
  /** IANA time zone of the site. */
  readonly zone: string;
  readonly limits: NoiseClass | undefined;
  /** Share of a window or part that must be measured. */
  readonly enough: number;
}

/** Levels of a place from the single values of one transmitter: windows, parts of the day, whole days, and the limits of its class. */
export class NoiseMaker implements Maker {
  readonly points: PointSpecs;
  readonly feeds: readonly Feed[];
  private readonly settings: NoiseSettings;
  private readonly say: Say;
  private readonly standing: Standing;
  private readonly window: NoiseWindow;
  private readonly parts: NoiseParts;
  private boot = '';
  private offset: number | undefined;
  private begun = false;
  private status: PartStatus | undefined;
  /** What is made of simulated values is simulated too. */
  private made: Quality = 'good';

  constructor(settings: NoiseSettings, say: Say) {
    const { source, window_s, gap_ms, rule, limits } = settings;
    this.settings = settings;
    this.say = say;
    this.points = noisePoints({ rule, window_s, limits });
    this.feeds = [{ ...source, take: (reading, now) => this.take(reading, now) }];
    this.standing = new Standing(gap_ms);
    this.window = new NoiseWindow(window_s * 1000);
    this.parts = new NoiseParts(rule, settings);
  }

  tick(now: Moment): void {
    const { boot, up } = now.stamp;
    this.boot = boot;
    if (!this.begun) this.begin(now);
    this.align(now);
    this.advance(up);
  }

  private take(reading: Reading, now: Moment): void {
    this.tick(saidAt(reading, now));
    // Also of a device that is down: what it said last is no new measurement, and stands no longer.
    if (!isMeasured(reading) || typeof reading.value !== 'number') return this.standing.drop();
    this.made = reading.quality;
    this.window.see(reading.value);
    this.parts.see(reading.value);
    this.standing.set(powerOf(reading.value), reading.stamp.up);
  }

  saved(): Readonly<Record<string, JsonObject>> {
    const { source, window_s } = this.settings;
    const of = `${source.device}/${source.point}`;
    return {
      window: { of, window_s, ...this.window.save(this.boot, this.offset) },
      parts: { of, ...this.parts.save() },
    };
  }

  restore(saved: Readonly<Record<string, JsonObject>>, now: Moment): void {
    const { source, window_s } = this.settings;
    const of = `${source.device}/${source.point}`;
    const { window, parts } = saved;
    if (parts?.of === of) this.parts.restore(parts);
    if (window?.of !== of || window.window_s !== window_s) return;
    this.boot = now.stamp.boot;
    this.begun = true;
    if (this.window.restore(window, now)) return;
    this.tellWindow(now.stamp);
    this.window.begin(now.stamp.up, now.offset_ms);
  }

  private begin({ stamp, offset_ms }: Moment): void {
    this.begun = true;
    this.window.begin(stamp.up, offset_ms);
  }

  private align({ stamp, offset_ms }: Moment): void {
    const first = this.status === undefined;
    if (!first && offset_ms === this.offset) return;
    const known = offset_ms !== undefined;
    if (first || known !== (this.offset !== undefined))
      this.tellStatus(known ? 'measuring' : 'clock-unsynced', stamp);
    // What stood until now stood under the clock as it was.
    this.advance(stamp.up);
    this.offset = offset_ms;
    this.parts.align(stamp.up, offset_ms);
  }

  /** Walks to `up`, ending on the way whatever ends. */
  private advance(up: Millis): void {
    for (;;) {
      const end = Math.min(this.window.end_up, this.parts.end_up);
      if (end > up) break;
      this.standing.walk(end, this.add);
      const stamp = { boot: this.boot, up: Math.max(0, end) };
      if (end >= this.window.end_up) {
        this.tellWindow(stamp);
        // After a long standstill the windows in between are not made up.
        this.window.begin(up - end < this.settings.window_s * 1000 ? end : up, this.offset);
      }
      if (end >= this.parts.end_up) this.tellPart(this.parts.close(up), stamp);
    }
    this.standing.walk(up, this.add);
  }

  private readonly add = (power: number, ms: Millis): void => {
    this.window.add(power, ms);
    this.parts.add(power, ms);
  };

  private tellWindow(stamp: Stamp): void {
    const { complete, laeq, max, counts } = this.window.result();
    const enough = complete >= this.settings.enough;
    const tell = (point: string, value: number | undefined) =>
      this.tellLevel(point, enough ? value : undefined, stamp);
    this.say('window_complete', percent(complete), this.made, stamp);
    tell('laeq', laeq);
    tell('lamax', max);
    for (const share of [10, 50, 90]) tell(`l${share}`, counts.exceeded(share));
  }

  private tellPart(result: PartResult | undefined, stamp: Stamp): void {
    if (!result) return;
    const { name, complete, level, max, whole } = result;
    this.say(`${name}_complete`, percent(complete), this.made, stamp);
    this.tellLevel(levelPoint(name), level, stamp);
    if (whole) this.tellLevel(this.settings.rule.whole, whole.level, stamp);
    this.tellStatus(level === undefined ? 'insufficient-data' : 'measured', stamp);
    const { limits } = this.settings;
    if (limits === undefined || name === 'evening') return;
    const limit = GB_3096_2008[limits][name];
    this.tellOver(`${name}_over`, level === undefined ? undefined : tenth(level) > limit, stamp);
    if (name === 'night') this.tellOver('night_peak_over', this.peakOver(limit, result, max), stamp);
  }

  /** A peak that was heard is one, however little of the night was measured; that there was none is known only of a measured night. */
  private peakOver(limit: number, { level }: PartResult, max: number | undefined): boolean | undefined {
    const over = max !== undefined && max > limit + NIGHT_PEAK_DB;
    return over || level !== undefined ? over : undefined;
  }

  private tellLevel(point: string, level: number | undefined, stamp: Stamp): void {
    if (level === undefined) this.say(point, null, 'suspect', stamp);
    else this.say(point, tenth(level), this.made, stamp);
  }

  private tellOver(point: string, over: boolean | undefined, stamp: Stamp): void {
    if (over === undefined) this.say(point, null, 'suspect', stamp);
    else this.say(point, over, this.made, stamp);
  }

  private tellStatus(status: PartStatus, stamp: Stamp): void {
    this.status = status;
    this.say('part_status', status, this.made, stamp);
  }
}
