import { createHash } from 'node:crypto';
import { constants, deflateRawSync } from 'node:zlib';
import type {
  Acknowledged,
  Connection,
  Digest,
  Lease,
  LeaseWant,
  Outbox,
  OutboxStats,
  PackedPart,
  Quarantined,
} from '../../src/contracts/index.ts';
import {
  addRange,
  type Entry,
  firstOpen,
  holes,
  LANES,
  type Lane,
  makePart,
  type RecordKey,
  type SeqRange,
  type StoredRecord,
} from '../../src/model/index.ts';
import { adler32 } from '../../src/uplink/adler.ts';

interface Peer {
  connect_id: number;
  line: number;
  readonly acked: Record<Lane, SeqRange[]>;
  readonly leased: Map<number, Lease>;
  /** Most records of a lease that begins at this seq: how refused leases come again in halves. */
  readonly cut: Map<number, number>;
  readonly digested: Record<Lane, number>;
}

/** The outbox contract in plain arrays: for tests of its users. It keeps everything and is durable in nothing. */
export class MemoryOutbox implements Outbox {
  readonly epoch: string;
  readonly records: StoredRecord[] = [];
  readonly settled: { readonly uplink: string; readonly ack: Acknowledged }[] = [];
  private readonly peers = new Map<string, Peer>();
  private readonly refusedForGood: Quarantined[] = [];
  private listeners: ((lanes: ReadonlySet<Lane>) => void)[] = [];
  private leases = 0;
  private connects = 0;

  constructor(epoch = '00112233445566aa') {
    this.epoch = epoch;
  }

  async append(entries: readonly Entry[]): Promise<readonly RecordKey[]> {
    const stored = entries.map((entry, index) => ({
      ...entry,
      epoch: this.epoch,
      seq: this.records.length + 1 + index,
    }));
    this.records.push(...stored);
    const lanes = new Set(entries.map(({ lane }) => lane));
    for (const tell of this.listeners) tell(lanes);
    return stored.map(({ epoch, seq }) => ({ epoch, seq }));
  }

  async flush(): Promise<void> {}

  async connect(uplink: string): Promise<Connection> {
    const peer = this.peer(uplink);
    this.connects += 1;
    peer.connect_id = this.connects;
    peer.line = this.records.length;
    peer.leased.clear();
    return { connect_id: peer.connect_id, epoch: this.epoch, head: peer.line };
  }

  async lease(uplink: string, want: LeaseWant): Promise<Lease | undefined> {
    const peer = this.peer(uplink);
    const [low, high] = want.head === 'backlog' ? [1, peer.line] : [peer.line + 1, this.records.length];
    const taken = [...peer.leased.values()]
      .filter(({ lane }) => lane === want.lane)
      .map((lease) => lease.covers);
    const out = taken.reduce<readonly SeqRange[]>(
      (all, range) => addRange(all, range),
      peer.acked[want.lane],
    );
    const chosen: StoredRecord[] = [];
    let bytes = 0;
    let most = want.max_records;
    for (let seq = low; seq <= high; seq += 1) {
      const open = firstOpen(out, seq);
      if (open > seq && chosen.length > 0) break;
      if (open > seq) {
        seq = open - 1;
        continue;
      }
      const record = this.records[seq - 1];
      if (record?.lane !== want.lane) continue;
      if (chosen.length === 0) most = Math.min(most, peer.cut.get(seq) ?? most);
      const size = JSON.stringify(record).length;
      if (chosen.length > 0 && (chosen.length >= most || bytes + size > want.max_bytes)) break;
      chosen.push(record);
      bytes += size;
    }
    const first = chosen[0];
    const last = chosen.at(-1);
    if (!first || !last) return undefined;
    this.leases += 1;
    const parts = partsOf(chosen);
    // From behind the lane's record before it: so the ranges of a lane join up.
    let from = first.seq;
    while (from > 1 && this.records[from - 2]?.lane !== want.lane) from -= 1;
    const lease = {
      id: this.leases,
      epoch: this.epoch,
      lane: want.lane,
      head: want.head,
      covers: [from, last.seq] as const,
      records: chosen.length,
      parts,
    };
    peer.leased.set(lease.id, lease);
    return lease;
  }

  async settle(uplink: string, ack: Acknowledged): Promise<void> {
    this.settled.push({ uplink, ack });
    const peer = this.peer(uplink);
    if (ack.epoch !== this.epoch) return;
    for (const { seq, reason } of ack.nacks) this.setAside(uplink, seq, reason);
    const ranges = [...ack.ranges, ...ack.nacks.map(({ seq }) => [seq, seq] as const)];
    for (const [from, to] of ranges) {
      if (to <= this.records.length) peer.acked[ack.lane] = addRange(peer.acked[ack.lane], [from, to]);
    }
    for (const lease of peer.leased.values()) {
      if (lease.lane !== ack.lane) continue;
      const [from, to] = lease.covers;
      if (peer.acked[ack.lane].some((range) => range[0] <= from && to <= range[1]))
        peer.leased.delete(lease.id);
    }
  }

  async release(uplink: string, lease: number): Promise<void> {
    this.peer(uplink).leased.delete(lease);
  }

  async refuse(uplink: string, id: number, reason: string): Promise<void> {
    const peer = this.peer(uplink);
    const lease = peer.leased.get(id);
    if (!lease) return;
    peer.leased.delete(id);
    const records = this.records.filter(
      ({ seq, lane }) => lane === lease.lane && lease.covers[0] <= seq && seq <= lease.covers[1],
    );
    const first = records[0];
    if (!first) return;
    if (records.length > 1) {
      const half = Math.ceil(records.length / 2);
      const middle = records[half];
      peer.cut.set(first.seq, half);
      if (middle) peer.cut.set(middle.seq, records.length - half);
      return;
    }
    this.setAside(uplink, first.seq, reason);
    peer.acked[lease.lane] = addRange(peer.acked[lease.lane], lease.covers);
    const fields = {
      epoch: this.epoch,
      lane: lease.lane,
      from: first.seq,
      to: first.seq,
      count: 1,
      reason: 'refused',
      uplinks: [uplink],
    };
    await this.append([{ kind: 'gap', lane: 'a', subject: '', name: 'gap', fields, stamp: first.stamp }]);
  }

  async replay(uplink: string, epoch: string, lane: Lane, range: SeqRange): Promise<number> {
    if (epoch !== this.epoch) return 0;
    const peer = this.peer(uplink);
    const inside = this.records.filter(
      (record) => record.lane === lane && record.seq >= range[0] && record.seq <= range[1],
    );
    peer.acked[lane] = peer.acked[lane].flatMap(([from, to]) => outside([from, to], range));
    peer.line = Math.max(peer.line, range[1]);
    return inside.length;
  }

  async digests(uplink: string): Promise<readonly Digest[]> {
    const peer = this.peer(uplink);
    return LANES.flatMap((lane): Digest[] => {
      const from = peer.digested[lane] + 1;
      const range = peer.acked[lane].find(([low, high]) => low <= from && high >= from);
      if (!range) return [];
      const seqs = this.records.filter((one) => one.lane === lane && one.seq >= from && one.seq <= range[1]);
      return [
        {
          epoch: this.epoch,
          lane,
          from,
          to: range[1],
          count: seqs.length,
          sha256: shaOf(seqs.map(({ seq }) => seq)),
        },
      ];
    });
  }

  async digested(uplink: string, digest: Digest): Promise<void> {
    this.peer(uplink).digested[digest.lane] = digest.to;
  }

  async read(lane: Lane, from: RecordKey, limit: number): Promise<readonly StoredRecord[]> {
    return this.records.filter((record) => record.lane === lane && record.seq >= from.seq).slice(0, limit);
  }

  async quarantine(): Promise<readonly Quarantined[]> {
    return this.refusedForGood;
  }

  async stats(): Promise<OutboxStats> {
    const count = (keep: (record: StoredRecord) => boolean) => {
      const depth = { a: 0, b: 0, c: 0 };
      for (const record of this.records) if (keep(record)) depth[record.lane] += 1;
      return depth;
    };
    const waiting = Object.fromEntries(
      [...this.peers].map(([uplink, { acked }]) => {
        // Whole stretches at a time: tests ask often.
        const open = LANES.map((lane) => {
          const unacknowledged = holes(acked[lane], [1, this.records.length]);
          const inside = unacknowledged.flatMap(([from, to]) => this.records.slice(from - 1, to));
          return [lane, inside.filter((record) => record.lane === lane).length] as const;
        });
        // One entry per lane was made just above.
        return [uplink, Object.fromEntries(open) as Record<Lane, number>];
      }),
    );
    return {
      epoch: this.epoch,
      head: this.records.length,
      file_bytes: 0,
      quota_bytes: 0,
      kept: count(() => true),
      waiting,
      evicted: 0,
      quarantined: this.refusedForGood.length,
      pending: 0,
      last_commit_ms: 0,
    };
  }

  async *arrivals(signal: AbortSignal): AsyncIterable<ReadonlySet<Lane>> {
    let lanes = new Set<Lane>();
    let wake = () => {};
    const tell = (more: ReadonlySet<Lane>) => {
      lanes = new Set([...lanes, ...more]);
      wake();
    };
    this.listeners.push(tell);
    signal.addEventListener('abort', () => wake(), { once: true });
    while (!signal.aborted) {
      if (lanes.size === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const now = lanes;
      lanes = new Set();
      yield now;
    }
    this.listeners = this.listeners.filter((one) => one !== tell);
  }

  async close(): Promise<void> {}

  private peer(uplink: string): Peer {
    const known = this.peers.get(uplink);
    if (known) return known;
    const peer: Peer = {
      connect_id: 0,
      line: 0,
      acked: { a: [], b: [], c: [] },
      leased: new Map(),
      cut: new Map(),
      digested: { a: 0, b: 0, c: 0 },
    };
    this.peers.set(uplink, peer);
    return peer;
  }

  private setAside(uplink: string, seq: number, reason: string): void {
    const record = this.records[seq - 1];
    if (record) this.refusedForGood.push({ uplink, record, reason });
  }
}

/** Parts of consecutive seqs and one boot, as the store would have made them. */
function partsOf(records: readonly StoredRecord[]): PackedPart[] {
  const groups: StoredRecord[][] = [];
  for (const record of records) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    if (group && last && last.seq + 1 === record.seq && last.stamp.boot === record.stamp.boot)
      group.push(record);
    else groups.push([record]);
  }
  return groups.map(packed);
}

function packed(records: readonly StoredRecord[]): PackedPart {
  const first = records[0]?.seq ?? 0;
  const part = makePart(records, first, 1);
  const text = Buffer.from(JSON.stringify(part));
  return {
    deflated: deflateRawSync(text, { level: 1, finishFlush: constants.Z_SYNC_FLUSH }),
    adler: adler32(text),
    length: text.length,
    first,
    n: records.length,
    boot: part.boot,
    base: { unix_ms: 1_794_000_000_000 + part.up, clock: 'synced' },
  };
}

function outside([from, to]: SeqRange, range: SeqRange): SeqRange[] {
  const rest: SeqRange[] = [];
  if (from < range[0]) rest.push([from, Math.min(to, range[0] - 1)]);
  if (to > range[1]) rest.push([Math.max(from, range[1] + 1), to]);
  return rest;
}

export function shaOf(seqs: readonly number[]): string {
  const bytes = Buffer.alloc(seqs.length * 8);
  for (const [index, seq] of seqs.entries()) bytes.writeBigUInt64BE(BigInt(seq), index * 8);
  return createHash('sha256').update(bytes).digest('hex');
}
