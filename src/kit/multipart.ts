import type { HttpPart } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';

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
  const unread = heap();
  let state: State = { at: 'seek' };
  /** Of a body without length: how much of it was looked at, so that nothing is looked at twice. */
  let looked: Looked = NOT_LOOKED;

  /** Undefined: more bytes are needed. */
  const step = (): HttpPart | 'on' | undefined => {
    const { bytes } = unread;
    if (state.at === 'end') {
      unread.drop(bytes.length);
      return undefined;
    }
    if (state.at === 'body') return body(state.headers, state.length);
    const end = bytes.indexOf(LF);
    if ((end < 0 ? bytes.length : end) > HEAD_BYTES) throw tooLong('a line', HEAD_BYTES);
    if (end < 0) return undefined;
    const line = bytes.subarray(0, end);
    unread.drop(end + 1);
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
    const { bytes } = unread;
    if (length !== undefined) {
      if (bytes.length < length) return undefined;
      const part = { headers, body: bytes.slice(0, length) };
      unread.drop(length);
      state = { at: 'seek' };
      return part;
    }
    looked = nextDelimiter(bytes, core, looked);
    const end = looked.found ? bodyEnd(bytes, looked.line) : undefined;
    if ((end ?? bytes.length) > most.body_bytes + (end === undefined ? HEAD_BYTES : 0))
      throw tooLong('a part', most.body_bytes);
    if (end === undefined) return undefined;
    const part = { headers, body: bytes.slice(0, end) };
    unread.drop(looked.line);
    looked = NOT_LOOKED;
    state = { at: 'seek' };
    return part;
  };

  return {
    *push(bytes) {
      unread.add(bytes);
      for (let next = step(); next !== undefined; next = step()) if (next !== 'on') yield next;
    },
  };
}

/** Bytes in a row, taken at one end and added at the other: however small the pieces, each byte is moved a few times at most. */
function heap() {
  let room = new Uint8Array();
  let [from, to] = [0, 0];
  return {
    get bytes(): Uint8Array {
      return room.subarray(from, to);
    },
    add(more: Uint8Array) {
      if (to + more.length > room.length) {
        const larger = new Uint8Array(2 * (to - from + more.length));
        larger.set(room.subarray(from, to));
        [room, from, to] = [larger, 0, to - from];
      }
      room.set(more, to);
      to += more.length;
    },
    drop(count: number) {
      from += count;
      if (from === to) [room, from, to] = [new Uint8Array(), 0, 0];
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

/** How far a body was looked at: where the line begins that is not whole yet, or is the delimiter, and up to where no line of it ends. */
interface Looked {
  readonly line: number;
  readonly to: number;
  readonly found: boolean;
}
const NOT_LOOKED: Looked = { line: 0, to: 0, found: false };

/** Looks on for the line of the next delimiter. */
function nextDelimiter(bytes: Uint8Array, core: Uint8Array, looked: Looked): Looked {
  let { line, to } = looked;
  for (;;) {
    const end = bytes.indexOf(LF, to);
    if (end < 0) return { line, to: bytes.length, found: false };
    if (delimiterIn(bytes.subarray(line, end), core)) return { line, to: end, found: true };
    line = end + 1;
    to = line;
  }
}

/** The line break before a delimiter belongs to it. */
function bodyEnd(bytes: Uint8Array, line: number): number {
  if (line === 0) return 0;
  return bytes[line - 2] === CR ? line - 2 : line - 1;
}
