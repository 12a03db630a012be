import type { HttpFarEnd, HttpLink, HttpReply, HttpRequest, HttpSaid } from '#kit';
import {
  boundaryOf,
  encodeHttp,
  Fault,
  httpReply,
  httpReplyReader,
  httpRequestReader,
  multipartReader,
  wholeReply,
} from '#kit';
import { damaged, inOne, type MemoryWire, NO_REPLY } from './memory-links.ts';

const BOUNDARY = 'memory';
const MOST = { max_bytes: 4_194_304 };

/**
 * An HTTP link whose far end is a simulator: real messages in between, as a driver's `encode` gives them (without what the bus adds), and nobody who
 * asks for a login.
 */
export function memoryHttp(far: HttpFarEnd): HttpLink & MemoryWire {
  const down = () => new Fault('bus.down', { bus: 'memory', reason: 'unplugged', sent: false });
  const ask = (request: HttpRequest): HttpSaid => {
    if (link.wire === 'unplugged') throw down();
    const bytes = encodeHttp(request, link.up);
    link.sent.push(bytes);
    link.up += 10;
    if (link.wire === 'mute') throw new Fault('bus.no-reply', NO_REPLY);
    const [question] = httpRequestReader(MOST).push(bytes);
    if (!question) throw new Error('the request is not whole');
    const { method, path, body } = question;
    const said = far.answer({ method, path, body, host: link.host, login: undefined }, link.up);
    if (link.wire === 'lost') throw new Fault('bus.no-reply', NO_REPLY);
    return said ?? { status: 404, type: 'text/html', body: new Uint8Array() };
  };
  const heard = (bytes: Uint8Array): HttpReply => {
    const reader = httpReplyReader(MOST);
    const pieces = link.pieces(damaged(bytes, link.wire)).flatMap((piece) => reader.push(piece));
    const whole = pieces.some((piece) => 'end' in piece) ? pieces : [...pieces, ...reader.close()];
    const { status, type, body } = wholeReply(whole);
    return { status, type, body };
  };
  const link: HttpLink & MemoryWire = {
    wire: 'whole',
    pieces: inOne,
    sent: [],
    up: 0,
    host: '192.168.1.64',
    exchange: async (request) => {
      const { status, type, body } = ask(request);
      return heard(httpReply(status, { 'content-type': type, 'content-length': String(body.length) }, body));
    },
    async *parts(request, signal) {
      const { status, parts } = ask(request);
      if (!parts) throw new Fault('http.status', { status, path: request.path, reason: 'no stream' });
      const boundary = boundaryOf(`multipart/mixed; boundary=${BOUNDARY}`) ?? '';
      const reader = multipartReader(boundary, { body_bytes: MOST.max_bytes });
      while (!signal.aborted) {
        if (link.wire === 'unplugged') throw down();
        // A device that is not heard is waited for by its host, not here.
        if (link.wire === 'mute' || link.wire === 'lost') return;
        const { type, body, next_ms } = parts(link.up);
        const head = `--${BOUNDARY}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`;
        const bytes = Buffer.concat([Buffer.from(head), damaged(body, link.wire), Buffer.from('\r\n')]);
        for (const piece of link.pieces(bytes)) yield* reader.push(piece);
        link.up += next_ms;
      }
    },
    refused: () => new Fault('http.login-refused', { bus: 'memory', wait_s: 60 }),
  };
  return link;
}
