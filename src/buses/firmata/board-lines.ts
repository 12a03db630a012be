import type { Board } from 'johnny-five';
import type { Edge, GpioLines, LineWish } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';
import type { Millis } from '../../model/index.ts';

/** A wish whose place on the board is known. */
export interface Pin extends LineWish {
  readonly number: number;
  /** Of an analogue pin; 127: it has none. */
  readonly channel: number;
  readonly mode: number;
  /** With the pull-up of the board. */
  readonly pulled: boolean;
}

export interface LinesPlace {
  readonly label: string;
  readonly consumer: string;
  /** johnny-five does not send the mode of analogue pins. */
  readonly setMode: (pin: number, mode: number) => void;
  readonly left: () => void;
  /** The board tells no times: a change happened when it is heard. On the scale of `Stamp.up`. */
  readonly now: () => Millis;
}

/** So many answers of another kind, and the pin did not follow. */
const ANSWERS = 3;

/** Pins of one device. What it reads is what the board told last. */
export class BoardLines implements GpioLines {
  private readonly board: Board;
  private readonly pins: readonly Pin[];
  private readonly at: LinesPlace;
  /** Electrical levels; undefined: not told yet. */
  private readonly levels: (boolean | undefined)[];
  private readonly sums: { total: number; count: number }[];
  private readonly ends: (() => void)[] = [];
  private heard: (edges: readonly Edge[], lost: number) => void = () => {};
  private lost: (reason: Error) => void = () => {};
  private open = true;

  constructor(board: Board, pins: readonly Pin[], at: LinesPlace) {
    this.board = board;
    this.pins = pins;
    this.at = at;
    this.levels = pins.map(() => undefined);
    this.sums = pins.map(() => ({ total: 0, count: 0 }));
    for (const [index, pin] of pins.entries()) this.take(index, pin);
  }

  get consumer(): string {
    return this.at.consumer;
  }

  holds(number: number): boolean {
    return this.pins.some((pin) => pin.number === number);
  }

  /** Pins with the modes they were given. */
  modes(): readonly (readonly [number, number])[] {
    return this.pins.map(({ number, mode }) => [number, mode]);
  }

  get(): readonly (boolean | undefined)[] {
    this.assertOpen();
    return this.pins.map(({ active_low }, index) => {
      const high = this.levels[index];
      return high === undefined ? undefined : high !== active_low;
    });
  }

  /** The board is asked what it has made of it; it does things in order. */
  async set(index: number, on: boolean): Promise<void> {
    this.assertOpen();
    const pin = this.pins[index];
    if (!pin) return;
    const high = on !== pin.active_low;
    this.write(index, pin, high);
    // The first answer may be to a question that was under way already.
    for (let answer = 0; answer < ANSWERS; answer += 1) {
      await new Promise<void>((resolve) => this.board.queryPinState(pin.number, resolve));
      if (this.board.io.pins[pin.number]?.state === Number(high) || this.levels[index] !== high) return;
    }
    throw new Fault('gpio.failed', { label: this.at.label, reason: `${pin.line} did not follow` });
  }

  measure(index: number): number | undefined {
    this.assertOpen();
    const { total, count } = this.sums[index] ?? { total: 0, count: 0 };
    this.sums[index] = { total: 0, count: 0 };
    const full = this.board.io.RESOLUTION.ADC ?? 1023;
    return count === 0 ? undefined : Math.min(1, total / count / full);
  }

  onEdges(listener: (edges: readonly Edge[], lost: number) => void): void {
    this.heard = listener;
  }

  onLost(listener: (reason: Error) => void): void {
    this.lost = listener;
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    for (const end of this.ends) end();
    this.at.left();
  }

  gone(reason: Error): void {
    if (this.open) this.lost(reason);
  }

  private take(index: number, pin: Pin): void {
    if (pin.direction === 'out') this.takeOutput(index, pin);
    else if (pin.direction === 'analog') this.takeAnalogue(index, pin);
    else this.takeInput(index, pin);
  }

  /** A high level is written while the pin is still an input: that is its pull-up, and it is high in the moment it becomes an output. */
  private takeOutput(index: number, pin: Pin): void {
    const { board } = this;
    const high = pin.initial !== pin.active_low;
    if (high) {
      board.pinMode(pin.number, board.io.MODES.INPUT);
      board.digitalWrite(pin.number, 1);
    }
    board.pinMode(pin.number, board.io.MODES.OUTPUT);
    this.write(index, pin, high);
  }

  private takeInput(index: number, pin: Pin): void {
    const { board } = this;
    const { io } = board;
    board.pinMode(pin.number, pin.mode);
    if (pin.pulled && pin.mode === io.MODES.INPUT) board.digitalWrite(pin.number, 1);
    const told = (level: number) => {
      // Levels are written for eight pins at once, and a 1 written to an input is its pull-up.
      if (pin.mode === io.MODES.INPUT && !pin.pulled) clearBit(io.ports, pin.number);
      this.hear(index, pin, level === 1);
    };
    board.digitalRead(pin.number, told);
    this.ends.push(() => io.removeListener(`digital-read-${pin.number}`, told));
  }

  private takeAnalogue(index: number, { number, channel, mode }: Pin): void {
    const { io } = this.board;
    this.at.setMode(number, mode);
    const told = (value: number) => {
      const { total, count } = this.sums[index] ?? { total: 0, count: 0 };
      this.sums[index] = { total: total + value, count: count + 1 };
    };
    this.board.pinMode(channel, mode);
    this.board.analogRead(channel, told);
    this.ends.push(() => {
      io.removeListener(`analog-read-${channel}`, told);
      io.reportAnalogPin(channel, 0);
    });
  }

  private hear(index: number, { active_low, edges }: Pin, high: boolean): void {
    const before = this.levels[index];
    this.levels[index] = high;
    // The first word is how it stands, not that it changed.
    if (before === undefined || before === high || edges === 'none' || !this.open) return;
    this.heard([{ index, on: high !== active_low, up: this.at.now() }], 0);
  }

  private write(index: number, { number }: Pin, high: boolean): void {
    this.levels[index] = high;
    this.board.digitalWrite(number, high ? 1 : 0);
  }

  private assertOpen(): void {
    if (!this.open) throw new Fault('gpio.failed', { label: this.at.label, reason: 'the lines are closed' });
  }
}

function clearBit(ports: number[], pin: number): void {
  const port = pin >> 3;
  ports[port] = (ports[port] ?? 0) & ~(1 << (pin & 7));
}
