// What readers of doors say. Beyond surviving it: no card is told that was not read. The reader on the far side of the secure channel never tells one, so every card that
// comes out of it is a forgery; what comes of bits on Wiegand lines is held against a few lines of another make.
const dist = new URL('../../dist/', import.meta.url);
const { openLibrary } = await import(new URL('drivers/index.js', dist).href);
const { burstReader, readFrame } = await import(new URL('drivers/wiegand-reader/codec.js', dist).href);
const { Stream } = await import(new URL('src/buses/bytes/stream.js', dist).href);
const { Fault } = await import(new URL('src/faults/index.js', dist).href);

const KEY = '00112233445566778899AABBCCDDEEFF';

export async function readerTargets(vectorsOf) {
  const library = await openLibrary();
  const driver = await library.load('osdp-reader');
  const simulator = await library.simulator('osdp-reader');
  const frames = vectorsOf('osdp-reader').map(({ hex }) =>
    Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex')),
  );
  const open = (given) => {
    const options = driver.options.parse(given);
    const far = simulator.open(options, 1);
    far.set({ silent: true });
    return { options, far };
  };
  return [
    {
      group: 'OSDP replies',
      name: 'OSDP replies: forged ones in a secure channel',
      frames,
      take: forging(driver, open),
    },
    {
      group: 'OSDP commands',
      name: 'OSDP commands: to the unit, outside its channel',
      frames,
      take: commanding(open),
    },
    {
      group: 'Wiegand bits',
      name: 'Wiegand bits: cards by a model of another make',
      frames: [],
      take: wiring(),
    },
  ];
}

/** Most replies are those of the unit; some are hostile ones with everything right that needs no key. */
function forging(driver, open) {
  const { options, far } = open({ key: KEY, outputs: 1, inputs: 1 });
  let up = 0;
  let forge = () => undefined;
  const link = {
    exchange: async (request, rule) => {
      up += 20;
      const reply = far.receive(request, up);
      const stream = new Stream();
      stream.push(forge(request, reply) ?? reply, up);
      const { frame } = stream.cut(rule, up);
      if (!frame) throw new Fault('bus.no-reply', { bus: 'fuzz', unit: 1, timeout_ms: 200, sent: true });
      return frame;
    },
  };
  const session = driver.open(link, options);
  const tell = async (name, fields) => {
    if (name === 'card' || name === 'pin')
      throw new Error(`a ${name} was told that nobody gave: ${JSON.stringify(fields)}`);
    return true;
  };
  let told = Promise.resolve(true);
  const call = {
    signal: new AbortController().signal,
    priority: 'poll',
    tell: (name, fields) => {
      told = tell(name, fields);
      return told;
    },
  };
  return async (input, random) => {
    const mood = random.below(4);
    forge = (request, reply) => {
      if (mood === 0) return undefined;
      const base = mood === 1 ? reply.slice() : mood === 2 ? input.slice() : random.pick(FORGED)(random);
      if (mood === 1 && base.length > 6) base[5 + random.below(base.length - 5)] ^= 1 << random.below(8);
      return sealed(base, { address: 0x80 | (request[1] ?? 0), sequence: (request[4] ?? 0) & 3 });
    };
    if (random.below(8) === 0) await session.act('on', { channel: 1 }, call);
    else await session.sample(call).catch(only);
    await told;
  };
}

/** Its output is moved by nobody who has not the key. */
function commanding(open) {
  const { far } = open({ key: KEY, outputs: 1 });
  let up = 0;
  let sequence = 0;
  return (input, random) => {
    up += random.pick([5, 20, 300, 9000]);
    sequence = random.below(3) ? (sequence === 3 ? 1 : sequence + 1) : 0;
    far.receive(random.below(4) ? sealed(input.slice(), { address: 0, sequence }) : input, up);
    if (far.said()['output-1'] !== false) throw new Error('an output was moved without the key');
  };
}

const only = (error) => {
  if (error?.name !== 'Fault') throw error;
};

/** A card and a key as a channel would carry them, with a MAC out of the air. */
const FORGED = [
  [0x02, 0x16, 0x50, 0, 1, 26, 0, 0xbb, 0x03, 0x21, 0x80],
  [0x02, 0x16, 0x53, 0, 2, 0x31, 0x0d],
  [0x02, 0x18, 0x50, ...Array(16).fill(7)],
].map((body) => (random) => {
  const mac = Array.from({ length: 4 }, () => random.below(256));
  return Uint8Array.of(0, 0, 0, 0, 8, ...body, ...mac, 0, 0);
});

/** A frame of that address and sequence number, with its length and CRC right. */
function sealed(bytes, { address, sequence }) {
  const frame = bytes.length < 8 ? Uint8Array.of(...bytes, ...new Uint8Array(8 - bytes.length)) : bytes;
  frame.set([0x53, address, frame.length & 0xff, frame.length >> 8, (frame[4] & 8) | 4 | sequence]);
  let crc = 0x1d0f;
  for (const byte of frame.subarray(0, -2)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  frame.set([crc & 0xff, crc >> 8], frame.length - 2);
  return frame;
}

const SILENCE_MS = 40;
const RULES = { card: 'auto', parity: 'checked', keypad: 'none' };

/** Bursts of about the length of a card, some with sound parities, with edges that got lost and silences anywhere. */
function wiring() {
  const hear = burstReader(SILENCE_MS);
  let up = 0;
  const edge = (line, gap_ms, lost) => {
    up += gap_ms;
    return hear({ line, on: false, up, bounces: 0, lost, how: 'edge' });
  };
  return (input, random) => {
    const bits = Array.from({ length: random.pick([26, 26, 34, 37, 25, 27, 4, 130]) }, (_, at) => {
      const byte = input[at >> 3] ?? random.below(256);
      return (byte >> (at & 7)) & 1;
    });
    if (random.below(2)) mend(bits);
    const spoilt = random.below(5) === 0 ? 1 + random.below(bits.length - 1) : 0;
    const split = random.below(5) === 0 ? 1 + random.below(bits.length - 1) : 0;
    const bursts = bits.flatMap((bit, at) => {
      const gap_ms = at === 0 ? 1000 : at === split ? SILENCE_MS + random.below(9) : random.below(20);
      return edge(bit ? 'd1' : 'd0', gap_ms, at === spoilt && spoilt ? 1 : 0);
    });
    up += SILENCE_MS;
    bursts.push(...hear({ line: 'd0', on: false, up, bounces: 0, lost: 0, how: 'quiet' }));
    const cards = bursts.flatMap((burst) => {
      const read = readFrame(burst, RULES);
      return 'card' in read ? [read.card.card] : [];
    });
    const pieces = split ? [bits.slice(0, split), bits.slice(split)] : [bits];
    const whole = pieces.filter((_, nth) => !spoilt || !lostIn(nth, spoilt, split));
    const model = whole.flatMap(cardOf);
    if (JSON.stringify(cards) !== JSON.stringify(model))
      throw new Error(`${bits.join('')} gave ${cards}, not ${model}`);
  };
}

/** An edge that got lost right at a silence may belong to either side of it. */
const lostIn = (nth, spoilt, split) => {
  if (!split) return true;
  if (spoilt === split) return true;
  return nth === (spoilt < split ? 0 : 1);
};

const HALVES = { 26: 13, 34: 17, 37: 19 };
const odd = (text) => text.replaceAll('0', '').length % 2 === 1;

function mend(bits) {
  const half = HALVES[bits.length];
  if (!half) return;
  bits[0] = 0;
  bits[0] = odd(bits.slice(0, half).join('')) ? 1 : 0;
  bits[bits.length - 1] = 0;
  bits[bits.length - 1] = odd(bits.slice(-half).join('')) ? 0 : 1;
}

function cardOf(bits) {
  const text = bits.join('');
  const half = HALVES[text.length];
  if (!half || odd(text.slice(0, half)) || !odd(text.slice(-half))) return [];
  const data = text.slice(1, -1);
  return [
    BigInt(`0b${data}`)
      .toString(16)
      .toUpperCase()
      .padStart(Math.ceil(data.length / 4), '0'),
  ];
}
