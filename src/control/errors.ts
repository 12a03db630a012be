import { asFault, Fault } from '../faults/index.ts';

const UNKNOWN = [
  ...['device.unknown', 'door.unknown', 'load.unknown', 'command.unknown'],
  ...['snapshots.unknown', 'snapshots.evicted'],
];

/** The status line that goes with a fault. What is to be done stands in the fault itself. */
function statusOf({ code }: Fault): number {
  if (code === 'usage' || code === 'command.bad-args') return 400;
  if (UNKNOWN.includes(code)) return 404;
  if (code === 'bus.no-reply' || code === 'device.silent' || code === 'device.hung') return 504;
  if (code === 'bus.exception' || code === 'bus.bad-reply' || code.startsWith('driver.')) return 502;
  const isAway =
    code === 'device.closed' || ['bus.', 'store.', 'snapshots.'].some((of) => code.startsWith(of));
  return isAway ? 503 : 500;
}

/** Anything thrown in a route as a fault and its status: also what the HTTP library itself refuses (no JSON, too large). */
export function answerTo(error: unknown): { readonly status: number; readonly fault: Fault } {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : Number.NaN;
  if (error instanceof Error && status >= 400 && status < 500) {
    return { status, fault: new Fault('usage', { text: error.message }) };
  }
  const fault = asFault(error);
  return { status: statusOf(fault), fault };
}
