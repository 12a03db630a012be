import type { ActResult, BytesLink, Call, FrameRule } from '../contracts/index.ts';
import { asFault } from '../faults/index.ts';

/**
 * A command on a byte stream whose device acknowledges: sent once, never again. What the reply means is for `judge`; a fault it throws
 * (a damaged or foreign reply) and a missing reply are `unknown`, and what never left is `failed`.
 */
export async function askOnce(
  link: BytesLink,
  ask: { readonly request: Uint8Array; readonly rule: FrameRule },
  call: Call,
  judge: (reply: Uint8Array) => ActResult,
): Promise<ActResult> {
  call.signal.throwIfAborted();
  try {
    return judge(await link.exchange(ask.request, ask.rule, call));
  } catch (error) {
    const { code, facts } = asFault(error);
    const unsent = facts.sent === false;
    return { result: unsent ? 'failed' : 'unknown', facts: { fault: code, ...(unsent && { sent: false }) } };
  }
}
