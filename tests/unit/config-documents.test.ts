import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadFile } from '../support/cli.ts';

const SITES = ['config/gateway.example.yaml', 'config/sites/demo.yaml', 'config/sites/riverside.yaml'];
const read = (file: string): unknown => parse(readFileSync(file, 'utf8'));
const schema = JSON.parse(readFileSync('config/gateway.schema.json', 'utf8'));
// `default` beside `if`/`then` and unions of constants are fine in an editor; ajv's strict mode is about style.
const fits = new Ajv2020({ strict: false, allErrors: true }).compile(schema);

describe('the schema for editors', () => {
  it.each(SITES)('accepts %s', (file) => {
    const good = fits(read(file));

    expect(fits.errors ?? []).toEqual([]);
    expect(good).toBe(true);
  });

  it.each([
    ['bad-baud', '/buses/0/baud'],
    ['bad-id', '/devices/0/id'],
    ['bad-type', '/buses/0'],
    ['missing-option', '/buses/0'],
    ['missing-value', '/uplinks'],
    ['option-value', '/devices/0/options/reg_503'],
    ['poll-below-schema', '/devices/0/poll_ms'],
    ['prefix', '/uplinks/0/prefix'],
    ['unit-out-of-range', '/devices/0/unit'],
    ['unknown-key', '/devices/0'],
    ['unknown-option', '/devices/0/options'],
    ['unknown-section', ''],
    ['url-scheme', '/uplinks/0/url'],
    ['url-with-password', '/uplinks/0/url'],
    ['version-newer', '/version'],
    ['wrong-type', '/devices/0/unit'],
  ])('refuses the broken site %s, at %s', (name, place) => {
    const good = fits(read(`tests/cli/broken-sites/${name}.yaml`));

    expect(good).toBe(false);
    expect(fits.errors?.map(({ instancePath }) => instancePath)).toContain(place);
  });

  it('says a sentence for every option', () => {
    const silent = [...optionsIn(schema)].filter(({ about }) => !about).map(({ place }) => place);

    // The options of drivers and profiles are documented with them.
    expect(silent.filter((place) => !place.includes('.options.'))).toEqual([]);
  });
});

describe('the example', () => {
  const file = 'config/gateway.example.yaml';

  it('has every option there is', () => {
    const own = [...optionsIn(schema)]
      .map(({ place }) => place)
      .filter((place) => !/\.options\./.test(place));
    const given = new Set(placesIn(read(file)));

    expect(own.length).toBeGreaterThan(60);
    expect(own.filter((place) => !given.has(place))).toEqual([]);
  });

  it('is accepted by check, but for secrets that are not here; its boards end every unlock, and soon begin it', async () => {
    const { site, problems, doors } = await loadFile(file, { here: false });

    expect(site?.devices.length).toBeGreaterThan(5);
    const secrets = ['password', 'ca', 'cert', 'key'].map((name) => `uplinks.platform.${name}`);
    const cameras = ['buses.gate-camera.password', 'buses.gate-camera.ca'];
    expect(problems.map(({ path }) => path)).toEqual([...cameras, ...secrets]);
    expect(doors.map(({ wait }) => wait.ends_by)).toEqual(doors.map(() => 'board'));
    expect(Math.max(...doors.map(({ wait }) => wait.bound_ms))).toBeLessThanOrEqual(300);
    expect(problems.every(({ severity }) => severity === 'warning')).toBe(true);
  });

  it('shows the default that the gateway takes when the option is left out', async () => {
    const { site } = await loadFile(file);
    const bare = await loadFile('tests/cli/broken-sites/secret-missing.yaml');

    expect(site?.store.retain_hours).toBe(bare.site?.store.retain_hours);
    const { url, username, password, ca, cert, key, id, commands, ...rest } = site?.uplinks[0] ?? {};
    expect(bare.site?.uplinks[0]).toMatchObject(rest);
  });
});

describe('the sites', () => {
  it('riverside is a compound: sixty bays on wires of every type, no error, and only the warnings it explains', async () => {
    const { site, problems, budgets, derived } = await loadFile('config/sites/riverside.yaml', {
      here: false,
    });

    expect(new Set(site?.buses.map(({ type }) => type))).toEqual(
      new Set([
        'modbus-rtu',
        'modbus-rtu-tcp',
        'modbus-tcp',
        'serial',
        'serial-tcp',
        'udp',
        'http',
        'gpio',
        'firmata',
      ]),
    );
    expect(site?.devices.length).toBeGreaterThanOrEqual(80);
    const zones = derived.flatMap((one) => ('bays' in one ? [one] : []));
    expect(zones.reduce((sum, { bays }) => sum + bays.length, 0)).toBe(60);
    for (const { config } of zones)
      expect(
        site?.signs.some(({ parking }) => String(parking) === config.id),
        config.id,
      ).toBe(true);
    const ways = zones.flatMap(({ bays }) => bays.map(({ source }) => source.device.config));
    expect(new Set(ways.map(({ driver, bus }) => `${driver} ${bus}`)).size).toBeGreaterThanOrEqual(7);
    const kinds = problems.map(({ severity, message }) => [
      severity,
      /leaves the factory|cannot be resolved on this machine|leads nowhere|ends by this gateway/.exec(
        message,
      )?.[0],
    ]);
    expect(new Set(kinds.map(String))).toEqual(
      new Set(
        [
          'leaves the factory',
          'cannot be resolved on this machine',
          'leads nowhere',
          'ends by this gateway',
        ].map((told) => `warning,${told}`),
      ),
    );
    for (const { use } of budgets) expect(use).toBeLessThan(0.8);
  });

  it('riverside names every device in Chinese and English, and every relay has a safe state', async () => {
    const { devices } = await loadFile('config/sites/riverside.yaml');

    for (const { config } of devices) expect(config.name, config.id).toMatch(/[\u4e00-\u9fff].*[a-z]/);
    const relays = devices.filter(({ driver }) => driver.id === 'waveshare-relay');
    expect(relays.length).toBe(9);
    for (const { config } of relays) expect(config.options, config.id).toHaveProperty('rest');
  });

  it('riverside has doors of every kind, with readers of every kind, and each follows its fire panel', async () => {
    const { doors, devices } = await loadFile('config/sites/riverside.yaml');

    expect(new Set(doors.map(({ config }) => config.type))).toEqual(
      new Set(['door', 'turnstile', 'barrier', 'lift']),
    );
    expect(doors).toHaveLength(6);
    const readers = devices.filter(({ driver }) => driver.category === 'reader');
    expect(new Set(readers.map(({ driver }) => driver.id))).toEqual(
      new Set(['wiegand-reader', 'osdp-reader', 'rdm6300', 'gm65-qr-scanner']),
    );
    for (const { config } of doors)
      expect(config.fire.inputs, config.id).toEqual(config.type === 'lift' ? [] : ['fire']);
  });

  it('demo has no error', async () => {
    const { site, problems } = await loadFile('config/sites/demo.yaml', { here: false });

    expect(site?.devices).toHaveLength(7);
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});

interface Option {
  readonly place: string;
  readonly about: string | undefined;
}

/** `buses.baud`, `devices.points.*.deadband`: every option that a schema knows, by its place. */
function* optionsIn(node: Record<string, unknown>, place = ''): Generator<Option> {
  for (const one of [node, ...listOf(node.oneOf), ...listOf(node.anyOf)]) {
    for (const [name, child] of Object.entries(groupOf(one.properties))) {
      const at = place ? `${place}.${name}` : name;
      const option = groupOf(child);
      yield { place: at, about: typeof option.description === 'string' ? option.description : undefined };
      yield* optionsIn(option, at);
    }
    if (one.items) yield* optionsIn(groupOf(one.items), place);
    if (typeof one.additionalProperties === 'object')
      yield* optionsIn(groupOf(one.additionalProperties), `${place}.*`);
  }
}

/** The same of a site: the places at which something is given. */
function placesIn(value: unknown, place = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((entry) => placesIn(entry, place));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, child]) => {
    const at = place ? `${place}.${name}` : name;
    const named = ['devices.points', 'devices.lines', 'derived.points', 'doors.floors'].includes(at);
    const inner = named ? Object.values(groupOf(child)) : [child];
    return [at, ...inner.flatMap((one) => placesIn(one, named ? `${at}.*` : at))];
  });
}

// Schemas and sites are plain data from JSON and YAML; what is no group counts as an empty one.
const groupOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const listOf = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.map(groupOf) : [];
