import type { EventEntry, Reading } from '../model/index.ts';
import type { StateWrite } from './outbox.ts';

/** Where device hosts put what they perceive. Never waits, never throws: the pipeline and the outbox are behind it. */
export interface Intake {
  readings(readings: readonly Reading[]): void;
  /** True: it is kept, and a power cut cannot lose it any more. undefined: nobody tells. `kept` is stored with it, in one transaction. */
  event(event: EventEntry, kept?: readonly StateWrite[]): Promise<boolean> | undefined;
  /** A secret (`EventSpec.passing`): only for whoever acts on it now. */
  pass?(event: EventEntry): void;
}
