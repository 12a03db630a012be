export type { BusBudget } from './budget.ts';
export { partHours } from './checks/derived.ts';
export { devicesOfDoor } from './checks/doors.ts';
export { portOf } from './checks/http.ts';
export { feedsLock } from './checks/supplies.ts';
export type {
  CheckedDerived,
  CheckedDevice,
  CheckedDoor,
  CheckedLoad,
  CheckedRules,
  CheckedSupply,
  DoorWait,
  Secrets,
} from './checks.ts';
export type { SignConfig } from './derived-schema.ts';
export { scheduleOf } from './door-schema.ts';
export { jsonSchema } from './keys.ts';
export { type Library, type Loaded, loadSite, parseProfile } from './load.ts';
export { type LoadedPeople, loadPeople } from './people.ts';
export { type LoadedPlay, loadPlay } from './play.ts';
export { playSchema } from './play-schema.ts';
export { type Problem, refusalOf, sentenceOf } from './problems.ts';
export type { BusConfig, DeviceConfig, LineConfig, SiteConfig, UplinkConfig } from './schema.ts';
export { resolveText, SECRETS, type SecretSources } from './secrets.ts';
