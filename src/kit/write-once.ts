import type { ActResult, Call, ModbusLink, ModbusWrite } from '../contracts/index.ts';
import { asFault, type Fault } from '../faults/index.ts';

/**
 * A write that moves something: sent once, never again. `done` the unit acknowledged; `failed` it refused, or nothing was sent;
 * without a reply `readBack` looks whether the wish has come true (then `done`, evidence read-back), else `unknown`.
 * Rejects only when the call was aborted before anything could be sent.
 */
export async function writeOnce(
  link: ModbusLink,
  write: ModbusWrite,
  call: Call,
  readBack?: (link: ModbusLink, call: Call) => Promise<boolean>,
): Promise<ActResult> {
  call.signal.throwIfAborted();
  try {
    await link.write(write, call);
    return { result: 'done', facts: {} };
  } catch (error) {
    const fault = asFault(error);
    if (neverSent(fault)) return { result: 'failed', facts: { fault: fault.code, sent: false } };
    if (fault.code === 'bus.exception') {
      return { result: 'failed', facts: { fault: fault.code, exception: fault.facts.exception ?? null } };
    }
    if (readBack && (await cameTrue(readBack, link, call)))
      return { result: 'done', facts: { evidence: 'read-back' } };
    return { result: 'unknown', facts: { fault: fault.code } };
  }
}

/** Faults raised before a byte left: the unit cannot have acted. */
const neverSent = ({ code, facts }: Fault): boolean =>
  facts.sent === false || code === 'bus.bad-request' || (code === 'bus.unit-off' && facts.sent !== true);

async function cameTrue(
  readBack: (link: ModbusLink, call: Call) => Promise<boolean>,
  link: ModbusLink,
  call: Call,
): Promise<boolean> {
  try {
    return await readBack(link, call);
  } catch {
    // A second failure adds nothing to `unknown`.
    return false;
  }
}
