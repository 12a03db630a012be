import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openBus, openPorts } from '../../src/buses/index.ts';
import { systemClock } from '../../src/clock/index.ts';
import type { Bus, ModbusLink, PortOpener } from '../../src/contracts/index.ts';
import { isFault } from '../../src/faults/index.ts';
import { openPty } from '../../src/simulate/pty.ts';
import { watchArrivals } from '../support/arrivals.ts';
import { faultyFarEnd, type Wire } from '../support/faulty-far-end.ts';
import { cutMbapRequest, MBAP_MISCHIEF, mbapReplies } from '../support/mbap-injector.ts';
import { cutRtuRequest, HARMLESS, RTU_MISCHIEF, rtuReplies } from '../support/modbus-injector.ts';
import { dice, healthNotes, quietLog } from '../support/quiet.ts';
import { until } from '../support/until.ts';

const LONG = process.env.GATELODGE_LONG !== undefined;
/** Half of the exchanges are faulted: in the long run 100,000. */
const SIZES = LONG
  ? { pty: 80_000, echo: 20_000, server: 50_000, mbap: 50_000 }
  : { pty: 400, echo: 200, server: 400, mbap: 400 };
const PATIENCE_MS = LONG ? 7_200_000 : 60_000;
const UNITS = [1, 2, 3, 4, 5, 6];
const TIMEOUT_MS = 50;
const SHARE = 0.5;
const clock = systemClock('test');

interface Told {
  readonly kind: string;
  readonly good: boolean;
  /** As many bytes as the reply has came in time. */
  readonly there: boolean;
}
/** Bytes around the registers of a reply, and what of it has come in time. */
interface Arrivals {
  readonly around: number;
  readonly inTime: (unit: number) => number;
}
type FarEnd = Pick<ReturnType<typeof faultyFarEnd>, 'last' | 'times' | 'requests'>;

/** Asks all units in turn until so many exchanges were made. */
async function hammer(
  bus: Bus,
  far: FarEnd,
  { exchanges, random, arrivals }: { exchanges: number; random: () => number; arrivals: Arrivals },
) {
  const links = UNITS.map((unit): readonly [number, ModbusLink] => [
    unit,
    bus.modbus(`d${unit}`, { unit, timeout_ms: TIMEOUT_MS, gap_ms: 0, reply_delay_ms: 0 }),
  ]);
  const told: Told[] = [];
  const wrong: string[] = [];
  const isThere = (unit: number, count: number) => arrivals.inTime(unit) >= arrivals.around + 2 * count;
  const one = async ([unit, link]: readonly [number, ModbusLink]) => {
    const range = {
      table: 'holding',
      at: Math.floor(random() * 100),
      count: 1 + Math.floor(random() * 8),
    } as const;
    // A technician's reads: a circuit breaker would only make the run easier.
    const call = { signal: new AbortController().signal, priority: 'field' } as const;
    try {
      const values = await link.read(range, call);
      const { kind, values: expected } = far.last(unit);
      told.push({ kind, good: true, there: true });
      if (String(values) !== String(expected))
        wrong.push(`unit ${unit}, ${kind}: ${values} instead of ${expected}`);
    } catch (error) {
      if (!isFault(error)) throw error;
      if (error.facts.sent !== false)
        told.push({ kind: far.last(unit).kind, good: false, there: isThere(unit, range.count) });
      else await until('the bus is up', () => bus.stats().state === 'up');
    }
  };
  while (told.length < exchanges) await Promise.all(links.map(one));
  return { told, wrong };
}

/** Exchanges that failed though their reply was there, right behind another one that did: out of step for more than one. */
const outOfStep = (told: readonly Told[]): number =>
  told.filter((it, index) => failedForNothing(it) && failedForNothing(told[index - 1])).length;
const failedForNothing = (it: Told | undefined): boolean =>
  it !== undefined && !it.good && it.there && HARMLESS.includes(it.kind);

function report(name: string, bus: Bus, far: FarEnd, { told, wrong }: Awaited<ReturnType<typeof hammer>>) {
  if (!LONG) return;
  const good = told.filter((it) => it.good).length;
  const faulted = told.filter(({ kind }) => kind !== 'none').length;
  const collateral = told.filter(failedForNothing).length;
  const kinds = [...far.times()].map(([kind, times]) => `${kind} ${times}`).join(', ');
  const { units, ...stats } = bus.stats();
  console.log(
    `BU-1 ${name}: ${told.length} exchanges, ${faulted} faulted, ${good} answered, ${wrong.length} wrong, ${collateral} failed for nothing, ${outOfStep(told)} out of step\n${kinds}\n${JSON.stringify(stats)}`,
  );
}

/** RTU frames begin with the unit, those of Modbus TCP with a header. */
const watched = (framing: 'rtu' | 'mbap') =>
  watchArrivals(openPorts(), {
    clock,
    timeout_ms: TIMEOUT_MS,
    unitOf: (request) => request[framing === 'rtu' ? 0 : 6] ?? 0,
  });

const world = (random: () => number, ports: PortOpener) => ({
  ports,
  clock,
  health: healthNotes(),
  log: quietLog,
  random,
});

const rtuFarEnd = (random: () => number, echoes: boolean) =>
  faultyFarEnd({
    clock,
    random,
    echoes,
    timeout_ms: TIMEOUT_MS,
    share: SHARE,
    kinds: RTU_MISCHIEF,
    cut: cutRtuRequest,
    replies: rtuReplies,
  });

/** Listens on a free port; every connection is a wire of the far end. */
async function listen(attach: (wire: Wire) => (chunk: Uint8Array) => void): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    const hear = attach({
      send: (bytes) => void (socket.writable && socket.write(bytes)),
      hangUp: () => void socket.end(),
    });
    socket.on('data', hear);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('no port to listen on');
  return address.port;
}

async function opened(bus: Bus): Promise<Bus> {
  onTestFinished(() => bus.close());
  await until('the bus is up', () => bus.stats().state === 'up');
  return bus;
}

describe('a reply is never given to the wrong request, and the bus is back in step at once (BU-1)', () => {
  it.each([
    { name: 'a serial line', exchanges: SIZES.pty, echoes: false, seed: 7 },
    { name: 'a serial line whose adapter hears itself', exchanges: SIZES.echo, echoes: true, seed: 8 },
  ])(
    'over $name, $exchanges exchanges of which half are faulted',
    async ({ name, exchanges, echoes, seed }) => {
      const random = dice(seed);
      const far = rtuFarEnd(random, echoes);
      const pty = openPty({ clock });
      onTestFinished(() => pty.close());
      pty.onData(far.attach({ send: (bytes) => void pty.write(bytes), hangUp() {} }));
      const line = { path: pty.path, baud: 115_200, parity: 'none', data_bits: 8, stop_bits: 1 } as const;
      const settings = { id: 'rtu', type: 'modbus-rtu', ...line, echo: 'auto' } as const;
      const { ports, inTime } = watched('rtu');
      const bus = await opened(
        openBus({ ...settings, turnaround_ms: 50, max_hole: 8 }, world(random, ports)),
      );
      // The adapter's own words, the eight bytes of a request, come too.
      const arrivals = { around: 5 + (echoes ? 8 : 0), inTime };

      const result = await hammer(bus, far, { exchanges, random, arrivals });

      report(name, bus, far, result);
      expect(result.wrong).toEqual([]);
      expect(outOfStep(result.told)).toBe(0);
      expect([...far.times().keys()].sort()).toEqual(['none', ...RTU_MISCHIEF].sort());
      expect(bus.stats().echoes > 0).toBe(echoes);
    },
    PATIENCE_MS,
  );

  it(
    `over a TCP serial server, ${SIZES.server} exchanges of which half are faulted`,
    async () => {
      const random = dice(11);
      const far = rtuFarEnd(random, false);
      const port = await listen(far.attach);
      const place = { host: '127.0.0.1', port, connect_timeout_ms: 1000, baud: 115_200 } as const;
      const settings = { id: 'server', type: 'modbus-rtu-tcp', ...place, echo: 'auto' } as const;
      const { ports, inTime } = watched('rtu');
      const bus = await opened(
        openBus({ ...settings, turnaround_ms: 50, max_hole: 8 }, world(random, ports)),
      );
      const arrivals = { around: 5, inTime };

      const result = await hammer(bus, far, { exchanges: SIZES.server, random, arrivals });

      report('a TCP serial server', bus, far, result);
      expect(result.wrong).toEqual([]);
      expect(outOfStep(result.told)).toBe(0);
      expect([...far.times().keys()].sort()).toEqual(['none', ...RTU_MISCHIEF].sort());
    },
    PATIENCE_MS,
  );

  it.each([
    { in_flight: 1, exchanges: Math.ceil(SIZES.mbap / 2), seed: 13 },
    { in_flight: 4, exchanges: Math.floor(SIZES.mbap / 2), seed: 17 },
  ])(
    'over Modbus TCP with $in_flight in flight, $exchanges exchanges of which half are faulted',
    async ({ in_flight, exchanges, seed }) => {
      const random = dice(seed);
      const far = faultyFarEnd({
        clock,
        random,
        timeout_ms: TIMEOUT_MS,
        share: SHARE,
        kinds: MBAP_MISCHIEF,
        cut: cutMbapRequest,
        replies: mbapReplies,
      });
      const port = await listen(far.attach);
      const place = { host: '127.0.0.1', port, connect_timeout_ms: 1000 };
      const settings = { id: 'mbap', type: 'modbus-tcp', ...place, in_flight, max_hole: 8 } as const;
      const { ports, inTime } = watched('mbap');
      const bus = await opened(openBus(settings, world(random, ports)));

      const result = await hammer(bus, far, { exchanges, random, arrivals: { around: 9, inTime } });

      report(`Modbus TCP with ${in_flight} in flight`, bus, far, result);
      expect(result.wrong).toEqual([]);
      // A connection that is made anew takes along what else is on its way, so only one at a time can be out of step.
      if (in_flight === 1) expect(outOfStep(result.told)).toBe(0);
      expect([...far.times().keys()].sort()).toEqual(['none', ...MBAP_MISCHIEF].sort());
    },
    PATIENCE_MS,
  );
});
