import type { JsonObject, PointSpecs, Reading } from '../../model/index.ts';
import { AirMaker, type AirSettings } from './air.ts';
import type { BayState } from './bay.ts';
import type { Feed, Maker, Moment, Say } from './maker.ts';
import { NoiseMaker, type NoiseSettings } from './noise.ts';
import { ParkingMaker, type ParkingSettings } from './parking.ts';

/** One derived device as the site file says it. */
export type DerivedSettings = { readonly id: string } & (
  | ({ readonly type: 'parking' } & ParkingSettings)
  | ({ readonly type: 'noise' } & NoiseSettings)
  | ({ readonly type: 'air-quality' } & AirSettings)
);

/** A part of the state that has changed; undefined: it is no longer needed. */
export interface StatePart {
  readonly name: string;
  readonly value: JsonObject | undefined;
}

/**
 * Every derived device of a site: readings in, readings out. It has no clock: the newest moment it was told of is now. What was made
 * lies ready until it is drained.
 */
export class Derivation {
  private readonly makers = new Map<string, Maker>();
  private readonly byFeed = new Map<string, Feed[]>();
  private readonly newest = new Map<string, Map<string, Reading>>();
  /** JSON of what was saved last, by name. */
  private readonly kept = new Map<string, string>();
  private made: Reading[] = [];
  private now: Moment = { stamp: { boot: '', up: 0 }, offset_ms: undefined };

  constructor(devices: readonly DerivedSettings[]) {
    for (const settings of devices) {
      const { id } = settings;
      const last = new Map<string, Reading>();
      const say: Say = (point, value, quality, stamp) => {
        const reading: Reading = { device: id, point, value, quality, stamp };
        last.set(point, reading);
        this.made.push(reading);
      };
      const maker = makerOf(settings, say);
      this.makers.set(id, maker);
      this.newest.set(id, last);
      for (const feed of maker.feeds) {
        const key = `${feed.device}\n${feed.point}`;
        this.byFeed.set(key, [...(this.byFeed.get(key) ?? []), feed]);
      }
    }
  }

  points(id: string): PointSpecs {
    return this.makers.get(id)?.points ?? {};
  }

  /** Who wants the readings of a point; undefined: nobody. */
  feedOf(device: string, point: string): ((reading: Reading) => void) | undefined {
    const feeds = this.byFeed.get(`${device}\n${point}`);
    return (
      feeds &&
      ((reading) => {
        for (const { take } of feeds) take(reading, this.now);
      })
    );
  }

  /** Once a second: whatever ends now, ends. */
  tick(now: Moment): void {
    this.now = now;
    for (const maker of this.makers.values()) maker.tick(now);
  }

  /** What was made since the last call, in the order it was made. */
  drain(): readonly Reading[] {
    if (this.made.length === 0) return NOTHING;
    const { made } = this;
    this.made = [];
    return made;
  }

  /** Newest reading of each point. */
  last(id: string): readonly Reading[] {
    return [...(this.newest.get(id)?.values() ?? [])];
  }

  /** Counts of a parking zone; undefined until every bay has been decided once. */
  zone(id: string): Readonly<Record<BayState, number>> | undefined {
    const maker = this.makers.get(id);
    return maker instanceof ParkingMaker ? maker.zone() : undefined;
  }

  /** Names under which its state is kept. */
  stateNames(): readonly string[] {
    return [...this.makers].flatMap(([id, maker]) =>
      Object.keys(maker.saved()).map((part) => `${id} ${part}`),
    );
  }

  /** What has changed since it was last asked, of all or of these. */
  changed(ids?: ReadonlySet<string>): readonly StatePart[] {
    const asked = [...this.makers].filter(([id]) => ids?.has(id) ?? true);
    return asked.flatMap(([id, maker]) =>
      Object.entries(maker.saved()).flatMap(([part, value]) => {
        const name = `${id} ${part}`;
        const text = JSON.stringify(value);
        if (this.kept.get(name) === text) return [];
        this.kept.set(name, text);
        return [{ name, value }];
      }),
    );
  }

  /** What an earlier run kept, by name; then time begins. Called once, before any reading. */
  begin(kept: ReadonlyMap<string, JsonObject>, now: Moment): void {
    this.now = now;
    for (const [id, maker] of this.makers) {
      const parts = Object.keys(maker.saved()).flatMap((part) => {
        const value = kept.get(`${id} ${part}`);
        return value ? [[part, value] as const] : [];
      });
      if (parts.length) maker.restore(Object.fromEntries(parts), now);
    }
    this.tick(now);
  }
}

const NOTHING: readonly Reading[] = [];

function makerOf(settings: DerivedSettings, say: Say): Maker {
  switch (settings.type) {
    case 'parking':
      return new ParkingMaker(settings, say);
    case 'noise':
      return new NoiseMaker(settings, say);
    case 'air-quality':
      return new AirMaker(settings, say);
  }
}
