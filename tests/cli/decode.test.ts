import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromHex, type JsonObject, toHex, type Value } from '#kit';
import { openLibrary } from '../../drivers/index.ts';
import { cli } from '../support/cli.ts';

interface Vector {
  readonly id: string;
  readonly origin: string;
  readonly direction: 'device->host' | 'host->device';
  readonly hex: string;
  readonly options?: JsonObject;
  readonly request?: string;
  readonly points?: Readonly<Record<string, Value | null>>;
  readonly note?: string;
  readonly fault?: string;
  readonly command?: string;
  readonly args?: JsonObject;
  /** Its device guards its bytes by nothing: damage may pass. */
  readonly unchecked?: true;
}

// Names that are aliases make a library load every driver; one library serves all.
const library = openLibrary();
const run = (argv: readonly string[]) => cli(argv, { library: () => library });

const drivers = readdirSync('drivers', { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const vectorsOf = (driver: string): readonly Vector[] =>
  JSON.parse(readFileSync(`drivers/${driver}/vectors.json`, 'utf8'));

/** `{ channel: 1 }` → `channel=1`, as it is typed. */
const typed = (values: JsonObject = {}): string[] =>
  Object.entries(values).map(
    ([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );

const decode = async ({ origin, options, request }: Vector, hex: string) => {
  const set = typed(options).flatMap((word) => ['--set', word]);
  const asked = request === undefined ? [] : ['--request', request];
  const said = await run(['decode', origin, ...hex.split(' '), ...set, ...asked, '--json']);
  return { ...said, answer: JSON.parse(said.out) };
};

/** Lines of a chip carry no bytes. */
const withBytes = drivers.filter((driver) => vectorsOf(driver).some(({ hex }) => hex !== undefined));

describe.each(withBytes)('what devices of %s say', (driver) => {
  const said = vectorsOf(driver).filter(({ direction }) => direction === 'device->host');

  it('is on record', () => {
    expect(said.length).toBeGreaterThan(0);
  });

  it('decodes to the points, or the fault, that stand beside the bytes', async () => {
    for (const vector of said) {
      const { answer, code, err } = await decode(vector, vector.hex);

      if (vector.fault) {
        expect(answer, vector.id).toMatchObject({
          fault: { code: vector.fault, remedy: expect.any(String) },
        });
        expect(code, vector.id).toBe(1);
      } else {
        expect(answer.points, vector.id).toEqual(vector.points ?? {});
        if (vector.note !== undefined) expect(answer.note, vector.id).toBe(vector.note);
        expect({ code, err }, vector.id).toEqual({ code: 0, err: '' });
      }
    }
  });

  it('gives, damaged in any bit, cut short or with more behind it, a coded fault and no value', async () => {
    // What is refused for its checksum may be mended by a flipped bit.
    for (const vector of said.filter(({ fault }) => fault !== 'driver.frame-checksum')) {
      for (const [what, hex] of damaged(vector)) {
        const { answer, code } = await decode(vector, hex);
        if (vector.unchecked && code === 0) continue;

        expect(answer, `${vector.id} ${what}`).toEqual({
          fault: expect.objectContaining({ code: expect.stringMatching(/^(driver\.|http\.|usage$)/) }),
        });
        expect(code, `${vector.id} ${what}`).toBe(1);
      }
    }
  });
});

describe('what a host says', () => {
  it('is made by encode, byte for byte', async () => {
    const made = withBytes
      .flatMap(vectorsOf)
      .filter(({ command, hex }) => command !== undefined && hex !== undefined);
    expect(made.length).toBeGreaterThan(15);

    for (const { id, origin, command = '', args, options, hex } of made) {
      const set = typed(options).flatMap((word) => ['--set', word]);
      const { out, code } = await run(['encode', origin, command, ...typed(args), ...set]);

      expect({ out, code }, id).toEqual({ out: `${hex}\n`, code: 0 });
    }
  });

  it('carries the address that is asked for', async () => {
    const { out } = await cli(['encode', 'waveshare-relay', 'on', 'channel=1', '--unit', '5']);

    expect(out).toMatch(/^05 05 00 00 FF 00 /);
  });

  it.each([
    ['an unknown command', ['waveshare-relay', 'puls', 'channel=1', 'ms=700'], 'command.unknown', /pulse/],
    ['a missing argument', ['waveshare-relay', 'pulse', 'channel=1'], 'command.bad-args', /ms/],
    ['a channel the board has not', ['waveshare-relay', 'on', 'channel=9'], 'command.bad-args', /has 8/],
    ['an unknown driver', ['waveshare-realy', 'on', 'channel=1'], 'driver.unknown', /waveshare-relay/],
  ])('is refused for %s, with code and cause', async (_, words, code, cause) => {
    const said = await cli(['encode', ...words]);

    expect(said).toMatchObject({ code: 1, out: '' });
    expect(said.err).toContain(`[${code}]`);
    expect(said.err).toMatch(cause);
  });
});

describe('a profile of the site', () => {
  it('decodes like any driver, by its own id', async () => {
    const said = await cli([
      ...['decode', 'pump-station', '--profile', 'config/profiles/pump-station.yaml', '--json'],
      '01 03 0C 0A BE 00 89 00 00 30 39 00 01 86 A0 48 F9',
    ]);

    expect(JSON.parse(said.out)).toMatchObject({ points: { level: 2750, 'pump-2': 'fault' } });
  });

  it('that is no YAML is named with its line', async () => {
    const file = 'tests/cli/broken-sites/profiles/tab.yaml';

    const said = await cli(['decode', 'x', '00', '--profile', file]);

    expect(said.code).toBe(1);
    expect(said.err).toMatch(/tab\.yaml cannot be read: line 3: a tab.*config\.profile/);
  });
});

/** One bit of each byte (all of them in the long form), each shorter copy, and longer ones. */
function* damaged({ hex }: Vector): Generator<readonly [string, string]> {
  const frame = fromHex(hex);
  const bits = process.env.GATELODGE_LONG ? [0, 1, 2, 3, 4, 5, 6, 7] : [undefined];
  // A Modbus TCP frame has no checksum of its own (TCP has): only its header shows damage.
  const guarded = /^.. .. 00 00 /.test(hex) ? [2, 3, 4, 5] : [...frame.keys()];
  for (const at of guarded) {
    for (const bit of bits) {
      const copy = frame.slice();
      const flipped = bit ?? (at * 3) % 8;
      copy[at] = (copy[at] ?? 0) ^ (1 << flipped);
      yield [`bit ${flipped} of byte ${at}`, toHex(copy)];
    }
  }
  for (let length = 1; length < frame.length; length += 1)
    yield [`first ${length} bytes`, toHex(frame.slice(0, length))];
  for (const more of [[0], [0xff], [0, 0]])
    yield [`${more.length} more`, toHex(Uint8Array.from([...frame, ...more]))];
}
