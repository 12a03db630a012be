import type { DeviceView, GatewayVerdict, GatewayView, PointView } from '../contracts/index.ts';
import {
  type ClockState,
  type ClockStep,
  LANES,
  type Lane,
  type Part,
  type SeqRange,
  type Value,
  wallTime,
} from '../model/index.ts';
import type { InventoryMessage, Status } from '../uplink/shapes/index.ts';
import { type Batch, clockOf } from './batch.ts';
import { Catalogue } from './catalogue.ts';
import { Ledger } from './ledger.ts';
import { type Presence, presence } from './presence.ts';

interface Last {
  readonly epoch: string;
  readonly seq: number;
  readonly value: Value | null;
  readonly quality: string;
  readonly boot: string;
  readonly up: number;
  /** As the batch said it. */
  readonly unix_ms: number | undefined;
  readonly clock: ClockState;
}

interface Gap {
  readonly epoch: string;
  readonly lane: Lane;
  readonly range: SeqRange;
  /** Uplinks that it hurts. */
  readonly uplinks: readonly string[];
}

/** All that is known of one gateway. */
export class Gateway {
  readonly site: string;
  readonly id: string;
  readonly ledgers = new Map<string, Ledger>();
  private state: Presence | undefined;
  private readonly told: Gap[] = [];
  facts: GatewayView['facts'] = [];
  access: GatewayView['access'];
  private readonly values = new Map<string, Map<string, Last>>();
  private readonly units = new Map<string, string>();
  private readonly catalogue = new Catalogue();
  private readonly steps = new Map<string, ClockStep[]>();

  constructor(site: string, id: string) {
    this.site = site;
    this.id = id;
  }

  get presence(): Presence | undefined {
    return this.state;
  }

  learnStatus(status: Status): void {
    const before = this.state?.uplink;
    this.state = presence(this.state, status);
    if (this.state.uplink === before) return;
    // Who we are at the gateway decides which gaps are ours.
    for (const { gaps } of this.ledgers.values()) for (const lane of LANES) gaps[lane].clear();
    for (const gap of this.told) this.enter(gap);
  }

  ledger(epoch: string): Ledger {
    let ledger = this.ledgers.get(epoch);
    if (!ledger) {
      ledger = new Ledger(epoch);
      this.ledgers.set(epoch, ledger);
    }
    return ledger;
  }

  /** Notes values, clock and gap records of a batch. */
  learn({ head, parts }: Batch): void {
    parts.forEach((part, index) => {
      const base = head.base[index];
      this.learnValues(part, {
        epoch: head.epoch,
        unix_ms: base?.unix_ms ?? undefined,
        clock: clockOf(base?.clock),
      });
      for (const [, , kind, , , fields] of part.events) {
        if (kind === 'clock') this.learnStep(fields);
        if (kind === 'gap') this.learnGap(fields);
      }
    });
  }

  /** Throws when the pages of an inventory do not fit together. */
  learnInventory(message: InventoryMessage, asItCame: unknown): void {
    for (const device of this.catalogue.add(message, asItCame) ?? []) {
      for (const [point, { unit }] of Object.entries(device.points))
        this.units.set(`${device.id} ${point}`, unit ?? '');
    }
  }

  /**
   * Wall time of a moment: as it was sent, unless it was sent before anybody knew; then by the clock records that came since
   * (contract, Time). Keys and bodies never change.
   */
  timeOf(last: Pick<Last, 'boot' | 'up' | 'unix_ms' | 'clock'>): {
    readonly unix_ms: number | undefined;
    readonly clock: ClockState;
  } {
    if (last.clock !== 'unsynced') return last;
    const now = wallTime(last.up, this.steps.get(last.boot) ?? []);
    return now ?? last;
  }

  view(): GatewayView {
    const devices = [...this.values]
      .sort(([x], [y]) => (x < y ? -1 : 1))
      .map(
        ([device, points]): DeviceView => ({
          device,
          points: [...points].map(([point, last]) => this.pointView(device, point, last)),
        }),
      );
    return {
      site: this.site,
      gateway: this.id,
      online: this.presence?.online ?? false,
      connect_id: this.presence?.connect_id ?? 0,
      records: [...this.ledgers.values()].reduce((sum, ledger) => sum + ledger.seqs.count, 0),
      devices,
      facts: this.facts,
      access: this.access,
    };
  }

  verdict(): GatewayVerdict {
    return { gateway: this.id, epochs: [...this.ledgers.values()].map((ledger) => ledger.verdict()) };
  }

  private pointView(device: string, point: string, last: Last): PointView {
    const { unix_ms, clock } = this.timeOf(last);
    const unit = this.units.get(`${device} ${point}`) ?? '';
    return { point, unit, value: last.value, quality: last.quality, unix_ms, clock };
  }

  /** Only the newest of each column: a live batch may overtake older ones, so seq decides and not arrival. */
  private learnValues(part: Part, at: Pick<Last, 'epoch' | 'unix_ms' | 'clock'>): void {
    for (const [device, point, seqs, times, values, quality] of part.points) {
      const index = seqs.length - 1;
      const seq = part.first + (seqs[index] ?? 0);
      const points = this.values.get(device) ?? new Map<string, Last>();
      this.values.set(device, points);
      const before = points.get(point);
      if (index < 0 || (before && !this.supersedes({ epoch: at.epoch, seq }, before))) continue;
      const t = times[index] ?? 0;
      points.set(point, {
        ...at,
        seq,
        value: values[index] ?? null,
        quality: quality?.[index] ?? 'good',
        boot: part.boot,
        up: part.up + t,
        unix_ms: at.unix_ms === undefined ? undefined : at.unix_ms + t,
      });
    }
  }

  /** Of one epoch the higher seq is newer; what is left of an earlier epoch comes after the first of the present one, and is older all the same. */
  private supersedes(given: Pick<Last, 'epoch' | 'seq'>, before: Pick<Last, 'epoch' | 'seq'>): boolean {
    if (given.epoch === before.epoch) return given.seq > before.seq;
    return before.epoch !== this.presence?.epoch;
  }

  /** A gap that names only others is theirs: we may have those records, and we may still be owed them. */
  private enter({ epoch, lane, range, uplinks }: Gap): void {
    const us = this.state?.uplink;
    if (us === undefined || uplinks.includes(us)) this.ledger(epoch).gaps[lane].add(range);
  }

  private learnStep(fields: Readonly<Record<string, unknown>>): void {
    const { boot, from_up, offset_ms, error_ms, source, synced } = fields;
    if (typeof boot !== 'string' || typeof from_up !== 'number' || typeof offset_ms !== 'number') return;
    const step = {
      from_up,
      offset_ms,
      error_ms: Number(error_ms),
      source: String(source),
      synced: synced !== false,
    };
    const steps = [...(this.steps.get(boot) ?? []).filter((one) => one.from_up !== from_up), step];
    this.steps.set(
      boot,
      steps.sort((x, y) => x.from_up - y.from_up),
    );
  }

  private learnGap(fields: Readonly<Record<string, unknown>>): void {
    const { epoch, lane, from, to, uplinks } = fields;
    if (typeof epoch !== 'string' || typeof from !== 'number' || typeof to !== 'number' || from > to) return;
    if (lane !== 'a' && lane !== 'b' && lane !== 'c') return;
    const names = Array.isArray(uplinks) ? uplinks.map(String) : [];
    const gap = { epoch, lane, range: [from, to], uplinks: names } as const;
    this.told.push(gap);
    this.enter(gap);
  }
}
