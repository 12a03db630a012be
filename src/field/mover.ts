import type { ActResult, Parity, UnitPlace } from '../contracts/index.ts';
import type { JsonObject, Millis } from '../model/index.ts';

/** Whether somebody is at a place. `damaged`: somebody, who cannot be understood. */
export interface Presence {
  readonly outcome: 'answer' | 'silence' | 'damaged';
  readonly answer_ms: Millis;
}

/** What a unit says of its own settings; left out: it does not. */
export interface ToldPlace {
  readonly unit?: number;
  readonly baud?: number;
  readonly parity?: Parity;
}

/** One unit that is given another place, whatever it speaks. It is only `act` that changes anything. */
export interface Mover {
  /** `whoever`: with every question that one may know. `it`: with the one that it has answered. */
  look(place: UnitPlace, whom: 'whoever' | 'it'): Promise<Presence>;
  /** More than one unit answers there. */
  isShared(place: UnitPlace): Promise<boolean>;
  /** What shows that it is what it is taken for. Fault driver.wrong-device. */
  recognise(place: UnitPlace): Promise<readonly string[]>;
  /** A command, sent once. Its answer may come from `also`. */
  act(place: UnitPlace, also: UnitPlace, command: string, args: JsonObject): Promise<ActResult>;
  told(place: UnitPlace): Promise<ToldPlace>;
}
