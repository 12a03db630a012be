import type {
  JsonObject,
  Millis,
  PointSpecs,
  Pollutant,
  Quality,
  Reading,
  Stamp,
} from '../../model/index.ts';
import { dailyIndex, hourlyIndex, type Measured, type Verdict } from './air-index.ts';
import { airPoints, type WantedStandard } from './air-points.ts';
import { classOf, standardOn } from './aqi.ts';
import type { Standard } from './aqi-tables.ts';
import { PollutantHours } from './hours.ts';
import { hourAt, type Stretch } from './local-time.ts';
import {
  type Feed,
  isMeasured,
  type Maker,
  type Moment,
  numberOr,
  percent,
  type Say,
  STEP_MS,
  saidAt,
} from './maker.ts';

export interface AirSource {
  readonly pollutant: Pollutant;
  readonly device: string;
  readonly point: string;
  /** UCUM, one of `unitsFor(pollutant)`. */
  readonly unit: string;
  /** A value stands for at most so long. */
  readonly gap_ms: Millis;
}

export interface AirSettings {
  readonly standard: WantedStandard;
  readonly sources: readonly AirSource[];
  /** IANA time zone of the site: its hours and days. */
  readonly zone: string;
}

interface Meter extends Measured {
  readonly source: AirSource;
}

/** Air quality of a place: means of local hours, the index of each hour and of each day. */
export class AirMaker implements Maker {
  readonly points: PointSpecs;
  readonly feeds: readonly Feed[];
  private readonly settings: AirSettings;
  private readonly say: Say;
  private readonly meters: readonly Meter[];
  private hour: Stretch | undefined;
  private boot = '';
  private offset: number | undefined;
  private unsyncedTold = false;
  /** What is made of simulated values is simulated too. */
  private made: Quality = 'good';

  constructor(settings: AirSettings, say: Say) {
    const { sources, standard } = settings;
    this.settings = settings;
    this.say = say;
    this.points = airPoints(
      Object.fromEntries(sources.map(({ pollutant, unit }) => [pollutant, unit])),
      standard,
    );
    this.meters = sources.map((source) => ({
      source,
      pollutant: source.pollutant,
      unit: source.unit,
      hours: new PollutantHours(source.gap_ms),
    }));
    this.feeds = this.meters.map((meter) => ({
      device: meter.source.device,
      point: meter.source.point,
      take: (reading, now) => this.take(meter, reading, now),
    }));
  }

  tick({ stamp, offset_ms }: Moment): void {
    this.boot = stamp.boot;
    this.align(stamp, offset_ms);
    this.advance(stamp.up);
  }

  private take({ hours }: Meter, reading: Reading, now: Moment): void {
    this.tick(saidAt(reading, now));
    // Also of a device that is down: what it said last is no new measurement, and stands no longer.
    if (!isMeasured(reading) || typeof reading.value !== 'number') return hours.standing.drop();
    this.made = reading.quality;
    hours.standing.set(reading.value, reading.stamp.up);
  }

  saved(): Readonly<Record<string, JsonObject>> {
    const { hour, meters } = this;
    const open = Object.fromEntries(meters.map((meter) => [keyOf(meter), meter.hours.saveOpen()]));
    const means = Object.fromEntries(meters.map((meter) => [keyOf(meter), meter.hours.saveMeans()]));
    return { open: { ...(hour && { hour: { ...hour } }), open }, means };
  }

  restore({ open, means }: Readonly<Record<string, JsonObject>>): void {
    const { zone } = this.settings;
    const kept = { from: 0, to: 0, day: '', ...(typeof open?.hour === 'object' ? open.hour : {}) };
    const hour: Stretch = { from: numberOr(kept.from, 0), to: numberOr(kept.to, 0), day: String(kept.day) };
    // In another time zone the hours are others.
    const same = hour.to > hour.from && hourAt(hour.from, zone).from === hour.from;
    if (same) this.hour = hour;
    const sums = new Map(Object.entries(same && typeof open?.open === 'object' ? (open.open ?? {}) : {}));
    for (const meter of this.meters) {
      meter.hours.restoreOpen(sums.get(keyOf(meter)));
      meter.hours.restoreMeans(means?.[keyOf(meter)], zone);
    }
  }

  private align(stamp: Stamp, offset_ms: number | undefined): void {
    if (offset_ms === undefined) {
      this.offset = undefined;
      if (!this.unsyncedTold) this.tellUnsynced(stamp);
      return;
    }
    // What stood until now stood under the clock as it was.
    if (this.offset !== undefined && offset_ms !== this.offset) this.advance(stamp.up);
    else if (this.offset === undefined) for (const { hours } of this.meters) hours.skip(stamp.up);
    this.offset = offset_ms;
    this.unsyncedTold = false;
    const unix = stamp.up + offset_ms;
    if (this.hour && unix >= this.hour.from - STEP_MS) return;
    this.hour = hourAt(unix, this.settings.zone);
    for (const { hours } of this.meters) hours.forgetFrom(this.hour.from);
  }

  /** Walks to `up`, ending on the way the hour that ends. */
  private advance(up: Millis): void {
    const { offset } = this;
    if (offset === undefined) {
      for (const { hours } of this.meters) hours.skip(up);
      return;
    }
    while (this.hour && this.hour.to - offset <= up) {
      const end = this.hour.to - offset;
      for (const { hours } of this.meters) hours.walk(end);
      const stamp = { boot: this.boot, up: Math.max(0, end) };
      const next = hourAt(Math.max(this.hour.to, up + offset), this.settings.zone);
      this.closeHour(this.hour, stamp);
      if (next.day !== this.hour.day) this.closeDay(this.hour.day, stamp);
      // Where clocks move by half an hour the next one begins where this one ended.
      this.hour = { ...next, from: Math.max(next.from, this.hour.to) };
    }
    for (const { hours } of this.meters) hours.walk(up);
  }

  private closeHour(hour: Stretch, stamp: Stamp): void {
    const standard = standardOn(this.settings.standard, hour.day);
    let least = 1;
    for (const { hours, pollutant } of this.meters) {
      const { share, mean } = hours.close(hour, standard.enough.hour);
      least = Math.min(least, share);
      this.tell(`mean_${pollutant}`, mean === undefined ? undefined : Number(mean.toPrecision(4)), stamp);
    }
    const verdict = hourlyIndex(this.meters, standard, hour.from);
    this.say('hour_complete', percent(least), this.made, stamp);
    for (const { pollutant } of this.meters)
      this.tell(
        `iaqi_${pollutant}`,
        verdict.parts.find((part) => part.pollutant === pollutant)?.index,
        stamp,
      );
    this.tellVerdict(verdict, standard, { day: '', stamp });
  }

  private closeDay(day: string, stamp: Stamp): void {
    const standard = standardOn(this.settings.standard, day);
    const hours = this.meters.map((meter) => meter.hours.ofDay(day).length);
    this.say('day_hours', Math.min(...hours), this.made, stamp);
    this.tellVerdict(dailyIndex(this.meters, standard, day), standard, { day: '_day', stamp });
  }

  private tellVerdict(
    { label, worst }: Verdict,
    standard: Standard,
    { day, stamp }: { readonly day: '' | '_day'; readonly stamp: Stamp },
  ): void {
    this.say('standard', standard.id, this.made, stamp);
    this.tell(`aqi${day}`, worst?.index, stamp);
    this.say(`aqi${day}_label`, label, this.made, stamp);
    this.tell(`class${day}`, worst && classOf(worst.index, standard), stamp);
    this.tell(`primary${day}`, worst?.primary, stamp);
  }

  private tellUnsynced(stamp: Stamp): void {
    this.unsyncedTold = true;
    for (const day of ['', '_day']) this.say(`aqi${day}_label`, 'clock-unsynced', this.made, stamp);
    this.tell('aqi', undefined, stamp);
  }

  private tell(point: string, value: number | string | undefined, stamp: Stamp): void {
    if (value === undefined) this.say(point, null, 'suspect', stamp);
    else this.say(point, value, this.made, stamp);
  }
}

/** Whose means these are: of another sensor they would be others. */
const keyOf = ({ pollutant, source }: Meter): string => `${pollutant} ${source.device}/${source.point}`;
