import type { Clock } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';

/** Why a sleep that nobody needs any more ends. Made once: at every exchange of a busy bus a new one, with its stack, is a cost of its own. */
export const NOT_NEEDED = new Error('it is not waited for any more');

/**
 * A controller that aborts with any of the outer signals too, until released. (AbortSignal.any would keep every signal it ever made
 * as long as an outer one lives.)
 */
export function linked(...outers: readonly AbortSignal[]): {
  readonly controller: AbortController;
  release(): void;
} {
  const controller = new AbortController();
  const passes = outers.map((outer) => ({ outer, pass: () => controller.abort(outer.reason) }));
  for (const { outer, pass } of passes) {
    if (outer.aborted) pass();
    outer.addEventListener('abort', pass, { once: true });
  }
  const release = () => {
    for (const { outer, pass } of passes) outer.removeEventListener('abort', pass);
  };
  return { controller, release };
}

/** The same promise, but the one who waits leaves with the signal's reason as soon as it aborts. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // Whoever has left does not hear how it ended.
  promise.catch(() => {});
  signal.throwIfAborted();
  let abort = () => {};
  const left = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([promise, left]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** What the promise gives; after `ms` undefined: whoever waits goes on, and what was waited for ends by itself. */
export async function atMost<T>(
  clock: Clock,
  { name, ms }: { readonly name: string; readonly ms: Millis },
  promise: Promise<T>,
): Promise<T | undefined> {
  const over = new AbortController();
  const late = clock.sleep(name, ms, over.signal).then(nothing, nothing);
  return Promise.race([promise, late]).finally(() => over.abort(NOT_NEEDED));
}

const nothing = (): undefined => undefined;

/**
 * Runs `work` with a signal that aborts after `ms` (or with the outer one); `late` makes the reason. Work that does not listen to its
 * signal is left behind. It is not begun when the outer signal has aborted already.
 */
export async function withTimeout<T>(
  clock: Clock,
  span: {
    readonly name: string;
    readonly ms: Millis;
    readonly signal?: AbortSignal;
    readonly late: () => Error;
  },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  span.signal?.throwIfAborted();
  const { controller, release } = linked(...(span.signal ? [span.signal] : []));
  const finished = new AbortController();
  clock.sleep(span.name, span.ms, finished.signal).then(
    () => controller.abort(span.late()),
    () => {},
  );
  try {
    return await unlessAborted(work(controller.signal), controller.signal);
  } finally {
    finished.abort(NOT_NEEDED);
    release();
  }
}

/** Yields at a fixed rhythm without drift; beats that were missed (a stall) are counted, not repeated. */
export async function* ticker(
  clock: Clock,
  rhythm: { readonly name: string; readonly every_ms: Millis; readonly first_ms?: Millis },
  signal: AbortSignal,
): AsyncGenerator<{ readonly missed: number }> {
  let due = clock.now().up + (rhythm.first_ms ?? rhythm.every_ms);
  while (!signal.aborted) {
    try {
      await clock.sleep(rhythm.name, Math.max(0, due - clock.now().up), signal);
    } catch {
      return;
    }
    const missed = Math.floor(Math.max(0, clock.now().up - due) / rhythm.every_ms);
    due += (missed + 1) * rhythm.every_ms;
    yield { missed };
  }
}
