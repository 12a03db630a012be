import type { HttpReply } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import { concat } from './bytes.ts';

/** Names in lower case; what came several times is joined with commas. */
export type HttpHeaders = Readonly<Record<string, string>>;

/** What the bytes of an answer turn out to be, in order. `end`: it is whole; the connection may be used again or not. */
export type HttpPiece =
  | { readonly head: { readonly status: number; readonly headers: HttpHeaders } }
  | { readonly body: Uint8Array }
  | { readonly end: { readonly reusable: boolean } };

const HEAD_BYTES = 16_384;
const LF = 10;

type State =
  | { readonly at: 'head'; readonly lines: readonly string[]; readonly used: number }
  | { readonly at: 'counted' | 'chunk'; readonly left: number }
  | { readonly at: 'chunk-size' | 'chunk-end' | 'trailer' | 'until-close' | 'done' };

/** What is the same in questions and answers. */
interface Framing {
  /** What the first line begins with; left out: anything. What begins otherwise is not waited for. */
  readonly begins?: string;
  /** The first line and the headers are there. */
  readonly head: (start: string, headers: HttpHeaders) => 'none' | 'again' | 'until-close' | 'framed';
  readonly tell: (piece: { readonly body: Uint8Array } | 'end') => void;
  /** Longest body. */
  readonly max_bytes: number;
}

/**
 * Cuts the one answer to a request out of what comes over a connection, the same in whatever pieces it comes. Bodies end by length, by chunks or with the
 * connection (RFC 9112). Cameras are sloppy, so single line feeds, blank lines in front, and lines in the head that are no headers are borne; what
 * cannot be told apart for sure, or is too long, is not: fault http.bad-message.
 */
export function httpReplyReader(most: { readonly max_bytes: number }): {
  push(bytes: Uint8Array): HttpPiece[];
  /** The connection has ended. Fault http.bad-message when it did so in the middle. */
  close(): HttpPiece[];
} {
  let told: HttpPiece[] = [];
  let keeps = false;
  const reader = framed({
    max_bytes: most.max_bytes,
    begins: 'HTTP/',
    head(start, headers) {
      const [, minor, code] = /^HTTP\/1\.([01]) (\d{3})(?:\s|$)/.exec(start) ?? [];
      if (code === undefined) throw bad('it does not begin with HTTP/1.x and a status');
      const status = Number(code);
      if (status < 200 && status !== 101) return 'again';
      const connection = (headers.connection ?? '').toLowerCase();
      keeps = minor === '1' ? !connection.includes('close') : connection.includes('keep-alive');
      told.push({ head: { status, headers } });
      if (status === 204 || status === 304) return 'none';
      return isFramed(headers) ? 'framed' : 'until-close';
    },
    tell(piece) {
      told.push(piece === 'end' ? { end: { reusable: keeps && reader.isAtEnd() } } : piece);
    },
  });
  const given = (): HttpPiece[] => {
    const now = joined(told);
    told = [];
    return now;
  };
  return {
    push(bytes) {
      reader.push(bytes);
      return given();
    },
    close() {
      keeps = false;
      reader.close();
      return given();
    },
  };
}

/** What came together stands together: an answer in chunks of one byte costs no more memory than any other. */
function joined(pieces: readonly HttpPiece[]): HttpPiece[] {
  const bodies = pieces.flatMap((piece) => ('body' in piece ? [piece.body] : []));
  if (bodies.length < 2) return [...pieces];
  // All of them stand between the head and the end.
  const [head, end] = [pieces.find((piece) => 'head' in piece), pieces.find((piece) => 'end' in piece)];
  return [...(head ? [head] : []), { body: new Uint8Array(Buffer.concat(bodies)) }, ...(end ? [end] : [])];
}

/** The whole of an answer, as it was captured. Fault http.bad-message. */
export function readHttpReply(
  bytes: Uint8Array,
  most = { max_bytes: 4_194_304 },
): HttpReply & { readonly headers: HttpHeaders } {
  const reader = httpReplyReader(most);
  const pieces = reader.push(bytes);
  return wholeReply(pieces.some((piece) => 'end' in piece) ? pieces : [...pieces, ...reader.close()]);
}

/** The pieces of one answer put together. Fault http.bad-message when there is no head among them. */
export function wholeReply(pieces: readonly HttpPiece[]): HttpReply & { readonly headers: HttpHeaders } {
  const head = pieces.find((piece) => 'head' in piece)?.head;
  if (!head) throw bad('there is no head');
  const parts = pieces.flatMap((piece) => ('body' in piece ? [piece.body] : []));
  const { status, headers } = head;
  return { status, headers, type: (headers['content-type'] ?? '').toLowerCase(), body: concat(...parts) };
}

/** A question as its device reads it. */
export interface HttpQuestion {
  readonly method: string;
  readonly path: string;
  readonly headers: HttpHeaders;
  readonly body: Uint8Array;
}

/** The questions that come over a connection, for the far end. Fault http.bad-message. */
export function httpRequestReader(most: { readonly max_bytes: number }): {
  push(bytes: Uint8Array): HttpQuestion[];
} {
  let told: HttpQuestion[] = [];
  let asked: Omit<HttpQuestion, 'body'> | undefined;
  let parts: Uint8Array[] = [];
  const reader = framed({
    max_bytes: most.max_bytes,
    head(start, headers) {
      const [, method = '', path] = /^([A-Z]{1,16}) (\/\S*) HTTP\/1\.[01]$/.exec(start) ?? [];
      if (path === undefined) throw bad('it does not begin with a method, a path and HTTP/1.x');
      asked = { method, path, headers };
      parts = [];
      return isFramed(headers) ? 'framed' : 'none';
    },
    tell(piece) {
      if (piece !== 'end') return void parts.push(piece.body);
      if (asked) told.push({ ...asked, body: concat(...parts) });
      reader.again();
    },
  });
  return {
    push(bytes) {
      reader.push(bytes);
      const now = told;
      told = [];
      return now;
    },
  };
}

function framed(rules: Framing) {
  const START: State = { at: 'head', lines: [], used: 0 };
  let state: State = START;
  let unread: Uint8Array = new Uint8Array();
  let carried = 0;

  const end = () => {
    state = { at: 'done' };
    rules.tell('end');
  };
  const line = (limit: number): string | undefined => {
    const at = unread.indexOf(LF);
    if ((at < 0 ? unread.length : at) > limit) throw bad(`a line is longer than ${HEAD_BYTES} bytes`);
    if (at < 0) return undefined;
    const text = Buffer.from(unread.subarray(0, at)).toString('latin1').replace(/\r$/, '');
    unread = unread.subarray(at + 1);
    return text;
  };
  const body = (bytes: Uint8Array) => {
    carried += bytes.length;
    if (carried > rules.max_bytes) throw tooLong(rules.max_bytes);
    if (bytes.length > 0) rules.tell({ body: bytes.slice() });
  };

  const head = (text: string, { lines, used }: Extract<State, { at: 'head' }>) => {
    const now = used + text.length + 1;
    if (now > HEAD_BYTES) throw bad(`its head is longer than ${HEAD_BYTES} bytes`);
    if (text !== '' || lines.length === 0) {
      state = { at: 'head', lines: text === '' ? lines : [...lines, text], used: now };
      return;
    }
    const [start = '', ...rest] = lines;
    const headers = headersOf(rest);
    const how = rules.head(start, headers);
    carried = 0;
    if (how === 'again') state = START;
    else if (how === 'none') end();
    else if (how === 'until-close') state = { at: 'until-close' };
    else if ((headers['transfer-encoding'] ?? '').toLowerCase().includes('chunked'))
      state = { at: 'chunk-size' };
    else counted(lengthOf(headers['content-length'] ?? ''));
  };
  const counted = (left: number) => {
    if (left > rules.max_bytes) throw tooLong(rules.max_bytes);
    if (left === 0) end();
    else state = { at: 'counted', left };
  };

  const needBeginning = () => {
    const seen = Buffer.from(unread.subarray(0, 64)).toString('latin1').trimStart();
    const wanted = rules.begins ?? '';
    if (seen !== '' && !seen.startsWith(wanted.slice(0, seen.length)) && !/^\r?\n/.test(seen))
      throw bad(`it does not begin with ${wanted}1.x and a status`);
  };

  /** False: more bytes are needed. */
  const step = (): boolean => {
    switch (state.at) {
      case 'done':
        return false;
      case 'until-close': {
        const all = unread;
        unread = new Uint8Array();
        body(all);
        return false;
      }
      case 'counted':
      case 'chunk': {
        if (unread.length === 0) return false;
        const taken = unread.subarray(0, state.left);
        const left = state.left - taken.length;
        unread = unread.subarray(taken.length);
        body(taken);
        if (left > 0) state = { at: state.at, left };
        else if (state.at === 'chunk') state = { at: 'chunk-end' };
        else end();
        return true;
      }
      default:
        return lineStep(state);
    }
  };
  const lineStep = (now: Exclude<State, { at: 'done' | 'until-close' | 'counted' | 'chunk' }>): boolean => {
    if (now.at === 'head' && now.lines.length === 0) needBeginning();
    const text = line(HEAD_BYTES);
    if (text === undefined) return false;
    if (now.at === 'head') head(text, now);
    else if (now.at === 'chunk-size') {
      const [, digits] = /^\s*([0-9a-fA-F]{1,8})\s*(?:;.*)?$/.exec(text) ?? [];
      if (digits === undefined) throw bad('a chunk does not say how long it is');
      const left = Number.parseInt(digits, 16);
      state = left === 0 ? { at: 'trailer' } : { at: 'chunk', left };
    } else if (now.at === 'chunk-end') {
      if (text !== '') throw bad('a chunk is longer than it says');
      state = { at: 'chunk-size' };
    } else if (text === '') end();
    return true;
  };

  return {
    push(bytes: Uint8Array) {
      unread = unread.length === 0 ? bytes : concat(unread, bytes);
      while (step());
      // What is kept must not keep a whole read buffer, nor change with it.
      unread = unread.slice();
    },
    close() {
      if (state.at === 'until-close') end();
      else if (state.at !== 'done') throw bad('the connection ended before it was whole');
    },
    again() {
      state = START;
    },
    isAtEnd: () => unread.length === 0,
  };
}

const isFramed = (headers: HttpHeaders): boolean =>
  headers['content-length'] !== undefined ||
  (headers['transfer-encoding'] ?? '').toLowerCase().includes('chunked');

/** A length that was written twice counts when both are the same. */
function lengthOf(text: string): number {
  const [first = '', ...others] = text.split(',').map((one) => one.trim());
  if (!/^\d{1,10}$/.test(first) || others.some((other) => other !== first))
    throw bad('its Content-Length is no number');
  return Number(first);
}

function headersOf(lines: readonly string[]): HttpHeaders {
  // A name such as `__proto__` is a name like any other.
  const headers: Record<string, string> = Object.create(null);
  let last: string | undefined;
  for (const text of lines) {
    const colon = text.indexOf(':');
    if (/^[ \t]/.test(text)) {
      if (last !== undefined) headers[last] = `${headers[last] ?? ''} ${text.trim()}`;
    } else if (colon > 0) {
      last = text.slice(0, colon).trim().toLowerCase();
      const value = text.slice(colon + 1).trim();
      const before = headers[last];
      headers[last] = before === undefined ? value : `${before}, ${value}`;
    }
  }
  return headers;
}

/** A question as bytes. Nothing in a path or header may end its line: fault http.bad-request. */
export function httpRequest(
  { method, path }: { readonly method: string; readonly path: string },
  headers: HttpHeaders,
  body = '',
): Uint8Array {
  if (!/^\/[\x21-\x7e]*$/.test(path))
    throw new Fault('http.bad-request', { reason: 'a path begins with / and has no blanks' });
  return message(`${method} ${path} HTTP/1.1`, headers, Buffer.from(body, 'utf8'));
}

/** An answer as bytes, for the far end. */
export const httpReply = (
  status: number,
  headers: HttpHeaders,
  body: Uint8Array = new Uint8Array(),
): Uint8Array => message(`HTTP/1.1 ${status} ${REASONS[status] ?? 'Answer'}`, headers, body);

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

function message(start: string, headers: HttpHeaders, body: Uint8Array): Uint8Array {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  if (lines.some((text) => !/^[\t\x20-\x7e\x80-\xff]*$/.test(text)))
    throw new Fault('http.bad-request', { reason: 'a header has characters that none may have' });
  return concat(Buffer.from(`${[start, ...lines].join('\r\n')}\r\n\r\n`, 'latin1'), body);
}

const bad = (reason: string): Fault => new Fault('http.bad-message', { reason });
const tooLong = (most: number): Fault => bad(`it is longer than ${most} bytes`);
