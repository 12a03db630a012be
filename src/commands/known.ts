import type { Millis, Outcome } from '../model/index.ts';

/** Ids that come again do so within seconds; what is older is in the journal. */
const MOST = 10_000;

/** Ids of this run with how they end: a second one of the same never begins. */
export class KnownCommands {
  private readonly ends = new Map<string, Promise<Outcome>>();

  /** It has ended in an earlier run. */
  remember(id: string, outcome: Outcome): void {
    this.ends.set(id, Promise.resolve(outcome));
  }

  /** How it ends, begun now or long ago. `begin` runs for the first one only, and at once. */
  once(
    id: string,
    begin: () => Promise<Outcome>,
  ): { readonly fresh: boolean; readonly end: Promise<Outcome> } {
    const before = this.ends.get(id);
    if (before) return { fresh: false, end: before };
    // Known before anything happens: what `begin` does may lead here again.
    let settle: (end: Promise<Outcome>) => void = () => {};
    const end = new Promise<Outcome>((resolve) => {
      settle = resolve;
    });
    this.ends.set(id, end);
    settle(begin());
    const [oldest] = this.ends.keys();
    if (this.ends.size > MOST && oldest !== undefined) this.ends.delete(oldest);
    return { fresh: true, end };
  }
}

/** Nonces that this run gave out, as far back as anybody would still send one. */
export class GivenBeats {
  private readonly seen = new Map<string, Millis>();

  note(beats: readonly string[], up: Millis): void {
    for (const beat of beats) this.seen.set(beat, up);
    const [oldest] = this.seen.keys();
    if (this.seen.size > MOST && oldest !== undefined) this.seen.delete(oldest);
  }

  has = (beat: string): boolean => this.seen.has(beat);
}
