import type { JsonObject, Quality, Reading, Value } from '../../src/model/index.ts';
import { Derivation, type DerivedSettings } from '../../src/pipeline/derived/index.ts';

export interface Start {
  readonly boot?: string;
  readonly up?: number;
  /** Unix ms at that moment; left out: nobody knows the time. */
  readonly unix?: number | undefined;
  readonly kept?: ReadonlyMap<string, JsonObject>;
}

/** Derived devices with a clock that the test turns: a tick each second, readings when it says so. */
export function derivedWorld(devices: readonly DerivedSettings[], start: Start = {}) {
  const boot = start.boot ?? 'boot-1';
  let up = start.up ?? 1000;
  let offset: number | undefined = start.unix === undefined ? undefined : start.unix - up;
  const derivation = new Derivation(devices);
  const made: Reading[] = [];
  const now = () => ({ stamp: { boot, up }, offset_ms: offset });
  const drain = () => void made.push(...derivation.drain());
  derivation.begin(start.kept ?? new Map(), now());
  drain();

  const tick = () => {
    derivation.tick(now());
    drain();
  };
  return {
    made,
    derivation,
    up: () => up,
    unix: () => (offset === undefined ? undefined : up + offset),
    /** One reading of a source, now. */
    hear: (
      device: string,
      point: string,
      value: Value | null,
      quality: Quality = value === null ? 'suspect' : 'good',
      ago_ms = 0,
    ) => {
      const stamp = { boot, up: up - ago_ms };
      derivation.feedOf(device, point)?.({ device, point, value, quality, stamp });
      drain();
    },
    /** Lets time pass, a tick each second (or each step). */
    pass: (ms: number, each: () => void = () => {}, step = 1000) => {
      for (const end = up + ms; up < end; ) {
        up = Math.min(end, up + step);
        tick();
        each();
      }
    },
    /** The clock is set. */
    setClock: (unix: number | undefined) => {
      offset = unix === undefined ? undefined : unix - up;
      tick();
    },
    /** What was said of a point, as [value, quality] when not good. */
    said: (point: string) =>
      made
        .filter((reading) => reading.point === point)
        .map(({ value, quality }) => (quality === 'good' ? value : `${value} ${quality}`)),
    /** Unix or up times at which it was said. */
    saidAt: (point: string) =>
      made.filter((reading) => reading.point === point).map(({ stamp }) => stamp.up + (offset ?? 0)),
    /** What is kept over a restart, as the store would give it back. */
    keep: (): Map<string, JsonObject> =>
      new Map(
        derivation.changed().flatMap(({ name, value }) => {
          // As text, as it lies in the store.
          const back: JsonObject | undefined = value && JSON.parse(JSON.stringify(value));
          return back ? [[name, back] as const] : [];
        }),
      ),
  };
}
