import type { FrameRule } from '../../contracts/index.ts';
import type { Fault } from '../../faults/index.ts';

/** Somebody who waits for the next frame. */
export interface Listener {
  readonly rule: FrameRule;
  readonly frame: (frame: Uint8Array) => void;
  readonly fail: (fault: Fault) => void;
}

/** Frames that wait for a listener who is busy; of more, the oldest go. */
const MOST_WAITING = 256;

export interface Line {
  readonly begin: (listener: Listener) => void;
  readonly end: (listener: Listener) => void;
  /** A frame was given up because the listener did not take it in time. */
  readonly missed: () => void;
}

/** Every frame from now on, until the signal aborts; throws what the line fails with. */
export async function* listenTo(
  rule: FrameRule,
  signal: AbortSignal,
  line: Line,
): AsyncGenerator<Uint8Array, void> {
  const waiting: Uint8Array[] = [];
  let failed: Fault | undefined;
  let wake = () => {};
  const abort = () => wake();
  const listener: Listener = {
    rule,
    frame: (frame) => {
      waiting.push(frame);
      if (waiting.length > MOST_WAITING) {
        waiting.shift();
        line.missed();
      }
      wake();
    },
    fail: (fault) => {
      failed = fault;
      wake();
    },
  };
  signal.addEventListener('abort', abort, { once: true });
  line.begin(listener);
  try {
    while (!signal.aborted) {
      const next = waiting.shift();
      if (next) yield next;
      else if (failed) throw failed;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    signal.removeEventListener('abort', abort);
    line.end(listener);
  }
}
