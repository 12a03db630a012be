export { LONGEST_MAINTENANCE_MS } from './door/commands.ts';
export { type DoorStart, type DoorState, keep } from './door/state.ts';
export { beginDoor, type DoorStep, stepDoor } from './door/step.ts';
export { type DoorView, viewDoor } from './door/view.ts';
export { doorSchedule } from './door-schedule.ts';
export {
  beginDoors,
  type Doors,
  type DoorsInput,
  type DoorsPlan,
  type DoorsStep,
  stepDoors,
} from './doors.ts';
export { DOOR_ALARMS, DOOR_EVENTS, type DoorAlarm, type DoorEventName } from './events.ts';
export { type LockWiring, type RelayCommand, relayCommand } from './relay-command.ts';
export { doorRules } from './rules.ts';
export {
  type Calendar,
  DAYS,
  type Day,
  type DayKind,
  type Place,
  type Schedule,
  type Schedules,
  type Span,
  schedules,
} from './schedule.ts';
export { type AccessTime, accessTime } from './time.ts';
