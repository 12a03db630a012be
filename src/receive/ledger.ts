import type { GatewayVerdict } from '../contracts/index.ts';
import { addRange, holes, LANES, type Lane, type SeqRange } from '../model/index.ts';
import type { DigestMessage } from '../uplink/shapes/index.ts';
import { Ranges, Seqs } from './seqs.ts';

/** What came of one epoch of one gateway, and what is still owed. */
export class Ledger {
  readonly epoch: string;
  readonly seqs = new Seqs();
  readonly covered: Readonly<Record<Lane, Ranges>> = { a: new Ranges(), b: new Ranges(), c: new Ranges() };
  /** Seqs that came and were refused for good. */
  readonly refused = new Set<number>();
  /** What gap records told that concern this platform. */
  readonly gaps: Readonly<Record<Lane, Ranges>> = { a: new Ranges(), b: new Ranges(), c: new Ranges() };
  /** The last digest of each range: judged again whenever it is asked, since what was missing may have come. */
  private readonly digests = new Map<string, DigestMessage>();

  constructor(epoch: string) {
    this.epoch = epoch;
  }

  digest(message: DigestMessage): void {
    this.digests.set(`${message.lane} ${message.from}`, message);
  }

  /** Digests that what came here contradicts. */
  get mismatches(): readonly DigestMessage[] {
    return [...this.digests.values()].filter(({ lane, from, to, count, sha256 }) => {
      const own = this.seqs.digest(lane, [from, to]);
      return own.count !== count || own.sha256 !== sha256;
    });
  }

  /** Seqs of the range that did not come in any lane and that no gap record explains. */
  missing(range: SeqRange): SeqRange[] {
    const told = LANES.flatMap((lane) => this.gaps[lane].list).reduce<SeqRange[]>(
      (all, one) => addRange(all, one),
      [],
    );
    return this.seqs.missing(range).flatMap((hole) => holes(told, hole));
  }

  verdict(): GatewayVerdict['epochs'][number] {
    const head = Math.max(this.seqs.head, ...[...this.digests.values()].map(({ to }) => to));
    const whole = (lane: Lane): boolean => {
      const both = new Ranges();
      for (const range of [...this.covered[lane].list, ...this.gaps[lane].list]) both.add(range);
      return both.reaches(both.list.at(-1)?.[1] ?? 0);
    };
    return {
      epoch: this.epoch,
      records: this.seqs.count,
      head,
      holes: head > 0 ? this.missing([1, head]) : [],
      gaps: LANES.flatMap((lane) => this.gaps[lane].list),
      lanes: { a: whole('a'), b: whole('b'), c: whole('c') },
    };
  }
}
