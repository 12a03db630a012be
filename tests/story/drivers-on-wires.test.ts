import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { openBus } from '../../src/buses/index.ts';
import type { AnyDriver, Bus } from '../../src/contracts/index.ts';
import { Roster } from '../../src/devices/index.ts';
import type { JsonObject, Reading, Value } from '../../src/model/index.ts';
import { openSimulatedSite, type Said } from '../../src/simulate/site.ts';
import { memoryWires } from '../support/memory-wire.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const ids = readdirSync('drivers', { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const closers: (() => Promise<unknown>)[] = [];

interface DriverVector {
  readonly options?: object;
  readonly command?: string;
  readonly args?: JsonObject;
  readonly unchecked?: true;
}
const vectorsOf = (id: string): DriverVector[] =>
  JSON.parse(readFileSync(`drivers/${id}/vectors.json`, 'utf8'));

/** Most devices have points; some only report, some only obey. */
const kindOf = async (id: string): Promise<'perceives' | 'reports' | 'obeys'> => {
  const driver = await (await openLibrary()).load(id);
  const options = firstOptions(driver, vectorsOf(id));
  if (Object.keys(driver.points(options)).length) return 'perceives';
  return Object.keys(driver.events).length ? 'reports' : 'obeys';
};
const kinds = new Map(await Promise.all(ids.map(async (id) => [id, await kindOf(id)] as const)));
const those = (kind: 'perceives' | 'reports' | 'obeys') => ids.filter((id) => kinds.get(id) === kind);

/** The defaults, or the first options a vector names that the driver takes. */
function firstOptions(driver: AnyDriver, vectors: readonly DriverVector[]): unknown {
  const given = [{}, ...vectors.map(({ options }) => options ?? {})];
  return driver.options.parse(given.find((some) => driver.options.safeParse(some).success) ?? {});
}

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** One device of a driver on a bus of its own: simulated far end, real bus, real device host, virtual time. */
async function world(id: string) {
  const clock = new VirtualClock();
  const library = await openLibrary();
  const driver = await library.load(id);
  const options = firstOptions(driver, vectorsOf(id));
  const { baud, parity, timeout_ms, gap_ms } = driver.wire;
  const type = driver.link === 'modbus' ? ('modbus-rtu' as const) : ('serial' as const);
  const line = { id: 'bus', path: '/wires/bus', baud, parity, data_bits: 8, stop_bits: 1 } as const;
  const wires = memoryWires();
  const said: Said[] = [];
  const site = await openSimulatedSite(
    { buses: [{ ...line, type }], devices: [{ id: 'dut', driver: id, bus: 'bus', unit: 1, options }] },
    {
      library,
      openPty: () => wires.openPty({ link: line.path }),
      listenTcp: async () => Promise.reject(new Error('no TCP here')),
      clock,
      random: () => 0.5,
      log: quiet,
      unixMillis: () => 0,
      onSaid: (row) => said.push(row),
    },
  );
  const facts = new Map<string, string>();
  const health = {
    raise: (code: string, subject: string) => void facts.set(code, subject),
    clear: (code: string) => void facts.delete(code),
  };
  const common = { ports: wires.ports, clock, health, log: quiet, random: () => 0.5 };
  const bus: Bus =
    type === 'serial'
      ? openBus({ ...line, type }, common)
      : openBus({ ...line, type, echo: 'none', turnaround_ms: 100, max_hole: 8 }, common);
  const heard: Reading[] = [];
  const events: JsonObject[] = [];
  const roster = Roster.open(
    [
      {
        settings: {
          id: 'dut',
          name: undefined,
          zone: undefined,
          bus: 'bus',
          unit: 1,
          driver,
          options,
          poll_ms: driver.poll_ms.default,
          simulated: false,
          rest_at_start: false,
        },
        wire: { unit: 1, timeout_ms, gap_ms, reply_delay_ms: 0 },
      },
    ],
    new Map([['bus', bus]]),
    {
      clock,
      health,
      log: quiet,
      intake: {
        readings: (more) => void heard.push(...more),
        event: ({ name, fields }) => void (Object.hasOwn(driver.events, name) && events.push(fields)),
      },
    },
  );
  closers.push(
    () => site.close(),
    () => bus.close(),
    () => roster.close(),
  );
  /** Virtual time in small steps, until the claim holds or so much has passed. */
  const pass = async (most_ms: number, claim: () => boolean = () => false): Promise<boolean> => {
    for (let passed = 0; passed < most_ms; passed += 250) {
      if (claim()) return true;
      await clock.advance(250);
    }
    return claim();
  };
  return { driver, site, heard, events, said, facts, pass, device: roster.find('dut') };
}

describe.each(those('perceives'))('%s on a real bus under a real device host', (id) => {
  it('delivers what its far end said, in good quality, and nothing else', async () => {
    const { heard, said, facts, pass } = await world(id);

    await pass(40_000);

    expect(heard.length).toBeGreaterThan(2);
    const told = new Map<string, Set<Value | null>>();
    for (const { values } of said) {
      for (const [point, value] of Object.entries(values))
        told.set(point, (told.get(point) ?? new Set()).add(value));
    }
    for (const { point, value, quality } of heard) {
      expect(told.get(point), point).toContain(value);
      expect(quality, `${point} ${value}`).toBe('good');
    }
    expect([...facts.keys()]).toEqual([]);
  });

  it.each([
    'mute',
    'crc',
  ] as const)('is told to be down when it is %s, and well again afterwards', async (fault) => {
    const { site, facts, pass, heard } = await world(id);
    await pass(20_000, () => heard.length > 0);

    site.faults.set('dut', fault);
    expect(await pass(180_000, () => facts.has('device-down'))).toBe(true);
    const until = heard.length;
    await pass(20_000);
    expect(heard.length).toBe(until);

    site.faults.clear('dut');
    expect(await pass(300_000, () => !facts.has('device-down') && heard.length > until)).toBe(true);
  });

  it('is found behind noise', async () => {
    const { site, pass, heard } = await world(id);
    site.faults.set('dut', 'noise');
    expect(await pass(60_000, () => heard.length > 5)).toBe(true);
  });

  it('makes its bus tell that it was unplugged, and comes back when it is plugged in', async () => {
    const { site, facts, pass, heard } = await world(id);
    await pass(20_000, () => heard.length > 0);

    site.faults.set('bus', 'unplug');
    expect(await pass(60_000, () => facts.has('bus-down'))).toBe(true);
    const until = heard.length;
    site.faults.clear('bus');

    expect(await pass(300_000, () => !facts.has('bus-down') && heard.length > until)).toBe(true);
  });
});

describe.each(those('reports'))('%s, which only reports, on a real bus under a real device host', (id) => {
  it('reports what its far end said, and is not called down for being silent', async () => {
    const { site, events, said, facts, pass } = await world(id);

    await pass(40_000);
    const heard = events.length;
    site.faults.set('dut', 'mute');
    await pass(180_000);

    expect(heard).toBeGreaterThan(5);
    for (const fields of events) expect(said.map(({ values }) => values)).toContainEqual(fields);
    expect(events.length).toBe(heard);
    expect([...facts.keys()]).toEqual([]);
  });

  it('reports again after damage and noise', async () => {
    const { site, events, said, pass } = await world(id);
    const checked = !vectorsOf(id).some(({ unchecked }) => unchecked);

    site.faults.set('dut', 'crc');
    await pass(20_000);
    if (checked) expect(events).toEqual([]);
    site.faults.clear('dut');
    site.faults.set('dut', 'noise');
    await pass(20_000);
    site.faults.clear('dut');
    await pass(1000);
    const before = events.length;

    expect(await pass(60_000, () => events.length > before + 5)).toBe(true);
    for (const fields of events.slice(before))
      expect(said.map(({ values }) => values)).toContainEqual(fields);
  });

  it('makes its bus tell that it was unplugged, and reports again when it is plugged in', async () => {
    const { site, facts, events, pass } = await world(id);
    await pass(20_000, () => events.length > 0);

    site.faults.set('bus', 'unplug');
    expect(await pass(60_000, () => facts.has('bus-down'))).toBe(true);
    const before = events.length;
    site.faults.clear('bus');

    expect(await pass(300_000, () => !facts.has('bus-down') && events.length > before)).toBe(true);
  });
});
