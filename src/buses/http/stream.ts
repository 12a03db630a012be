import { Fault } from '../../faults/index.ts';
import type { HttpHeaders, HttpPiece } from '../../kit/index.ts';
import type { HttpConnection } from './connection.ts';

/** An answer that does not end: its head, and what comes after it. Whoever has had enough ends `pieces`, and the connection with it. */
export async function streamOf(
  connection: HttpConnection,
  request: Uint8Array,
  on: { readonly signal: AbortSignal; readonly sent: () => void },
): Promise<{
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly pieces: AsyncGenerator<HttpPiece>;
}> {
  const pieces = connection.stream(request, on);
  const first = await pieces.next();
  if (first.done || !('head' in first.value)) {
    await pieces.return(undefined);
    throw new Fault('http.bad-message', { reason: 'there is no head', sent: true });
  }
  return { ...first.value.head, pieces };
}
