export { listMaking } from './credentials/changes.ts';
export {
  type Asked,
  type Book,
  type Decision,
  type Denial,
  type Needs,
  openBook,
  type Visit,
} from './credentials/decide.ts';
export {
  type Entered,
  type Entry,
  type EntryInput,
  type EntryStep,
  enter,
  QUIET,
  type ReaderRules,
} from './credentials/entry.ts';
export {
  type AccessGroup,
  type Credential,
  type CredentialList,
  EMPTY_LIST,
  type Right,
  standingOf,
} from './credentials/list.ts';
export type { LockoutRules, Lockouts } from './credentials/lockout.ts';
export { makePages, type PagesOf, tooLarge } from './credentials/make-pages.ts';
export type { ListContent, ListedCredential, ListPage } from './credentials/page.ts';
export { type Areas, forgetOld, isAgain, moved, type Whereabouts } from './credentials/passback.ts';
export {
  type Missing,
  missingOf,
  type PageVerdict,
  type Refusal,
  type Taken,
  type Taking,
  takePage,
} from './credentials/take-page.ts';
export { type Tokens, tokens } from './credentials/token.ts';
export { isToken, readVisit } from './credentials/visit.ts';
export { type DoorShown, showDoor } from './door/shown.ts';
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
