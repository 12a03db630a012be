import type { JsonObject, Millis, PointSpecs, Quality, Reading, Stamp } from '../../model/index.ts';
import { BAY_STATES, Bay, type BayRules, type BayState, type Seen } from './bay.ts';
import { type Feed, isMeasured, type Maker, type Moment, type Say, saidAt } from './maker.ts';

/** How a reading of a bay's detector is understood. */
export type Sense =
  | { readonly kind: 'flag'; readonly inverted: boolean }
  | { readonly kind: 'state' }
  /** In mm from the sensor: a vehicle is nearer than `below`; none is farther than `below + hysteresis`. `factor`: the point's unit in mm. */
  | {
      readonly kind: 'distance';
      readonly below: number;
      readonly hysteresis: number;
      readonly factor: number;
    };

export interface BaySettings {
  /** Id of its point. */
  readonly id: string;
  readonly device: string;
  readonly point: string;
  readonly sense: Sense;
  /** A flag of the same device that is true while the detector has a fault. */
  readonly fault_point: string | undefined;
  readonly rules: BayRules;
}

export interface ParkingSettings {
  readonly bays: readonly BaySettings[];
}

interface Place {
  readonly settings: BaySettings;
  readonly bay: Bay;
  broken: boolean;
  made: Quality;
  told: BayState | undefined;
}

/** What has not changed is said again this often, so that the platform need not trust silence. */
const AGAIN_MS: Millis = 900_000;

/** Bays of a zone and how many are free, occupied, unknown. Nothing is counted before every bay has been decided once. */
export class ParkingMaker implements Maker {
  readonly points: PointSpecs;
  readonly feeds: readonly Feed[];
  private readonly settings: ParkingSettings;
  private readonly say: Say;
  private places: readonly Place[] = [];
  private readonly counts: Record<BayState, number> = { free: 0, occupied: 0, unknown: 0 };
  private readonly told: Partial<Record<BayState, number>> = {};
  private said_up: Millis = 0;
  private settled = false;

  constructor(settings: ParkingSettings, say: Say) {
    this.settings = settings;
    this.say = say;
    this.points = parkingPoints(settings.bays.map(({ id }) => id));
    this.feeds = settings.bays.flatMap((bay, index) => this.feedsOf(bay, index));
  }

  private feedsOf({ device, point, fault_point }: BaySettings, index: number): Feed[] {
    const feed = (name: string, hear: (place: Place, reading: Reading) => Seen | undefined): Feed => ({
      device,
      point: name,
      take: (reading, now) => {
        const place = this.begun(now)[index];
        const seen = place && hear(place, reading);
        if (!place || !seen) return;
        const { stamp } = saidAt(reading, now);
        if (place.bay.see(seen, stamp.up)) this.change(place, stamp);
        this.tellCounts(stamp);
      },
    });
    const own = feed(point, (place, reading) => {
      if (isMeasured(reading)) place.made = reading.quality;
      return place.broken ? 'fault' : seenIn(reading, place.settings.sense);
    });
    if (fault_point === undefined) return [own];
    const fault = feed(fault_point, (place, reading) => {
      place.broken = reading.value === true;
      return place.broken ? 'fault' : undefined;
    });
    return [own, fault];
  }

  /** Counts for a sign; undefined until every bay has been decided once. */
  zone(): Readonly<Record<BayState, number>> | undefined {
    return this.settled ? { ...this.counts } : undefined;
  }

  tick(now: Moment): void {
    const { stamp } = now;
    for (const place of this.begun(now)) if (place.bay.pass(stamp.up)) this.change(place, stamp);
    this.tellCounts(stamp);
    if (stamp.up - this.said_up >= AGAIN_MS) this.sayAgain(stamp);
  }

  /** A bay is looked at again within seconds: what it was before a restart would only be a guess. */
  saved(): Readonly<Record<string, JsonObject>> {
    return {};
  }
  restore(): void {}

  private begun({ stamp }: Moment): readonly Place[] {
    if (this.places.length === 0) {
      this.said_up = stamp.up;
      this.places = this.settings.bays.map((settings) => ({
        settings,
        bay: new Bay(settings.rules, stamp.up),
        broken: false,
        made: 'good',
        told: undefined,
      }));
    }
    return this.places;
  }

  private change(place: Place, stamp: Stamp): void {
    const { state } = place.bay;
    if (state === undefined) return;
    if (place.told !== undefined) this.counts[place.told] -= 1;
    this.counts[state] += 1;
    place.told = state;
    this.say(place.settings.id, state, place.made, stamp);
    this.settled ||= this.places.every(({ told }) => told !== undefined);
  }

  private tellCounts(stamp: Stamp): void {
    if (!this.settled) return;
    for (const state of BAY_STATES) {
      if (this.told[state] === this.counts[state]) continue;
      this.told[state] = this.counts[state];
      this.say(`bays_${state}`, this.counts[state], this.quality(), stamp);
    }
  }

  private sayAgain(stamp: Stamp): void {
    this.said_up = stamp.up;
    for (const { told, settings, made } of this.places) if (told) this.say(settings.id, told, made, stamp);
    if (this.settled)
      for (const state of BAY_STATES) this.say(`bays_${state}`, this.counts[state], this.quality(), stamp);
  }

  private quality(): Quality {
    return this.places.some(({ made }) => made === 'simulated') ? 'simulated' : 'good';
  }
}

/** What one reading says of a bay. */
function seenIn(reading: Reading, sense: Sense): Seen {
  const { value, quality } = reading;
  // The device is away: what it said last is no news.
  if (quality === 'stale') return 'fault';
  if (!isMeasured(reading)) return 'nothing';
  switch (sense.kind) {
    case 'flag':
      return value === !sense.inverted ? 'occupied' : 'free';
    case 'state':
      return value === 'free' || value === 'occupied' ? value : 'fault';
    case 'distance': {
      const mm = Number(value) * sense.factor;
      if (mm < sense.below) return 'occupied';
      return mm > sense.below + sense.hysteresis ? 'free' : 'between';
    }
  }
}

/** A point for each bay, and the counts of the zone. Bay ids have no underscore, so that they are never a count. */
function parkingPoints(bays: readonly string[]): PointSpecs {
  const states = bays.map((id) => [
    id,
    {
      kind: 'state',
      values: BAY_STATES,
      about: `Bay ${id}; unknown while nobody can say.`,
      privacy: 'plain',
    } as const,
  ]);
  const counts = BAY_STATES.map((state) => [
    `bays_${state}`,
    {
      kind: 'number',
      unit: '1',
      min: 0,
      max: bays.length,
      about: `Bays that are ${state}.`,
      privacy: 'plain',
    } as const,
  ]);
  return Object.fromEntries([...states, ...counts]);
}
