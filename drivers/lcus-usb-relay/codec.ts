import { type Cut, type Decoded, Fault, type FrameRule, fixedFrame, sum8, u8 } from '#kit';

const START = 0xa0;
const QUERY = 0xff;
const MOST_RELAYS = 8;

/** `A0 01 01 A2`: relay 1 on. There is no command for all, and no acknowledgement. */
export function switchFrame(channel: number, on: boolean): Uint8Array {
  const body = [START, channel, Number(on)];
  return Uint8Array.of(...body, sum8(Uint8Array.from(body)));
}

/** Asks how all relays stand. */
export const query: Uint8Array = Uint8Array.of(QUERY);

/** How a board answers the question: `CH1: ON \r\nCH2: OFF\r\n`, a byte for each relay, or not at all. */
export type QueryStyle = 'text' | 'bytes' | 'none';

/** Bytes for each relay; text is padded to `CH1: OFF\r\n` by most. */
export const answerBytes = (style: QueryStyle): number => ({ text: 10, bytes: 1, none: 0 })[style];

/** Cuts a whole answer for so many relays out of what comes. */
export const statusRule = (style: QueryStyle, channels: number): FrameRule =>
  style === 'bytes'
    ? fixedFrame({ header: [], length: channels, valid: (frame) => frame.every((byte) => byte <= 1) })
    : (bytes) => cutLines(bytes, channels);

function cutLines(bytes: Uint8Array, channels: number): Cut {
  let at = 0;
  for (let channel = 1; channel <= channels; channel += 1) {
    const rest = bytes.subarray(at);
    const line = linesOf(channel).find(([text]) => startsWith(rest, text));
    if (line) at += line[0].length;
    else if (linesOf(channel).some(([text]) => rest.length < text.length && startsWith(text, rest)))
      return 'more';
    else return { skip: 1 };
  }
  return { take: at };
}

/** What a line about a relay can look like, and what it means. Most pad ON to the length of OFF. */
const linesOf = (channel: number): readonly (readonly [Uint8Array, boolean])[] =>
  (
    [
      ['ON ', true],
      ['ON', true],
      ['OFF', false],
    ] as const
  ).map(([state, on]) => [asciiOf(`CH${channel}: ${state}\r\n`), on]);

const asciiOf = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

const startsWith = (bytes: Uint8Array, start: Uint8Array): boolean =>
  bytes.length >= start.length && start.every((byte, index) => bytes[index] === byte);

/** The relays of an answer in text: as many lines as there are, from CH1 on. Fault driver.frame-unknown. */
export function readLines(frame: Uint8Array): boolean[] {
  const states: boolean[] = [];
  let at = 0;
  while (at < frame.length && states.length < MOST_RELAYS) {
    const rest = frame.subarray(at);
    const line = linesOf(states.length + 1).find(([text]) => startsWith(rest, text));
    if (!line) break;
    states.push(line[1]);
    at += line[0].length;
  }
  if (at === frame.length && states.length > 0) return states;
  throw unknown(`line ${states.length + 1} is not CH${states.length + 1}: ON or OFF`);
}

/** The relays of an answer in bytes, one each. Fault driver.frame-unknown. */
export function readBytes(frame: Uint8Array): boolean[] {
  if (frame.length > MOST_RELAYS || frame.length === 0 || frame.some((byte) => byte > 1))
    throw unknown('a relay reads as 0 or 1');
  return Array.from(frame, (byte) => byte === 1);
}

/** Any frame of this board, of either direction. */
export function decodeFrame(frame: Uint8Array, style: QueryStyle): Decoded {
  const first = u8(frame, 0);
  if (first === QUERY && frame.length === 1) return { points: {}, note: 'asks how the relays stand' };
  if (first === START) return decodeSwitch(frame);
  return { points: relayFlags(style === 'bytes' ? readBytes(frame) : readLines(frame)) };
}

function decodeSwitch(frame: Uint8Array): Decoded {
  if (frame.length !== 4) throw new Fault('driver.frame-length', { got: frame.length, expected: 4 });
  const expected = sum8(frame.subarray(0, 3));
  if (u8(frame, 3) !== expected) throw new Fault('driver.frame-checksum', { got: u8(frame, 3), expected });
  const [channel, state] = [u8(frame, 1), u8(frame, 2)];
  if (channel < 1 || channel > MOST_RELAYS || state > 1)
    throw unknown(`relay ${channel} cannot become ${state}`);
  return { points: {}, note: `switches relay ${channel} ${state === 1 ? 'on' : 'off'}` };
}

export const relayFlags = (states: readonly boolean[]): Record<string, boolean> =>
  Object.fromEntries(states.map((on, index) => [`relay-${index + 1}`, on]));

const unknown = (reason: string) => new Fault('driver.frame-unknown', { driver: 'lcus-usb-relay', reason });
