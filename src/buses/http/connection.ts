import type { BytePort, HttpReply } from '../../contracts/index.ts';
import { asFault, Fault } from '../../faults/index.ts';
import { type HttpHeaders, type HttpPiece, httpReplyReader, wholeReply } from '../../kit/index.ts';
import type { Counters } from '../counters.ts';

/** The other side ended the connection before it had said a word. */
export class Reset extends Error {}

export interface Answer extends HttpReply {
  readonly headers: HttpHeaders;
  readonly reusable: boolean;
}

interface Listener {
  readonly data: (chunk: Uint8Array) => void;
  readonly lost: (reason: Error) => void;
}

/** One connection, one question at a time. After `drop` nothing is heard from it. */
export class HttpConnection {
  private readonly port: BytePort;
  private readonly counters: Counters;
  private listener: Listener | undefined;
  private left: (() => void) | undefined;
  private ended = false;

  constructor(port: BytePort, counters: Counters) {
    this.port = port;
    this.counters = counters;
    port.onData((chunk) => {
      this.counters.add('bytes_in', chunk.length);
      // What nobody has asked for makes no sense, and neither does what comes after it.
      if (this.listener) this.listener.data(chunk);
      else this.drop();
    });
    port.onLost((error) => {
      this.ended = true;
      this.listener?.lost(error);
      this.left?.();
    });
  }

  get isOpen(): boolean {
    return !this.ended;
  }

  /** Hears of the end of a connection that nobody uses. */
  onLeft(listener: () => void): void {
    this.left = listener;
  }

  drop(): void {
    if (this.ended) return;
    this.ended = true;
    void this.port.close(true).catch(() => {});
    this.left?.();
  }

  /** `sent`: called when its first byte may have left. Rejects with Reset, http.bad-message, or the reason of the signal; the connection is dropped then. */
  exchange(
    request: Uint8Array,
    on: { readonly max_bytes: number; readonly signal: AbortSignal; readonly sent: () => void },
  ): Promise<Answer> {
    const pieces: HttpPiece[] = [];
    return new Promise((resolve, reject) => {
      this.listen(request, on, {
        pieces: (more) => {
          pieces.push(...more);
          const last = more.at(-1);
          if (!last || !('end' in last)) return false;
          resolve({ ...wholeReply(pieces), reusable: last.end.reusable });
          return true;
        },
        failed: reject,
      });
    });
  }

  /** The pieces of an answer as they come; ends after its last one. Rejects as `exchange` does. */
  async *stream(
    request: Uint8Array,
    on: { readonly signal: AbortSignal; readonly sent: () => void },
  ): AsyncGenerator<HttpPiece> {
    const waiting: HttpPiece[] = [];
    let failure: { readonly error: unknown } | undefined;
    let wake = () => {};
    this.listen(
      request,
      { ...on, max_bytes: Number.POSITIVE_INFINITY },
      {
        pieces: (more) => {
          waiting.push(...more);
          wake();
          return more.some((piece) => 'end' in piece);
        },
        failed: (error) => {
          failure = { error };
          wake();
        },
      },
    );
    try {
      for (;;) {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
          yield next;
          if ('end' in next) return;
        }
        if (failure) throw failure.error;
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (waiting.length > 0 || failure) resolve();
        });
      }
    } finally {
      this.drop();
    }
  }

  /** `pieces` tells whether that was all. */
  private listen(
    request: Uint8Array,
    on: { readonly max_bytes: number; readonly signal: AbortSignal; readonly sent: () => void },
    tell: { readonly pieces: (more: HttpPiece[]) => boolean; readonly failed: (error: unknown) => void },
  ): void {
    const { signal, max_bytes, sent } = on;
    const reader = httpReplyReader({ max_bytes });
    let heard = false;
    const end = () => {
      this.listener = undefined;
      signal.removeEventListener('abort', aborted);
    };
    const fail = (error: unknown) => {
      end();
      this.drop();
      tell.failed(error);
    };
    const aborted = () => fail(signal.reason);
    const take = (work: () => HttpPiece[]) => {
      try {
        if (tell.pieces(work())) end();
      } catch (error) {
        fail(new Fault('http.bad-message', { ...asFault(error).facts, sent: true }));
      }
    };
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted, { once: true });
    this.listener = {
      data: (chunk) => {
        heard = true;
        take(() => reader.push(chunk));
      },
      lost: (error) => {
        if (heard) take(() => reader.close());
        else fail(new Reset(error.message));
      },
    };
    if (this.ended) return fail(new Reset('it has ended'));
    sent();
    this.counters.add('bytes_out', request.length);
    this.port.write(request).catch((error: Error) => fail(new Reset(error.message)));
  }
}
