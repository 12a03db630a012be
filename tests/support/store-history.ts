import { readFileSync } from 'node:fs';
import { constants, inflateRawSync } from 'node:zlib';
import type { Opened } from '../../src/contracts/index.ts';
import {
  type Lane,
  type Outcome,
  openPart,
  parsePart,
  type SeqRange,
  type StoredRecord,
} from '../../src/model/index.ts';
import type { Taken } from './tally.ts';

/** What store-rig.mjs writes, line by line. */
type Line =
  | { readonly opened: Opened; readonly boot: string }
  | { readonly accepted: SeqRange; readonly lane: Lane; readonly up: number }
  | {
      readonly durable: SeqRange;
      readonly lane: Lane;
      readonly epoch: string;
      readonly seqs: readonly number[];
    }
  | { readonly rejected: SeqRange; readonly lane: Lane; readonly code: string }
  | {
      readonly delivered: Omit<Taken, 'records'> & {
        readonly connect_id: number;
        readonly head: 'live' | 'backlog';
      };
      readonly parts: readonly string[];
    }
  | { readonly refused: Omit<Taken, 'records'> }
  | { readonly intended: string }
  | { readonly concluded: string; readonly outcome: Outcome; readonly id: number }
  | { readonly state: number }
  | { readonly raised: string; readonly evidence: string }
  | { readonly cleared: string }
  | { readonly refused_to_open: string; readonly text: string }
  | { readonly closed: true };

export interface Accepted {
  readonly id: number;
  readonly lane: Lane;
  readonly up: number;
  readonly boot: string;
}

/** All that runs of the rig said to the outside world, in one order. */
export class History {
  readonly accepted = new Map<number, Accepted>();
  /** Its append has resolved with this key. */
  readonly durable = new Map<number, { readonly lane: Lane; readonly epoch: string; readonly seq: number }>();
  /** With the code of the fault. */
  readonly rejected = new Map<number, string>();
  readonly delivered: (Taken & { readonly connect_id: number; readonly live: boolean })[] = [];
  readonly refused: Omit<Taken, 'records'>[] = [];
  readonly intended = new Set<string>();
  readonly concluded = new Map<string, Outcome>();
  /** Value of the state that was durable last, in the run that is going on. */
  state: number | undefined;
  readonly opened: Opened[] = [];
  readonly notOpened: string[] = [];
  readonly raised: string[] = [];
  /** Health facts that are raised now. */
  readonly facts = new Set<string>();
  closed = 0;
  /** Latest moment that each run told of. */
  readonly last_up = new Map<string, number>();
  private boot = '';

  static read(log: string): History {
    const history = new History();
    const lines = readFileSync(log, 'utf8').split('\n');
    // The last one is empty, or was cut off with the process.
    for (const line of lines.slice(0, -1)) history.learn(JSON.parse(line));
    return history;
  }

  get lastId(): number {
    return Math.max(0, ...this.accepted.keys());
  }

  private learn(line: Line): void {
    if ('opened' in line) {
      this.opened.push(line.opened);
      this.boot = line.boot;
      this.state = undefined;
      this.facts.clear();
    } else if ('accepted' in line) {
      const { lane, up } = line;
      const { boot } = this;
      for (const id of each(line.accepted)) this.accepted.set(id, { id, lane, up, boot });
      this.last_up.set(boot, up);
    } else if ('durable' in line) {
      const { lane, epoch, seqs } = line;
      each(line.durable).forEach((id, index) => {
        this.durable.set(id, { lane, epoch, seq: seqs[index] ?? 0 });
      });
    } else if ('rejected' in line) for (const id of each(line.rejected)) this.rejected.set(id, line.code);
    else if ('delivered' in line) {
      const { head, ...batch } = line.delivered;
      const records = line.parts.flatMap((part) => recordsOf(part, batch));
      this.delivered.push({ ...batch, live: head === 'live', records });
    } else if ('refused' in line) this.refused.push(line.refused);
    else if ('intended' in line) this.intended.add(line.intended);
    else if ('concluded' in line) this.concluded.set(line.concluded, line.outcome);
    else if ('state' in line) this.state = line.state;
    else if ('raised' in line) {
      this.raised.push(`${line.raised}: ${line.evidence}`);
      this.facts.add(line.raised);
    } else if ('cleared' in line) this.facts.delete(line.cleared);
    else if ('refused_to_open' in line) this.notOpened.push(`${line.refused_to_open}: ${line.text}`);
    else if ('closed' in line) this.closed += 1;
  }
}

/** The number that the rig gave a record; nothing for the store's own. */
export function idOf(record: StoredRecord): number | undefined {
  if (record.kind === 'reading') return Number(record.value);
  return typeof record.fields.id === 'number' ? record.fields.id : undefined;
}

function recordsOf(part: string, { lane, epoch }: Omit<Taken, 'records'>): StoredRecord[] {
  const text = inflateRawSync(Buffer.from(part, 'base64'), { finishFlush: constants.Z_SYNC_FLUSH });
  return openPart(parsePart(text.toString()), lane, epoch);
}

const each = ([from, to]: SeqRange): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
