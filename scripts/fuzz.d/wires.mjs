// The Modbus wires of the bus: one question is always open, and what comes back is hostile.
const dist = new URL('../../dist/src/buses/', import.meta.url);
const { RtuWire } = await import(new URL('modbus/rtu.js', dist).href);
const { TcpWire } = await import(new URL('modbus/tcp.js', dist).href);
const { Counters } = await import(new URL('counters.js', dist).href);
const { Fault } = await import(new URL('../faults/index.js', dist).href);
const { Stream } = await import(new URL('bytes/stream.js', dist).href);
const { ask } = await import(new URL('../field/talk.js', dist).href);

const UNIT = { unit: 3, timeout_ms: 200, reply_delay_ms: 0, gap_ms: 0, max_hole: 0 };
const PDUS = [
  [3, 0, 100, 0, 10],
  [4, 0, 0, 0, 2],
  [1, 0, 0, 0, 8],
  [2, 0, 0, 0, 16],
  [6, 0, 1, 0, 9],
  [5, 0, 1, 0xff, 0],
  [15, 0, 0, 0, 8, 1, 0x55],
  [16, 0, 0, 0, 1, 2, 0, 2],
].map((pdu) => Uint8Array.from(pdu));

const REPLIES = [
  [3, 3, 20, ...Array(20).fill(7)],
  [3, 4, 4, 0, 1, 0, 2],
  [3, 1, 1, 0x55],
  [3, 2, 2, 0x55, 0xaa],
  [3, 6, 0, 1, 0, 9],
  [3, 5, 0, 1, 0xff, 0],
  [3, 15, 0, 0, 0, 8],
  [3, 16, 0, 0, 0, 1],
  [3, 0x83, 2],
];

export function wireTargets() {
  const rtu = REPLIES.map((reply) => Uint8Array.from([...reply, 0, 0]));
  const tcp = REPLIES.map((reply) => Uint8Array.from([0, 1, 0, 0, 0, reply.length, ...reply]));
  const settings = {
    id: 'fuzz',
    baud: 9600,
    bits_per_character: 11,
    echo: 'auto',
    turnaround_ms: 10,
    remote: false,
  };
  return [
    target('Modbus RTU', rtu, (world, tools) => new RtuWire(settings, world, tools)),
    target('Modbus TCP', tcp, (world, tools) => new TcpWire({ id: 'fuzz', in_flight: 4 }, world, tools)),
    { group: 'bus scan', name: 'bus scan: answers on a serial wire', frames: rtu, take: asking('rtu') },
    { group: 'bus scan', name: 'bus scan: answers over Modbus TCP', frames: tcp, take: asking('tcp') },
    { group: 'byte stream', name: 'byte stream: what a rule does not take', frames: [], take: streaming() },
  ];
}

function target(name, frames, open) {
  const clock = handClock();
  const counters = new Counters();
  let again = false;
  const anew = () => {
    again = true;
  };
  const nothing = () => {};
  const events = {
    heard: nothing,
    unheard: nothing,
    noise: nothing,
    refusal: nothing,
    giveUp: anew,
    renew: anew,
  };
  const world = { clock, random: Math.random, health: { raise() {}, clear() {} } };
  const wire = open(world, { counters, events });
  const port = { write: async () => {}, close: async () => {} };
  let waiting = 0;
  wire.opened(port);
  const take = async (input, random) => {
    while (waiting < 4) {
      waiting += 1;
      const done = () => {
        waiting -= 1;
      };
      wire.ask({
        unit: UNIT,
        pdu: random.pick(PDUS),
        whole: random.below(8) === 0,
        priority: 'poll',
        resolve: done,
        reject: done,
        sent_up: undefined,
        deadline: 0,
      });
    }
    await settled();
    const cut = random.below(input.length + 1);
    wire.received(input.subarray(0, cut));
    clock.pass(random.pick([0, 1, 5]));
    wire.received(input.subarray(cut));
    clock.pass(random.pick([0, 10, 250]));
    await settled();
    if (!again) return;
    again = false;
    // As the bus does when a wire asks for its connection anew.
    wire.lost(new Fault('bus.down', { bus: 'fuzz', reason: 'closed' }), false);
    wire.opened(port);
  };
  return { group: name, name: `${name}: replies`, frames, take };
}

/** One question of a scan, and whatever came before it and after it. Nobody was asked twice, so what is kept is a bug. */
function asking(framing) {
  const setting = { baud: 9600, parity: 'none' };
  const { signal } = new AbortController();
  return async (input, random) => {
    const cut = random.below(input.length + 1);
    const bytes = input.subarray(cut);
    const bench = {
      framing,
      own: setting,
      adjustable: true,
      exchange: async ({ ends }) => {
        for (let end = 1; end <= bytes.length; end += 1 + random.below(8)) ends?.(bytes.subarray(0, end));
        return { before: input.subarray(0, cut), bytes, first_ms: 3 };
      },
      close: async () => {},
    };
    const unit = random.pick([0, 3, 3, 3, 255]);
    const told = await ask(bench, { setting, unit, pdu: random.pick(PDUS), wait_ms: 100 }, signal);
    if (told.stray > input.length) throw new Error(`${told.stray} stray bytes of ${input.length}`);
  };
}

/** A rule that wants a line of text it never gets: the stream must forget the beginning. */
function streaming() {
  const stream = new Stream();
  let up = 0;
  return (input, random) => {
    up += random.below(100);
    stream.push(input, up);
    const rule = (bytes) => {
      if (bytes.length > 4096 + input.length) throw new Error(`it keeps ${bytes.length} bytes`);
      const end = bytes.indexOf(0x0a);
      return end < 0 || random.below(3) ? 'more' : { take: end + 1 };
    };
    while (stream.cut(rule, up).frame);
  };
}

/** Timers that are due ring one turn later, as those of the machine. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

function handClock() {
  let up = 1000;
  const sleepers = new Set();
  return {
    now: () => ({ boot: 'fuzz', up }),
    sleep: (_name, ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const sleeper = { due: up + ms, resolve: () => done(resolve) };
        const aborted = () => done(() => reject(signal.reason));
        const done = (end) => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', aborted);
          end();
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', aborted);
      }),
    pass: (ms) => {
      up += ms;
      for (const sleeper of [...sleepers]) if (sleeper.due <= up) sleeper.resolve();
    },
  };
}
