import type { BytesLink, Call, FrameRule, Heard } from '../contracts/index.ts';
import type { PointSpecs, Sample } from '../model/index.ts';

/** A sensor on a serial port of its own that speaks by itself, or is asked. */
export interface SerialSensor<P extends PointSpecs> {
  readonly mode: 'active' | 'passive';
  /** What brings it into a mode, where it has modes. It may have been left in the other one by a master before, or by a power cut. */
  readonly into?: Readonly<Record<'active' | 'passive', Uint8Array>>;
  readonly ask: Uint8Array;
  /** Frames with values; all else is passed over. */
  readonly frames: FrameRule;
  readonly read: (frame: Uint8Array, call: Call) => Sample<P>;
}

type Observing<P extends PointSpecs> =
  | { readonly watch: (call: Call) => AsyncIterable<Heard<P>> }
  | { readonly sample: (call: Call) => Promise<Sample<P>> };

/**
 * Listens in active mode, asks in passive mode. The mode is set whenever listening begins, before the first question, and before
 * the next one after a question that was not answered.
 */
export function observeSerial<P extends PointSpecs>(link: BytesLink, sensor: SerialSensor<P>): Observing<P> {
  if (sensor.mode === 'active') return { watch: (call) => listen(link, sensor, call) };
  let set = false;
  return {
    sample: async (call) => {
      if (!set && sensor.into) await link.send(sensor.into.passive, call);
      set = false;
      const frame = await link.exchange(sensor.ask, sensor.frames, call);
      set = true;
      return sensor.read(frame, call);
    },
  };
}

async function* listen<P extends PointSpecs>(
  link: BytesLink,
  sensor: SerialSensor<P>,
  call: Call,
): AsyncIterable<Heard<P>> {
  if (sensor.into) await link.send(sensor.into.active, call);
  for await (const frame of link.frames(sensor.frames, call.signal)) {
    yield { sample: sensor.read(frame, call) };
  }
}
