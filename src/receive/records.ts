import { type ClockState, openPart, type StoredRecord } from '../model/index.ts';
import { checkBatch, clockOf } from './batch.ts';
import { Gateway } from './gateway.ts';
import { readLines } from './logbook.ts';

/** A record as the platform has it, with its wall time by all that is known now. */
export interface Received {
  readonly gateway: string;
  readonly record: StoredRecord;
  readonly unix_ms: number | undefined;
  readonly clock: ClockState;
}

/** All records of a log, each key once, in the order they came. Reads the whole file: for trials and export, not for service. */
export async function readLog(path: string): Promise<readonly Received[]> {
  const gateways = new Map<string, Gateway>();
  let refused: ReadonlySet<number> = new Set();
  const found: (Received & { readonly owner: Gateway })[] = [];
  await readLines(path, (entry) => {
    if ('nacked' in entry) refused = new Set(entry.nacked.seqs);
    if ('nacked' in entry) return;
    const batch = checkBatch(entry.batch, Buffer.alloc(0));
    const { head, parts } = batch;
    const owner = gateways.get(head.gateway) ?? new Gateway(head.site, head.gateway);
    gateways.set(head.gateway, owner);
    owner.learn(batch);
    const seqs = owner.ledger(head.epoch).seqs;
    parts.forEach((part, index) => {
      const base = head.base[index];
      for (const record of openPart(part, head.lane, head.epoch)) {
        if (refused.has(record.seq) || !seqs.add(record.seq, head.lane)) continue;
        const unix_ms =
          typeof base?.unix_ms === 'number' ? base.unix_ms + record.stamp.up - part.up : undefined;
        found.push({ owner, gateway: head.gateway, record, unix_ms, clock: clockOf(base?.clock) });
      }
    });
    refused = new Set();
  });
  // Clock records may come after what they correct.
  return found.map(({ owner, ...one }) => {
    const { boot, up } = one.record.stamp;
    return { ...one, ...timeAt(owner, { boot, up, unix_ms: one.unix_ms, clock: one.clock }) };
  });
}

function timeAt(owner: Gateway, at: Parameters<Gateway['timeOf']>[0]) {
  const { unix_ms, clock } = owner.timeOf(at);
  return { unix_ms, clock };
}
