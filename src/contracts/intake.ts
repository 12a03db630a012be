import type { EventEntry, Reading } from '../model/index.ts';

/** Where device hosts put what they perceive. Never waits, never throws: the pipeline and the outbox are behind it. */
export interface Intake {
  readings(readings: readonly Reading[]): void;
  event(event: EventEntry): void;
}
