import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type {
  AnyDriver,
  AnySimulator,
  DriverLibrary,
  FarEnd,
  Heard,
  JsonObject,
  LineEdge,
  PointSpec,
  PointSpecs,
  Sample,
  Value,
} from '#kit';
import { Fault, fromHex, openModbus, toHex } from '#kit';
import { type MemoryWire, memoryLink, type Wire } from '../support/memory-links.ts';

/** One row of a folder's vectors.json. */
interface Vector {
  readonly id: string;
  readonly origin: string;
  readonly direction: 'device->host' | 'host->device';
  readonly hex: string;
  /** Of a device on lines, in place of bytes: what is heard of its lines, how high an analogue one stands, what a command sets. */
  readonly edges?: readonly Partial<LineEdge>[];
  readonly share?: number;
  readonly sets?: readonly string[];
  readonly options?: JsonObject;
  readonly request?: string;
  /** What it must decode to: points, a note, or a fault code. */
  readonly points?: Readonly<Record<string, Value | null>>;
  readonly note?: string;
  readonly fault?: string;
  /** The command that makes these bytes. */
  readonly command?: string;
  readonly args?: JsonObject;
  readonly must_not_emit?: true;
  /** The bytes carry no check of their own (plain text): a damaged copy may be another good one. */
  readonly unchecked?: true;
  readonly means: string;
  readonly provenance: 'published' | 'captured' | 'computed' | 'negative';
  readonly source: string;
}

/** Another folder of drivers is judged by the same suite: that of scripts/new-driver's own test. */
const ROOT = process.env.GATELODGE_DRIVERS ?? 'drivers';
const { openLibrary }: typeof import('../../drivers/index.ts') = await import(resolve(ROOT, 'index.ts'));
const { refreshReadme }: { refreshReadme: (text: string, driver: AnyDriver, models: object) => string } =
  await import(resolve('scripts/lib/driver-readme.mjs'));
const RUNS = process.env.GATELODGE_LONG ? 20_000 : 500;
vi.setConfig({ testTimeout: 180_000 });
const folders = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const vectorsOf = (id: string): Vector[] => JSON.parse(readFileSync(`${ROOT}/${id}/vectors.json`, 'utf8'));
/** A line carries no bytes. */
const ofLine = ({ edges, share, sets }: Vector): boolean => Boolean(edges ?? sets) || share !== undefined;
const controllers: AbortController[] = [];

afterEach(() => {
  for (const controller of controllers.splice(0)) controller.abort();
});

describe('the drivers folder', () => {
  it('has an index that names exactly its folders', async () => {
    expect((await openLibrary()).ids).toEqual(folders.toSorted());
  });
});

describe.each(folders)('driver %s', (id) => {
  const vectors = vectorsOf(id);
  let library: DriverLibrary;
  let driver: AnyDriver;
  let simulator: AnySimulator;
  /** Options of which this driver can be opened: its defaults, and those its vectors name. */
  let choices: readonly { readonly name: string; readonly options: unknown }[];

  beforeAll(async () => {
    library = await openLibrary();
    driver = await library.load(id);
    simulator = await library.simulator(id);
    const named = [{}, ...vectors.map(({ options }) => options ?? {})].map((options) =>
      JSON.stringify(options),
    );
    choices = [...new Set(named)].flatMap((text) => {
      const parsed = driver.options.safeParse(JSON.parse(text));
      return parsed.success && !driver.missing?.(parsed.data) ? [{ name: text, options: parsed.data }] : [];
    });
  });

  const optionsOf = (vector: Vector): unknown => driver.options.parse(vector.options ?? {});
  const decode = (vector: Vector, bytes: Uint8Array = fromHex(vector.hex)) =>
    driver.decode(
      bytes,
      optionsOf(vector),
      vector.request === undefined ? undefined : fromHex(vector.request),
    );

  it('is whole: all its files, its own id, a known name for each of its models', async () => {
    for (const file of ['driver.ts', 'vectors.json', 'simulator.ts', 'README.md']) {
      expect(existsSync(`${ROOT}/${id}/${file}`), file).toBe(true);
    }
    expect(driver.id).toBe(id);
    expect(simulator.driver).toBe(id);
    expect(choices.length).toBeGreaterThan(0);
    for (const name of [...driver.aliases, ...vectors.map(({ origin }) => origin)]) {
      expect((await library.load(name)).id, name).toBe(id);
    }
  });

  it('has vectors that each say where they come from, and an evidence that is no more than that', () => {
    expect(new Set(vectors.map((vector) => vector.id)).size).toBe(vectors.length);
    for (const { id: name, means, source, provenance } of vectors) {
      expect(means.length, name).toBeGreaterThan(3);
      expect(source.length, name).toBeGreaterThan(3);
      expect(['published', 'captured', 'computed', 'negative'], name).toContain(provenance);
    }
    const captured = vectors.some(({ provenance }) => provenance === 'captured');
    if (driver.evidence === 'captured') expect(captured, 'no vector holds bytes of a real unit').toBe(true);
  });

  it('has a README that a technician can work with', () => {
    const text = readFileSync(`${ROOT}/${id}/README.md`, 'utf8');
    const sections = text.split(/^## /m).slice(1);
    for (const title of ['Wiring', 'Limits', 'Troubleshooting']) {
      const section = sections.find((part) => part.startsWith(title)) ?? '';
      expect(section.length, title).toBeGreaterThan(title.length + 20);
    }
  });

  it('has a README whose generated block is fresh', () => {
    const text = readFileSync(`${ROOT}/${id}/README.md`, 'utf8');
    expect(refreshReadme(text, driver, library.models(id)), 'refresh it with scripts/generate').toBe(text);
  });

  it.each(
    vectors.map((vector) => [vector.id, vector] as const),
  )('reads vector %s as it is meant', async (_, vector) => {
    if (ofLine(vector)) {
      const sample = await heardOfLines(vector);
      if (vector.points) expect(sample).toMatchObject(vector.points);
      return;
    }
    if (vector.fault) {
      expect(() => decode(vector)).toThrow(expect.objectContaining({ name: 'Fault', code: vector.fault }));
      return;
    }
    if (vector.note === undefined && vector.points === undefined)
      return expect(decode(vector).note).toBeTypeOf('string');
    const decoded = decode(vector);
    expect(decoded.points).toEqual(vector.points ?? {});
    if (vector.note !== undefined) expect(decoded.note).toBe(vector.note);
  });

  it('makes the bytes of each vector that is a command', () => {
    for (const vector of vectors.filter((one) => one.command !== undefined && !ofLine(one))) {
      const unit = driver.wire.unit ?? 1;
      const bytes = driver.encode?.(vector.command ?? '', vector.args ?? {}, optionsOf(vector), unit);
      expect(bytes && toHex(bytes), vector.id).toBe(vector.hex);
    }
  });

  it('gives a coded fault for every damaged copy of what a device says', () => {
    // A Modbus TCP frame has no checksum of its own: TCP has.
    const said = vectors.filter(
      ({ direction, hex, fault }) =>
        // A line has no bytes, and says no direction.
        direction === 'device->host' && !/^.. .. 00 00 /.test(hex) && fault !== 'driver.frame-checksum',
    );
    for (const vector of said) {
      for (const [what, bytes] of damagedCopies(fromHex(vector.hex))) {
        const outcome = outcomeOf(() => decode(vector, bytes));
        if (outcome === undefined && vector.unchecked) continue;
        expect(outcome, `${vector.id} ${what}`).toBeInstanceOf(Fault);
      }
    }
  });

  it('throws nothing but faults on random bytes, with and without a question', () => {
    const bytes = fc.uint8Array({ maxLength: 64 });
    fc.assert(
      fc.property(bytes, fc.option(bytes, { nil: undefined }), fc.nat(), (frame, request, pick) => {
        const { options } = choices[pick % choices.length] ?? { options: {} };
        try {
          driver.decode(frame, options, request);
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('hears the same in any pieces that the bytes come in', async () => {
    for (const { options, name } of choices) {
      const whole = JSON.stringify(await looks(open(options, 11), 10));
      const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
      await fc.assert(
        fc.asyncProperty(cuts, async (sizes) => {
          const world = open(options, 11);
          world.link.pieces = (bytes) => piecesOf(bytes, sizes);
          expect(JSON.stringify(await looks(world, 10)), name).toBe(whole);
        }),
        { numRuns: RUNS / 50, examples: [[[1]]] },
      );
    }
  });

  it('yields only declared points, within range, as its simulator told them', async () => {
    for (const { options, name } of choices) {
      const world = open(options, 7);
      for (const sample of await looks(world, 20)) {
        expect(Object.keys(sample).length, name).toBeGreaterThan(0);
        checkSample(sample, driver.points(options));
      }
      const [last] = (await looks(world, 1)).slice(-1);
      const told = world.far.said();
      for (const [point, value] of Object.entries(last ?? {}))
        expect(value, `${name} ${point}`).toEqual(told[point]);
    }
  });

  it('reports only declared events, with the fields they declare, as its simulator told them', async () => {
    for (const { options, name } of choices) {
      const world = open(options, 7);
      const heard = world.session.watch ? await hear(world, 20) : [];
      for (const word of heard) {
        if ('sample' in word) continue;
        const spec = driver.events[word.event];
        expect(spec, `${name}: event ${word.event} is declared`).toBeDefined();
        expect(Object.keys(spec?.fields ?? {})).toEqual(expect.arrayContaining(Object.keys(word.fields)));
      }
      const last = heard.at(-1);
      if (last && 'event' in last) expect(world.far.said()).toMatchObject(last.fields);
      if (Object.keys(driver.points(options)).length === 0 && world.session.watch)
        expect(heard.length, name).toBeGreaterThan(0);
    }
  });

  it('ends in the right fault when the device is mute, talks garbage, damages its checksum or is unplugged', async () => {
    for (const { options } of choices) {
      for (const wire of ['mute', 'garbage', 'crc', 'unplugged'] as const satisfies readonly Wire[]) {
        const world = open(options, 3);
        world.link.wire = wire;
        // Damaged text may well be text.
        const damages = wire === 'garbage' || wire === 'crc';
        const mayPass = driver.link === 'line' || vectors.some(({ unchecked }) => unchecked);
        if (damages && driver.link !== 'http' && mayPass) continue;
        const heard = await hear(world, 3).catch((error: unknown) => {
          expect(error).toBeInstanceOf(Fault);
          // What HTTP carries is not cut out of noise: it is an answer, and a wrong one.
          const wrong = driver.link === 'http' && damages ? 'http.bad-message' : 'bus.no-reply';
          expect(error).toHaveProperty('code', wire === 'unplugged' ? 'bus.down' : wrong);
          return [];
        });
        expect(heard, wire).toEqual([]);
      }
    }
  });

  it('brings every command to its far end, and refuses what is none', async () => {
    for (const vector of vectors.filter(({ command }) => command !== undefined)) {
      const world = open(optionsOf(vector), 1);
      // Some look first, to know the board they are to move.
      await world.session.sample?.(world.call);
      const before = world.link.sent.length;
      const result = await world.session.act?.(vector.command ?? '', vector.args ?? {}, world.call);
      expect(result?.result, vector.id).toBe('done');
      const carried = world.link.sent.slice(before).map((frame) => bodyOf(frame, world.far.kind));
      const wanted = wantedOf(vector, world.far.kind);
      const times = carried.filter((body) => body === wanted).length;
      // What moves something is sent once; a sensor that is deaf at first may be told twice.
      if (driver.commands[vector.command ?? '']?.actuates) expect(times, vector.id).toBe(1);
      else expect(times, vector.id).toBeGreaterThanOrEqual(1);
    }
    for (const { options } of choices) {
      const { session, call } = open(options, 1);
      if (session.act) await expect(session.act('no-such-command', {}, call)).rejects.toThrow(Fault);
    }
  });

  it('names each relay that a command switches on: how it is told, where it shows, where it rests', () => {
    for (const { options } of choices) {
      const relays = driver.relays?.(options) ?? [];
      if (driver.category === 'relay') expect(relays.length).toBeGreaterThan(0);
      for (const { args, point } of relays) {
        for (const name of ['on', 'off'])
          expect(driver.commands[name]?.args.safeParse(args)).toMatchObject({ success: true });
        if (point !== undefined) expect(driver.points(options)[point]).toMatchObject({ kind: 'flag' });
      }
    }
  });

  it('has a vector or a test for each command it declares', () => {
    const tried = new Set(vectors.map(({ command }) => command));
    expect(Object.keys(driver.commands).filter((name) => !tried.has(name))).toEqual([]);
  });

  it('rests from any state, twice: its outputs are the same whatever came before', async () => {
    const wishes = vectors.filter(({ command }) => command && driver.commands[command]?.actuates);
    for (const { options, name } of choices) {
      if (!open(options, 5).session.rest) continue;
      const safe = open(options, 5);
      await safe.session.rest?.(safe.call);
      // A door controller goes on by itself: nothing is forced on it. What is not sent changes nothing.
      if (driver.category === 'access' && safe.link.sent.length === 0) continue;
      const expected = await outputs(safe);
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(fc.nat(), fc.nat(9))), async (picks) => {
          const world = open(options, 5);
          for (const [pick, channel] of picks) {
            const { command, args = {} } = wishes[pick % wishes.length] ?? {};
            if (command === undefined) continue;
            // Vectors show a command at one output; a unit has more. One that it has not is refused.
            const there = 'channel' in args ? { ...args, channel } : args;
            await world.session.act?.(command, there, world.call).catch(() => {});
          }
          for (const _ of ['once', 'twice']) {
            await world.session.rest?.(world.call);
            expect(await outputs(world), name).toEqual(expected);
          }
        }),
        { numRuns: RUNS / 50 },
      );
    }
  });

  it('says nothing certain of a command without an answer: not done when nobody heard it, not failed when it may have acted', async () => {
    const moving = vectors.filter(({ command }) => command && driver.commands[command]?.actuates);
    for (const wire of ['mute', 'lost', 'crc', 'garbage'] as const satisfies readonly Wire[]) {
      // What a line carries cannot be damaged.
      if (driver.link === 'line' && (wire === 'crc' || wire === 'garbage')) continue;
      for (const vector of moving) {
        const world = open(optionsOf(vector), 1);
        // Some boards must be recognised before anything is sent to them.
        await looks(world, 1);
        const before = world.link.sent.length;
        world.link.wire = wire;
        const outcome = await world.session.act?.(vector.command ?? '', vector.args ?? {}, world.call);
        expect(outcome?.result, `${vector.id} ${wire}`).toBe('unknown');
        const carried = world.link.sent.slice(before).map((frame) => bodyOf(frame, world.far.kind));
        const wanted = wantedOf(vector, world.far.kind);
        expect(
          carried.filter((body) => body === wanted),
          `${vector.id} ${wire}`,
        ).toHaveLength(1);
      }
    }
    for (const vector of moving) {
      const world = open(optionsOf(vector), 1);
      world.link.wire = 'unplugged';
      const outcome = await world.session.act?.(vector.command ?? '', vector.args ?? {}, world.call);
      expect(outcome?.result, `${vector.id} unplugged`).toBe('failed');
    }
  });

  it('never emits what a vector forbids', async () => {
    const forbidden = vectors.filter((vector) => vector.must_not_emit).map(({ hex }) => hex);
    for (const vector of vectors.filter(({ command }) => command !== undefined)) {
      const world = open(optionsOf(vector), 1);
      await world.session.act?.(vector.command ?? '', vector.args ?? {}, world.call);
      for (const frame of world.link.sent) expect(forbidden).not.toContain(toHex(frame));
    }
  });

  function open(options: unknown, seed: number) {
    const far = simulator.open(options, seed);
    const controller = new AbortController();
    controllers.push(controller);
    const link: MemoryWire = memoryLink(far, driver.lines?.(options));
    // The link is of the kind that the driver's own simulator is of, which is the kind it names.
    const session = driver.open(link as never, options);
    return { far, link, session, call: { signal: controller.signal, priority: 'poll' as const } };
  }

  type World = ReturnType<typeof open>;

  const looks = async (world: World, count: number): Promise<Sample[]> =>
    (await hear(world, count)).flatMap((heard) => ('sample' in heard ? [heard.sample] : []));

  async function hear(world: World, count: number): Promise<Heard<PointSpecs>[]> {
    const heard: Heard<PointSpecs>[] = [];
    if (world.session.sample) {
      while (heard.length < count) heard.push({ sample: await world.session.sample(world.call) });
      return heard;
    }
    for await (const word of world.session.watch?.(world.call) ?? []) {
      heard.push(word);
      if (heard.length >= count) break;
    }
    return heard;
  }

  /** What the session makes of what its lines show, the last word about each point. */
  async function heardOfLines({ edges = [], share, options = {} }: Vector): Promise<Sample> {
    const quiet = { up: 0, bounces: 0, lost: 0 };
    const link = {
      measure: async () => share,
      async *edges() {
        for (const edge of edges) yield { ...quiet, ...edge };
      },
    };
    // As in `open`, with only what the vector shows behind it.
    const session = driver.open(link as never, driver.options.parse(options));
    const call = { signal: new AbortController().signal, priority: 'poll' as const };
    if (share !== undefined) return (await session.sample?.(call)) ?? {};
    let all: Sample = {};
    for await (const heard of session.watch?.(call) ?? [])
      if ('sample' in heard) all = { ...all, ...heard.sample };
    return all;
  }

  /** What a look shows of the flags: the outputs are among them. */
  async function outputs(world: World): Promise<unknown> {
    if (!world.session.sample) return undefined;
    const sample = await world.session.sample(world.call);
    return Object.fromEntries(Object.entries(sample).filter(([, value]) => typeof value === 'boolean'));
  }
});

function checkSample(sample: Sample, points: Readonly<Record<string, PointSpec>>): void {
  for (const [name, value] of Object.entries(sample)) {
    const spec = points[name];
    expect(spec, `point ${name} is declared`).toBeDefined();
    if (value === null || !spec) continue;
    if (spec.kind === 'flag') expect(value).toBeTypeOf('boolean');
    else if (spec.kind === 'state') expect(spec.values).toContain(value);
    else {
      expect(value, name).toBeGreaterThanOrEqual(spec.min);
      expect(value, name).toBeLessThanOrEqual(spec.max);
    }
  }
}

function outcomeOf(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** What a frame carries: a session speaks to its own unit, a maker's frame often to everybody. */
const bodyOf = (frame: Uint8Array, kind: FarEnd['kind']): string => {
  if (kind === 'line') return Buffer.from(frame).toString();
  return toHex(kind === 'modbus' ? openModbus(frame).pdu : frame);
};
const wantedOf = ({ hex, sets }: Vector, kind: FarEnd['kind']): string =>
  sets?.[0] ?? bodyOf(fromHex(hex), kind);
/** The bytes in pieces of these sizes, over and over. */
function piecesOf(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = sizes[pieces.length % sizes.length] ?? 1;
    pieces.push(bytes.slice(at, at + size));
    at += size;
  }
  return pieces;
}

/** Each byte changed (all bits, and each single one), each shorter copy, and longer ones. */
function* damagedCopies(frame: Uint8Array): Generator<readonly [string, Uint8Array]> {
  for (let at = 0; at < frame.length; at += 1) {
    for (const flip of [0xff, 1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80]) {
      const copy = frame.slice();
      copy[at] = (copy[at] ?? 0) ^ flip;
      yield [`byte ${at} ^ ${flip}`, copy];
    }
    yield [`first ${at} bytes`, frame.slice(0, at)];
  }
  for (const more of [[0], [0xff], [0, 0]])
    yield [`${more.length} more`, Uint8Array.from([...frame, ...more])];
}
