import { afterEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#kit';
import { openLibrary } from '../../drivers/index.ts';
import { openBus, openPorts } from '../../src/buses/index.ts';
import { systemClock } from '../../src/clock/index.ts';
import type { ModbusLink } from '../../src/contracts/index.ts';
import { listenTcp, openPty, openSimulatedSite } from '../../src/simulate/index.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const call = { signal: new AbortController().signal, priority: 'command' as const };
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A simulated board behind a real TCP socket, on a real bus of that framing. */
async function world(id: string, type: 'modbus-tcp' | 'modbus-rtu-tcp', options: object = {}) {
  const clock = systemClock('boot');
  const library = await openLibrary();
  const driver = await library.load(id);
  const place = { host: '127.0.0.1', port: await freePort() };
  const site = await openSimulatedSite(
    {
      buses: [{ id: 'bus', type, ...place }],
      devices: [{ id: 'dut', driver: id, bus: 'bus', unit: 1, options }],
    },
    { library, openPty, listenTcp, clock, random: Math.random, log: quiet, unixMillis: () => 0 },
  );
  closers.push(() => site.close());
  const health = { raise() {}, clear() {} };
  const common = { ports: openPorts(), clock, health, log: quiet, random: Math.random };
  const over = { id: 'bus', ...place, connect_timeout_ms: 5000, max_hole: 8 };
  const bus =
    type === 'modbus-tcp'
      ? openBus({ ...over, type, in_flight: 1 }, common)
      : openBus({ ...over, type, baud: 9600, echo: 'none', turnaround_ms: 100 }, common);
  closers.push(() => bus.close());
  const link: ModbusLink = bus.modbus('dut', { unit: 1, timeout_ms: 2000, gap_ms: 0, reply_delay_ms: 0 });
  // The bus gives the Modbus link that the driver names.
  const session = driver.open(link as never, driver.options.parse(options));
  await until('the board answers', async () =>
    session.sample?.(call).then(
      () => true,
      () => false,
    ),
  );
  const act = (name: string, args: JsonObject) => session.act?.(name, args, call);
  const relays = async () =>
    Object.entries((await session.sample?.(call)) ?? {}).flatMap(([name, on]) =>
      name.startsWith('relay-') && on === true ? [Number(name.slice(6))] : [],
    );
  return { act, relays, session };
}

describe.each(['modbus-tcp', 'modbus-rtu-tcp'] as const)('a board on %s', (type) => {
  it.each([
    ['waveshare-relay', { channels: 30, inputs: 0 }, 30, 60_000],
    ['waveshare-relay', { inputs: 8 }, 8, 60_000],
    ['corx-cx-5104e', {}, 4, 60_000],
  ])('%s %j obeys as on a serial line: pulse by its own timer, off before its end', async (id, options, relay, ms) => {
    const { act, relays, session } = await world(id, type, options);

    expect(await act('pulse', { channel: relay, ms })).toEqual({
      result: 'done',
      facts: { effective_ms: ms },
    });
    expect(await relays()).toEqual([relay]);
    expect(await act('off', { channel: relay })).toEqual({ result: 'done', facts: {} });
    await act('on', { channel: 1 });
    expect(await relays()).toEqual([1]);
    await session.rest?.(call);
    expect(await relays()).toEqual([]);
  });
});
