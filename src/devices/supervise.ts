import type { Millis } from '../model/index.ts';

/** `starting` nothing heard yet; `failing` it answered before and does not now, not yet given up. */
export type DeviceStatus = 'starting' | 'online' | 'failing' | 'offline';

export interface Supervision {
  readonly status: DeviceStatus;
  /** Looks in a row that gave nothing usable. */
  readonly failures: number;
  readonly since_up: Millis;
  /** Fault code of the last failure; '' before the first. */
  readonly cause: string;
}

/** A passage between online and offline: told once, as an event and a health fact. */
export type Edge = 'up' | 'down';

export interface SuperviseSettings {
  readonly failures_to_offline: number;
}
export const SUPERVISE: SuperviseSettings = { failures_to_offline: 3 };

export const begin = (up: Millis): Supervision => ({
  status: 'starting',
  failures: 0,
  since_up: up,
  cause: '',
});

/** Pure: one look at the device went well or not. */
export function supervise(
  state: Supervision,
  look: { readonly up: Millis; readonly fault?: string },
  settings: SuperviseSettings = SUPERVISE,
): { readonly state: Supervision; readonly edge: Edge | undefined } {
  const { up, fault } = look;
  if (fault === undefined) {
    if (state.status === 'online') return { state, edge: undefined };
    const online: Supervision = { status: 'online', failures: 0, since_up: up, cause: '' };
    return { state: online, edge: state.status === 'failing' ? undefined : 'up' };
  }
  const failures = state.failures + 1;
  const next = { failures, cause: fault };
  if (state.status === 'offline') return { state: { ...state, ...next }, edge: undefined };
  if (failures >= settings.failures_to_offline) {
    return { state: { ...next, status: 'offline', since_up: up }, edge: 'down' };
  }
  if (state.status === 'starting') return { state: { ...state, ...next }, edge: undefined };
  const since_up = state.status === 'failing' ? state.since_up : up;
  return { state: { ...next, status: 'failing', since_up }, edge: undefined };
}
