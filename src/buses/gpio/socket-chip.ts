import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import type { Edge, GpioChip, GpioLines, LineWish } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';

/** What the simulated chip says: electrical levels of all its lines at first, then each change with its time. */
type Saying =
  | { readonly levels: Readonly<Record<string, boolean>> }
  | { readonly line: string; readonly high: boolean; readonly up: number };

/**
 * A simulated chip at the far end of a unix socket (`sim:PATH`) or of any other stream, which `simulate` opens: the same contract as the kernel's, without bias and
 * debounce. JSON lines: it says levels, we say `{ line, high }` for outputs.
 */
export async function openSocketChip(label: string, socket: Duplex): Promise<GpioChip> {
  const levels = new Map<string, boolean>();
  const takers = new Set<SocketLines>();
  const missing = (error: Error): Fault =>
    new Fault('gpio.chip-missing', { label, known: `none: ${error.message}` });
  const lines = createInterface({ input: socket });
  const hear = (text: string): boolean => {
    // Said by our own far end, see src/simulate/gpio.ts.
    const said = JSON.parse(text) as Saying;
    if ('levels' in said) for (const [line, high] of Object.entries(said.levels)) levels.set(line, high);
    else {
      levels.set(said.line, said.high);
      for (const taker of takers) taker.changed(said.line, said.high, said.up);
    }
    return 'levels' in said;
  };
  await new Promise<void>((resolve, reject) => {
    // readline hands on the errors of what it reads.
    lines.on('error', (error) => reject(missing(error)));
    socket.on('error', (error) => reject(missing(error)));
    socket.on('close', () => reject(missing(new Error('it hung up'))));
    lines.on('line', (text) => {
      if (hear(text)) resolve();
    });
  });
  socket.on('close', () => {
    for (const taker of takers) taker.gone();
  });
  return {
    label,
    stamps: true,
    debounces: false,
    request: (wishes, consumer) => {
      for (const { line } of wishes) {
        if (!levels.has(String(line))) {
          throw new Fault('gpio.line-missing', { label, line, nearest: [...levels.keys()].join(', ') });
        }
        const holder = [...takers].find((taker) => taker.holds(line));
        if (holder) throw new Fault('gpio.line-taken', { label, line, consumer: holder.consumer });
      }
      const say = (line: string, high: boolean) => {
        levels.set(line, high);
        socket.write(`${JSON.stringify({ line, high })}\n`);
      };
      const taken = new SocketLines(wishes, {
        label,
        consumer,
        levels,
        say,
        left: () => takers.delete(taken),
      });
      takers.add(taken);
      return taken;
    },
    close: () => {
      socket.destroy();
    },
  };
}

interface Place {
  readonly label: string;
  readonly consumer: string;
  readonly levels: ReadonlyMap<string, boolean>;
  readonly say: (line: string, high: boolean) => void;
  readonly left: () => void;
}

class SocketLines implements GpioLines {
  private readonly wishes: readonly LineWish[];
  private readonly at: Place;
  private listener: (edges: readonly Edge[], lost: number) => void = () => {};
  private lost: (reason: Error) => void = () => {};
  private open = true;

  constructor(wishes: readonly LineWish[], at: Place) {
    this.wishes = wishes;
    this.at = at;
    for (const [index, wish] of wishes.entries()) if (wish.direction === 'out') this.set(index, wish.initial);
  }

  get consumer(): string {
    return this.at.consumer;
  }

  holds(line: string | number): boolean {
    return this.wishes.some((wish) => String(wish.line) === String(line));
  }

  get(): readonly boolean[] {
    this.assertOpen();
    return this.wishes.map(
      ({ line, active_low }) => (this.at.levels.get(String(line)) ?? false) !== active_low,
    );
  }

  set(index: number, on: boolean): void {
    this.assertOpen();
    const wish = this.wishes[index];
    if (wish) this.at.say(String(wish.line), on !== wish.active_low);
  }

  onEdges(listener: (edges: readonly Edge[], lost: number) => void): void {
    this.listener = listener;
  }

  onLost(listener: (reason: Error) => void): void {
    this.lost = listener;
  }

  close(): void {
    this.open = false;
    this.at.left();
  }

  changed(line: string, high: boolean, up: number): void {
    const index = this.wishes.findIndex((wish) => String(wish.line) === line);
    const wish = this.wishes[index];
    if (!wish || !this.open) return;
    const on = high !== wish.active_low;
    const heard = wish.edges === 'both' || (wish.edges === 'rising') === on;
    if (wish.edges !== 'none' && heard) this.listener([{ index, on, up }], 0);
  }

  gone(): void {
    if (!this.open) return;
    this.open = false;
    this.lost(new Error('the simulated chip has gone'));
  }

  private assertOpen(): void {
    if (!this.open) throw new Fault('gpio.failed', { label: this.at.label, reason: 'the lines are closed' });
  }
}
