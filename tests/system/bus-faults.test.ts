import { createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openBus } from '../../src/buses/index.ts';
import { openPorts } from '../../src/buses/ports.ts';
import { systemClock } from '../../src/clock/index.ts';
import type { Bus, Call, ModbusLink, UnitSettings } from '../../src/contracts/index.ts';
import { crc16Modbus } from '../../src/kit/index.ts';
import { openPty } from '../../src/simulate/pty.ts';
import { MISCHIEF, type Mischief, registerValue, repliesTo } from '../support/modbus-injector.ts';
import { dice, healthNotes, quietLog } from '../support/quiet.ts';
import { until } from '../support/until.ts';

const LONG = process.env.GATELODGE_LONG !== undefined;
const EXCHANGES = LONG ? 100_000 : 2400;
const UNITS = [1, 2, 3, 4, 5, 6];
const TIMEOUT_MS = 12;
const clock = systemClock('test');

/** The far end: parses requests out of the bytes, and plays tricks with the replies. */
function farEnd(send: (bytes: Uint8Array) => void, random: () => number, share_of_faults: number) {
  const rounds = new Map<number, number>();
  const asked = new Map<string, number>();
  let bytes: number[] = [];
  const seen = { requests: 0, faults: 0 };
  const receive = (chunk: Uint8Array) => {
    bytes.push(...chunk);
    while (bytes.length >= 8) {
      const frame = Uint8Array.from(bytes.slice(0, 8));
      if (crc16Modbus(frame) !== 0) {
        bytes = bytes.slice(1);
        continue;
      }
      bytes = bytes.slice(8);
      const unit = frame[0] ?? 0;
      const request = { unit, at: ((frame[2] ?? 0) << 8) | (frame[3] ?? 0), count: frame[5] ?? 0 };
      const round = (rounds.get(unit) ?? 0) + 1;
      rounds.set(unit, round);
      asked.set(`${unit}`, round);
      seen.requests += 1;
      const kind: Mischief =
        random() < share_of_faults ? (MISCHIEF[Math.floor(random() * MISCHIEF.length)] ?? 'none') : 'none';
      if (kind !== 'none') seen.faults += 1;
      for (const { bytes: out, after_ms } of repliesTo(request, round, {
        kind,
        random,
        timeout_ms: TIMEOUT_MS,
      })) {
        if (after_ms === 0) send(out);
        else setTimeout(() => send(out), after_ms);
      }
    }
  };
  return { receive, seen, round: (unit: number) => asked.get(`${unit}`) ?? 0 };
}

const unitSettings = (unit: number): UnitSettings => ({
  unit,
  timeout_ms: TIMEOUT_MS,
  gap_ms: 0,
  reply_delay_ms: 0,
});
const call = (): Call => ({ signal: new AbortController().signal, priority: 'field' });

/** Reads all units in turn until so many exchanges were made; counts what came. */
async function hammer(bus: Bus, exchanges: number, round: (unit: number) => number, random: () => number) {
  const links = new Map<number, ModbusLink>(
    UNITS.map((unit) => [unit, bus.modbus(`d${unit}`, unitSettings(unit))]),
  );
  const result = { good: 0, faults: 0, wrong: [] as string[] };
  const one = async (unit: number) => {
    const at = Math.floor(random() * 100);
    const count = 1 + Math.floor(random() * 8);
    try {
      const values = await links.get(unit)?.read({ table: 'holding', at, count }, call());
      const expected = Array.from({ length: count }, (_, index) =>
        registerValue(unit, at + index, round(unit)),
      );
      if (JSON.stringify(values) === JSON.stringify(expected)) result.good += 1;
      else result.wrong.push(`unit ${unit} at ${at}: ${values} instead of ${expected}`);
    } catch {
      result.faults += 1;
    }
  };
  for (let done = 0; done < exchanges; done += UNITS.length) await Promise.all(UNITS.map(one));
  return result;
}

describe('a reply is never given to the wrong request (BU-1)', () => {
  it(
    `over a serial line, ${EXCHANGES / 2} exchanges of which a quarter is faulted`,
    async () => {
      const random = dice(7);
      const pty = openPty({ clock });
      onTestFinished(() => pty.close());
      const far = farEnd((bytes) => void pty.write(bytes), random, 0.25);
      pty.onData(far.receive);
      const serial = { path: pty.path, baud: 115_200, parity: 'none', data_bits: 8, stop_bits: 1 } as const;
      const bus = openBus(
        { id: 'rtu', type: 'modbus-rtu', ...serial, echo: 'none', turnaround_ms: 50, max_hole: 8 },
        { ports: openPorts(), clock, health: healthNotes(), log: quietLog, random },
      );
      onTestFinished(() => bus.close());
      await until('the bus is up', () => bus.stats().state === 'up');

      const result = await hammer(bus, EXCHANGES / 2, far.round, random);

      expect(result.wrong).toEqual([]);
      expect(far.seen.faults).toBeGreaterThan(far.seen.requests * 0.15);
      expect(result.good).toBeGreaterThan((EXCHANGES / 2) * 0.7);
    },
    LONG ? 3_600_000 : 60_000,
  );

  it(
    `over a TCP serial server, ${EXCHANGES / 2} exchanges of which a quarter is faulted`,
    async () => {
      const random = dice(11);
      let far: ReturnType<typeof farEnd> | undefined;
      const server = createServer((socket: Socket) => {
        socket.setNoDelay(true);
        far = farEnd((bytes) => socket.writable && socket.write(bytes), random, 0.25);
        socket.on('data', far.receive);
        socket.on('error', () => {});
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void server.close());
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      const bus = openBus(
        {
          id: 'tcp',
          type: 'modbus-rtu-tcp',
          host: '127.0.0.1',
          port,
          connect_timeout_ms: 1000,
          baud: 115_200,
          echo: 'none',
          turnaround_ms: 50,
          max_hole: 8,
        },
        { ports: openPorts(), clock, health: healthNotes(), log: quietLog, random },
      );
      onTestFinished(() => bus.close());
      await until('the bus is up', () => bus.stats().state === 'up' && far);

      const result = await hammer(bus, EXCHANGES / 2, (unit) => far?.round(unit) ?? 0, random);

      expect(result.wrong).toEqual([]);
      expect(result.good).toBeGreaterThan((EXCHANGES / 2) * 0.7);
    },
    LONG ? 3_600_000 : 60_000,
  );
});
