import type {
  ActResult,
  Bench,
  BytesLink,
  Call,
  Cut,
  FieldWatch,
  FrameRule,
  LineSetting,
  UnitPlace,
} from '../contracts/index.ts';
import { Fault, isFault } from '../faults/index.ts';
import type { JsonObject, Millis, Sample } from '../model/index.ts';
import type { Known } from './drivers.ts';
import type { Mover, Presence, ToldPlace } from './mover.ts';
import { isPlausible, valuesText } from './shown.ts';

/** A unit with bytes of its own whose address is an option of its driver. */
export class BytesMover implements Mover {
  private readonly bench: Bench;
  private readonly watch: FieldWatch;
  private readonly known: Known;
  private readonly option: string;

  constructor(bench: Bench, watch: FieldWatch, how: { readonly known: Known; readonly option: string }) {
    this.bench = bench;
    this.watch = watch;
    this.known = how.known;
    this.option = how.option;
  }

  async look(place: UnitPlace): Promise<Presence> {
    try {
      await this.sample(place);
      return { outcome: 'answer', answer_ms: 0 };
    } catch (error) {
      this.watch.signal.throwIfAborted();
      if (isFault(error, 'bus.no-reply')) return { outcome: 'silence', answer_ms: 0 };
      if (isFault(error, 'bus.down', 'bus.closed', 'bus.port-missing', 'bus.port-busy', 'bus.port-denied'))
        throw error;
      return { outcome: 'damaged', answer_ms: 0 };
    }
  }

  /** What two of them say at once is damaged, or comes twice; the second time is not looked for. */
  async isShared(place: UnitPlace): Promise<boolean> {
    return (await this.look(place)).outcome === 'damaged';
  }

  async recognise(place: UnitPlace): Promise<readonly string[]> {
    const { driver, options } = this.known;
    const points = driver.points(options);
    const values = await this.sample(place);
    if (isPlausible(values, points))
      return [`its values can be those of a ${driver.id}: ${valuesText(values, points)}`];
    const evidence = `its values cannot be: ${valuesText(values, points)}`;
    throw new Fault('driver.wrong-device', { expected: driver.id, evidence });
  }

  async act(place: UnitPlace, _also: UnitPlace, command: string, args: JsonObject): Promise<ActResult> {
    const session = this.session(place);
    if (!session.act)
      throw new Fault('internal', { text: `${this.known.driver.id} has no session that acts` });
    return session.act(command, args, this.call);
  }

  async told(): Promise<ToldPlace> {
    return {};
  }

  private async sample(place: UnitPlace): Promise<Sample> {
    const session = this.session(place);
    if (!session.sample)
      throw new Fault('internal', { text: `${this.known.driver.id} cannot be asked for its values` });
    return session.sample(this.call);
  }

  private session({ unit, setting }: UnitPlace) {
    const { driver, options } = this.known;
    const at = driver.options.safeParse({ ...asObject(options), [this.option]: unit });
    if (!at.success)
      throw new Fault('command.bad-args', {
        target: driver.id,
        name: 'set-address',
        text: `${unit} is no address that it can have`,
      });
    return driver.open(benchBytes(this.bench, setting, driver.wire.timeout_ms), at.data);
  }

  private get call(): Call {
    return { signal: this.watch.signal, priority: 'field' };
  }
}

const asObject = (options: unknown): object =>
  typeof options === 'object' && options !== null ? options : {};

/** A bench as a driver with bytes of its own sees it: it asks, and nothing is told to it unasked. */
export function benchBytes(bench: Bench, setting: LineSetting, wait_ms: Millis): BytesLink {
  const nothing = () =>
    new Fault('bus.no-reply', { bus: 'the wire', unit: 0, timeout_ms: wait_ms, sent: true });
  return {
    async exchange(request, rule, { signal }) {
      const ends = (bytes: Uint8Array) => firstFrame(bytes, rule, 0) !== undefined;
      const { bytes } = await bench.exchange({ bytes: request, setting, wait_ms, ends }, signal);
      const frame = firstFrame(bytes, rule, Number.MAX_SAFE_INTEGER);
      if (frame) return frame;
      if (bytes.length === 0) throw nothing();
      throw new Fault('bus.bad-reply', { bus: 'the wire', unit: 0, reason: 'no frame of this device' });
    },
    async send(bytes, { signal }) {
      await bench.exchange({ bytes, setting, wait_ms: 0 }, signal);
    },
    // biome-ignore lint/correctness/useYield: it hears nobody
    async *frames() {
      throw nothing();
    },
  };
}

/** The first frame in these bytes, behind whatever is to be skipped. */
function firstFrame(bytes: Uint8Array, rule: FrameRule, idle_ms: Millis): Uint8Array | undefined {
  for (let at = 0; at < bytes.length; ) {
    const cut: Cut = rule(bytes.subarray(at), idle_ms);
    if (cut === 'more') return undefined;
    if ('take' in cut) return bytes.slice(at, at + cut.take);
    at += Math.max(1, cut.skip);
  }
  return undefined;
}
