import type { JsonObject, Millis, PointSpecs } from '../model/index.ts';
import type { AnyDriver, Decoded } from './driver.ts';
import type { AnySimulator } from './simulator.ts';

/** Every driver that is there, by id or by another name people know. Names that are none: driver.unknown with the nearest one. */
export interface DriverLibrary {
  /** Ids of drivers and profiles, sorted. */
  readonly ids: readonly string[];
  /** Names of single models of a driver, with the options they bring. */
  models(id: string): Readonly<Record<string, JsonObject>>;
  /** A name that stands for a model of a family brings that model's options with it; the site's own options come on top. */
  load(name: string): Promise<AnyDriver>;
  simulator(name: string): Promise<AnySimulator>;
  /** The driver for people; `set` are options as texts. */
  describe(name: string, set?: Texts): Promise<DriverCard>;
  /**
   * Bytes (hex, as a sniffer prints them) → points. `set` are options as texts (`reg_503=co2`).
   * Faults: those of the driver's codec, driver.bad-options, usage for what is no hex.
   */
  decode(name: string, hex: string, look: Look): Promise<Decoded>;
  /** Command → bytes, as hex. `args` as texts (`channel=1`). */
  encode(name: string, command: string, args: Texts, look: Omit<Look, 'request'>): Promise<string>;
}

export type Texts = Readonly<Record<string, string>>;

export interface Look {
  readonly set?: Texts;
  /** The question that a Modbus reply answers, as hex. */
  readonly request?: string;
  /** Unit address to put into a frame; default: the factory address. */
  readonly unit?: number;
}

export interface DriverCard {
  /** With its own defaults, whatever name it was asked by. */
  readonly driver: AnyDriver;
  /** Options that the name brings with it. */
  readonly preset: JsonObject;
  /** Points with those options; undefined when more must be given (a profile). */
  readonly points: PointSpecs | undefined;
  /** With those options; undefined: what it says counts from its first word. */
  readonly warm_up_ms: Millis | undefined;
}
