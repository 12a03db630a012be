import { onTestFinished } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { openBus } from '../../src/buses/index.ts';
import type { BytePort, Intake } from '../../src/contracts/index.ts';
import { Roster } from '../../src/devices/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { type BytesFarEnd, seededRandom } from '../../src/kit/index.ts';
import type { EventEntry, JsonObject, Reading } from '../../src/model/index.ts';
import { noChips } from './no-chips.ts';
import { quietLog } from './quiet.ts';
import { VirtualClock } from './virtual-clock.ts';

export const KEY = '00112233445566778899AABBCCDDEEFF';

/** What may happen to a frame on its way. */
export const WIRE_FAULTS = [
  'lost',
  'reply-lost',
  'flipped',
  'reply-flipped',
  'cut',
  'reply-cut',
  'noise',
  'reply-noise',
  'doubled',
  'reply-doubled',
  'reply-late',
  'reply-split',
] as const;
export type WireFault = (typeof WIRE_FAULTS)[number];

interface Unit {
  readonly id: string;
  /** Of the site file. */
  readonly options: JsonObject;
  /** Of the unit, where it differs. */
  readonly really?: JsonObject;
}

/** How long a unit takes to answer. */
const ANSWERS_MS = 3;
const LATE_MS = 260;

/**
 * Readers on one RS485 wire: units with the unit's own side of the protocol, a wire whose faults are at hand, real bus, real device hosts, virtual
 * time.
 */
export async function osdpWorld(units: readonly Unit[], seed = 1) {
  const clock = new VirtualClock();
  const random = seededRandom(seed);
  const library = await openLibrary();
  const driver = await library.load('osdp-reader');
  const simulator = await library.simulator('osdp-reader');
  const fars = new Map<string, BytesFarEnd>();
  for (const { id, options, really } of units) {
    const far = simulator.open(driver.options.parse({ ...options, ...really }), 1);
    if (far.kind !== 'bytes') throw new Error('a reader speaks in bytes');
    far.set({ silent: true });
    fars.set(id, far);
  }
  const wire = {
    /** Share of exchanges in which one of these happens. */
    rate: 0,
    kinds: WIRE_FAULTS as readonly WireFault[],
    /** The next exchanges, in order. */
    next: [] as (WireFault | undefined)[],
    /** These neither hear nor say anything. */
    mute: new Set<string>(),
    /** Somebody in the middle of the wire. */
    meddle: (reply: Uint8Array): Uint8Array => reply,
    sent: [] as { readonly up: number; readonly bytes: Uint8Array }[],
    heard: [] as Uint8Array[],
    faults: 0,
  };
  const fault = (): WireFault | undefined => {
    if (wire.next.length > 0) return wire.next.shift();
    if (random() >= wire.rate) return undefined;
    wire.faults += 1;
    return wire.kinds[Math.floor(random() * wire.kinds.length)];
  };
  const anything = (count: number) => Uint8Array.from({ length: count }, () => Math.floor(random() * 256));
  const flipped = (bytes: Uint8Array) => {
    const copy = bytes.slice();
    const at = Math.floor(random() * copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 + Math.floor(random() * 255));
    return copy;
  };
  const cut = (bytes: Uint8Array) => bytes.subarray(0, 1 + Math.floor(random() * (bytes.length - 1)));

  let data: (chunk: Uint8Array) => void = () => {};
  const say = async (bytes: Uint8Array, after_ms: number) => {
    await clock.sleep('wire', after_ms);
    if (bytes.length) data(bytes);
  };
  const carry = (request: Uint8Array): void => {
    const kind = fault();
    const arrives: readonly Uint8Array[] =
      kind === 'lost'
        ? []
        : kind === 'flipped'
          ? [flipped(request)]
          : kind === 'cut'
            ? [cut(request)]
            : kind === 'noise'
              ? [anything(5), request]
              : kind === 'doubled'
                ? [request, request]
                : [request];
    for (const bytes of arrives) {
      for (const [id, far] of fars) {
        if (wire.mute.has(id)) continue;
        const reply = wire.meddle(far.receive(bytes, clock.now().up));
        if (reply.length === 0) continue;
        wire.heard.push(reply);
        answer(reply, kind);
      }
    }
  };
  const answer = (reply: Uint8Array, kind: WireFault | undefined): void => {
    if (kind === 'reply-lost') return;
    if (kind === 'reply-split') {
      void say(reply.subarray(0, 4), ANSWERS_MS);
      void say(reply.subarray(4), ANSWERS_MS + 30);
      return;
    }
    const told = kind === 'reply-flipped' ? flipped(reply) : kind === 'reply-cut' ? cut(reply) : reply;
    if (kind === 'reply-noise') void say(anything(1 + Math.floor(random() * 8)), ANSWERS_MS - 1);
    void say(told, kind === 'reply-late' ? LATE_MS : ANSWERS_MS);
    if (kind === 'reply-doubled') void say(told, ANSWERS_MS + 2);
  };
  const port: BytePort = {
    write: async (bytes) => {
      wire.sent.push({ up: clock.now().up, bytes: bytes.slice() });
      carry(bytes.slice());
    },
    onData: (listener) => {
      data = listener;
    },
    onLost: () => {},
    close: async () => {},
  };
  const tcp = () => Promise.reject(new Fault('bus.unreachable', { host: '', port: 0, reason: 'none' }));
  const facts = new Map<string, string>();
  const health = {
    raise: (code: string, subject: string, evidence: string) =>
      void facts.set(`${code} ${subject}`, evidence),
    clear: (code: string, subject: string) => void facts.delete(`${code} ${subject}`),
  };
  const common = { clock, health, log: quietLog };
  const line = {
    id: 'bus',
    type: 'serial',
    path: '/wire',
    parity: 'none',
    data_bits: 8,
    stop_bits: 1,
  } as const;
  const bus = openBus(
    { ...line, baud: 38_400 },
    { ...common, ports: { ...noChips, serial: async () => port, tcp }, random },
  );
  const events: EventEntry[] = [];
  const passed: EventEntry[] = [];
  const readings: Reading[] = [];
  const intake: Intake = {
    readings: (some) => void readings.push(...some),
    event: async (event) => {
      events.push(event);
      return true;
    },
    pass: (event) => void passed.push(event),
  };
  const { timeout_ms, gap_ms } = driver.wire;
  const roster = Roster.open(
    units.map(({ id, options }) => ({
      settings: {
        ...{ id, name: undefined, zone: undefined, bus: 'bus', unit: undefined, driver },
        options: driver.options.parse(options),
        poll_ms: driver.poll_ms.default,
        simulated: false,
        rest_at_start: false,
        rest_at_stop: false,
      },
      wire: { unit: 1, timeout_ms, gap_ms, reply_delay_ms: 0 },
    })),
    new Map([['bus', bus]]),
    { ...common, intake },
  );
  roster.start();
  onTestFinished(async () => {
    const closed = roster.close();
    await clock.advance(10_000);
    await closed;
    await bus.close();
  });

  const far = (id: string): BytesFarEnd => {
    const found = fars.get(id);
    if (!found) throw new Error(`no reader ${id}`);
    return found;
  };
  /** A command's outcome, once so much virtual time has passed. */
  const act = async (id: string, name: string, args: JsonObject = {}) => {
    const outcome = roster.find(id).act(name, args);
    let ended = false;
    outcome.then(
      () => {
        ended = true;
      },
      () => {
        ended = true;
      },
    );
    for (let passed_ms = 0; passed_ms < 30_000 && !ended; passed_ms += 50) await clock.advance(50);
    return outcome;
  };
  const cards = (id: string) =>
    events.filter(({ subject, name }) => subject === id && name === 'card').map(({ fields }) => fields.card);
  const last = (id: string, point: string) =>
    readings.findLast((reading) => reading.device === id && reading.point === point)?.value;
  const status = (id: string) => roster.find(id).view().status;
  /** When it went down or came up, in order. */
  const passages = (id: string) =>
    events.filter(({ subject, name }) => subject === id && name.startsWith('device-'));
  return {
    clock,
    random,
    wire,
    roster,
    events,
    passed,
    readings,
    facts,
    far,
    act,
    cards,
    last,
    status,
    passages,
  };
}
