import type { FrameRule } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import type { Millis } from '../model/index.ts';
import { toHex } from './bytes.ts';

/** How a device ends what it says: `auto` is CR, LF, both, or silence; `idle` is silence alone. */
export const LINE_ENDS = ['auto', 'cr', 'lf', 'crlf', 'tab', 'etx', 'idle'] as const;
export type LineEnd = (typeof LINE_ENDS)[number];
export const CHARSETS = ['utf-8', 'gbk', 'latin1'] as const;
export type Charset = (typeof CHARSETS)[number];

export interface LineShape {
  readonly ends: LineEnd;
  /** A silence this long ends a line (`auto`, `idle`) or gives up one whose end was lost. */
  readonly idle_ms: Millis;
  /** Longest text in bytes. What is longer is cut into pieces while its end has not come; `readLines` drops them. */
  readonly max: number;
}

const TAB = 0x09;
const CR = 0x0d;
const LF = 0x0a;
const ENDS = { cr: [CR], lf: [LF], crlf: [CR, LF], tab: [TAB], etx: [0x03] } as const;
/** An LF that belongs to a CR follows at once. */
const SETTLED_MS: Millis = 10;

/** Lines of text, ends included. An LF that comes late after its CR is a line of its own, an empty one. */
export function lineFrame({ ends, idle_ms, max }: LineShape): FrameRule {
  const endOf =
    ends === 'auto'
      ? anyEnd
      : ends === 'idle'
        ? () => undefined
        : (bytes: Uint8Array) => endAt(bytes, ENDS[ends]);
  const silenceEnds = ends === 'auto' || ends === 'idle';
  const piece = pieceOf(max);
  return (bytes, silent_ms) => {
    const end = endOf(bytes, silent_ms);
    if (end === 'more') return 'more';
    if (end !== undefined) return { take: end };
    if (bytes.length > piece) return { take: piece };
    if (bytes.length === 0 || silent_ms < idle_ms) return 'more';
    return silenceEnds && bytes.length < piece ? { take: bytes.length } : { skip: bytes.length };
  };
}

/** A piece of a line that is too long: longer than any text with half of its end, so that it can be told from a whole line. */
const pieceOf = (max: number): number => max + 2;

/** Offset behind the first CR, LF or CRLF. A CR at the very end may yet be followed by its LF. */
function anyEnd(bytes: Uint8Array, silent_ms: Millis): number | 'more' | undefined {
  const at = bytes.findIndex((byte) => byte === CR || byte === LF);
  if (at < 0) return undefined;
  if (bytes[at] === LF) return at + 1;
  if (at + 1 === bytes.length) return silent_ms >= SETTLED_MS ? at + 1 : 'more';
  return bytes[at + 1] === LF ? at + 2 : at + 1;
}

function endAt(bytes: Uint8Array, end: readonly number[]): number | undefined {
  const [first] = end;
  const at = bytes.findIndex(
    (byte, from) => byte === first && end.every((wanted, offset) => bytes[from + offset] === wanted),
  );
  return at < 0 ? undefined : at + end.length;
}

/**
 * The text of a line, without its end. Faults: driver.frame-length (nothing in it), driver.frame-unknown (control characters, or
 * bytes that are no text in this charset: noise, or another charset). A line is never mended: half a code is another code.
 */
export function lineText(line: Uint8Array, ends: LineEnd, charset: Charset): string {
  const bytes = line.subarray(0, line.length - endLength(line, ends));
  if (bytes.length === 0)
    throw new Fault('driver.frame-length', { got: 0, expected: 'at least 1 character' });
  const odd = bytes.find((byte) => (byte < 0x20 && byte !== TAB && byte !== GS) || byte === DEL);
  if (odd !== undefined)
    throw new Fault('driver.frame-unknown', {
      driver: 'text',
      reason: `a control character (${toHex(Uint8Array.of(odd))}) is in them`,
    });
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    throw new Fault('driver.frame-unknown', { driver: 'text', reason: `they are no ${charset}` });
  }
}
/** Stands between the fields of GS1 codes. */
const GS = 0x1d;
const DEL = 0x7f;

function endLength(line: Uint8Array, ends: LineEnd): number {
  const last = line[line.length - 1];
  const pair = last === LF && line[line.length - 2] === CR;
  if (ends === 'auto') return pair ? 2 : last === CR || last === LF ? 1 : 0;
  if (ends === 'idle') return 0;
  const end: readonly number[] = ENDS[ends];
  const there =
    line.length >= end.length && end.every((byte, at) => line[line.length - end.length + at] === byte);
  return there ? end.length : 0;
}

/**
 * The texts of a stream of lines. `hear` gives undefined for what is none: empty lines, noise, and all pieces of a line that is too
 * long (its tail would look like a whole one).
 */
export function readLines(
  shape: LineShape,
  charset: Charset,
): { readonly rule: FrameRule; hear(frame: Uint8Array): string | undefined } {
  let cut = false;
  return {
    rule: lineFrame(shape),
    hear(frame) {
      const end = endLength(frame, shape.ends);
      const rest = cut;
      cut = frame.length === pieceOf(shape.max) && end === 0;
      if (cut || rest || frame.length - end > shape.max) return undefined;
      try {
        return lineText(frame, shape.ends, charset);
      } catch (error) {
        if (error instanceof Fault) return undefined;
        throw error;
      }
    },
  };
}
