import type { KeptFile, Loan, LocalWish } from '../../src/contracts/index.ts';
import type {
  AccessView,
  ControlViews,
  DeviceStatus,
  DoorStatus,
  LoadStatus,
  StatusView,
  Watched,
} from '../../src/control/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { type AuditRow, NO_HASH, type Outcome, type Reading } from '../../src/model/index.ts';

export const READING: Reading = {
  device: 'air-1',
  point: 'pm2_5',
  value: 12.5,
  quality: 'good',
  stamp: { boot: 'boot-1', up: 5000 },
};

const deviceOf = (id: string): DeviceStatus => ({
  id,
  bus: 'bus-1',
  driver: 'plantower-pms',
  status: 'online',
  since_up: 10,
  cause: '',
  polls: 3,
  missed: 0,
  failures: 0,
  rejected: 0,
  last: [READING],
  commands: ['on'],
});

export const doorOf = (id: string, more: Partial<DoorStatus> = {}): DoorStatus => ({
  ...{ id, kind: 'door', position: 'closed', lock: 'locked', mode: 'locked', why: 'rest', since_up: 2000 },
  ...{ contacts: { in: 'closed' }, fire: { panel: 'clear' }, alarms: [], ends_by: 'board', bound_ms: 90 },
  ...more,
});

export const loadOf = (id: string, more: Partial<LoadStatus> = {}): LoadStatus => ({
  ...{ id, state: 'on', wanted: 'on', by: 'schedule', since_up: 2000 },
  schedule: { id: 'evening', says: 'on', changes_unix_ms: 1_795_600_800_000 },
  relays: [{ device: 'relay-1', channel: 3, state: 'on', wrong: false, shown: true }],
  ...more,
});

const STATUS: StatusView = {
  gateway: 'gate-1',
  site: { id: 'riverside', name: 'Riverside' },
  version: '0.1.0',
  boot: 'boot-1',
  up: 5000,
  started_up: 1000,
  clock: { unix_ms: 1_800_000_000_000, state: 'synced' },
  devices: { total: 2, online: 2 },
  buses: {
    'bus-1': {
      ...{
        state: 'up',
        exchanges: 1,
        timeouts: 0,
        exceptions: 0,
        bad_checksum: 0,
        noise_bytes: 0,
        late_frames: 0,
      },
      ...{ echoes: 0, bytes_out: 8, bytes_in: 7, use: 0.1, restarts: 0, units: { 1: { mute: false } } },
    },
  },
  loads: { total: 2, on: 1, by_hand: 1, wrong: 1 },
  doors: { total: 2, open: 1, unlocked: 1, released: 0, lockdown: 0, maintenance: 0, alarming: 1 },
  maintenance: [{ kind: 'bus', subject: 'bus-1', by: 'local:pi', why: 'new cable', until_up: 65_000 }],
  outbox: {
    ...{
      epoch: '00112233aabbccdd',
      head: 7,
      file_bytes: 4096,
      quota_bytes: 1_000_000,
      evicted: 0,
      quarantined: 0,
    },
    ...{ pending: 0, last_commit_ms: 3, kept: { a: 1, b: 2, c: 4 }, waiting: { town: { a: 0, b: 0, c: 1 } } },
  },
  uplinks: [{ id: 'town', connected: true }],
  health: [{ code: 'device-down', severity: 'failed', subject: 'air-2', since_up: 40, evidence: 'mute' }],
  pipeline: { taken: 5, passed: 5 },
};

/** A gateway of two devices that remembers what it was asked to do, and says what the test wants. */
export class ViewsOfTest implements ControlViews {
  readonly wishes: LocalWish[] = [];
  readonly listeners = new Set<(line: Watched) => void>();
  fails: Fault | undefined;
  /** Of commands only those to this target. */
  failsFor: string | undefined;
  /** How often its wire was lent, and how often it came back. */
  readonly loans = { given: 0, back: 0, users: [] as string[] };
  /** Why it is not lent. */
  keeps: Fault | undefined;
  /** Ends the last loan by its time. */
  takeBack = () => {};
  async lend(_bus: string, { user, over }: Loan) {
    if (this.keeps) throw this.keeps;
    this.loans.given += 1;
    this.loans.users.push(user);
    this.takeBack = over;
    return () => {
      this.loans.back += 1;
    };
  }
  /** What its bus holds. */
  at: string | undefined;
  outcome: Outcome = { result: 'done', facts: { effective_ms: 500 } };

  async status() {
    const { at } = this;
    const buses = Object.entries(STATUS.buses).map(([id, bus]) => [
      id,
      at === undefined ? bus : { ...bus, at },
    ]);
    return { ...STATUS, buses: Object.fromEntries(buses) };
  }
  devices() {
    return ['air-1', 'air-2'].map(deviceOf);
  }
  stands: readonly DoorStatus[] = [doorOf('lobby'), doorOf('ramp', { kind: 'barrier' })];
  doors() {
    return this.stands;
  }
  lit: readonly LoadStatus[] = [loadOf('courtyard'), loadOf('garage')];
  loads() {
    return this.lit;
  }
  health() {
    return STATUS.health;
  }
  watch(listener: (line: Watched) => void) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  say(line: Watched) {
    for (const listener of this.listeners) listener(line);
  }
  async read(device: string) {
    if (this.fails) throw this.fails;
    if (device !== 'air-1') throw new Fault('device.unknown', { device, nearest: 'air-1' });
    return [READING];
  }
  rows: AuditRow[] = [];
  floor = { nr: 0, hash: NO_HASH };
  public_key = '';
  async audit(from: number, most: number) {
    return this.rows.filter(({ nr }) => nr >= from).slice(0, most);
  }
  async auditStats() {
    const head = this.rows.at(-1) ?? this.floor;
    const { floor, public_key } = this;
    const place = { nr: head.nr, hash: head.hash };
    return {
      count: this.rows.length,
      bytes: 1,
      oldest_s: 0,
      floor,
      head: place,
      gateway: 'gate-1',
      public_key,
    };
  }
  async submit(wish: LocalWish) {
    if (this.fails && (this.failsFor ?? wish.target) === wish.target) throw this.fails;
    this.wishes.push(wish);
    return this.outcome;
  }
  /** Pictures, and who took which of them out. */
  pictures: readonly KeptFile[] = [];
  body: Uint8Array = new Uint8Array();
  readonly saved: string[] = [];
  async snapshots() {
    if (this.fails) throw this.fails;
    return this.pictures;
  }
  async saveSnapshot(id: string, user: string) {
    const found = this.pictures.find((one) => one.id === id);
    if (!found) throw new Fault('snapshots.evicted', { id });
    this.saved.push(`${user} ${id}`);
    return { type: found.type, bytes: this.body };
  }
  readonly pages: string[] = [];
  verdict: AccessView = { verdict: 'in-force', version: 7, count: 3 };
  takeAccess(page: string) {
    if (this.fails) throw this.fails;
    this.pages.push(page);
    return this.verdict;
  }
}
