import type { Truth } from '../contracts/index.ts';
import type { JsonObject, Millis } from '../model/index.ts';
import type { Done } from './day-count.ts';

/** The time, and what the schedule of a load says at that time. */
export interface LoadNow extends Done {
  /** undefined: it has no schedule. */
  readonly schedule: Truth | undefined;
  /** When the schedule changes next, as far as that can be known. */
  readonly edge_unix_ms?: number | undefined;
}

/** Whether a load is to be on, and who says so. `on` undefined: nobody knows, it stays as it is. */
export interface LoadWanted {
  readonly on: boolean | undefined;
  readonly by: 'schedule' | 'no-schedule' | 'time-unknown' | 'command' | 'switch';
  /** Of a command: who gave it. */
  readonly who?: string;
}

/** Somebody's word against the schedule. It holds for a time, until the schedule changes, or until it is taken back. */
interface Hand {
  readonly on: boolean;
  readonly by: 'command' | 'switch';
  readonly who?: string;
  readonly ends: 'never' | 'time' | 'edge';
  /** `time`: then, in this boot. */
  readonly boot?: string;
  readonly up?: Millis;
  /** `time`: how long it was to last. */
  readonly ms?: Millis;
  /** `time`: said in an earlier boot. */
  readonly before?: true;
  /** The same by the time of day, where it was known: counts in another boot, and for an edge. */
  readonly unix_ms?: number;
  /** `edge`: what the schedule said when this was said. */
  readonly said?: boolean;
}

/** Whose word counts for a load. Pure: time and schedule are handed in. The newest word by hand beats the schedule while it lasts. */
export class LoadWill {
  private hand: Hand | undefined;
  private closed: boolean | undefined;

  /** What an earlier run kept, as far as it can be understood. */
  constructor(kept?: JsonObject) {
    this.hand = handOf(kept?.hand);
    this.closed = typeof kept?.closed === 'boolean' ? kept.closed : undefined;
  }

  /** To be kept; the same text as long as nothing has changed. */
  get kept(): JsonObject {
    const { hand, closed } = this;
    return { ...(hand && { hand: { ...hand } }), ...(closed !== undefined && { closed }) };
  }

  wanted(now: LoadNow): LoadWanted {
    this.endWhenDue(now);
    const { hand } = this;
    if (hand) {
      const { on, by, who } = hand;
      return { on, by, ...(who !== undefined && { who }) };
    }
    if (now.schedule === undefined) return { on: false, by: 'no-schedule' };
    return now.schedule === 'unknown'
      ? { on: undefined, by: 'time-unknown' }
      : { on: now.schedule === 'yes', by: 'schedule' };
  }

  /** When the word by hand ends by itself in this boot; Infinity: not by time. */
  get ends_up(): Millis {
    return this.hand?.ends === 'time' && this.hand.up !== undefined ? this.hand.up : Number.POSITIVE_INFINITY;
  }

  /** The same by the time of day, as far as it can be known. */
  get ends_unix_ms(): number | undefined {
    return this.hand?.unix_ms;
  }

  /** A command: for a time, or until another one; `auto` gives it back to the schedule. */
  command(
    name: 'on' | 'off' | 'auto',
    { who, for_ms }: { readonly who: string; readonly for_ms?: Millis },
    now: LoadNow,
  ): void {
    if (name === 'auto') {
      this.hand = undefined;
      return;
    }
    const hand = { on: name === 'on', by: 'command', who } as const;
    this.hand = for_ms === undefined ? { ...hand, ends: 'never' } : { ...hand, ...endAfter(for_ms, now) };
  }

  /**
   * The switch at the place as it is now. A button turns over what is wanted (where nobody knows: what is `lit`); a switch that is closed
   * wants it on, opened it wants nothing any more. What it was when an earlier run ended is no news.
   */
  feel(
    closed: boolean,
    {
      type,
      lasts_ms,
      lit,
    }: {
      readonly type: 'momentary' | 'maintained';
      readonly lasts_ms: Millis | undefined;
      readonly lit: boolean;
    },
    now: LoadNow,
  ): void {
    const before = this.closed;
    this.closed = closed;
    if (before === closed) return;
    // A button that was pressed while nobody looked: nobody knows how often.
    if (type === 'momentary' && (before === undefined || !closed)) return;
    if (type === 'maintained' && !closed) {
      if (this.hand?.by === 'switch') this.hand = undefined;
      return;
    }
    const on = type === 'maintained' || !(this.wanted(now).on ?? lit);
    const ends = lasts_ms === undefined ? untilEdge(now, type) : endAfter(lasts_ms, now);
    this.hand = { on, by: 'switch', ...ends };
    // Back to what the schedule wants is back to the schedule.
    if (type === 'momentary' && now.schedule === (on ? 'yes' : 'no')) this.hand = undefined;
  }

  private endWhenDue(now: LoadNow): void {
    const { hand } = this;
    if (!hand || hand.ends === 'never') return;
    if (hand.ends === 'time') {
      const held = hand.boot === now.boot ? hand : takenUp(hand, now);
      // Within a boot time is monotonic, whatever the clock of the day does; what began in another one ends by that too.
      const over = now.up >= (held.up ?? 0) || (held.before && isPast(held, now));
      this.hand = over ? undefined : held;
      return;
    }
    if (now.schedule === undefined || now.schedule === 'unknown') return;
    const says = now.schedule === 'yes';
    if (hand.said === undefined) this.hand = { ...hand, said: says };
    else if (hand.said !== says || isPast(hand, now)) this.hand = undefined;
  }
}

const isPast = ({ unix_ms }: Hand, now: LoadNow): boolean =>
  unix_ms !== undefined && now.unix_ms !== undefined && now.unix_ms >= unix_ms;

/** Said in another boot: what is left by the time of day. While that cannot be known, it lasts no longer than it was to last at all. */
function takenUp(hand: Hand, { boot, up, unix_ms }: LoadNow): Hand {
  const { ms = 0 } = hand;
  const left_ms = hand.unix_ms === undefined || unix_ms === undefined ? ms : hand.unix_ms - unix_ms;
  return { ...hand, boot, up: up + Math.min(left_ms, ms), before: true };
}

const endAfter = (
  ms: Millis,
  { boot, up, unix_ms }: LoadNow,
): Pick<Hand, 'ends' | 'boot' | 'up' | 'ms' | 'unix_ms'> => ({
  ...{ ends: 'time', boot, up: up + ms, ms },
  ...(unix_ms !== undefined && { unix_ms: unix_ms + ms }),
});

/** A load without a schedule has no edge, and a switch that is closed stays closed. */
function untilEdge(
  { schedule, edge_unix_ms }: LoadNow,
  type: 'momentary' | 'maintained',
): Pick<Hand, 'ends' | 'said' | 'unix_ms'> {
  if (schedule === undefined || type === 'maintained') return { ends: 'never' };
  return {
    ends: 'edge',
    ...(schedule !== 'unknown' && { said: schedule === 'yes' }),
    ...(edge_unix_ms !== undefined && { unix_ms: edge_unix_ms }),
  };
}

function handOf(kept: unknown): Hand | undefined {
  if (typeof kept !== 'object' || kept === null) return undefined;
  const { on, by, who, ends, boot, up, ms, before, unix_ms, said } = kept as Readonly<
    Record<string, unknown>
  >;
  if (typeof on !== 'boolean' || (by !== 'command' && by !== 'switch')) return undefined;
  if (ends !== 'never' && ends !== 'time' && ends !== 'edge') return undefined;
  return {
    ...{ on, by, ends },
    ...(typeof who === 'string' && { who }),
    ...(typeof boot === 'string' && { boot }),
    ...(typeof up === 'number' && { up }),
    ...(typeof ms === 'number' && { ms }),
    ...(before === true && { before }),
    ...(typeof unix_ms === 'number' && { unix_ms }),
    ...(typeof said === 'boolean' && { said }),
  };
}
