import { openPart, type StoredRecord } from '../../src/model/index.ts';
import type { Batch } from '../../src/receive/batch.ts';

export type ReadingRecord = Extract<StoredRecord, { readonly kind: 'reading' }>;
/** A reading as the platform has it, with its wall time. */
export type Told = ReadingRecord & { readonly unix_ms: number };

/** What the platform was sent, each key once, by device and point. */
export class ReceivedRecords {
  readonly events: StoredRecord[] = [];
  count = 0;
  private readonly keys = new Set<number>();
  private readonly readings = new Map<string, Told[]>();

  take({ head, parts }: Batch): void {
    for (const [index, part] of parts.entries()) {
      const base = head.base[index]?.unix_ms;
      for (const record of openPart(part, head.lane, head.epoch)) {
        if (this.keys.has(record.seq)) continue;
        this.keys.add(record.seq);
        this.count += 1;
        if (record.kind !== 'reading') this.events.push(record);
        else this.note({ ...record, unix_ms: Number(base) + record.stamp.up - part.up });
      }
    }
  }

  /** In the order they happened. */
  of(device: string, point: string): readonly Told[] {
    return (this.readings.get(`${device}/${point}`) ?? []).sort((x, y) => x.seq - y.seq);
  }

  newest(device: string, point: string): Told | undefined {
    return this.of(device, point).at(-1);
  }

  private note(reading: Told): void {
    const key = `${reading.device}/${reading.point}`;
    const before = this.readings.get(key);
    if (before) before.push(reading);
    else this.readings.set(key, [reading]);
  }
}
