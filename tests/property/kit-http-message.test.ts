import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Fault,
  type HttpPiece,
  httpReply,
  httpReplyReader,
  httpRequest,
  httpRequestReader,
  readHttpReply,
  wholeReply,
} from '#kit';

const RUNS = process.env.GATELODGE_LONG ? 1_000_000 : 2000;
const MOST = { max_bytes: 100_000 };
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
const textOf = (body: Uint8Array) => Buffer.from(body).toString('latin1');

const body = fc.uint8Array({ maxLength: 300 });
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });

function inPieces(all: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < all.length; ) {
    const size = cuts[pieces.length % cuts.length] ?? 1;
    pieces.push(all.slice(at, at + size));
    at += size;
  }
  return pieces;
}

/** The three ways a body may be framed. */
const framings = {
  'by its length': (content: Uint8Array) =>
    httpReply(200, { 'content-type': 'image/jpeg', 'content-length': String(content.length) }, content),
  'in chunks': (content: Uint8Array) => {
    const half = content.length >> 1;
    const chunk = (part: Uint8Array) =>
      part.length ? `${part.length.toString(16)};note=1\r\n${textOf(part)}\r\n` : '';
    const head = 'HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\n';
    return bytes(
      `${head}${chunk(content.slice(0, half))}${chunk(content.slice(half))}0\r\nTrailer: x\r\n\r\n`,
    );
  },
  'by the end of the connection': (content: Uint8Array) =>
    httpReply(200, { 'content-type': 'image/jpeg' }, content),
} as const;

describe.each(Object.entries(framings))('an answer framed %s', (name, frame) => {
  it('gives the same in any pieces', () => {
    fc.assert(
      fc.property(body, sizes, (content, cuts) => {
        const reader = httpReplyReader(MOST);
        const pieces: HttpPiece[] = inPieces(frame(content), cuts).flatMap((piece) => reader.push(piece));
        if (name === 'by the end of the connection') pieces.push(...reader.close());

        const whole = wholeReply(pieces);

        expect(whole).toMatchObject({ status: 200, type: 'image/jpeg' });
        expect(textOf(whole.body)).toBe(textOf(content));
        expect(pieces.filter((piece) => 'end' in piece)).toHaveLength(1);
      }),
      { numRuns: RUNS / 10 },
    );
  });

  it('that is too long is not taken', () => {
    const long = frame(new Uint8Array(2001));
    expect(() => httpReplyReader({ max_bytes: 2000 }).push(long)).toThrow(/longer than 2000 bytes/);
  });
});

describe('answers as cameras send them', () => {
  it.each([
    ['single line feeds', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
    ['blank lines in front', '\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['lines that are no headers', 'HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 2\r\n\r\nok'],
    ['no words behind the status', 'HTTP/1.1 200\r\nContent-Length:2\r\n\r\nok'],
    ['a length said twice', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok'],
    [
      'an answer before the answer',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    ],
    ['an old version', 'HTTP/1.0 200 OK\r\n\r\nok'],
  ])('are understood with %s', (_, text) => {
    expect(textOf(readHttpReply(bytes(text)).body)).toBe('ok');
  });

  it('in chunks of one byte are no heap of pieces', () => {
    const reader = httpReplyReader(MOST);
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

    const pieces = reader.push(bytes(`${head}${'1\r\nx\r\n'.repeat(1000)}0\r\n\r\n`));

    expect(pieces.map((piece) => Object.keys(piece)[0])).toEqual(['head', 'body', 'end']);
    expect(textOf(wholeReply(pieces).body)).toBe('x'.repeat(1000));
  });

  it('say whether the connection may be used again', () => {
    const reusable = (text: string) => {
      const last = httpReplyReader(MOST).push(bytes(text)).at(-1);
      return last && 'end' in last ? last.end.reusable : undefined;
    };
    expect([
      reusable('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
      reusable('HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok'),
      reusable('HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'),
      reusable('HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok'),
      reusable('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more that nobody asked for'),
    ]).toEqual([true, false, false, true, false]);
  });

  it('keep every challenge of several headers', () => {
    const { headers } = readHttpReply(
      bytes(
        'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="a"\r\nWWW-Authenticate: Digest nonce="b"\r\n\r\n',
      ),
    );
    expect(headers['www-authenticate']).toBe('Basic realm="a", Digest nonce="b"');
  });
});

it('questions are read as they were made, in any pieces and one behind the other', () => {
  const path = fc.stringMatching(/^\/[!-~]{0,40}$/);
  const text = fc.string({ maxLength: 100 });
  fc.assert(
    fc.property(fc.array(fc.tuple(path, text), { minLength: 1, maxLength: 4 }), sizes, (asked, cuts) => {
      const made = asked.map(([where, what]) =>
        httpRequest(
          { method: 'PUT', path: where },
          { 'content-length': String(Buffer.byteLength(what)) },
          what,
        ),
      );
      const reader = httpRequestReader(MOST);

      const heard = inPieces(Buffer.concat(made), cuts).flatMap((piece) => reader.push(piece));

      expect(heard.map((one) => [one.path, Buffer.from(one.body).toString()])).toEqual(
        asked.map(([where, what]) => [where, Buffer.from(what).toString()]),
      );
    }),
    { numRuns: RUNS / 10 },
  );
});

it('nothing in a path or a header ends its line', () => {
  for (const path of ['/a b', '/a\r\nX: y', 'nowhere', '/\u00e4'])
    expect(() => httpRequest({ method: 'GET', path }, {})).toThrow(Fault);
  expect(() => httpRequest({ method: 'GET', path: '/' }, { a: 'b\r\nc: d' })).toThrow(Fault);
});

it('whatever comes gives pieces or a fault, never anything else, and keeps little in mind', () => {
  const start = fc.constantFrom(
    '',
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    'GET / HTTP/1.1\r\n',
  );
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 400 }), sizes, (first, rest, cuts) => {
      const all = Buffer.concat([Buffer.from(first), rest]);
      for (const reader of [httpReplyReader(MOST), httpRequestReader(MOST)]) {
        try {
          for (const piece of inPieces(all, cuts)) reader.push(piece);
          if ('close' in reader) reader.close();
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
        }
      }
    }),
    { numRuns: RUNS },
  );
});
