import type { EventEntry, Reading } from '../model/index.ts';

/** Where device hosts put what they perceive. Never waits, never throws: the pipeline and the outbox are behind it. */
export interface Intake {
  readings(readings: readonly Reading[]): void;
  /** True: it is kept, and a power cut cannot lose it any more. undefined: nobody tells. */
  event(event: EventEntry): Promise<boolean> | undefined;
}
