import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock/index.ts';
import { FirmataBoard } from '../../src/simulate/firmata-board.ts';
import { openPty, type Pty } from '../../src/simulate/pty.ts';

/** An Arduino with StandardFirmata at the end of a pty of that name. It samples as often as it was told to. */
export function farBoard(link: string) {
  const clock = systemClock('far board');
  const ending = new AbortController();
  const heard: number[] = [];
  /** Levels of each pin as an output, in the order it had them; undefined: it was no output. */
  const history: (boolean | undefined)[][] = [];
  let pty: Pty | undefined;
  let deaf = false;
  const board = new FirmataBoard({
    say: (bytes) => {
      if (!deaf) void pty?.write(bytes);
    },
    driven: (pin, high) => {
      history[pin] = [...(history[pin] ?? []), high];
    },
  });
  const plug = () => {
    pty = openPty({ link, clock });
    pty.onData((chunk) => {
      heard.push(...chunk);
      if (!deaf) board.hear(chunk);
    });
    board.start();
  };
  const unplug = () => {
    pty?.close();
    pty = undefined;
  };
  void (async () => {
    while (!ending.signal.aborted) {
      await clock.sleep('samples', board.sampling_ms, ending.signal);
      if (!deaf) board.sample();
    }
  })().catch(() => {});
  onTestFinished(() => {
    ending.abort();
    unplug();
  });
  plug();
  return {
    board,
    history,
    heard,
    plug,
    unplug,
    /** It hangs: its port is there, and nothing comes. */
    hang: (on: boolean) => {
      deaf = on;
    },
  };
}
