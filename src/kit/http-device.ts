import type {
  ActResult,
  Call,
  Decoded,
  GivenFile,
  HttpLink,
  HttpReply,
  HttpRequest,
} from '../contracts/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import type { FlagPoint } from '../model/index.ts';
import { httpRequest, httpRequestReader, readHttpReply } from './http-message.ts';

/** Longest picture that is taken. */
export const MOST_PICTURE_BYTES = 4_194_304;

/** A request as bytes, without what the bus adds (host, login), as if sent at `up`. */
export function encodeHttp({ method, path, type, body }: HttpRequest, up = 0): Uint8Array {
  const text = typeof body === 'function' ? body(undefined, up) : (body ?? '');
  const headers = {
    ...(type !== undefined && { 'content-type': type }),
    ...(method !== 'GET' && { 'content-length': String(Buffer.byteLength(text, 'utf8')) }),
  };
  return httpRequest({ method, path }, headers, text);
}

/** A path as it may be told: cameras put user and password into queries, and as much else as they like. */
export const shownPath = (path: string): string => path.replace(/\?.*$/s, '').slice(0, 120);

/** The same answer, when its status is 200. Fault http.status. */
export function needOk(reply: HttpReply, path: string): HttpReply {
  if (reply.status === 200) return reply;
  throw new Fault('http.status', {
    status: reply.status,
    path: shownPath(path),
    reason: REASONS[reply.status] ?? 'it does not do that',
  });
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'it does not understand it',
  403: 'the user may not do that, or is locked out',
  404: 'there is no such thing',
  500: 'it failed',
  503: 'it is busy',
};

/** A whole JPEG or PNG. Faults http.status, http.bad-message for anything else, whatever it says it is. */
export function needPicture(reply: HttpReply, path: string): GivenFile {
  const { body, type } = needOk(reply, path);
  if (startsWith(body, JPEG_START)) {
    const bytes = withoutPadding(body);
    if (endsWith(bytes, JPEG_END)) return { type: 'image/jpeg', bytes };
    throw bad('the picture is cut short: a JPEG without its end');
  }
  if (startsWith(body, PNG_START)) {
    if (endsWith(body, PNG_END)) return { type: 'image/png', bytes: body };
    throw bad('the picture is cut short: a PNG without its end');
  }
  const page = type.includes('html') || /^\s*</.test(Buffer.from(body.subarray(0, 64)).toString('latin1'));
  throw bad(page ? 'a page of text in place of a picture' : `${body.length} bytes that are no JPEG or PNG`);
}

const JPEG_START = [0xff, 0xd8, 0xff];
const JPEG_END = [0xff, 0xd9];
const PNG_START = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const PNG_END = [0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82];

const startsWith = (bytes: Uint8Array, mark: readonly number[]): boolean =>
  mark.every((byte, at) => bytes[at] === byte);
const endsWith = (bytes: Uint8Array, mark: readonly number[]): boolean =>
  bytes.length >= mark.length && startsWith(bytes.subarray(bytes.length - mark.length), mark);

/** Some put a line break or zeros behind a JPEG. */
function withoutPadding(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && PADDING.includes(bytes[end - 1] ?? -1)) end -= 1;
  return bytes.subarray(0, end);
}
const PADDING = [0, 10, 13];

/** A picture as what a command gives. */
export const pictureGiven = (file: GivenFile): ActResult => ({
  result: 'done',
  facts: { bytes: file.bytes.length, type: file.type },
  file,
});

/** Whether it is worth asking elsewhere: it is there and has nothing at this path. Of a login, a busy unit or a mute one nobody is helped by that. */
export function hasNothingThere(error: unknown): boolean {
  const { code, facts } = asFault(error);
  if (code === 'http.bad-message') return facts.sent === undefined;
  return code === 'http.status' && ![403, 503].includes(Number(facts.status));
}

/**
 * A request that moves something: sent once, never again. What the answer means is for `judge`; a fault it throws (an answer that makes no sense) and a
 * missing answer are `unknown`, what never left and what was refused is `failed`.
 */
export async function moveOnce(
  link: HttpLink,
  request: HttpRequest,
  call: Call,
  judge: (reply: HttpReply) => ActResult,
): Promise<ActResult> {
  call.signal.throwIfAborted();
  try {
    return judge(await link.exchange({ ...request, actuates: true }, call));
  } catch (error) {
    const { code, facts, message } = asFault(error);
    const surelyNot = facts.sent === false || code === 'http.status' || code.startsWith('http.login');
    const unsent = facts.sent === false && { sent: false };
    return { result: surelyNot ? 'failed' : 'unknown', facts: { fault: code, text: message, ...unsent } };
  }
}

const bad = (reason: string): Fault => new Fault('http.bad-message', { reason });

/** A picture from the first of several places that has one; from then on from there. */
export function firstPicture(
  link: HttpLink,
  places: readonly HttpRequest[],
): (call: Call) => Promise<GivenFile> {
  let known: HttpRequest | undefined;
  return async (call) => {
    let first: unknown;
    for (const place of known ? [known] : places) {
      try {
        const picture = needPicture(await link.exchange(place, call), place.path);
        known = place;
        return picture;
      } catch (error) {
        first ??= error;
        if (!hasNothingThere(error)) throw error;
      }
    }
    // It may have been set up anew.
    known = undefined;
    throw first;
  };
}

/** The alarm output of the options. Fault command.bad-args when they name none. */
export function needOutput(name: string, output: number | undefined): number {
  if (output !== undefined) return output;
  throw new Fault('command.bad-args', {
    ...{ target: 'the device', name },
    text: 'its options name no output that could be switched',
  });
}

/** Flags that tell nothing of anybody. */
export const pointsAsFlags = <N extends string>(
  about: Readonly<Record<N, string>>,
): Readonly<Record<N, FlagPoint>> =>
  Object.fromEntries(
    Object.entries<string>(about).map(([name, text]) => [
      name,
      { kind: 'flag', about: text, privacy: 'plain' },
    ]),
    // The same names as were given.
  ) as Record<N, FlagPoint>;

/** An answer as it was captured: the whole message, or its body alone. Faults http.status, http.bad-message. */
export const readCaptured = (frame: Uint8Array): HttpReply =>
  needOk(readCapturedAny(frame), 'what was asked');

/** The same, whatever its status. */
export function readCapturedAny(frame: Uint8Array): HttpReply {
  const isMessage = startsWith(frame, [...Buffer.from('HTTP/')]);
  return isMessage ? readHttpReply(frame) : { status: 200, type: '', body: frame };
}

/** Of an answer that is a picture, or says it is one: which. Fault http.bad-message when it is none. */
export function pictureNote(reply: HttpReply): Decoded | undefined {
  const { body, type } = reply;
  if (!type.startsWith('image/') && !startsWith(body, JPEG_START) && !startsWith(body, PNG_START))
    return undefined;
  const picture = needPicture(reply, 'what was asked');
  return { points: {}, note: `a picture (${picture.type}) of ${picture.bytes.length} bytes` };
}

/** A captured request, in a sentence; undefined: it is none. Fault http.bad-message for a part of one. */
export function requestNote(frame: Uint8Array): Decoded | undefined {
  if (!/^(GET|PUT|POST) \//.test(Buffer.from(frame.subarray(0, 6)).toString('latin1'))) return undefined;
  const [question] = httpRequestReader({ max_bytes: MOST_PICTURE_BYTES }).push(frame);
  if (!question) throw bad('a request that is not whole');
  return { points: {}, note: `asks ${question.method} ${question.path.slice(0, 200)}` };
}
