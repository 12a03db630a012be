// Two targets for each driver: its `decode`, with and without a question; and its session, opened on a link whose far end says hostile things.
const dist = new URL('../../dist/', import.meta.url);
const { openLibrary } = await import(new URL('drivers/index.js', dist).href);
const { Stream } = await import(new URL('src/buses/bytes/stream.js', dist).href);
const { Fault } = await import(new URL('src/faults/index.js', dist).href);

export async function driverTargets(vectorsOf) {
  const library = await openLibrary();
  const targets = [];
  for (const id of library.ids) {
    const driver = await library.load(id);
    const rows = vectorsOf(id);
    const frames = rows.map(({ hex }) => bytesOf(hex)).filter(({ length }) => length > 0);
    const questions = rows.flatMap(({ request }) => (request ? [bytesOf(request)] : []));
    const choices = choicesOf(driver, rows);
    targets.push({ group: id, name: `${id}: decode`, frames, take: decoding(driver, choices, questions) });
    targets.push({
      group: id,
      name: `${id}: session on its ${driver.link} link`,
      frames,
      ...talking(driver, choices),
    });
  }
  return targets;
}

const bytesOf = (text) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

function choicesOf(driver, rows) {
  const texts = new Set(
    [{}, ...rows.map(({ options }) => options ?? {})].map((options) => JSON.stringify(options)),
  );
  return [...texts].flatMap((text) => {
    const parsed = driver.options.safeParse(JSON.parse(text));
    return parsed.success && !driver.missing?.(parsed.data) ? [parsed.data] : [];
  });
}

const decoding = (driver, choices, questions) => (input, random) => {
  const request = questions.length && random.below(2) ? random.pick(questions) : undefined;
  driver.decode(input, random.pick(choices), request);
};

const signal = new AbortController().signal;
const call = { signal, priority: 'poll', started() {}, tell: async () => true };

/** One session for each choice of options, fed through a link of its kind. */
function talking(driver, choices) {
  const sessions = choices.map((options) => {
    const link = LINKS[driver.link](Object.keys(driver.lines?.(options) ?? {}));
    const session = driver.open(link, options);
    const listen = () => session.watch?.(call)[Symbol.asyncIterator]();
    return { link, session, listen, heard: listen() };
  });
  return {
    take: async (input, random) => {
      const one = random.pick(sessions);
      const { link, session } = one;
      link.feed(input, random);
      if (!one.heard || (session.sample && random.below(2))) return session.sample?.(call);
      try {
        await link.drain(one.heard);
      } catch (fault) {
        // A fault ends the listening; the host begins it anew.
        one.heard = one.listen();
        throw fault;
      }
    },
  };
}

const mute = () => new Fault('bus.no-reply', { bus: 'fuzz', unit: 1, timeout_ms: 100, sent: true });

const LINKS = {
  /** What comes is cut by the session's own rule, in the stream of the bus. */
  bytes: () => {
    const stream = new Stream();
    const hunger = openHunger();
    let up = 0;
    let wake = () => {};
    const cut = (rule) => stream.cut(rule, up).frame;
    return {
      feed(input, random) {
        stream.push(input, up);
        up += random.pick([0, 0, 5, 50, 2000]);
        wake();
      },
      exchange: async (_request, rule) => {
        const frame = cut(rule);
        stream.clear();
        if (!frame) throw mute();
        return frame;
      },
      send: async () => {},
      async *frames(rule) {
        for (;;) {
          const frame = cut(rule);
          if (frame) {
            yield frame;
            continue;
          }
          await new Promise((resolve) => {
            wake = resolve;
            hunger.felt();
          });
        }
      },
      drain: (heard) => hunger.drain(heard),
    };
  },
  /** Registers of any content; now and then a refusal, silence, or too few of them. */
  modbus: () => {
    let words = [];
    let mood = 0;
    const read = async ({ table, count }) => {
      if (mood === 1) throw new Fault('bus.exception', { bus: 'fuzz', unit: 1, fn: 3, at: 0, exception: 2 });
      if (mood === 2) throw mute();
      const mask = table === 'coil' || table === 'discrete' ? 1 : 0xffff;
      return Array.from({ length: count }, (_, at) => (words[at % words.length] ?? 0) & mask);
    };
    return {
      feed(input, random) {
        words = Array.from(input, (byte, at) => (byte << 8) | (input[at + 1] ?? 0));
        mood = random.below(12);
      },
      read,
      readAll: async (ranges) => Promise.all(ranges.map((range) => read(range))),
      write: async () => {},
    };
  },
  /** The body of an answer, and of each part of one that does not end. */
  http: () => {
    const hunger = openHunger();
    const waiting = [];
    let reply = { status: 200, type: '', body: new Uint8Array() };
    let wake = () => {};
    return {
      host: '192.0.2.1',
      feed(body, random) {
        const type = random.pick(['', 'image/jpeg', 'text/xml', 'text/plain']);
        reply = { status: random.pick([200, 200, 200, 400, 404, 503]), type, body };
        waiting.push({ headers: { 'content-type': type }, body });
        waiting.splice(0, waiting.length - 16);
        wake();
      },
      exchange: async () => reply,
      async *parts() {
        for (;;) {
          const part = waiting.shift();
          if (part) {
            yield part;
            continue;
          }
          await new Promise((resolve) => {
            wake = resolve;
            hunger.felt();
          });
        }
      },
      refused: () => new Fault('http.login-refused', { bus: 'fuzz' }),
      drain: (heard) => hunger.drain(heard),
    };
  },
  /** A datagram that the session takes for an answer, or silence. */
  udp: () => {
    let datagram = new Uint8Array();
    return {
      feed(input) {
        datagram = input;
      },
      exchange: async (_request, answers) => {
        if (answers(datagram)) return datagram;
        throw mute();
      },
      collect: async (_request, ours) => [datagram].filter(ours),
      async *packets() {},
      listener: async () => ({ host: '127.0.0.1', port: 60_001 }),
    };
  },
  line: (names) => {
    let bits = [];
    let wake = () => {};
    const hunger = openHunger();
    let up = 0;
    return {
      feed(input) {
        bits = [...input];
        wake();
      },
      get: async () => Boolean((bits[0] ?? 0) & 1),
      measure: async () => (bits[0] ?? 0) / 255,
      set: async () => {},
      async *edges() {
        for (;;) {
          const byte = bits.shift();
          if (byte === undefined) {
            await new Promise((resolve) => {
              wake = resolve;
              hunger.felt();
            });
            continue;
          }
          up += byte;
          const how = byte & 2 ? (byte & 8 ? 'quiet' : 'look') : 'edge';
          const line = names[(byte >> 4) % names.length];
          yield { line, on: Boolean(byte & 1), up, bounces: byte >> 6, lost: byte & 4, how };
        }
      },
      drain: (heard) => hunger.drain(heard),
    };
  },
};

/** Lets a session hear until it wants more than there is; a fault ends its listening as it would on a bus. */
function openHunger() {
  let listening = false;
  let felt = () => {};
  let failed = () => {};
  const pull = async (heard) => {
    for (let word = await heard.next(); !word.done; word = await heard.next());
    throw new Error('the session stopped listening');
  };
  return {
    felt: () => felt(),
    drain: (heard) =>
      new Promise((resolve, reject) => {
        felt = resolve;
        failed = reject;
        if (listening) return;
        listening = true;
        pull(heard).catch((error) => {
          listening = false;
          failed(error);
        });
      }),
  };
}
