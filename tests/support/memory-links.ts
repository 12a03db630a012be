import type {
  BytesFarEnd,
  BytesLink,
  Call,
  FarEnd,
  FrameRule,
  HttpLink,
  LineEdge,
  LineFarEnd,
  LineLink,
  ModbusFarEnd,
  ModbusLink,
  ModbusRange,
  ModbusWrite,
  UdpFarEnd,
  UdpLink,
} from '#kit';
import { concat, cutFrames, Fault, hasCrc16, readModbus, readRequest, rtuFrame, writeRequest } from '#kit';
import { memoryHttp } from './memory-http.ts';

/** What the wire between a session and its simulator does to the bytes. `lost`: the device hears and acts, its answer does not arrive. */
export type Wire = 'whole' | 'mute' | 'lost' | 'garbage' | 'crc' | 'unplugged';

export interface MemoryWire {
  wire: Wire;
  /** How what the device says is cut up on its way; as a whole, unless set. */
  pieces: (bytes: Uint8Array) => readonly Uint8Array[];
  /** Frames that went out, in order. */
  readonly sent: Uint8Array[];
  up: number;
}
export const inOne = (bytes: Uint8Array): readonly Uint8Array[] => [bytes];

const UNIT = 1;
export const NO_REPLY = { unit: UNIT, bus: 'memory', timeout_ms: 100, sent: true };

/** A Modbus link whose far end is a simulator; real RTU frames in between. */
export function memoryModbus(far: ModbusFarEnd): ModbusLink & MemoryWire {
  const ask = (pdu: Uint8Array): Uint8Array => {
    const request = rtuFrame(UNIT, pdu);
    if (link.wire === 'unplugged')
      throw new Fault('bus.down', { bus: 'memory', reason: 'unplugged', sent: false });
    link.sent.push(request);
    link.up += 10;
    const answer = link.wire === 'mute' ? undefined : far.respond(pdu, link.up);
    if (!answer || link.wire === 'lost') throw new Fault('bus.no-reply', NO_REPLY);
    const reply = damaged(rtuFrame(UNIT, answer), link.wire);
    if (!hasCrc16(reply)) throw new Fault('bus.no-reply', NO_REPLY);
    try {
      readModbus(reply, request);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'driver.exception') throw error;
      throw new Fault('bus.exception', { unit: UNIT, bus: 'memory', fn: pdu[0] ?? 0, at: 0, ...error.facts });
    }
    return reply;
  };
  const read = (range: ModbusRange): readonly number[] => {
    const request = readRequest(range);
    const said = readModbus(ask(request), rtuFrame(UNIT, request));
    return said.kind === 'values' ? said.values : [];
  };
  const link: ModbusLink & MemoryWire = {
    wire: 'whole',
    pieces: inOne,
    sent: [],
    up: 0,
    read: async (range) => read(range),
    readAll: async (ranges) => {
      const answers = ranges.map((range) => {
        try {
          return read(range);
        } catch (error) {
          if (error instanceof Fault) return error;
          throw error;
        }
      });
      const [first] = answers;
      if (first instanceof Error && answers.every((answer) => answer instanceof Error)) throw first;
      return answers;
    },
    write: async (write: ModbusWrite) => {
      ask(writeRequest(write));
    },
  };
  return link;
}

/** A byte stream whose far end is a simulator. What it says unasked is read while somebody iterates. */
export function memoryBytes(far: BytesFarEnd): BytesLink & MemoryWire {
  const say = (bytes: Uint8Array): Uint8Array =>
    link.wire === 'mute' || link.wire === 'lost' ? new Uint8Array() : damaged(bytes, link.wire);
  /** Cuts frames as they become whole, piece by piece, as a bus does; what is left is for the next time. */
  const cut = (unread: Uint8Array, more: Uint8Array, rule: FrameRule) => {
    const found: Uint8Array[] = [];
    let rest = unread;
    for (const piece of link.pieces(more)) {
      const { frames, used } = cutFrames(concat(rest, piece), rule);
      rest = concat(rest, piece).slice(used);
      found.push(...frames);
    }
    return { found, rest };
  };
  const send = (bytes: Uint8Array): Uint8Array => {
    if (link.wire === 'unplugged')
      throw new Fault('bus.down', { bus: 'memory', reason: 'unplugged', sent: false });
    link.sent.push(bytes);
    link.up += 10;
    return link.wire === 'mute' ? new Uint8Array() : say(far.receive(bytes, link.up));
  };
  const link: BytesLink & MemoryWire = {
    wire: 'whole',
    pieces: inOne,
    sent: [],
    up: 0,
    exchange: async (request: Uint8Array, rule: FrameRule, _call: Call) => {
      const [frame] = cut(new Uint8Array(), send(request), rule).found;
      if (!frame) throw new Fault('bus.no-reply', NO_REPLY);
      return frame;
    },
    send: async (bytes) => {
      send(bytes);
    },
    async *frames(rule, signal) {
      let unread: Uint8Array = new Uint8Array();
      while (!signal.aborted) {
        if (link.wire === 'unplugged') throw new Fault('bus.down', { bus: 'memory', reason: 'unplugged' });
        const spoken = far.speak(link.up);
        // A device that has nothing to say, or is not heard, is waited for by its host, not here.
        if (!spoken || link.wire === 'mute' || link.wire === 'lost') return;
        link.up += spoken.next_ms;
        const now = cut(unread, say(spoken.bytes), rule);
        yield* now.found;
        // Until it speaks again it is silent, and a rule may cut by that.
        const later = cutFrames(now.rest, rule, spoken.next_ms);
        unread = now.rest.slice(later.used);
        yield* later.frames;
        if (now.found.length + later.frames.length === 0 && link.up > 60_000) return;
      }
    },
  };
  return link;
}

type Lines = Readonly<Record<string, { readonly quiet_ms?: number }>>;

/** Lines whose far end is a simulator. What was set stands in `sent` as text: `relay on`. */
function memoryLine(far: LineFarEnd, specs: Lines): LineLink & MemoryWire {
  const down = () => new Fault('bus.down', { bus: 'memory', reason: 'unplugged', sent: false });
  const levels = new Map<string, boolean | number>();
  const look = (): number => {
    const { lines, next_ms } = far.show(link.up);
    for (const [line, level] of Object.entries(lines)) levels.set(line, level);
    return next_ms;
  };
  const answer = <T>(work: () => T): T => {
    if (link.wire === 'unplugged') throw down();
    if (link.wire === 'mute') throw new Fault('bus.no-reply', NO_REPLY);
    const result = work();
    if (link.wire === 'lost') throw new Fault('bus.no-reply', NO_REPLY);
    return result;
  };
  const link: LineLink & MemoryWire = {
    wire: 'whole',
    pieces: inOne,
    sent: [],
    up: 0,
    // An output that has not been set is where its far end says it rests.
    get: async (line) => answer(() => (levels.get(line) ?? far.said()[line]) === true),
    measure: async (line) =>
      answer(() => {
        look();
        link.up += 1000;
        return Number(levels.get(line));
      }),
    set: async (line, on) => {
      if (link.wire !== 'unplugged') link.sent.push(Buffer.from(`${line} ${on ? 'on' : 'off'}`));
      answer(() => {
        levels.set(line, on);
        far.drive(line, on, link.up);
      });
    },
    async *edges(signal) {
      if (link.wire === 'unplugged') throw down();
      let seen: string | undefined;
      let look_up = link.up;
      let last_up = Number.POSITIVE_INFINITY;
      while (!signal.aborted && link.wire === 'whole') {
        const next_ms = look();
        const how: LineEdge['how'] = link.up >= look_up ? 'look' : 'edge';
        const now = JSON.stringify([...levels]);
        for (const [line, level] of levels) {
          // A change is told as an edge first, also when it is time for a look.
          const changed = seen !== undefined && seen !== now;
          if (changed || how === 'look')
            yield { line, on: level === true, up: link.up, bounces: 0, lost: 0, how: changed ? 'edge' : how };
        }
        // As a bus does for lines whose silence is waited for.
        if (seen !== undefined && seen !== now) last_up = link.up;
        seen = now;
        for (const [line, { quiet_ms = Number.POSITIVE_INFINITY }] of Object.entries(specs)) {
          const quiet_up = last_up + quiet_ms;
          if (!(link.up + next_ms >= quiet_up)) continue;
          last_up = Number.POSITIVE_INFINITY;
          yield { line, on: true, up: quiet_up, bounces: 0, lost: 0, how: 'quiet' };
        }
        if (how === 'look') look_up = link.up + 1000;
        link.up += Math.min(next_ms, look_up - link.up);
      }
    },
  };
  look();
  return link;
}

/** The link that a simulator is the far end of. */
export function memoryLink(
  far: FarEnd,
  lines: Lines = {},
): (ModbusLink | BytesLink | LineLink | UdpLink | HttpLink) & MemoryWire {
  if (far.kind === 'modbus') return memoryModbus(far);
  if (far.kind === 'udp') return memoryUdp(far);
  if (far.kind === 'http') return memoryHttp(far);
  return far.kind === 'bytes' ? memoryBytes(far) : memoryLine(far, lines);
}

/** Datagrams to a simulator and back. What it says unasked is read while somebody iterates. */
function memoryUdp(far: UdpFarEnd): UdpLink & MemoryWire {
  const ask = (request: Uint8Array): Uint8Array => {
    if (link.wire === 'unplugged')
      throw new Fault('bus.down', { bus: 'memory', reason: 'unplugged', sent: false });
    link.sent.push(request);
    link.up += 10;
    if (link.wire === 'mute') return new Uint8Array();
    const answer = far.receive(request, link.up);
    // The system drops what is damaged.
    return link.wire === 'lost' || link.wire === 'crc' ? new Uint8Array() : damaged(answer, link.wire);
  };
  const fits = (judge: (datagram: Uint8Array) => boolean, answer: Uint8Array): boolean => {
    try {
      return answer.length > 0 && judge(answer);
    } catch {
      return false;
    }
  };
  const link: UdpLink & MemoryWire = {
    wire: 'whole',
    pieces: inOne,
    sent: [],
    up: 0,
    exchange: async (request, answers) => {
      const answer = ask(request);
      if (!fits(answers, answer)) throw new Fault('bus.no-reply', NO_REPLY);
      return answer;
    },
    collect: async (request, ours) => {
      const answer = ask(request);
      return fits(ours, answer) ? [answer] : [];
    },
    async *packets(ours, signal) {
      while (!signal.aborted) {
        const spoken = far.speak(link.up);
        if (!spoken) return;
        link.up += spoken.next_ms;
        if (fits(ours, spoken.bytes)) yield spoken.bytes;
      }
    },
    listener: async () => ({ host: '127.0.0.1', port: 60_001 }),
  };
  return link;
}

export function damaged(bytes: Uint8Array, wire: Wire): Uint8Array {
  if (wire === 'garbage') return bytes.map((byte, index) => (byte * 31 + index * 7 + 5) & 0x7f);
  if (wire !== 'crc' || bytes.length === 0) return bytes;
  const copy = bytes.slice();
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 0x55;
  return copy;
}
