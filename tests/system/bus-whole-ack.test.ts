import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { openBus, openPorts } from '../../src/buses/index.ts';
import { systemClock } from '../../src/clock/index.ts';
import { listenTcp, openPty, openSimulatedSite } from '../../src/simulate/index.ts';
import { freePort } from '../support/ports.ts';
import { dice, healthNotes, quietLog } from '../support/quiet.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const ID = 'lc-tech-relay';
const FACTORY = 255;
const call = { signal: new AbortController().signal, priority: 'command' as const };
const LINE = { baud: 9600, parity: 'none', data_bits: 8, stop_bits: 1 } as const;
const FRAMING = { echo: 'auto', turnaround_ms: 100, max_hole: 8 } as const;

/** A new board at the end of a real wire, and the session that is to give it an address. */
async function board(type: 'modbus-rtu' | 'modbus-rtu-tcp' | 'modbus-tcp') {
  const clock = systemClock('boot');
  const library = await openLibrary();
  const driver = await library.load(ID);
  const path = join(tempFolder(), 'wire');
  const net = { host: '127.0.0.1', port: await freePort() };
  const far = type === 'modbus-rtu' ? { id: 'bus', type, path, ...LINE } : { id: 'bus', type, ...net };
  const site = await openSimulatedSite(
    { buses: [far], devices: [{ id: 'dut', driver: ID, bus: 'bus', unit: FACTORY, options: {} }] },
    { library, openPty, listenTcp, clock, random: dice(1), log: quietLog, unixMillis: () => 0 },
  );
  const world = { ports: openPorts(), clock, health: healthNotes(), log: quietLog, random: dice(2) };
  const over = { id: 'bus', ...net, connect_timeout_ms: 5000 };
  const bus =
    type === 'modbus-rtu'
      ? openBus({ id: 'bus', type, path, ...LINE, ...FRAMING }, world)
      : type === 'modbus-rtu-tcp'
        ? openBus({ ...over, type, baud: 9600, ...FRAMING }, world)
        : openBus({ ...over, type, in_flight: 1, max_hole: 8 }, world);
  onTestFinished(async () => {
    await bus.close();
    await site.close();
  });
  const unit = { unit: FACTORY, timeout_ms: 2000, gap_ms: 0, reply_delay_ms: 0 };
  // The bus gives the Modbus link that the driver names.
  const session = driver.open(bus.modbus('dut', unit) as never, driver.options.parse({}));
  await until('the bus is up', () => bus.stats().state === 'up');
  return { act: (name: string, args = {}) => session.act?.(name, args, call), bus };
}

describe('an LC-Tech board, which repeats the whole request when it takes a new address', () => {
  it.each([
    'modbus-rtu',
    'modbus-rtu-tcp',
    'modbus-tcp',
  ] as const)('has taken it (%s): done, and nothing is left over on the wire', async (type) => {
    const { act, bus } = await board(type);

    const outcome = await act('set-address', { address: 7 });

    expect(outcome).toEqual({ result: 'done', facts: {} });
    expect(await act('address')).toEqual({ result: 'done', facts: { address: 7 } });
    expect(bus.stats()).toMatchObject({ timeouts: 0, late_frames: 0, noise_bytes: 0 });
  });
});
