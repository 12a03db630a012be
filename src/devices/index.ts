export { DeviceHost, type DeviceView } from './host.ts';
export { type DeviceCard, deviceCard, keepRevision, type PointCard, type Revision } from './inventory.ts';
export { Roster, type RosterEntry } from './roster.ts';
export type { DeviceSettings, DeviceWorld } from './settings.ts';
