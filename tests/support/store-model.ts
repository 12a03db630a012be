import { join } from 'node:path';
import type { Lease } from '../../src/contracts/index.ts';
import {
  addRange,
  type Entry,
  type GapFields,
  holes,
  LANES,
  type Lane,
  type SeqRange,
  type Stamp,
  type StoredRecord,
} from '../../src/model/index.ts';
import { Core } from '../../src/store/core.ts';
import { countedBytes, hashOf, recordsIn } from './store-world.ts';

export type Step =
  | { readonly do: 'append'; readonly lane: Lane; readonly count: number; readonly size: number }
  | {
      readonly do: 'lease';
      readonly uplink: number;
      readonly lane: Lane;
      readonly live: boolean;
      readonly most: number;
    }
  | { readonly do: 'settle'; readonly pick: number; readonly how: 'whole' | 'front' | 'middle' | 'nack' }
  | { readonly do: 'release' | 'refuse'; readonly pick: number }
  | { readonly do: 'connect'; readonly uplink: number }
  | {
      readonly do: 'replay';
      readonly uplink: number;
      readonly lane: Lane;
      readonly at: number;
      readonly count: number;
    }
  | { readonly do: 'digest'; readonly uplink: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'write' | 'close' | 'kill' };

const UPLINKS = ['one', 'two'] as const;
const key = (epoch: string, seq: number) => `${epoch}/${seq}`;

/** What a platform holds of one lane of one epoch. */
class Shelf {
  covered: readonly SeqRange[] = [];
  told: readonly SeqRange[] = [];
  readonly seqs = new Set<number>();
}

/** A platform, as simple as can be: it keeps what it got and what it was told. */
class Platform {
  readonly shelves = new Map<string, Shelf>();
  shelf(epoch: string, lane: Lane): Shelf {
    const name = `${epoch} ${lane}`;
    const found = this.shelves.get(name) ?? new Shelf();
    this.shelves.set(name, found);
    return found;
  }
  take(uplink: string, records: readonly StoredRecord[], covers: SeqRange, { epoch, lane }: Lease): void {
    const shelf = this.shelf(epoch, lane);
    shelf.covered = addRange(shelf.covered, covers);
    for (const record of records) {
      shelf.seqs.add(record.seq);
      if (record.kind !== 'gap') continue;
      const gap = record.fields as GapFields;
      if (!gap.uplinks.includes(uplink)) continue;
      const about = this.shelf(gap.epoch, gap.lane);
      about.told = addRange(about.told, [gap.from, gap.to]);
    }
  }
}

/** A core and beside it everything that is known to be true of it; every step checks what it can. */
export class Model {
  private core: Core;
  private readonly file: string;
  private readonly quota_bytes: number;
  private up = 1000;
  private boot = 1;
  /** Records whose append was confirmed. */
  readonly stored = new Map<string, { readonly lane: Lane; readonly text: string }>();
  readonly platforms = new Map(UPLINKS.map((name) => [name as string, new Platform()]));
  private out: {
    readonly uplink: string;
    readonly lease: Lease;
    readonly records: readonly StoredRecord[];
  }[] = [];
  private value = 0;
  evicted = 0;

  constructor(folder: string, quota_bytes: number) {
    this.file = join(folder, 'store.db');
    this.quota_bytes = quota_bytes;
    this.core = this.open();
  }

  step(step: Step): void {
    if (step.do === 'append') this.append(step);
    if (step.do === 'lease') this.lease(UPLINKS[step.uplink % 2] ?? 'one', step);
    if (step.do === 'settle') this.settle(step.pick, step.how);
    if (step.do === 'release')
      this.giveBack(step.pick, ({ uplink, lease }) => this.core.release(uplink, lease.id));
    if (step.do === 'refuse') this.giveBack(step.pick, (one) => this.refuse(one));
    if (step.do === 'connect') this.connect(UPLINKS[step.uplink % 2] ?? 'one');
    if (step.do === 'replay') this.replay(UPLINKS[step.uplink % 2] ?? 'one', step);
    if (step.do === 'digest') this.digest(UPLINKS[step.uplink % 2] ?? 'one');
    if (step.do === 'pass') this.up += step.ms;
    if (step.do === 'write') this.write();
    if (step.do === 'close') this.restart(() => this.core.close(this.now()));
    if (step.do === 'kill') this.restart(() => this.core.abandon());
  }

  /** Both platforms take all there is; then nothing may be missing that was not told. */
  finish(): void {
    for (const uplink of UPLINKS) this.connect(uplink);
    for (let round = 0; ; round += 1) {
      let got = 0;
      for (const uplink of UPLINKS) {
        for (const lane of LANES) {
          for (const live of [false, true]) {
            while (this.lease(uplink, { lane, live, most: 50 })) {
              this.settle(this.out.length - 1, 'whole');
              got += 1;
            }
          }
        }
      }
      const { head } = this.core.stats();
      this.write();
      // Writing may bring the gaps of what was refused last.
      if (got === 0 && this.core.stats().head === head) break;
      if (round > 100) throw new Error('there is always something more to send');
    }
    for (const uplink of UPLINKS) {
      this.digest(uplink);
      this.judge(uplink);
    }
    const { waiting } = this.core.stats();
    for (const uplink of UPLINKS) {
      for (const lane of LANES)
        must(waiting[uplink]?.[lane] === 0, `nothing waits: ${JSON.stringify(waiting)}`);
    }
    this.core.close(this.now());
  }

  private judge(uplink: string): void {
    const platform = this.platforms.get(uplink) as Platform;
    for (const [name, { lane }] of this.stored) {
      const [epoch = '', seq = ''] = name.split('/');
      const shelf = platform.shelf(epoch, lane);
      const explained =
        shelf.seqs.has(Number(seq)) ||
        shelf.told.some(([from, to]) => from <= Number(seq) && Number(seq) <= to);
      must(explained, `${uplink} has ${name} of lane ${lane} or was told that it never comes`);
    }
    for (const [name, shelf] of platform.shelves) {
      const all = shelf.told.reduce<readonly SeqRange[]>((sum, range) => addRange(sum, range), shelf.covered);
      const end = all.at(-1)?.[1] ?? 0;
      const open = holes(all, [1, end]);
      must(open.length === 0, `${uplink}: ${name} joins up to ${end}; open ${JSON.stringify(open)}`);
    }
  }

  private append({ lane, count, size }: Step & { do: 'append' }): void {
    const entries = Array.from({ length: count }, (): Entry => {
      this.value += 1;
      const text = `${this.value} ${noise(this.value, size)}`;
      return { kind: 'event', lane, subject: 'x', name: 'e', fields: { text }, stamp: this.now() };
    });
    const before = this.core.stats().head;
    const batch =
      lane === 'a'
        ? { ops: [{ op: 'append' as const, entries }], b: [], c: [] }
        : { ops: [], b: [], c: [], [lane]: entries };
    const done = this.core.commit({ now: this.now(), state: [], ...batch });
    const result = done.ops[0];
    const first = lane === 'a' ? (result?.op === 'append' ? result.first : 0) : done[lane];
    must(first === before + 1, `seqs grow by one: ${before} → ${first}`);
    this.evicted += done.evicted;
    entries.forEach((entry, index) => {
      const text = entry.kind === 'event' ? String(entry.fields.text) : '';
      this.stored.set(key(done.epoch, first + index), { lane, text });
    });
  }

  private lease(uplink: string, { lane, live, most }: { lane: Lane; live: boolean; most: number }): boolean {
    const want = {
      lane,
      head: live ? ('live' as const) : ('backlog' as const),
      max_bytes: most * 200,
      max_records: most,
    };
    const lease = this.core.lease(uplink, want);
    if (!lease) return false;
    const records = recordsIn(lease);
    must(records.length === lease.records && records.length > 0, 'a lease holds what it says');
    must(records.length <= most, 'a lease keeps within its limit');
    const [from, to] = lease.covers;
    must(
      records.every(({ seq }) => from <= seq && seq <= to),
      'records lie within covers',
    );
    for (const other of this.out) {
      if (other.uplink !== uplink || other.lease.lane !== lane || other.lease.epoch !== lease.epoch) continue;
      const apart = other.lease.covers[1] < from || other.lease.covers[0] > to;
      must(apart, `covers do not overlap: ${other.lease.covers} and ${lease.covers}`);
    }
    for (let seq = from; seq <= to; seq += 1) {
      const known = this.stored.get(key(lease.epoch, seq));
      const got = records.find((record) => record.seq === seq);
      if (known?.lane === lane) must(got !== undefined, `covers ${from}..${to} of lane ${lane} hold ${seq}`);
      if (known && got?.kind === 'event') must(got.fields.text === known.text, `${seq} is what was stored`);
    }
    this.out.push({ uplink, lease, records });
    return true;
  }

  private settle(pick: number, how: 'whole' | 'front' | 'middle' | 'nack'): void {
    const index = this.out.length ? pick % this.out.length : -1;
    const one = this.out[index];
    if (!one) return;
    const { uplink, lease, records } = one;
    const [from, to] = lease.covers;
    const half = Math.floor((from + to) / 2);
    const range: SeqRange =
      how === 'front' ? [from, half] : how === 'middle' ? [half, Math.min(to, half + 1)] : [from, to];
    const victim = how === 'nack' ? records.find(({ kind }) => kind !== 'gap') : undefined;
    // It has the whole batch, whatever part of it is acknowledged.
    const taken = records.filter(({ seq }) => seq !== victim?.seq);
    const nacks = victim ? [{ seq: victim.seq, reason: 'no' }] : [];
    this.core.settle(uplink, { epoch: lease.epoch, lane: lease.lane, ranges: [range], nacks });
    this.platforms.get(uplink)?.take(uplink, taken, lease.covers, lease);
    if (how === 'whole' || how === 'nack') this.out.splice(index, 1);
  }

  private giveBack(pick: number, act: (one: (typeof this.out)[number]) => void): void {
    const index = this.out.length ? pick % this.out.length : -1;
    const one = this.out[index];
    if (!one) return;
    this.out.splice(index, 1);
    act(one);
  }

  private refuse({ uplink, lease, records }: (typeof this.out)[number]): void {
    // A platform that refuses the story of a gap does not get another one.
    if (records.some(({ kind }) => kind === 'gap')) this.core.release(uplink, lease.id);
    else this.core.refuse(uplink, lease.id, 'no');
  }

  private connect(uplink: string): void {
    const { head } = this.core.stats();
    const connection = this.core.connect(uplink);
    must(connection.head === head, 'the line is drawn at the head');
    this.out = this.out.filter((one) => one.uplink !== uplink);
  }

  private replay(uplink: string, { lane, at, count }: { lane: Lane; at: number; count: number }): void {
    const { head, epoch } = this.core.stats();
    const from = 1 + (at % Math.max(1, head));
    this.core.replay(uplink, epoch, lane, [from, Math.min(head, from + count)]);
  }

  private digest(uplink: string): void {
    const platform = this.platforms.get(uplink) as Platform;
    for (const digest of this.core.digests(uplink)) {
      const { epoch, lane, from, to } = digest;
      const held = [...platform.shelf(epoch, lane).seqs].filter((seq) => from <= seq && seq <= to);
      must(
        held.length === digest.count && hashOf(held) === digest.sha256,
        `${uplink} agrees with ${JSON.stringify(digest)}: ${held.length}`,
      );
      if (this.value % 2) this.core.digested(uplink, digest);
    }
  }

  private write(): void {
    this.evicted += this.core.commit({ now: this.now(), ops: [], b: [], c: [], state: [] }).evicted;
    const { file_bytes } = this.core.stats();
    must(file_bytes <= this.quota_bytes * 1.02 + 4096, `within the quota: ${file_bytes}`);
  }

  private restart(end: () => void): void {
    end();
    this.out = [];
    this.boot += this.value % 2;
    this.up = 500;
    this.core = this.open();
  }

  private now(): Stamp {
    return { boot: `boot-${this.boot}`, up: this.up };
  }

  private open(): Core {
    return Core.open({
      file: this.file,
      synchronous: 'NORMAL',
      quota_bytes: this.quota_bytes,
      retain_ms: 60_000,
      uplinks: UPLINKS,
      machine: 'machine',
      now: this.now(),
      wall: undefined,
      new_epoch: Buffer.from(countedBytes(8)).toString('hex'),
      must_exist: false,
    });
  }
}

/** Text that does not deflate. */
function noise(seed: number, size: number): string {
  let state = seed * 2654435761 + 1;
  let text = '';
  while (text.length < size) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    text += state.toString(36);
  }
  return text.slice(0, size);
}

function must(claim: boolean, what: string): asserts claim {
  if (!claim) throw new Error(`not true: ${what}`);
}
