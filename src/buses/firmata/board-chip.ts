import type { Board } from 'johnny-five';
import type { GpioChip, GpioLines, LineWish } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';
import type { Millis } from '../../model/index.ts';
import { BoardLines, type Pin } from './board-lines.ts';

/** Looks without an answer after which a board counts as gone. */
const UNANSWERED = 3;
const SET_PIN_MODE = 0xf4;

export interface BoardPlace {
  /** For messages: where the board is. */
  readonly label: string;
  readonly send: (bytes: Uint8Array) => void;
  readonly ended: () => Promise<void>;
  readonly now: () => Millis;
}

/**
 * The pins of an Arduino with StandardFirmata, through johnny-five's Board. Its components (Relay, Button, Sensor) are left alone: each keeps
 * a timer and itself for ever, and a board that is opened again would need new ones.
 */
export class BoardChip implements GpioChip {
  readonly label: string;
  readonly stamps = false;
  readonly debounces = false;
  private readonly board: Board;
  private readonly at: BoardPlace;
  private readonly takers = new Set<BoardLines>();
  private readonly io: Board['io'];
  private unanswered = 0;
  private round = 0;
  private fault: Fault | undefined;

  constructor(board: Board, at: BoardPlace) {
    this.board = board;
    this.io = board.io;
    this.label = at.label;
    this.at = at;
    // A board tells its version by itself when it has started: what it had been told before is forgotten.
    this.io.on('reportversion', () => this.lose(new Error('the board has started again')));
  }

  request(wishes: readonly LineWish[], consumer: string): GpioLines {
    if (this.fault) throw this.fault;
    const pins = wishes.map((wish) => this.place(wish));
    for (const { number, line } of pins) {
      const holder = [...this.takers].find((taker) => taker.holds(number));
      if (holder) throw new Fault('gpio.line-taken', { label: this.label, line, consumer: holder.consumer });
    }
    const taken: BoardLines = new BoardLines(this.board, pins, {
      label: this.label,
      consumer,
      setMode: (pin, mode) => this.at.send(Uint8Array.of(SET_PIN_MODE, pin, mode)),
      left: () => this.takers.delete(taken),
      now: this.at.now,
    });
    this.takers.add(taken);
    return taken;
  }

  /** Asks for the state of one pin after another. A board that has started again without a word shows its first modes. */
  check(): void {
    if (this.fault) throw this.fault;
    if (this.unanswered >= UNANSWERED) this.fail('the board does not answer any more');
    const held = [...this.takers].flatMap((taker) => taker.modes());
    const [pin, mode] = held[this.round++ % Math.max(1, held.length)] ?? [0, undefined];
    this.unanswered += 1;
    this.board.queryPinState(pin, () => {
      this.unanswered = 0;
      // The answer stands where the mode that was set stood before.
      const now = this.io.pins[pin]?.mode;
      if (mode !== undefined && now !== mode) this.lose(new Error('the board has forgotten its pins'));
    });
  }

  /** The board is gone, or knows nothing of us any more. */
  lose(reason: Error): void {
    if (this.fault) return;
    this.fault = new Fault('gpio.failed', { label: this.label, reason: reason.message });
    for (const taker of this.takers) taker.gone(this.fault);
  }

  close(): Promise<void> {
    this.fault ??= new Fault('gpio.failed', { label: this.label, reason: 'it is closed' });
    this.io.removeAllListeners();
    return this.at.ended();
  }

  private fail(reason: string): never {
    this.lose(new Error(reason));
    throw this.fault;
  }

  /** Where a line is on the board, and whether the board can do what is wished. Faults gpio.line-missing, gpio.unable. */
  private place(wish: LineWish): Pin {
    const { pins, analogPins, MODES } = this.io;
    const { line, direction, bias, edges } = wish;
    const [, row, digits] = /^([DA]?)(\d+)$/.exec(String(line)) ?? [];
    const number = row === 'A' ? analogPins[Number(digits)] : Number(digits);
    const pin = number === undefined ? undefined : pins[number];
    if (number === undefined || !pin) {
      const nearest = `one of D0 … D${pins.length - 1}, A0 … A${analogPins.length - 1}`;
      throw new Fault('gpio.line-missing', { label: this.label, line, nearest });
    }
    const refuse = (reason: string): never => {
      throw new Fault('gpio.unable', { label: this.label, reason: `${line} ${reason}` });
    };
    const can = (mode: number) => pin.supportedModes.includes(mode);
    if (direction === 'analog' && !can(MODES.ANALOG)) refuse('is no analogue input');
    if (direction === 'out' && !can(MODES.OUTPUT)) refuse('is no output');
    if (direction === 'in' && !can(MODES.INPUT)) refuse('is no digital input');
    if (direction === 'in' && (bias === 'pull-down' || bias === 'none'))
      refuse(`has no ${bias}: a board has pull-ups only`);
    if (edges === 'falling' || edges === 'rising') refuse('cannot be read in bursts');
    const mode = { in: MODES.INPUT, out: MODES.OUTPUT, analog: MODES.ANALOG }[direction];
    const pulled = direction === 'in' && bias === 'pull-up';
    return {
      ...wish,
      number,
      channel: pin.analogChannel,
      mode: pulled && can(MODES.PULLUP) ? MODES.PULLUP : mode,
      pulled,
    };
  }
}
