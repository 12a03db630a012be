import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import type { JsonObject, Value } from '../../src/model/index.ts';
import { wiredDevice as world } from '../support/wired-device.ts';

const library = await openLibrary();
const folders = readdirSync('drivers', { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const links = new Map<string, string>();
for (const id of folders) links.set(id, (await library.load(id)).link);
/** Devices on lines carry no bytes: they are tried in lines-on-wires. */
const ids = folders.filter((id) => links.get(id) !== 'line');

interface DriverVector {
  readonly options?: object;
  readonly command?: string;
  readonly args?: JsonObject;
  readonly unchecked?: true;
}
const vectorsOf = (id: string): DriverVector[] =>
  JSON.parse(readFileSync(`drivers/${id}/vectors.json`, 'utf8'));

/** Most devices have points; some only report what happens, some only obey. */
type Kind = 'perceives' | 'reports' | 'obeys';
async function kindOf(id: string): Promise<Kind> {
  const driver = await (await openLibrary()).load(id);
  const given = [{}, ...vectorsOf(id).map(({ options }) => options ?? {})];
  const options = given.find((some) => {
    const parsed = driver.options.safeParse(some);
    return parsed.success && !driver.missing?.(parsed.data);
  });
  if (Object.keys(driver.points(driver.options.parse(options))).length) return 'perceives';
  return Object.keys(driver.events).length ? 'reports' : 'obeys';
}
const kinds = new Map<string, Kind>();
for (const id of ids) kinds.set(id, await kindOf(id));
const those = (kind: Kind): string[] => ids.filter((id) => kinds.get(id) === kind);

describe.each(those('perceives'))('%s on a real bus under a real device host', (id) => {
  it('delivers what its far end said, in good quality, and nothing else', async () => {
    const { driver, heard, said, facts, pass } = await world(id);

    await pass(Math.max(40_000, 4 * driver.poll_ms.default));

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

  it('costs its bus no more than it says it costs, and nothing when it says nothing', async () => {
    const { bus, device, driver, options, pass } = await world(id);
    // Whatever is said once, at the first looks, is no part of it.
    await pass(Math.max(60_000, 4 * driver.poll_ms.default), () => device.view().polls > 2);
    const before = { ...bus.stats(), polls: device.view().polls };
    await pass(Math.max(120_000, 8 * driver.poll_ms.default), () => device.view().polls >= before.polls + 5);
    const after = { ...bus.stats(), polls: device.view().polls };

    const looks = after.polls - before.polls;
    const cost = driver.cost?.(options) ?? [];
    const sent = after.bytes_out - before.bytes_out;
    const heard = after.bytes_in - before.bytes_in;
    if (cost.length === 0) {
      expect(sent).toBe(0);
      return;
    }
    const request = cost.reduce((sum, { request_bytes }) => sum + request_bytes, 0);
    const reply = cost.reduce((sum, { reply_bytes }) => sum + reply_bytes, 0);
    expect(sent).toBeGreaterThan(0);
    // The bus may join what the driver counts apart: fewer questions, and a few words more in their answers.
    expect(sent).toBeLessThanOrEqual(looks * request);
    expect(sent + heard).toBeLessThanOrEqual(looks * (request + reply));
    expect(after.exchanges - before.exchanges).toBeLessThanOrEqual(looks * cost.length);
  });

  it.each([
    'mute',
    'crc',
    'garbage',
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
    const { driver, site, pass, heard } = await world(id);
    site.faults.set('dut', 'noise');
    const most_ms = Math.max(60_000, 8 * driver.poll_ms.default);
    expect(await pass(most_ms, () => heard.length > 5)).toBe(true);
  });

  it('makes its bus tell that it was unplugged, and comes back when it is plugged in', async () => {
    const { driver, site, facts, pass, heard } = await world(id);
    await pass(20_000, () => heard.length > 0);
    // A network does not tell; there the device is missed.
    const fact = driver.link === 'udp' ? 'device-down' : 'bus-down';

    site.faults.set('bus', 'unplug');
    expect(await pass(60_000, () => facts.has(fact))).toBe(true);
    const until = heard.length;
    site.faults.clear('bus');

    expect(await pass(300_000, () => !facts.has(fact) && heard.length > until)).toBe(true);
  });
});

describe.each(those('reports'))('%s, which only reports, on a real bus under a real device host', (id) => {
  const own = ({ driver, events }: Awaited<ReturnType<typeof world>>): JsonObject[] =>
    events.filter(({ name }) => Object.hasOwn(driver.events, name)).map(({ fields }) => fields);

  it('reports what its far end said, and is not called down for being silent', async () => {
    const dut = await world(id);

    await dut.pass(40_000);
    const heard = own(dut).length;
    dut.site.faults.set('dut', 'mute');
    await dut.pass(180_000);

    expect(heard).toBeGreaterThan(5);
    for (const fields of own(dut)) expect(dut.said.map(({ values }) => values)).toContainEqual(fields);
    expect(own(dut)).toHaveLength(heard);
    expect([...dut.facts.keys()]).toEqual([]);
  });

  it('reports again after damage, garbage and noise', async () => {
    const dut = await world(id);
    const checked = !vectorsOf(id).some(({ unchecked }) => unchecked);

    for (const fault of ['crc', 'garbage', 'noise'] as const) {
      dut.site.faults.set('dut', fault);
      await dut.pass(20_000);
      if (checked && fault !== 'noise') expect(own(dut), fault).toEqual([]);
      dut.site.faults.clear('dut');
    }
    await dut.pass(3000);
    const before = own(dut).length;

    expect(await dut.pass(60_000, () => own(dut).length > before + 5)).toBe(true);
    for (const fields of own(dut).slice(before))
      expect(dut.said.map(({ values }) => values)).toContainEqual(fields);
  });

  it('makes its bus tell that it was unplugged, and reports again when it is plugged in', async () => {
    const dut = await world(id);
    await dut.pass(20_000, () => own(dut).length > 0);

    dut.site.faults.set('bus', 'unplug');
    expect(await dut.pass(60_000, () => dut.facts.has('bus-down'))).toBe(true);
    const before = own(dut).length;
    dut.site.faults.clear('bus');

    expect(await dut.pass(300_000, () => !dut.facts.has('bus-down') && own(dut).length > before)).toBe(true);
  });
});

describe.each(those('obeys'))('%s, which only obeys, on a real bus under a real device host', (id) => {
  const first = vectorsOf(id).find(({ command, options }) => command !== undefined && !options);
  const wish = { name: first?.command ?? '', args: first?.args ?? {} };
  type Dut = Awaited<ReturnType<typeof world>>;
  /** The command's outcome, once so much virtual time has passed. */
  const act = async (dut: Dut, most_ms: number) => {
    const outcome = dut.device.act(wish.name, wish.args);
    let done = false;
    void outcome.finally(() => {
      done = true;
    });
    await dut.pass(most_ms, () => done);
    return outcome;
  };

  it('does what it is told, and is up from then on', async () => {
    const dut = await world(id);
    await dut.pass(1000);
    const before = JSON.stringify(dut.site.said());

    expect(await act(dut, 2000)).toMatchObject({ result: 'done' });

    expect(JSON.stringify(dut.site.said())).not.toBe(before);
    expect(dut.device.view().status).toBe('online');
  });

  it.each(['mute', 'lost', 'garbage'] as const)('is not called obedient while it is %s', async (fault) => {
    const dut = await world(id);
    await dut.pass(1000);
    dut.site.faults.set('dut', fault);

    expect((await act(dut, 15_000)).result).not.toBe('done');

    dut.site.faults.clear('dut');
    await dut.pass(60_000);
    expect(await act(dut, 5000)).toMatchObject({ result: 'done' });
  });

  it('tells at once that it was unplugged, and obeys again when it is plugged in', async () => {
    const dut = await world(id);
    await dut.pass(1000);
    dut.site.faults.set('bus', 'unplug');
    expect(await dut.pass(60_000, () => dut.facts.has('bus-down'))).toBe(true);

    expect(await act(dut, 5000)).toMatchObject({ result: 'failed' });

    dut.site.faults.clear('bus');
    expect(await dut.pass(300_000, () => !dut.facts.has('bus-down'))).toBe(true);
    expect(await act(dut, 5000)).toMatchObject({ result: 'done' });
  });
});
