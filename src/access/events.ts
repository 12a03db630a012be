import type { EventSpec } from '../contracts/index.ts';
import { DOOR_EVENTS as WORDS } from '../model/index.ts';

export { DOOR_ALARMS, type DoorAlarm, type DoorEventName } from '../model/index.ts';

/** The words are vocabulary; that each event is one as drivers declare them is seen to here. */
export const DOOR_EVENTS = WORDS satisfies Record<string, EventSpec>;
