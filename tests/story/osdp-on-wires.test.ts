import { describe, expect, it } from 'vitest';
import { buildFrame, frameRule, parseFrame } from '../../drivers/osdp-reader/frame.ts';
import { cutFrames, fromHex, toHex } from '../../src/kit/index.ts';
import { KEY, osdpWorld, WIRE_FAULTS } from '../support/osdp-world.ts';

const POLLS = process.env.GATELODGE_LONG ? 100_000 : 10_000;
const CARD = '760643';
const OTHER_KEY = 'FFEEDDCCBBAA99887766554433221100';
const secured = { key: KEY };
const clear = { channel: 'clear' };
type World = Awaited<ReturnType<typeof osdpWorld>>;

const one = (options: object = secured, really: object = {}) =>
  osdpWorld([{ id: 'gate', options: { ...options }, really: { ...really } }]);
/** The codes of what was sent, from so many frames on. */
const codes = ({ wire }: World, from = 0): number[] =>
  wire.sent.slice(from).map(({ bytes }) => parseFrame(bytes).code);

describe('a reader in a secure channel', () => {
  it('tells its cards, and nothing of them can be read on the wire', async () => {
    const world = await one();
    await world.clock.advance(1000);

    world.far('gate').set({ card: CARD });
    await world.clock.advance(500);

    expect(world.events.find(({ name }) => name === 'card')?.fields).toEqual({
      ...{ card: CARD, format: '26-bit', bits: 26, facility: 118, number: 1603 },
    });
    expect(world.last('gate', 'channel')).toBe('secure');
    // The 26 bits as RAW carries them.
    const bits = fromHex('BB 03 21 80');
    for (const bytes of [...world.wire.heard, ...world.wire.sent.map(({ bytes: sent }) => sent)])
      expect(Buffer.from(bytes).includes(Buffer.from(bits))).toBe(false);
  });

  it('gives a PIN to whoever acts on it, and to nobody else', async () => {
    const world = await one();
    await world.clock.advance(1000);

    world.far('gate').set({ keys: '47' });
    world.far('gate').set({ keys: '11#' });
    await world.clock.advance(1000);

    expect(world.passed).toMatchObject([{ subject: 'gate', name: 'pin', fields: { pin: '4711' } }]);
    expect(JSON.stringify([world.events, world.readings])).not.toContain('4711');
  });

  it('forgets a PIN that was left unfinished', async () => {
    const world = await one();
    await world.clock.advance(1000);

    world.far('gate').set({ keys: '47' });
    await world.clock.advance(6000);
    world.far('gate').set({ keys: '11#' });
    await world.clock.advance(1000);

    expect(world.passed.map(({ fields }) => fields.pin)).toEqual(['11']);
  });

  it('tells that it was taken off the wall, and its inputs', async () => {
    const world = await one({ ...secured, inputs: 2 });
    await world.clock.advance(1000);
    const before = [world.last('gate', 'tamper'), world.last('gate', 'input-2')];

    world.far('gate').set({ tamper: true, 'input-2': true });
    await world.clock.advance(1000);

    expect(before).toEqual([false, false]);
    expect([world.last('gate', 'tamper'), world.last('gate', 'input-2')]).toEqual([true, true]);
  });

  it('of another key, or without one, or without a channel, is down, and nothing it says counts', async () => {
    for (const [options, quirk, reason] of [
      [{ key: OTHER_KEY }, {}, 'another key'],
      [secured, { keyed: false }, 'no key of its own'],
      [secured, { plain: true }, 'it refuses'],
    ] as const) {
      const world = await one(options, secured);
      world.far('gate').set(quirk);
      world.far('gate').set({ card: CARD });

      await world.clock.advance(20_000);

      expect(world.status('gate'), reason).toBe('offline');
      expect(world.facts.get('device-down gate')).toContain(reason);
      expect(world.cards('gate')).toEqual([]);
      // Who it is, what it can, and the challenge: nothing else is said in the clear, and never by the key of the factory.
      expect(new Set(codes(world))).toEqual(new Set([0x61, 0x62, 0x76]));
      for (const { bytes } of world.wire.sent) expect(parseFrame(bytes).block?.[1] ?? 1).toBe(1);
    }
  });

  it('is not believed when somebody in the middle answers in its place', async () => {
    const world = await one();
    await world.clock.advance(1000);
    world.wire.meddle = (reply) => {
      const { address, sequence } = parseFrame(reply);
      return cardInClear(address, sequence);
    };

    await world.clock.advance(5000);

    expect(world.cards('gate')).toEqual([]);
  });

  it('is not believed either when that somebody is there from the beginning', async () => {
    const world = await one();
    world.wire.meddle = (reply) => {
      const { address, sequence } = parseFrame(reply);
      return cardInClear(address, sequence);
    };

    await world.clock.advance(20_000);

    expect(world.wire.heard.length).toBeGreaterThan(10);
    expect(world.cards('gate')).toEqual([]);
    expect(world.status('gate')).toBe('offline');
  });

  it('is not believed before its channel is open: a card in place of who it is opens nothing', async () => {
    const world = await one();
    const PDID = 0x45;
    world.wire.meddle = (reply) => {
      const { address, sequence, code } = parseFrame(reply);
      return code === PDID ? cardInClear(address, sequence) : reply;
    };

    await world.clock.advance(5000);

    expect(world.last('gate', 'channel')).toBe('secure');
    expect(world.cards('gate')).toEqual([]);
  });

  it('is not believed twice: a reply that was recorded opens nothing when it is played again', async () => {
    const world = await one();
    await world.clock.advance(1000);
    const recorded: Uint8Array[] = [];
    world.wire.meddle = (reply) => {
      if (parseFrame(reply).block?.[0] === 0x18) recorded.push(reply);
      return reply;
    };
    world.far('gate').set({ card: CARD });
    await world.clock.advance(500);
    const [card] = recorded;
    if (!card) throw new Error('no card was heard on the wire');

    world.wire.meddle = (reply) => (parseFrame(reply).sequence === parseFrame(card).sequence ? card : reply);
    await world.clock.advance(10_000);

    expect(world.cards('gate')).toEqual([CARD]);
  });
});

describe('installing a key', () => {
  it('puts that of the site file into a new reader, through the channel, and goes on by it', async () => {
    const world = await one(secured, secured);
    world.far('gate').set({ keyed: false });
    await world.clock.advance(3000);

    const outcome = await world.act('gate', 'install-key');
    world.far('gate').set({ card: CARD });
    await world.clock.advance(10_000);

    expect(outcome).toEqual({ result: 'done', facts: { had_it: false } });
    expect(world.status('gate')).toBe('online');
    const wire = world.wire.sent.map(({ bytes }) => Buffer.from(bytes).toString('hex'));
    expect(wire.filter((hex) => hex.includes(KEY.toLowerCase()))).toEqual([]);
  });

  it('changes nothing in a reader that has it, and is refused by one that has another', async () => {
    const same = await one();
    const other = await one({ key: OTHER_KEY }, secured);
    await same.clock.advance(500);
    await other.clock.advance(500);

    expect(await same.act('gate', 'install-key')).toEqual({ result: 'done', facts: { had_it: true } });
    expect(await other.act('gate', 'install-key')).toMatchObject({
      result: 'failed',
      facts: { fault: 'driver.channel' },
    });
    expect(codes(other)).not.toContain(0x75);
  });

  it('gives a reader that has the old key the new one, never by that of the factory', async () => {
    const world = await one({ key: OTHER_KEY, old_key: KEY }, secured);
    await world.clock.advance(2000);

    const outcome = await world.act('gate', 'install-key');
    await world.clock.advance(5000);

    expect(outcome).toEqual({ result: 'done', facts: { had_it: false } });
    expect(world.status('gate')).toBe('online');
    for (const { bytes } of world.wire.sent) expect(parseFrame(bytes).block?.[1] ?? 1).toBe(1);
  });

  it('also succeeds in a reader that acknowledges in the clear, and by the key of a site', async () => {
    const world = await one({ key: KEY, key_is: 'site' });
    world.far('gate').set({ keyed: false, clear_ack: true });

    const outcome = await world.act('gate', 'install-key');
    await world.clock.advance(2000);

    expect(outcome).toMatchObject({ result: 'done' });
    expect(world.status('gate')).toBe('online');
  });
});

describe('a reader in the clear', () => {
  it('is one only when the site file says so, shows it, and tells cards of any kind', async () => {
    const world = await one(clear);
    await world.clock.advance(1000);

    world.far('gate').set({ bits: '00001010000110110010110000111101' });
    world.far('gate').set({ text: '12345' });
    await world.clock.advance(1000);

    expect(world.last('gate', 'channel')).toBe('clear');
    expect(world.cards('gate')).toEqual(['0A1B2C3D', '12345']);
  });

  it('that wants a channel is down, with the reason', async () => {
    const world = await one(clear, { ...secured, channel: 'secure' });

    await world.clock.advance(20_000);

    expect(world.status('gate')).toBe('offline');
    expect(world.facts.get('device-down gate')).toContain('in the clear');
  });

  it('that understands sums only is asked with sums after three refusals', async () => {
    const world = await one(clear);
    world.far('gate').set({ sums: true });
    await world.clock.advance(2000);

    world.far('gate').set({ card: CARD });
    await world.clock.advance(1000);

    expect(world.cards('gate')).toEqual([CARD]);
    expect(world.wire.sent.slice(0, 4).map(({ bytes }) => parseFrame(bytes).check)).toEqual([
      ...['crc', 'crc', 'crc', 'sum'],
    ]);
  });
});

describe('what a reader is told', () => {
  it('is an output for a time that the reader ends, and its state is asked for', async () => {
    const world = await one({ ...secured, outputs: 1 });
    await world.clock.advance(1000);

    const outcome = await world.act('gate', 'pulse', { channel: 1, ms: 250 });
    await world.clock.advance(150);
    const meanwhile = world.last('gate', 'output-1');
    await world.clock.advance(6000);

    expect(outcome).toMatchObject({ result: 'done', facts: { effective_ms: 300 } });
    expect([meanwhile, world.last('gate', 'output-1')]).toEqual([true, false]);
  });

  it('is refused in words where the reader cannot do it', async () => {
    const world = await one({ ...secured, outputs: 2 }, { ...secured, outputs: 1 });
    await world.clock.advance(1000);

    const outcome = await world.act('gate', 'on', { channel: 2 });

    expect(outcome).toEqual({ result: 'failed', facts: { refused: 'unknown command' } });
    await world.clock.advance(2000);
    expect(world.status('gate')).toBe('online');
  });

  it('is sent once: a command whose answer got lost is unknown, and never heard a second time', async () => {
    for (const lost of ['lost', 'reply-lost'] as const) {
      const world = await one({ ...secured, outputs: 1 });
      await world.clock.advance(1000);
      await world.clock.advance(50);
      // No poll is due: the command goes first.
      world.wire.next = [lost];
      const from = world.wire.sent.length;

      const outcome = await world.act('gate', 'pulse', { channel: 1, ms: 60_000 });
      await world.clock.advance(6000);

      expect(outcome.result, lost).toBe('unknown');
      expect(world.last('gate', 'output-1'), lost).toBe(lost === 'reply-lost');
      const commands = world.wire.sent.slice(from).filter(({ bytes }) => bytes.length > 24);
      expect(new Set(commands.map(({ bytes }) => toHex(bytes))).size).toBe(commands.length);
      expect(world.status('gate')).toBe('online');
    }
  });

  it('is told again where the reader says that it was busy', async () => {
    const world = await one({ ...secured, outputs: 1 });
    await world.clock.advance(1000);
    world.far('gate').set({ busy: 3 });

    const outcome = await world.act('gate', 'on', { channel: 1 });
    await world.clock.advance(500);

    expect(outcome.result).toBe('done');
    expect(world.last('gate', 'output-1')).toBe(true);
  });

  it('says who it is', async () => {
    const world = await one();

    const outcome = await world.act('gate', 'identify');

    expect(outcome).toMatchObject({ result: 'done', facts: { vendor: '000A17', serial: 0x1234_5678 } });
  });
});

describe('a reader that comes and goes', () => {
  it('is down after eight seconds of silence, and back by itself, in a channel of its own again', async () => {
    const world = await one();
    await world.clock.advance(5000);
    const muted_up = world.clock.now().up;

    world.wire.mute.add('gate');
    await world.clock.advance(20_000);
    world.wire.mute.clear();
    const back_up = world.clock.now().up;
    await world.clock.advance(6000);
    world.far('gate').set({ card: CARD });
    await world.clock.advance(500);

    const [, down, up] = world.passages('gate');
    expect(down?.name).toBe('device-down');
    expect((down?.stamp.up ?? 0) - muted_up).toBeGreaterThanOrEqual(8000);
    expect((down?.stamp.up ?? 0) - muted_up).toBeLessThan(9500);
    expect(up?.name).toBe('device-up');
    expect((up?.stamp.up ?? 0) - back_up).toBeLessThan(5500);
    expect(world.cards('gate')).toEqual([CARD]);
  });

  it('is met anew without being down when it lost its power for a moment', async () => {
    const world = await one();
    await world.clock.advance(2000);

    for (let times = 0; times < 5; times += 1) {
      world.far('gate').set({ restart: true });
      await world.clock.advance(700);
      world.far('gate').set({ card: CARD });
      await world.clock.advance(700);
    }

    expect(world.cards('gate')).toEqual(Array(5).fill(CARD));
    expect(world.passages('gate').map(({ name }) => name)).toEqual(['device-up']);
  });

  it('does not take the others on its wire with it', async () => {
    const world = await osdpWorld(
      [0, 1, 2].map((address) => ({ id: `reader-${address}`, options: { ...secured, address } })),
    );
    await world.clock.advance(3000);

    world.wire.mute.add('reader-1');
    await world.clock.advance(12_000);
    for (let times = 0; times < 10; times += 1) {
      for (const id of ['reader-0', 'reader-2']) world.far(id).set({ card: CARD });
      await world.clock.advance(1000);
    }

    expect(world.status('reader-1')).toBe('offline');
    for (const id of ['reader-0', 'reader-2']) {
      expect(world.cards(id)).toHaveLength(10);
      expect(world.passages(id).map(({ name }) => name)).toEqual(['device-up']);
    }
  });
});

describe(`${POLLS} polls of four readers on one wire, with something wrong in every twentieth exchange`, () => {
  it('give every card once, none that was not read, and no reader goes down', {
    timeout: 600_000,
  }, async () => {
    const options = [secured, { ...secured, check: 'sum' }, clear, { ...secured, outputs: 1 }];
    const units = options.map((some, address) => ({
      id: `reader-${address}`,
      options: { ...some, address },
    }));
    const world = await osdpWorld(units, 11);
    const { wire, clock, random } = world;
    await clock.advance(1000);
    const presented = new Map<string, string[]>(units.map(({ id }) => [id, []]));
    wire.rate = 0.05;

    const polled = () => wire.sent.length;
    const acknowledged: string[] = [];
    for (let rounds = 0; polled() < POLLS; rounds += 1) {
      const { id } = units[Math.floor(random() * units.length)] ?? { id: '' };
      const card = Math.floor(random() * 2 ** 24)
        .toString(16)
        .toUpperCase()
        .padStart(6, '0');
      // One unit acknowledges by a sum of eight bits, through which one damaged frame in 256 passes: its channel has to tell.
      world.far(id).set({ card });
      presented.get(id)?.push(card);
      if (rounds % 16 === 0) acknowledged.push((await world.act(id, 'beep', { ms: 100 })).result);
      await clock.advance(1500);
    }
    wire.rate = 0;
    await clock.advance(5000);

    const told = new Map(units.map(({ id }) => [id, world.cards(id)]));
    for (const [id, cards] of presented) {
      // A sum of eight bits lets one damaged frame in 256 through. Its channel tells; what was in that very frame may be gone.
      if (id === 'reader-1')
        expect(cards.filter((card) => told.get(id)?.includes(card))).toEqual(told.get(id));
      else expect(told.get(id)).toEqual(cards);
      expect(told.get(id)?.length).toBeGreaterThanOrEqual(cards.length - 2);
    }
    expect(world.events.filter(({ name }) => name === 'misread')).toEqual([]);
    for (const { id } of units) expect(world.passages(id).map(({ name }) => name)).toEqual(['device-up']);
    expect(wire.faults).toBeGreaterThan(POLLS / 25);
    expect(acknowledged).not.toContain('failed');
  });

  it.each(WIRE_FAULTS)('bear each of the faults by itself: %s', async (kind) => {
    const world = await one();
    await world.clock.advance(1000);
    world.wire.rate = 0.3;
    world.wire.kinds = [kind];

    for (let times = 0; times < 20; times += 1) {
      world.far('gate').set({ card: `${times}`.padStart(6, '0') });
      await world.clock.advance(3000);
    }

    expect(world.cards('gate')).toEqual(
      Array.from({ length: 20 }, (_, at) => `${at}`.padStart(6, '0').toUpperCase()).map(asHex),
    );
    expect(world.passages('gate').map(({ name }) => name)).toEqual(['device-up']);
  });
});

describe('the frames of a wire', () => {
  it('are found in what is sent, each by its own length and check', async () => {
    const world = await one();

    await world.clock.advance(2000);

    const stream = Buffer.concat(world.wire.sent.map(({ bytes }) => bytes));
    const { frames, used } = cutFrames(new Uint8Array(stream), frameRule);
    expect(frames).toHaveLength(world.wire.sent.length);
    expect(used).toBe(stream.length);
  });
});

/** Digits are taken as hex by the reader's own side. */
const asHex = (digits: string): string =>
  Number.parseInt(digits, 16).toString(16).toUpperCase().padStart(6, '0');

/** RAW in the clear: the card of the examples, as if the reader had said it. */
function cardInClear(address: number, sequence: number): Uint8Array {
  return buildFrame({
    address,
    reply: true,
    sequence,
    check: 'crc',
    code: 0x50,
    data: fromHex('00 01 1A 00 BB 03 21 80'),
  });
}
