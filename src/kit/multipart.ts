import type { HttpPart } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import { concat } from './bytes.ts';

const HEAD_BYTES = 8192;
const LF = 10;
const CR = 13;
const DASH = 45;

type State =
  | { readonly at: 'seek' | 'end' }
  | { readonly at: 'head'; readonly headers: Record<string, string>; readonly used: number }
  | { readonly at: 'body'; readonly headers: Record<string, string>; readonly length: number | undefined };

/** `boundary` of a content type such as `multipart/mixed; boundary=x`; undefined: it is no multipart message. */
export function boundaryOf(contentType: string): string | undefined {
  const [, quoted, plain] =
    /^\s*multipart\/[^;]*;.*?boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType) ?? [];
  return quoted ?? plain;
}

/**
 * Cuts a multipart stream that never ends into its parts; the same ones in whatever pieces its bytes come. A part with a Content-Length ends by that,
 * any other at the next boundary. Cameras write the boundary in the header with the dashes of the delimiter or without: dashes in front do not
 * count. Fault http.bad-message for a line or part that is too long.
 */
export function multipartReader(
  boundary: string,
  most: { readonly body_bytes: number },
): { push(bytes: Uint8Array): Generator<HttpPart> } {
  const core = Buffer.from(boundary.replace(/^-+/, ''), 'latin1');
  let unread: Uint8Array = new Uint8Array();
  let state: State = { at: 'seek' };

  /** Undefined: more bytes are needed. */
  const step = (): HttpPart | 'on' | undefined => {
    if (state.at === 'end') {
      unread = new Uint8Array();
      return undefined;
    }
    if (state.at === 'body') return body(state.headers, state.length);
    const end = unread.indexOf(LF);
    if ((end < 0 ? unread.length : end) > HEAD_BYTES) throw tooLong('a line', HEAD_BYTES);
    if (end < 0) return undefined;
    const line = unread.subarray(0, end);
    unread = unread.subarray(end + 1);
    if (state.at === 'head') head(line, state);
    else seek(line);
    return 'on';
  };

  const seek = (line: Uint8Array) => {
    const found = delimiterIn(line, core);
    if (found) state = found === 'last' ? { at: 'end' } : { at: 'head', headers: emptyHeaders(), used: 0 };
  };

  const head = (line: Uint8Array, { headers, used }: Extract<State, { at: 'head' }>) => {
    const text = Buffer.from(line).toString('latin1').trim();
    const now = used + line.length;
    if (now > HEAD_BYTES) throw tooLong('the head of a part', HEAD_BYTES);
    if (text === '') {
      const told = headers['content-length'];
      const length = told !== undefined && /^\d{1,10}$/.test(told) ? Number(told) : undefined;
      if ((length ?? 0) > most.body_bytes) throw tooLong('a part', most.body_bytes);
      state = { at: 'body', headers, length };
      return;
    }
    const colon = text.indexOf(':');
    if (colon > 0) headers[text.slice(0, colon).trim().toLowerCase()] = text.slice(colon + 1).trim();
    state = { at: 'head', headers, used: now };
  };

  const body = (headers: Record<string, string>, length: number | undefined) => {
    if (length !== undefined) {
      if (unread.length < length) return undefined;
      const part = { headers, body: unread.slice(0, length) };
      unread = unread.subarray(length);
      state = { at: 'seek' };
      return part;
    }
    const end = nextDelimiter(unread, core);
    if ((end === undefined ? unread.length : end.body) > most.body_bytes + HEAD_BYTES)
      throw tooLong('a part', most.body_bytes);
    if (!end) return undefined;
    if (end.body > most.body_bytes) throw tooLong('a part', most.body_bytes);
    const part = { headers, body: unread.slice(0, end.body) };
    unread = unread.subarray(end.line);
    state = { at: 'seek' };
    return part;
  };

  return {
    *push(bytes) {
      unread = concat(unread, bytes);
      for (let next = step(); next !== undefined; next = step()) if (next !== 'on') yield next;
    },
  };
}

const emptyHeaders = (): Record<string, string> => Object.create(null);

const tooLong = (what: string, most: number): Fault =>
  new Fault('http.bad-message', { reason: `${what} of a stream is longer than ${most} bytes` });

/** Whether a line is a delimiter: two dashes or more, the boundary, and two more after the last part. */
function delimiterIn(line: Uint8Array, core: Uint8Array): 'next' | 'last' | undefined {
  let at = 0;
  while (line[at] === DASH) at += 1;
  if (at < 2) return undefined;
  for (const [index, byte] of core.entries()) if (line[at + index] !== byte) return undefined;
  const rest = Buffer.from(line.subarray(at + core.length))
    .toString('latin1')
    .trim();
  if (rest === '') return 'next';
  return rest === '--' ? 'last' : undefined;
}

/** Where the body ends and the line of the next delimiter begins; undefined: that line is not whole yet. */
function nextDelimiter(
  bytes: Uint8Array,
  core: Uint8Array,
): { readonly body: number; readonly line: number } | undefined {
  for (let line = 0; ; ) {
    const end = bytes.indexOf(LF, line);
    if (end < 0) return undefined;
    if (delimiterIn(bytes.subarray(line, end), core)) return { body: bodyEnd(bytes, line), line };
    line = end + 1;
  }
}

/** The line break before a delimiter belongs to it. */
function bodyEnd(bytes: Uint8Array, line: number): number {
  if (line === 0) return 0;
  return bytes[line - 2] === CR ? line - 2 : line - 1;
}
