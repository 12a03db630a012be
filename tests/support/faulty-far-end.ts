import type { Clock } from '../../src/contracts/index.ts';
import { type Asked, join, registersOf, type Sending } from './modbus-injector.ts';

export interface Wire {
  readonly send: (bytes: Uint8Array) => void;
  readonly hangUp: () => void;
}

interface OrderedWire extends Wire {
  /** One after the other; at once while nothing is held. */
  readonly inTurn: (work: () => void | Promise<void>) => void;
}

function ordered(wire: Wire): OrderedWire {
  let busy: Promise<void> | undefined;
  const inTurn = (work: () => void | Promise<void>) => {
    const mine = busy ? busy.then(work) : work();
    if (!mine) return;
    const tail = mine.then(() => {
      if (busy === tail) busy = undefined;
    });
    busy = tail;
  };
  return { ...wire, inTurn };
}

export interface FarEndSettings<A extends Asked, K extends string> {
  readonly clock: Clock;
  readonly random: () => number;
  readonly timeout_ms: number;
  /** Share of the replies something happens to. */
  readonly share: number;
  readonly kinds: readonly K[];
  readonly cut: (
    bytes: Uint8Array,
  ) => { readonly asked: A; readonly frame: Uint8Array; readonly rest: Uint8Array } | undefined;
  readonly replies: (
    asked: A,
    round: number,
    kind: K | 'none',
    chance: { readonly random: () => number; readonly timeout_ms: number },
  ) => readonly Sending[];
  /** The adapter hears itself. */
  readonly echoes?: boolean;
}

/** The far end of a wire: finds requests in the bytes, and plays tricks with the replies. It remembers what it did to whom. */
export function faultyFarEnd<A extends Asked, K extends string>(settings: FarEndSettings<A, K>) {
  const { clock, random, timeout_ms, share, kinds } = settings;
  const rounds = new Map<number, { readonly round: number; readonly kind: K | 'none'; readonly asked: A }>();
  const times = new Map<string, number>();
  let requests = 0;

  const answer = (asked: A, wire: OrderedWire) => {
    const kind = random() < share ? (kinds[Math.floor(random() * kinds.length)] ?? 'none') : 'none';
    const round = (rounds.get(asked.unit)?.round ?? 0) + 1;
    rounds.set(asked.unit, { round, kind, asked });
    requests += 1;
    times.set(kind, (times.get(kind) ?? 0) + 1);
    const asked_up = clock.now().up;
    for (const { bytes, after_ms, close, held } of settings.replies(asked, round, kind, {
      random,
      timeout_ms,
    })) {
      const deliver = () => {
        if (bytes.length) wire.send(bytes);
        if (close) wire.hangUp();
      };
      const later = () => clock.sleep('far end', after_ms);
      if (held) wire.inTurn(() => later().then(deliver));
      else if (after_ms === 0) wire.inTurn(deliver);
      else
        void later().then(() => {
          // A machine that was held up must not make it later than the promise covers.
          if (clock.now().up - asked_up < 1.7 * timeout_ms) wire.inTurn(deliver);
        });
    }
  };

  return {
    /** A connection; gives where its bytes go. */
    attach: (plain: Wire) => {
      const wire = ordered(plain);
      let unread: Uint8Array = new Uint8Array();
      return (chunk: Uint8Array) => {
        if (settings.echoes) wire.send(chunk);
        unread = join(unread, chunk);
        for (let next = settings.cut(unread); next; next = settings.cut(unread)) {
          unread = next.rest;
          answer(next.asked, wire);
        }
      };
    },
    /** What the last request to a unit must have given, and what was done to its reply. */
    last: (unit: number) => {
      const found = rounds.get(unit);
      if (!found) throw new Error(`unit ${unit} was not asked`);
      return { kind: found.kind, values: registersOf(found.asked, found.round) };
    },
    requests: () => requests,
    times: (): ReadonlyMap<string, number> => times,
  };
}
