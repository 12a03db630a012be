import { readFileSync } from 'node:fs';
import { ticker } from '../clock/index.ts';
import type { AuditLimits, AuditTrail, Clock, Intake, Log } from '../contracts/index.ts';
import { asFault } from '../faults/index.ts';
import { type Identity, signing } from '../identity/index.ts';
import type { AuditLink, JsonObject, Millis } from '../model/index.ts';

const EVERY_MS: Millis = 3_600_000;
const FIRST_MS: Millis = 60_000;

interface Parts {
  readonly identity: Identity;
  readonly trail: AuditTrail;
  readonly limits: AuditLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly tell: (event: Parameters<Intake['event']>[0]) => Promise<boolean>;
}

type Place = Pick<AuditLink, 'nr' | 'hash'>;

/**
 * Once an hour the head of the audit goes up, signed, if there is a new one: whoever cuts the tail off here does not cut it off there. What need
 * not be kept any more goes only after a signed checkpoint, on which the rest stands, is stored.
 */
export async function keepAudit(parts: Parts, signal: AbortSignal): Promise<void> {
  const rhythm = { name: 'audit', every_ms: EVERY_MS, first_ms: FIRST_MS };
  let told = 0;
  for await (const _ of ticker(parts.clock, rhythm, signal)) {
    try {
      told = await tellHead(parts, told);
      await letGo(parts);
    } catch (error) {
      // The disk says no; the next hour may be better, and nothing was let go.
      parts.log.warn({ fault: asFault(error) }, 'the audit was not tended');
    }
  }
}

/** The number that the head has after it was told. */
async function tellHead(parts: Parts, told: number): Promise<number> {
  const { head } = await parts.trail.stats();
  // A head that is told is a record of the audit too.
  if (head.nr <= told) return told;
  await tell(parts, 'head', head);
  return head.nr + 1;
}

async function letGo(parts: Parts): Promise<void> {
  const due = await parts.trail.due(parts.limits);
  if (due && (await tell(parts, 'checkpoint', due))) await parts.trail.trim(due.nr);
}

function tell({ identity, clock, tell: keep }: Parts, name: string, { nr, hash }: Place): Promise<boolean> {
  const { gateway, key_file } = identity;
  const payload = { gateway, nr, hash };
  const pem = readFileSync(key_file, 'utf8');
  const jws = signing.sign(payload, { pem, kid: gateway, kind: 'gl-audit' });
  const fields: JsonObject = { nr, jws };
  return keep({ kind: 'audit', lane: 'a', subject: '', name, fields, stamp: clock.now() });
}
