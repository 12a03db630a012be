import { withTimeout } from '../../clock/index.ts';
import type {
  Call,
  Clock,
  Edge,
  GpioChip,
  GpioLines,
  LineEdge,
  LineLink,
  LineWish,
} from '../../contracts/index.ts';
import { asFault, Fault } from '../../faults/index.ts';
import type { JsonObject, Millis } from '../../model/index.ts';
import { Alarm } from '../alarm.ts';
import type { Counters } from '../counters.ts';
import { Debounce, type Settled } from './debounce.ts';

export interface LineSetSettings {
  readonly bus: string;
  readonly device: string;
  readonly wishes: Readonly<Record<string, LineWish>>;
  readonly clock: Clock;
  readonly counters: Counters;
  /** The chip itself has failed. */
  readonly failed: (fault: Fault) => void;
}

/** Longest a board may take to confirm an output. */
const CONFIRM_MS: Millis = 500;
/** An edge that is on its way has come by then: a level that differs from what was told counts only after that. */
const DOUBT_MS: Millis = 100;
/** Most edges that wait for a slow listener; what comes on top is counted as lost. */
const MOST_WAITING = 4096;

/** The lines of one device: taken when the chip is there, taken again when it comes back. */
export class LineSet implements LineLink {
  private readonly settings: LineSetSettings;
  private readonly names: readonly string[];
  private readonly wishes: readonly LineWish[];
  private readonly settling: Alarm;
  private readonly doubting: Alarm;
  private readonly quieting: Alarm;
  /** The newest edge of a line whose silence is waited for. */
  private burst: { readonly index: number; readonly on: boolean; readonly quiet_up: Millis } | undefined;
  /** Levels as they were told last, and lines of which a look showed another one. */
  private readonly told = new Map<number, boolean>();
  private readonly doubts = new Set<number>();
  private chip: GpioChip | undefined;
  private lines: GpioLines | undefined;
  private fault: Fault;
  private debounces = new Map<number, Debounce>();
  private listener: Listener | undefined;
  private edgesHeard = 0;
  private edgesLost = 0;

  constructor(settings: LineSetSettings) {
    this.settings = settings;
    this.names = Object.keys(settings.wishes);
    this.wishes = Object.values(settings.wishes);
    this.fault = new Fault('bus.down', { bus: settings.bus, reason: 'it is not open yet' });
    this.settling = new Alarm(settings.clock, `${settings.device} debounce`, () => this.settle());
    this.doubting = new Alarm(settings.clock, `${settings.device} look again`, () => this.look());
    this.quieting = new Alarm(settings.clock, `${settings.device} quiet`, () => this.fallQuiet());
  }

  async get(line: string, call: Call): Promise<boolean> {
    call.signal.throwIfAborted();
    const index = this.indexOf(line);
    return known(this.levels(this.taken())[index], this.settings);
  }

  async measure(line: string, call: Call): Promise<number> {
    call.signal.throwIfAborted();
    const index = this.indexOf(line);
    const lines = this.taken();
    this.settings.counters.add('exchanges');
    return known(
      this.guarded(() => lines.measure?.(index)),
      this.settings,
    );
  }

  async set(line: string, on: boolean, call: Call): Promise<void> {
    call.signal.throwIfAborted();
    const index = this.indexOf(line);
    const lines = this.taken();
    const { bus, clock, counters, device } = this.settings;
    counters.add('exchanges');
    const confirmed = this.guarded(() => lines.set(index, on));
    if (!confirmed) return;
    const late = () => new Fault('bus.no-reply', { unit: device, bus, timeout_ms: CONFIRM_MS, sent: true });
    const span = { name: `${device} ${line} confirmed`, ms: CONFIRM_MS, signal: call.signal, late };
    await withTimeout(clock, span, () => confirmed);
  }

  async *edges(signal: AbortSignal): AsyncGenerator<LineEdge> {
    const { bus, device } = this.settings;
    if (this.listener) throw new Fault('internal', { text: `${device} listens twice on ${bus}` });
    const listener = new Listener(signal);
    this.taken();
    this.listener = listener;
    try {
      this.look();
      yield* listener.words();
    } finally {
      this.listener = undefined;
    }
  }

  attach(chip: GpioChip): void {
    this.chip = chip;
    try {
      this.take(chip);
    } catch (error) {
      this.fault = asFault(error);
    }
  }

  detach(fault: Fault): void {
    this.chip = undefined;
    this.fault = fault;
    this.settling.clear();
    this.doubting.clear();
    this.quieting.clear();
    this.burst = undefined;
    this.told.clear();
    this.doubts.clear();
    this.lines?.close();
    this.lines = undefined;
    this.listener?.fail(fault);
  }

  /** Tells the level of every input; what differs from what was told last is an edge that nobody heard. */
  look(): void {
    if (!this.lines) return;
    try {
      const levels = this.levels(this.lines);
      const { up } = this.settings.clock.now();
      this.wishes.forEach((wish, index) => {
        // What is just bouncing is not looked at.
        const debounce = this.debounces.get(index);
        const on = levels[index];
        if (wish.direction !== 'in' || on === undefined || debounce?.due() !== undefined) return;
        if (this.isDoubtful(index, on, up)) return;
        debounce?.seen(on);
        this.tell(index, { on, up, bounces: 0, lost: 0, how: 'look' });
      });
    } catch {
      // The chip has failed, and that was told.
    }
  }

  view(): JsonObject {
    const state = this.lines ? 'taken' : this.fault.message;
    return {
      lines: this.wishes.map(({ line }) => line),
      state,
      edges: this.edgesHeard,
      lost: this.edgesLost,
    };
  }

  private taken(): GpioLines {
    if (this.lines) return this.lines;
    if (!this.chip) throw this.fault;
    return this.take(this.chip);
  }

  private take(chip: GpioChip): GpioLines {
    const { device } = this.settings;
    const bursts = this.wishes.some(({ edges }) => edges === 'falling' || edges === 'rising');
    if (bursts && !chip.stamps) {
      throw new Fault('gpio.unable', {
        label: chip.label,
        reason: 'bursts of edges need the times of the kernel',
      });
    }
    const ours = ({ count_bounces = false }: LineWish) => count_bounces || !chip.debounces;
    const asked = this.wishes.map((wish) => (ours(wish) ? { ...wish, debounce_ms: 0 } : wish));
    const lines = chip.request(asked, `gatelodge ${device}`);
    this.lines = lines;
    lines.onLost((error) => this.settings.failed(asFault(error)));
    if (asked.some(({ edges }) => edges !== 'none')) lines.onEdges((edges, lost) => this.hear(edges, lost));
    const levels = this.levels(lines);
    this.debounces = new Map(
      this.wishes.flatMap((wish, index): [number, Debounce][] =>
        wish.debounce_ms > 0 && wish.direction === 'in' && ours(wish)
          ? [[index, new Debounce(wish.debounce_ms, levels[index] ?? false)]]
          : [],
      ),
    );
    return lines;
  }

  private hear(edges: readonly Edge[], lost: number): void {
    this.edgesHeard += edges.length;
    this.edgesLost += lost;
    let dropped = lost;
    for (const { index, on, up } of edges) {
      const debounce = this.debounces.get(index);
      if (debounce) this.tellSettled(index, debounce.edge(on, up));
      else this.tell(index, { on, up, bounces: 0, lost: dropped, how: 'edge' });
      dropped = 0;
      this.awaitQuiet(index, on, up);
      const due = debounce?.due();
      if (due !== undefined) this.settling.setBy(due);
    }
  }

  private awaitQuiet(index: number, on: boolean, up: Millis): void {
    const quiet_ms = this.wishes[index]?.quiet_ms;
    if (quiet_ms === undefined) return;
    this.burst = { index, on, quiet_up: up + quiet_ms };
    this.quieting.setBy(up + quiet_ms);
  }

  /** The alarm rings only after all edges that are there have been heard: a process that was held up takes no burst for two. */
  private fallQuiet(): void {
    const { burst } = this;
    if (!burst) return;
    const { index, on, quiet_up: up } = burst;
    if (this.settings.clock.now().up < up) return this.quieting.setBy(up);
    this.burst = undefined;
    this.listener?.hear({ line: this.names[index] ?? '', on, up, bounces: 0, lost: 0, how: 'quiet' });
  }

  private settle(): void {
    const { up } = this.settings.clock.now();
    for (const [index, debounce] of this.debounces) {
      this.tellSettled(index, debounce.settle(up));
      const due = debounce.due();
      if (due !== undefined) this.settling.setBy(due);
    }
  }

  private tellSettled(index: number, settled: Settled | undefined): void {
    if (settled) this.tell(index, { ...settled, lost: 0, how: 'edge' });
  }

  /** The first look that differs may only be sooner than the edge. */
  private isDoubtful(index: number, on: boolean, up: Millis): boolean {
    const told = this.told.get(index);
    if (told === undefined || told === on || this.doubts.has(index)) return false;
    this.doubts.add(index);
    this.doubting.setBy(up + DOUBT_MS);
    return true;
  }

  private tell(index: number, edge: Omit<LineEdge, 'line'>): void {
    this.told.set(index, edge.on);
    this.doubts.delete(index);
    this.listener?.hear({ line: this.names[index] ?? '', ...edge });
  }

  private levels(lines: GpioLines): readonly (boolean | undefined)[] {
    this.settings.counters.add('exchanges');
    return this.guarded(() => lines.get());
  }

  /** A chip that fails at one line has failed altogether. */
  private guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.settings.failed(asFault(error));
      throw error;
    }
  }

  private indexOf(line: string): number {
    const index = this.names.indexOf(line);
    if (index >= 0) return index;
    throw new Fault('internal', { text: `${this.settings.device} has no line ${line}` });
  }
}

/** What a board has not told yet nobody knows. Fault bus.no-reply. */
function known<T>(told: T | undefined, { bus, device }: LineSetSettings): T {
  if (told !== undefined) return told;
  throw new Fault('bus.no-reply', { unit: device, bus, timeout_ms: 0, sent: true });
}

/** Whoever iterates over the edges. */
class Listener {
  private readonly signal: AbortSignal;
  private readonly waiting: LineEdge[] = [];
  private fault: Fault | undefined;
  private lost = 0;
  private ring: () => void = () => {};

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  hear(edge: LineEdge): void {
    if (this.waiting.length >= MOST_WAITING) {
      this.lost += 1;
      return;
    }
    this.waiting.push(this.lost ? { ...edge, lost: edge.lost + this.lost } : edge);
    this.lost = 0;
    this.ring();
  }

  fail(fault: Fault): void {
    this.fault = fault;
    this.ring();
  }

  async *words(): AsyncGenerator<LineEdge> {
    const { signal } = this;
    const wake = () => this.ring();
    signal.addEventListener('abort', wake, { once: true });
    try {
      while (!signal.aborted) {
        const next = this.waiting.shift();
        if (next) yield next;
        else if (this.fault) throw this.fault;
        else
          await new Promise<void>((resolve) => {
            this.ring = resolve;
          });
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }
}
