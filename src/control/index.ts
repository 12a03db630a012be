export { type ControlClient, connectControl } from './client.ts';
export { type Control, openControl } from './server.ts';
export type {
  AccessView,
  AuditView,
  ControlViews,
  DeviceStatus,
  DoorCounts,
  DoorDecision,
  DoorStatus,
  LoadCounts,
  LoadStatus,
  MaintenanceItem,
  MaintenanceView,
  StatusView,
  Watched,
  WatchedEvent,
} from './views.ts';
