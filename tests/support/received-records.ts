import { openPart, type StoredRecord } from '../../src/model/index.ts';
import type { Batch } from '../../src/receive/batch.ts';

export type ReadingRecord = Extract<StoredRecord, { readonly kind: 'reading' }>;
/** A reading as the platform has it, with its wall time. */
export type Told = ReadingRecord & { readonly unix_ms: number };

/** What the platform was sent, each key once, by device and point. */
export class ReceivedRecords {
  readonly events: StoredRecord[] = [];
  private readonly bySeq = new Map<number, StoredRecord>();
  private readonly columns = new Map<string, Told[]>();

  take({ head, parts }: Batch): void {
    for (const [index, part] of parts.entries()) {
      const base = head.base[index]?.unix_ms;
      for (const record of openPart(part, head.lane, head.epoch)) {
        if (this.bySeq.has(record.seq)) continue;
        this.bySeq.set(record.seq, record);
        if (record.kind !== 'reading') this.events.push(record);
        else this.note({ ...record, unix_ms: Number(base) + record.stamp.up - part.up });
      }
    }
  }

  /** How many of them are readings. */
  get readings(): number {
    return this.bySeq.size - this.events.length;
  }

  get(seq: number): StoredRecord | undefined {
    return this.bySeq.get(seq);
  }

  /** In the order they happened. */
  of(device: string, point: string): readonly Told[] {
    return (this.columns.get(`${device}/${point}`) ?? []).sort((x, y) => x.seq - y.seq);
  }

  private note(reading: Told): void {
    const key = `${reading.device}/${reading.point}`;
    const before = this.columns.get(key);
    if (before) before.push(reading);
    else this.columns.set(key, [reading]);
  }
}
