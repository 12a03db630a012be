import { describe, expect, it } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { decode, textsOf } from '../../src/cli/decode.ts';
import { listDrivers, showDriver } from '../../src/cli/drivers.ts';
import { encode } from '../../src/cli/encode.ts';

const PMS5003T =
  '42 4D 00 1C 00 17 00 27 00 29 00 16 00 23 00 29 10 08 04 A9 01 16 00 0C 00 D4 00 E0 9A 00 04 AA';

/** What is looked at of a driver here. */
interface Listed {
  readonly id: string;
  readonly evidence: string;
  readonly points: Readonly<Record<string, { readonly kind: string; readonly unit?: string }>>;
  readonly commands: object;
  readonly events: object;
}

describe('decode', () => {
  it('prints the points of a frame, for machines and for people', async () => {
    const printed = await decode(await openLibrary(), { driver: 'dyp-a02yyuw', hex: ['FF', '07', 'a1A7'] });
    expect(printed).toEqual({ json: { points: { distance: 1953 } }, text: 'distance  1953 mm', exit: 0 });
  });

  it('knows a model by its name, and takes options over it', async () => {
    const library = await openLibrary();
    const named = await decode(library, { driver: 'plantower-pms5003t', hex: [PMS5003T] });
    const chosen = await decode(library, {
      driver: 'plantower-pms',
      hex: [PMS5003T],
      set: { variant: '5003t' },
    });
    expect(named.json.points).toMatchObject({ pm2_5: 35, temperature: 21.2, humidity: 22.4 });
    expect(chosen).toEqual(named);
    expect((await decode(library, { driver: 'aj-sr04m', hex: ['FF 07 A1 A8'] })).json).toEqual({
      points: { distance: 1953 },
    });
  });

  it('gives a Modbus reply its question', async () => {
    const library = await openLibrary();
    const reply = { driver: 'waveshare-relay', hex: ['01 03 02 00 64 B9 AF'] };
    expect((await decode(library, { ...reply, request: '00 03 80 00 00 01 AC 1B' })).json).toEqual({
      points: { version: 1 },
    });
    expect((await decode(library, reply)).json).toMatchObject({
      points: { register: 100 },
      note: expect.any(String),
    });
  });

  it.each([
    ['a damaged frame', { driver: 'a02yyuw', hex: ['FF 07 A1 A8'] }, 'driver.frame-checksum'],
    ['no hex', { driver: 'a02yyuw', hex: ['FF 07 XY'] }, 'usage'],
    ['half a byte', { driver: 'a02yyuw', hex: ['FF 0'] }, 'usage'],
    ['an unknown driver', { driver: 'louver-bax', hex: ['00'] }, 'driver.unknown'],
    [
      'an unknown option',
      { driver: 'louver-box', hex: ['00'], set: { reg503: 'co2' } },
      'driver.bad-options',
    ],
    [
      'a question that is none',
      { driver: 'noise-rs485', hex: ['01 03 02 02 0B F8 E3'], request: '01 02' },
      'driver.frame-length',
    ],
    [
      'an answer to another question',
      { driver: 'noise-rs485', hex: ['01 03 02 02 0B F8 E3'], request: '02 03 00 00 00 01 84 39' },
      'driver.frame-unknown',
    ],
  ])('ends with 1 and a coded fault for %s', async (_, args, code) => {
    const printed = await decode(await openLibrary(), args);
    expect(printed.exit).toBe(1);
    expect(printed.json).toMatchObject({ fault: { code, remedy: expect.any(String) } });
    expect(printed.text).toContain(code);
  });

  it('names the driver that was probably meant', async () => {
    const { text } = await decode(await openLibrary(), { driver: 'plantower-pms5030', hex: ['00'] });
    expect(text).toContain('nearest is plantower-pms5003');
  });
});

describe('encode', () => {
  it.each([
    ['louver-box', 'FF 03 07 D0 00 01 91 59'],
    ['dyp-modbus-ultrasonic', 'FF 03 02 00 00 01 90 6C'],
  ])('asks a %s for its address by the one that all of them hear', async (driver, hex) => {
    const printed = await encode(await openLibrary(), { driver, command: 'address', args: {}, unit: 255 });

    expect(printed.json).toEqual({ hex });
  });

  it('makes the bytes of a command from words', async () => {
    const args = textsOf(['channel=1', 'ms=700']);
    const printed = await encode(await openLibrary(), {
      driver: 'waveshare-relay',
      command: 'pulse',
      args,
      unit: 1,
    });
    expect(printed).toEqual({
      json: { hex: '01 05 02 00 00 07 8D B0' },
      text: '01 05 02 00 00 07 8D B0',
      exit: 0,
    });
  });

  it.each([
    ['a command it has not', 'toggle', { channel: '1' }, 'command.unknown'],
    ['arguments that are none', 'pulse', { channel: 'front', ms: '5' }, 'command.bad-args'],
  ])('refuses %s', async (_, command, args, code) => {
    const printed = await encode(await openLibrary(), { driver: 'waveshare-relay', command, args });
    expect(printed).toMatchObject({ json: { fault: { code } }, exit: 1 });
  });
});

describe('drivers', () => {
  it('lists them all with what their evidence is', async () => {
    const library = await openLibrary();
    const { json, text } = await listDrivers(library);
    expect(json.drivers).toHaveLength(library.ids.length);
    for (const id of library.ids) expect(text).toContain(id);
  });

  it('lists for machines at least 35, with their points and units, commands and evidence', async () => {
    const listed = await listDrivers(await openLibrary());
    // The shape of the answer is judged elsewhere.
    const { drivers } = listed.json as unknown as { readonly drivers: readonly Listed[] };

    expect(drivers.length).toBeGreaterThanOrEqual(35);
    for (const { id, evidence, points, commands, events } of drivers) {
      expect(['simulated', 'captured', 'field']).toContain(evidence);
      const tells = [points, commands, events].some((part) => Object.keys(part).length > 0);
      expect(tells || id === 'register-map', id).toBe(true);
      for (const { kind, unit } of Object.values(points)) expect(kind !== 'number' || unit, id).toBeTruthy();
    }
  });

  it('shows one with options, points and commands, by any of its names', async () => {
    const { json, text } = await showDriver(await openLibrary(), 'waveshare-modbus-rtu-relay-8ch');
    expect(json).toMatchObject({
      id: 'waveshare-relay',
      evidence: 'simulated',
      commands: { pulse: { timing: 'board', args: { properties: { channel: { minimum: 1 } } } } },
      options: { properties: { rest: expect.any(Object) } },
    });
    expect(text).toContain('relay-8');
    expect(text).toContain('off-pulse');
  });

  it('says what a model name brings with it', async () => {
    expect((await showDriver(await openLibrary(), 'plantower-pms5003t')).json).toMatchObject({
      preset: { variant: '5003t' },
    });
  });

  it('shows a driver that cannot be opened without a profile', async () => {
    expect((await showDriver(await openLibrary(), 'register-map')).exit).toBe(0);
  });
});
