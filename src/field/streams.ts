import type { BytesLink, DriverLibrary, FoundStream, FrameRule, LineSetting } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import type { PointSpecs, Value } from '../model/index.ts';
import { type Known, knownDrivers } from './drivers.ts';
import { isPlausible } from './shown.ts';

/** Of what was heard so much must be frames of a device before it is said to be one. */
const ENOUGH = 0.5;
/** A single frame may be chance, unless it is nearly all that was heard. */
const SURELY = 2;
const NEARLY_ALL = 0.9;
/** Damaged frames of one recording that are passed over. */
const MOST_FAULTS = 200;

interface Heard {
  readonly frames: number;
  readonly used: number;
  readonly values: Readonly<Record<string, Value | null>>;
  readonly plausible: boolean;
}

/**
 * Which devices of the library speak like this: each driver listens to the recording as it would to its own wire. It hears, and what it wants to say
 * goes nowhere. The likeliest first.
 */
export async function recogniseStream(
  bytes: Uint8Array,
  setting: LineSetting,
  library: DriverLibrary,
): Promise<readonly FoundStream[]> {
  if (bytes.length === 0) return [];
  const found: FoundStream[] = [];
  for (const known of await knownDrivers(library, 'bytes', true)) {
    const heard = await hear(known, bytes);
    const share = heard.used / bytes.length;
    const enough = heard.frames >= SURELY ? share >= ENOUGH : heard.frames > 0 && share >= NEARLY_ALL;
    if (!enough || !heard.plausible) continue;
    const { driver, preset } = known;
    // Models that speak alike are one likeness.
    if (found.some((one) => one.driver === driver.id && one.frames >= heard.frames)) continue;
    found.push({
      ...{ setting, driver: driver.id, frames: heard.frames, share: Math.round(share * 100) / 100 },
      values: heard.values,
      ...(preset && { options: preset }),
    });
  }
  return found.sort((x, y) => rank(y) - rank(x));
}

/** Who makes most of it. A line of text may be anybody's; of makers that share a frame, the one that explains more of it comes first. */
const rank = ({ values, share }: FoundStream): number =>
  Math.min(1, Object.keys(values).length) + share + Object.keys(values).length / 1000;

async function hear({ driver, options }: Known, bytes: Uint8Array): Promise<Heard> {
  const tape = new Tape(bytes);
  const points: PointSpecs = driver.points(options);
  const values: Record<string, Value | null> = {};
  let good = 0;
  let used = 0;
  let outside = 0;
  for (let faults = 0; faults < MOST_FAULTS && !tape.over; faults += 1) {
    const session = driver.open(tape.link, options);
    if (!session.watch) break;
    try {
      const call = { signal: new AbortController().signal, priority: 'poll' } as const;
      for await (const heard of session.watch(call)) {
        good += 1;
        used += tape.frame;
        if (!('sample' in heard)) continue;
        for (const [name, value] of Object.entries(heard.sample)) values[name] = value ?? null;
        outside += Number(!isPlausible(heard.sample, points));
      }
      break;
    } catch {
      // A damaged frame ends a session; the rest of the recording is still to be heard.
    }
  }
  return { frames: good, used, values, plausible: good > 0 && outside <= good / 2 };
}

/** A recording in the place of a line: it is heard once, and cannot be spoken to. */
class Tape {
  /** Length of the frame that was heard last. */
  frame = 0;
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get over(): boolean {
    return this.at >= this.bytes.length;
  }

  readonly link: BytesLink = {
    exchange: async () => {
      throw new Fault('bus.no-reply', { bus: 'recording', unit: 0, timeout_ms: 0 });
    },
    send: async () => {},
    frames: (rule) => this.frames(rule),
  };

  private async *frames(rule: FrameRule): AsyncIterable<Uint8Array> {
    while (!this.over) {
      const rest = this.bytes.subarray(this.at);
      // After the last byte there is silence for ever.
      const cut = rule(rest, Number.MAX_SAFE_INTEGER);
      if (cut === 'more') {
        this.at = this.bytes.length;
        return;
      }
      const length = 'take' in cut ? cut.take : cut.skip;
      this.at += Math.max(1, length);
      if (!('take' in cut)) continue;
      this.frame = length;
      yield rest.slice(0, length);
    }
  }
}
