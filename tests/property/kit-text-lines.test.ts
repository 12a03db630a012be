import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { CHARSETS, concat, cutFrames, Fault, LINE_ENDS, type LineEnd, lineText, readLines } from '#kit';

const RUNS = process.env.GATELODGE_LONG ? 50_000 : 1000;
vi.setConfig({ testTimeout: 180_000 });

const MAX = 24;
const END: Readonly<Record<Exclude<LineEnd, 'idle'>, readonly number[]>> = {
  auto: [0x0d, 0x0a],
  cr: [0x0d],
  lf: [0x0a],
  crlf: [0x0d, 0x0a],
  tab: [0x09],
  etx: [0x03],
};
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What a device on the wire says, piece by piece, a short silence after each and a long one at the end. */
function texts(pieces: readonly Uint8Array[], ends: LineEnd, silence_ms = 0): string[] {
  const lines = readLines({ ends, idle_ms: 100, max: MAX }, 'utf-8');
  const found: string[] = [];
  let unread: Uint8Array = new Uint8Array();
  const cut = (idle_ms: number) => {
    const { frames, used } = cutFrames(unread, lines.rule, idle_ms);
    unread = unread.slice(used);
    for (const frame of frames) {
      const text = lines.hear(frame);
      if (text !== undefined) found.push(text);
    }
  };
  for (const piece of pieces) {
    unread = concat(unread, piece);
    cut(0);
    cut(silence_ms);
  }
  cut(1000);
  return found;
}

function chopped(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

const printable = (most: number) =>
  fc
    .array(fc.integer({ min: 0x20, max: 0x7e }), { minLength: 1, maxLength: most, size: 'max' })
    .map((codes) => String.fromCharCode(...codes));
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });

describe('lines of text', () => {
  it.each([
    'auto',
    'cr',
    'lf',
    'crlf',
    'tab',
    'etx',
  ] as const)('ended by %s are all heard, whole and in order, for any chunking; what is too long is not, nor any part of it', (ends) => {
    fc.assert(
      fc.property(fc.array(printable(3 * MAX), { maxLength: 8 }), sizes, (lines, cuts) => {
        const stream = concat(...lines.map((line) => concat(bytesOf(line), END[ends])));

        const heard = texts(chopped(stream, cuts), ends);

        expect(heard).toEqual(lines.filter((line) => line.length <= MAX));
      }),
      { numRuns: RUNS },
    );
  });

  it('ended by silence alone are heard one by one', () => {
    fc.assert(
      fc.property(fc.array(printable(MAX), { maxLength: 6 }), (lines) => {
        expect(texts(lines.map(bytesOf), 'idle', 150)).toEqual(lines);
        expect(texts(lines.map(bytesOf), 'auto', 150)).toEqual(lines);
      }),
      { numRuns: RUNS },
    );
  });

  it('take a CR by itself for an end once it is clear that no LF follows', () => {
    expect(texts([bytesOf('ONE\r'), bytesOf('TWO\r')], 'auto', 20)).toEqual(['ONE', 'TWO']);
    expect(texts([bytesOf('ONE\r'), bytesOf('\nTWO\r\n')], 'auto', 20)).toEqual(['ONE', 'TWO']);
    expect(texts([bytesOf('ONE\rTWO\n\r\nTHREE\r')], 'auto')).toEqual(['ONE', 'TWO', 'THREE']);
  });

  it('whose end was lost are given up, not joined with the next', () => {
    expect(texts([bytesOf('HALF'), bytesOf('WHOLE\r')], 'cr', 150)).toEqual(['WHOLE']);
  });

  it('that fill all the room without an end are dropped, and the next one is heard', () => {
    expect(texts([bytesOf('X'.repeat(MAX + 1)), bytesOf('NEXT')], 'auto', 150)).toEqual(['NEXT']);
    expect(texts([bytesOf('X'.repeat(MAX + 5)), bytesOf('NEXT')], 'auto', 150)).toEqual(['NEXT']);
  });

  it('are never made of anything but text, whatever comes in', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(...LINE_ENDS),
        sizes,
        (noise, ends, cuts) => {
          for (const text of texts(chopped(noise, cuts), ends)) {
            expect(text.length).toBeGreaterThan(0);
            // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
            expect(text).not.toMatch(/[\u0000-\u0008\u000a-\u001c\u001e\u001f\u007f]/);
          }
        },
      ),
      { numRuns: RUNS },
    );
  });
});

describe('the text of a line', () => {
  it('is read in the charset that is asked for', () => {
    expect(lineText(Uint8Array.of(0xb3, 0xb5, 0xce, 0xbb, 0x0d), 'auto', 'gbk')).toBe('车位');
    expect(lineText(concat(bytesOf('车位'), [0x0d, 0x0a]), 'auto', 'utf-8')).toBe('车位');
    expect(lineText(Uint8Array.of(0xe9), 'idle', 'latin1')).toBe('é');
  });

  it.each([
    ['nothing', [0x0d], 'driver.frame-length'],
    ['a control character', [0x41, 0x00, 0x0d], 'driver.frame-unknown'],
    ['bytes that are no text', [0x41, 0x80, 0x80, 0x0d], 'driver.frame-unknown'],
  ])('is refused with %s in it', (_, bytes, code) => {
    expect(() => lineText(Uint8Array.from(bytes), 'auto', 'utf-8')).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it('throws nothing but faults', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom(...LINE_ENDS),
        fc.constantFrom(...CHARSETS),
        (line, ends, charset) => {
          try {
            lineText(line, ends, charset);
          } catch (error) {
            expect(error).toBeInstanceOf(Fault);
          }
        },
      ),
      { numRuns: RUNS },
    );
  });
});
