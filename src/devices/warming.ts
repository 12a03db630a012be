import type { Call, Session } from '../contracts/index.ts';
import type { Millis, PointSpecs, Sample } from '../model/index.ts';

/** While a device warms up it answers, and what it answers is worth nothing: its points have no value. */
export class Warming {
  private readonly lasts_ms: Millis;
  private until_up: Millis = 0;

  constructor(lasts_ms: Millis) {
    this.lasts_ms = lasts_ms;
  }

  begin(up: Millis): void {
    this.until_up = up + this.lasts_ms;
  }

  /** The sample as it may be believed at that moment. */
  judge(sample: Sample, up: Millis): Sample {
    if (up >= this.until_up) return sample;
    return Object.fromEntries(Object.keys(sample).map((point) => [point, null]));
  }
}

/** The session, able to tell its host more than it is asked: that its device has begun to measure only now, and what has happened. */
export function telling(
  session: Session<PointSpecs>,
  host: Required<Pick<Call, 'started' | 'tell' | 'mark'>>,
): Session<PointSpecs> {
  const told = (call: Call): Call => ({ ...call, ...host });
  const { sample, watch, nudges } = session;
  const observing = {
    ...(sample && { sample: (call: Call) => sample(told(call)) }),
    ...(watch && { watch: (call: Call) => watch(told(call)) }),
    ...(nudges && { nudges }),
  };
  if (!session.act) return observing;
  const { act, rest } = session;
  return { ...observing, act: (name, args, call) => act(name, args, told(call)), rest };
}
