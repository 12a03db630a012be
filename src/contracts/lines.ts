import type { Millis } from '../model/index.ts';

export type Bias = 'as-is' | 'pull-up' | 'pull-down' | 'none';

/** One line as a device wants it. `on` always means the logical level: the electrical one turned round where the line is active low. */
export interface LineWish {
  /** `GPIO17` as the board names it, or the offset on its chip. */
  readonly line: string | number;
  /** `analog`: what is asked is how high it stands. */
  readonly direction: 'in' | 'out' | 'analog';
  readonly active_low: boolean;
  readonly bias: Bias;
  /** Outputs: the level in the very moment the line is taken. */
  readonly initial: boolean;
  /** Electrical edges to hear of, after `active_low`: rising means that it went on. */
  readonly edges: 'none' | 'rising' | 'falling' | 'both';
  /** Changes that do not last this long are not heard; 0: every change is. */
  readonly debounce_ms: Millis;
  /** The bus tells when no edge has come for so long. */
  readonly quiet_ms?: Millis;
  /** Outputs: stays as it is when this process ends without a word, until it runs again; else that is the chip's to say. */
  readonly hold?: boolean;
  /** The bus debounces, not the chip, and counts what was too short. */
  readonly count_bounces?: boolean;
}

/** A change of an input, as the chip told it. */
export interface Edge {
  /** Place in the wishes of the request. */
  readonly index: number;
  readonly on: boolean;
  /** When it happened, on the scale of `Stamp.up`. */
  readonly up: Millis;
}

/** Lines that were taken together. After `close` nothing is heard of them; what the outputs do then is the chip's (a kernel lets them go). */
export interface GpioLines {
  /** Levels of all lines, in the order of the wishes; undefined: not told yet, or analogue. Outputs read as they were set. Fault gpio.failed. */
  get(): readonly (boolean | undefined)[];
  /** An analogue line: share of full scale, 0..1, the mean of what came since it was asked last. undefined: nothing has come yet. Fault gpio.failed. */
  measure?(index: number): number | undefined;
  /** Where the board confirms what it did, a promise of that. Fault gpio.failed. */
  set(index: number, on: boolean): void | Promise<void>;
  /** Edges in the order they happened; `lost`: how many the chip had to drop before them. One listener, set before any await after the request. */
  onEdges(listener: (edges: readonly Edge[], lost: number) => void): void;
  /** Called once, when the chip vanished; not after `close`. */
  onLost(listener: (reason: Error) => void): void;
  close(): void;
}

export interface GpioChip {
  /** As the kernel names it, such as `pinctrl-bcm2711`. */
  readonly label: string;
  /** Whether times of edges are the kernel's. Without, a burst of edges (a card on a Wiegand reader) cannot be read. */
  readonly stamps: boolean;
  /** Whether it debounces by itself; else the bus does. */
  readonly debounces: boolean;
  /**
   * Takes lines, all or none, outputs with their first level: there is no moment with another one. Faults gpio.line-missing,
   * gpio.line-taken (names who has it), gpio.unable (what this chip cannot do), gpio.failed.
   */
  request(wishes: readonly LineWish[], consumer: string): GpioLines;
  /** Asked at every look, where what is read is only what was told: makes sure that somebody still tells. Fault gpio.failed. */
  check?(): void;
  /** Resolves when it can be opened again. */
  close(): void | Promise<void>;
}

/** Opens the chip of a label. Faults gpio.chip-missing (names those that are there), gpio.denied. */
export type ChipOpener = (label: string) => GpioChip | Promise<GpioChip>;
