import type { JsonObject, Millis, Value } from '../model/index.ts';
import type { LineSetting } from './bench.ts';
import type { AnyDriver } from './driver.ts';

/**
 * Work at one wire with a technician beside it: who answers, and another address or speed for one unit. Done by the gateway that owns the wire, or
 * on the port itself. Each reports progress, ends when the signal aborts, and rejects with a Fault that says in which state things are.
 */
export interface FieldWork {
  scan(wish: ScanWish, watch: FieldWatch): Promise<ScanReport>;
  readdress(wish: ReaddressWish, watch: FieldWatch): Promise<MoveReport>;
  rebaud(wish: RebaudWish, watch: FieldWatch): Promise<MoveReport>;
  /** Gives the wire back. */
  close(): Promise<void>;
}

/** Who wants a wire of a running gateway, and how he hears that his time is over. */
export interface Loan {
  readonly user: string;
  readonly over: () => void;
}

/** A device of the site file that is on the wire. */
export interface SiteUnit {
  readonly device: string;
  /** Its Modbus address; undefined: it has none. */
  readonly unit: number | undefined;
  readonly driver: AnyDriver;
  /** As its driver has checked them. */
  readonly options: unknown;
}

export interface FieldWatch {
  readonly tell: (progress: FieldProgress) => void;
  readonly signal: AbortSignal;
}

export type FieldStage =
  | 'listen'
  | 'likely'
  | 'sweep'
  | 'confirm'
  | 'identify'
  /** Of a move: who is there, the change, who is there now, and until the unit was switched off and on. */
  | 'before'
  | 'write'
  | 'after'
  | 'wait';

export interface FieldProgress {
  readonly stage: FieldStage;
  readonly setting: LineSetting;
  /** Steps of this stage. */
  readonly done: number;
  readonly of: number;
  /** Of the whole work, as far as it can be foreseen. */
  readonly left_ms: Millis;
  /** Units found so far. */
  readonly found: number;
  /** What a person has to do meanwhile. */
  readonly please?: string;
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
  /** What does not fit together, and what to do about it; the gravest first. */
  readonly advice: readonly Advice[];
  /** The adapter hears what it says. */
  readonly echo: boolean;
  readonly asked: number;
  readonly ms: Millis;
}

export interface Advice {
  readonly code: AdviceCode;
  readonly text: string;
  readonly remedy: string;
  readonly devices: readonly string[];
  readonly units: readonly number[];
}

export type AdviceCode =
  /** Two units have one address. */
  | 'shared-address'
  /** A device answers at another speed than the wire has. */
  | 'other-speed'
  /** The same speed, and another parity. */
  | 'other-parity'
  /** Two devices answer, each where the other should be. */
  | 'exchanged'
  /** A unit that looks like a device which is silent, at another address. */
  | 'other-address'
  /** A relay board of another kind than the site file says: it may count its relays from another number. */
  | 'other-relays'
  /** What answers at the address of a device looks like something else. */
  | 'other-driver'
  /** A device of the site file is nowhere. */
  | 'nowhere'
  /** Units of one wire that do not have one speed; nobody has said which is the wire's. */
  | 'mixed-speeds'
  /** The adapter hears what it says. */
  | 'echo';

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
  /** It moves something. */
  readonly relays?: true;
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

/** What a unit is. */
export interface UnitWish {
  /** Driver or model id. */
  readonly driver: string;
  readonly options?: JsonObject | undefined;
  /** A unit that takes it only with its next start is waited for so long; 0: nobody waits. */
  readonly wait_ms: Millis;
}
export interface ReaddressWish extends UnitWish {
  readonly from: number;
  readonly to: number;
  /** Left out: that of the wire, or of the factory. */
  readonly setting?: LineSetting | undefined;
}
export interface RebaudWish extends UnitWish {
  readonly unit: number;
  /** Left out: that of the wire, or of the factory. */
  readonly from?: LineSetting | undefined;
  /** Without parity: as it is. */
  readonly to: { readonly baud: number; readonly parity?: LineSetting['parity'] | undefined };
}

/** Where a unit is reached. */
export interface UnitPlace {
  readonly unit: number;
  readonly setting: LineSetting;
}

/** Where a unit stands now; what went wrong is a fault instead. */
export interface MoveReport {
  /**
   * `moved`: it answers in its new place and not in the old one. `pending`: it needs a power cycle, or hands. `unseen`: it has taken it, and
   * this wire cannot follow it to its new speed.
   */
  readonly state: 'moved' | 'pending' | 'unseen';
  readonly driver: string;
  readonly from: UnitPlace;
  readonly to: UnitPlace;
  /** What was seen, in order. */
  readonly evidence: readonly string[];
  /** What is to be done now, as sentences. */
  readonly next: readonly string[];
  /** Device of the site file that has the old place or the new one. */
  readonly device?: string;
}
