import type { Millis } from '../model/index.ts';

/** `starting` nothing heard yet; `failing` it answered before and does not now, not yet given up. */
export type DeviceStatus = 'starting' | 'online' | 'failing' | 'offline';

export interface Supervision {
  readonly status: DeviceStatus;
  /** Since when it has this status. */
  readonly since_up: Millis;
  /** When it last became online or offline; the beginning, before that. */
  readonly edge_up: Millis;
  /** Looks in a row that gave nothing usable. */
  readonly failures: number;
  /** While offline: looks in a row that went well. */
  readonly good: number;
  /** Times it went offline in one restless time. */
  readonly downs: number;
  /** Fault code of the last failure; '' while it is well. */
  readonly cause: string;
}

/** A passage between online and offline: told once, as an event and a health fact. */
export type Edge = 'up' | 'down';

/** One look at a device: what went wrong, and how many looks that stands for (a silence of four intervals is four; one out of turn none). */
export interface Looked {
  readonly up: Millis;
  readonly fault?: string;
  readonly weight?: number;
}

export interface SuperviseSettings {
  readonly failures_to_offline: number;
  /** Slow pollers are given up sooner than that many looks: after two, when the trouble lasts this long. */
  readonly offline_after_ms: Millis;
  /** Online for so long, earlier trouble is forgotten. */
  readonly calm_ms: Millis;
  /** A restless unit must answer well this often in a row at most before it counts as back. */
  readonly most_good: number;
}
export const SUPERVISE: SuperviseSettings = {
  failures_to_offline: 3,
  offline_after_ms: 30_000,
  calm_ms: 600_000,
  most_good: 16,
};

/** Of a driver that says how long its device may be asked in vain: no number of looks ends that sooner. */
export const patienceOf = (offline_after_ms: Millis | undefined): SuperviseSettings =>
  offline_after_ms === undefined
    ? SUPERVISE
    : { ...SUPERVISE, failures_to_offline: Number.POSITIVE_INFINITY, offline_after_ms };

export const begin = (up: Millis): Supervision => ({
  status: 'starting',
  since_up: up,
  edge_up: up,
  failures: 0,
  good: 0,
  downs: 0,
  cause: '',
});

/** Pure: one look at the device went well or not. */
export function supervise(
  state: Supervision,
  look: Looked,
  settings: SuperviseSettings = SUPERVISE,
): { readonly state: Supervision; readonly edge: Edge | undefined } {
  return look.fault === undefined
    ? wentWell(state, look.up, settings)
    : wentWrong(state, { weight: 1, ...look, fault: look.fault }, settings);
}

function wentWell(state: Supervision, up: Millis, settings: SuperviseSettings) {
  if (state.status === 'online') return { state, edge: undefined };
  const well = { ...state, failures: 0, good: 0, cause: '', status: 'online' } as const;
  if (state.status === 'failing') return { state: { ...well, since_up: state.edge_up }, edge: undefined };
  const good = state.good + 1;
  if (state.status === 'offline' && good < goodNeeded(state, settings)) {
    return { state: { ...state, good, failures: 0 }, edge: undefined };
  }
  return { state: { ...well, since_up: up, edge_up: up }, edge: 'up' as const };
}

/** A unit that comes and goes must show more each time: 1, 2, 4, … answers in a row. So its edges thin out. */
export function goodNeeded({ downs }: Supervision, { most_good }: SuperviseSettings = SUPERVISE): number {
  return Math.min(most_good, 2 ** Math.max(0, downs - 1));
}

function wentWrong(state: Supervision, look: Required<Looked>, settings: SuperviseSettings) {
  const { up, fault, weight } = look;
  const failures = state.failures + weight;
  const worse = { ...state, failures, good: 0, cause: fault };
  if (state.status === 'offline') return { state: worse, edge: undefined };
  const trouble_up = state.status === 'online' ? up : state.since_up;
  const lasting = failures >= 2 && up - trouble_up >= settings.offline_after_ms;
  if (failures >= settings.failures_to_offline || lasting) {
    const calm = state.status !== 'starting' && up - state.edge_up >= settings.calm_ms;
    const downs = (calm ? 0 : state.downs) + 1;
    return {
      state: { ...worse, status: 'offline', since_up: up, edge_up: up, downs } as const,
      edge: 'down' as const,
    };
  }
  if (state.status === 'starting') return { state: worse, edge: undefined };
  return { state: { ...worse, status: 'failing', since_up: trouble_up } as const, edge: undefined };
}

/** Whether a device is heard of: `silent`, it is down and gives no sign at all; `unclear`, anything between that and `well`. */
export type Condition = 'well' | 'silent' | 'unclear';

const SILENCE = ['bus.no-reply', 'bus.unit-off', 'device.silent'];

export function conditionOf({ status, failures, cause }: Supervision): Condition {
  if (status === 'online') return 'well';
  if (status !== 'offline') return 'unclear';
  // A restless unit that answers again is told as back only later.
  if (failures === 0) return 'well';
  return SILENCE.includes(cause) ? 'silent' : 'unclear';
}

/** What a unit that has no power cannot do: its answer was of no use, but there was one. */
export const hasSpoken = (code: string): boolean =>
  code === 'bus.exception' || code === 'bus.bad-reply' || code.startsWith('driver.');

/** Faults that cost the wire nothing: the bus answers them by itself, and probes a mute unit at its own rhythm. */
const FREE = ['bus.down', 'bus.unit-off'];
export const LONGEST_REST_MS: Millis = 30_000;

/** How long to leave a device alone after its last look: its interval; while it is offline and mute ever longer, up to 30 s or as it is said. */
export function restAfter(state: Supervision, every_ms: Millis, longest_ms = LONGEST_REST_MS): Millis {
  if (state.status !== 'offline' || state.failures === 0 || FREE.includes(state.cause)) return every_ms;
  const beyond = Math.min(10, Math.max(0, state.failures - SUPERVISE.failures_to_offline));
  return Math.max(every_ms, Math.min(longest_ms, every_ms * 2 ** beyond));
}
