import type { JsonObject, Millis, Value } from '../model/index.ts';
import type { LineSetting } from './bench.ts';

/**
 * Work at one wire with a technician beside it: who answers, and another address or speed for one unit. Done by the gateway that owns the wire, or
 * on the port itself. Each reports progress, ends when the signal aborts, and rejects with a Fault that says in which state things are.
 */
export interface FieldWork {
  scan(wish: ScanWish, watch: FieldWatch): Promise<ScanReport>;
  readdress(wish: ReaddressWish, watch: FieldWatch): Promise<MoveReport>;
  rebaud(wish: RebaudWish, watch: FieldWatch): Promise<MoveReport>;
}

export interface FieldWatch {
  readonly tell: (progress: FieldProgress) => void;
  readonly signal: AbortSignal;
}

export interface FieldProgress {
  /** `listen`, `likely`, `sweep`, `confirm`, `identify`; `before`, `write`, `after`, `wait` of a move. */
  readonly stage: string;
  readonly setting: LineSetting;
  /** Steps of this stage. */
  readonly done: number;
  readonly of: number;
  /** Of the whole work, as far as it can be foreseen. */
  readonly left_ms: Millis;
  /** Units found so far. */
  readonly found: number;
}

export interface ScanWish {
  /** Only these; left out: the likely ones. */
  readonly settings?: readonly LineSetting[] | undefined;
  /** Only these addresses. */
  readonly units?: readonly number[] | undefined;
  /** `quick` likely addresses only; `usual` all of them where somebody was heard; `full` all of them at every setting, with three questions each. */
  readonly depth: 'quick' | 'usual' | 'full';
  /** Units are asked what they are. */
  readonly identify: boolean;
  /** Also where another master speaks, or a sensor by itself. */
  readonly anyway: boolean;
  /** How long a unit is waited for; default 150. */
  readonly wait_ms?: Millis | undefined;
}

/** A wire as it was found. */
export interface ScanReport {
  readonly found: readonly FoundUnit[];
  readonly streams: readonly FoundStream[];
  /** What was heard and is nobody's answer. */
  readonly heard: readonly OddHearing[];
  readonly tried: readonly Tried[];
  /** What was not done, and why. */
  readonly not_tried: readonly string[];
  /** Devices of the site file that were asked and did not answer. */
  readonly silent: readonly string[];
  /** The adapter hears what it says. */
  readonly echo: boolean;
  readonly asked: number;
  readonly ms: Millis;
}

export interface FoundUnit {
  readonly unit: number;
  readonly setting: LineSetting;
  /** It refused what it was asked: somebody is there all the same. `damaged`: never a whole answer. */
  readonly answers: 'reply' | 'exception' | 'damaged';
  /** From the end of a question to the beginning of its answer. */
  readonly answer_ms: Millis;
  /** Several answers came to one question, or damaged ones where others answer cleanly: two units have this address. */
  readonly shared: boolean;
  /** It answers at every address (of Modbus TCP). */
  readonly any_address?: true;
  /** What it says of itself (function 43): vendor, product, revision. */
  readonly says?: Readonly<Record<string, string>>;
  /** The likeliest first. */
  readonly looks_like: readonly Likeness[];
  /** Device of the site file with this address and speed. */
  readonly device?: string;
}

export interface Likeness {
  readonly driver: string;
  readonly options?: JsonObject;
  readonly certainty: 'strong' | 'fair' | 'weak';
  readonly evidence: readonly string[];
}

/** A device that speaks by itself. */
export interface FoundStream {
  readonly setting: LineSetting;
  readonly driver: string;
  readonly options?: JsonObject;
  readonly frames: number;
  /** Share of what was heard that is frames of it. */
  readonly share: number;
  readonly values: Readonly<Record<string, Value | null>>;
}

export interface OddHearing {
  readonly setting: LineSetting;
  /**
   * `master`: questions that are not ours, to these units; `noise`: bytes that nobody has asked for and that are no frames of anybody known;
   * `damaged`: answers that are none.
   */
  readonly what: 'master' | 'noise' | 'damaged';
  readonly bytes: number;
  readonly units: readonly number[];
}

export interface Tried {
  readonly setting: LineSetting;
  readonly how: 'listened' | 'likely' | 'swept';
  /** Addresses that were asked, as ranges. */
  readonly units: readonly (readonly [number, number])[];
  readonly asked: number;
  readonly answered: number;
  readonly ms: Millis;
}

/** Which unit, and what it is. */
export interface UnitWish {
  /** Driver or model id. */
  readonly driver: string;
  readonly options?: JsonObject | undefined;
  /** Device of the site file that it is to be. */
  readonly device?: string | undefined;
}
export interface ReaddressWish extends UnitWish {
  readonly from: number;
  readonly to: number;
  /** Left out: that of the wire, or of the factory. */
  readonly setting?: LineSetting | undefined;
  /** A unit that takes it only with its next start is waited for so long. */
  readonly wait_ms: Millis;
}
export interface RebaudWish extends UnitWish {
  readonly unit: number;
  /** Left out: that of the wire, or of the factory. */
  readonly from?: LineSetting | undefined;
  readonly to: LineSetting;
  readonly wait_ms: Millis;
}

/** Where a unit stands now; what went wrong is a fault instead. */
export interface MoveReport {
  /** `moved`: it answers in its new place and not in the old one. `pending`: it has taken it, and needs a power cycle. */
  readonly state: 'moved' | 'pending';
  readonly driver: string;
  readonly unit: number;
  readonly setting: LineSetting;
  /** What was seen, in order. */
  readonly evidence: readonly string[];
  /** What is to be done now. */
  readonly next: readonly string[];
  readonly device?: string;
}
