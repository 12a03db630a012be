import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type BusSettings, openBus, openPorts } from '../../src/buses/index.ts';
import { systemClock } from '../../src/clock/index.ts';
import type { ModbusFarEnd, ModbusLink, ModbusTable, ModbusWrite } from '../../src/contracts/index.ts';
import { answerFromBank, wordBank } from '../../src/kit/index.ts';
import { FarLine } from '../../src/simulate/far-line.ts';
import { listenTcp, openPty } from '../../src/simulate/index.ts';
import { dice, healthNotes, quietLog } from '../support/quiet.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const clock = systemClock('test');
const PEER = fileURLToPath(new URL('../support/modbus-peer.mjs', import.meta.url));
const PATIENT = { unit: 1, timeout_ms: 5000, gap_ms: 0, reply_delay_ms: 0 } as const;
const call = { signal: new AbortController().signal, priority: 'poll' } as const;
const words = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

/** node-modbus's server as a process; gives what it says first, and asks it for its tables. */
async function peer(...args: readonly string[]) {
  const child = spawn(process.execPath, [PEER, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async (): Promise<string> => (await lines.next()).value;
  const first = await line();
  const tables = async (): Promise<{ coils: string; holding: string }> => {
    child.stdin.write('tell\n');
    return JSON.parse(await line());
  };
  return { first, tables };
}

/** Two ptys that socat ties together: a serial cable. */
async function cable(): Promise<readonly [string, string]> {
  const folder = tempFolder();
  const ends = [join(folder, 'a'), join(folder, 'b')] as const;
  const child = spawn(
    'socat',
    ends.map((path) => `pty,raw,echo=0,link=${path}`),
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  await until('socat has laid the cable', () => ends.every((path) => existsSync(path)));
  return ends;
}

async function linkTo(settings: BusSettings): Promise<ModbusLink> {
  const bus = openBus(settings, {
    ports: openPorts(),
    clock,
    health: healthNotes(),
    log: quietLog,
    random: dice(1),
  });
  onTestFinished(() => bus.close());
  await until('the bus is up', () => bus.stats().state === 'up');
  return bus.modbus('dut', PATIENT);
}

/** Reads and writes everything there is, and gives what was read. */
async function conversation(link: ModbusLink) {
  const read = (table: ModbusTable, at: number, count: number) => link.read({ table, at, count }, call);
  const write = (fn: ModbusWrite['fn'], at: number, values: readonly number[]) =>
    link.write({ fn, at, values }, call);
  const before = {
    coil: await read('coil', 3, 10),
    discrete: await read('discrete', 0, 8),
    holding: await read('holding', 0, 100),
    input: await read('input', 7, 3),
  };
  await write(5, 1, [0xff00]);
  await write(5, 0, [0]);
  await write(6, 10, [0xbeef]);
  await write(15, 16, [1, 1, 1, 1, 0, 0, 0, 0, 1, 1]);
  await write(16, 20, words(7000, 50));
  const after = {
    coil: await read('coil', 0, 32),
    holding: await read('holding', 10, 1),
    block: await read('holding', 20, 50),
  };
  return { before, after };
}

const BEFORE = {
  coil: [0, 0, 1, 0, 1, 1, 0, 1, 0, 0],
  discrete: [1, 1, 0, 0, 0, 1, 1, 0],
  holding: words(1000, 100),
  input: words(2007, 3),
};

describe("node-modbus's own server, an independent peer", () => {
  it('is read and written correctly over Modbus TCP, all eight functions', async () => {
    const { first, tables } = await peer('tcp');
    const place = { host: '127.0.0.1', port: Number(first), connect_timeout_ms: 5000 };
    const link = await linkTo({ id: 'tcp', type: 'modbus-tcp', ...place, in_flight: 1, max_hole: 8 });

    const { before, after } = await conversation(link);

    expect(before).toEqual(BEFORE);
    expect(after.holding).toEqual([0xbeef]);
    expect(after.block).toEqual(words(7000, 50));
    expect(after.coil.slice(0, 3)).toEqual([0, 1, 1]);
    expect(after.coil.slice(16, 26)).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 1, 1]);
    expect((await tables()).holding.slice(40, 44)).toBe('beef');
  });

  it('is read and written correctly over a serial cable', async () => {
    const [ours, theirs] = await cable();
    const { tables } = await peer('rtu', theirs, '115200');
    const line = { path: ours, baud: 115_200, parity: 'none', data_bits: 8, stop_bits: 1 } as const;
    const settings = { id: 'rtu', type: 'modbus-rtu', ...line, echo: 'auto' } as const;
    const link = await linkTo({ ...settings, turnaround_ms: 50, max_hole: 8 });

    const { before, after } = await conversation(link);

    expect(before).toEqual(BEFORE);
    expect(after.holding).toEqual([0xbeef]);
    expect(after.block).toEqual(words(7000, 50));
    expect(after.coil.slice(16, 26)).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 1, 1]);
    expect((await tables()).holding.slice(40, 44)).toBe('beef');
  });

  it('is not believed when it acknowledges another value than was sent, as it does with a pulse length', async () => {
    const { first } = await peer('tcp');
    const place = { host: '127.0.0.1', port: Number(first), connect_timeout_ms: 5000 };
    const link = await linkTo({ id: 'tcp', type: 'modbus-tcp', ...place, in_flight: 1, max_hole: 8 });

    const pulse = link.write({ fn: 5, at: 2, values: [7] }, call);

    await expect(pulse).rejects.toMatchObject({ code: 'bus.bad-reply', facts: { sent: true } });
  });
});

describe('mbpoll, an independent master, and our simulated far end', () => {
  /** A unit with every table, behind whatever wire. */
  function simulated(framing: 'rtu' | 'tcp') {
    const bank = wordBank();
    for (const at of words(0, 50)) {
      bank.set('holding', at, 1000 + at);
      bank.set('input', at, 2000 + at);
      bank.set('coil', at, at % 2);
      bank.set('discrete', at, Number(at % 3 === 0));
    }
    const far: ModbusFarEnd = {
      kind: 'modbus',
      respond: (pdu) => answerFromBank(bank, pdu),
      said: () => ({}),
      set() {},
    };
    const closing = new AbortController();
    onTestFinished(() => closing.abort());
    const line = new FarLine({
      bus: 'bus',
      framing,
      devices: [{ id: 'dut', unit: 1, far }],
      byte_ms: 0,
      clock,
      random: dice(1),
      find: () => undefined,
      onSaid() {},
      signal: closing.signal,
    });
    return { line, bank };
  }

  /** What mbpoll says; it rejects when mbpoll ends with an error. */
  const mbpoll = (wire: readonly string[], args: readonly string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const all = [
        ...wire.slice(0, -1),
        '-a',
        '1',
        '-0',
        '-1',
        '-o',
        '5',
        ...args.slice(0, -1),
        ...wire.slice(-1),
      ];
      execFile(
        'mbpoll',
        [...all, ...(args.at(-1)?.split(' ').filter(Boolean) ?? [])],
        (error, stdout, stderr) => {
          if (error) reject(new Error(`${error.message}\n${stdout}\n${stderr}`));
          else resolve(stdout);
        },
      );
    });
  /** `[7]: 1007` of its output. */
  const values = (text: string) =>
    [...text.matchAll(/^\[(\d+)\]:\s+(\S+)/gm)].map(([, at, value]) => [Number(at), Number(value)]);

  async function overPty() {
    const { line, bank } = simulated('rtu');
    const pty = openPty({ clock });
    onTestFinished(() => pty.close());
    line.attach(pty);
    return { bank, wire: ['-m', 'rtu', '-b', '9600', '-P', 'none', pty.path] };
  }
  async function overTcp() {
    const { line, bank } = simulated('tcp');
    const server = await listenTcp('127.0.0.1', 0, (port) => line.attach(port));
    onTestFinished(() => server.close());
    return { bank, wire: ['-m', 'tcp', '-p', String(server.port), '127.0.0.1'] };
  }

  it.each([
    { name: 'a pty', open: overPty },
    { name: 'TCP', open: overTcp },
  ])('agree about every table, read and written, over $name', async ({ open }) => {
    const { bank, wire } = await open();

    const read = async (type: string, at: number, count: number) =>
      values(await mbpoll(wire, ['-t', type, '-r', String(at), '-c', String(count), '']));
    const tables = [
      await read('4', 5, 3),
      await read('3', 0, 2),
      await read('0', 0, 4),
      await read('1', 0, 4),
    ];
    await mbpoll(wire, ['-t', '4', '-r', '10', '4711']);
    await mbpoll(wire, ['-t', '4', '-r', '20', '1 2 3']);
    await mbpoll(wire, ['-t', '0', '-r', '8', '1']);
    await mbpoll(wire, ['-t', '0', '-r', '10', '1 1 0 1']);
    const refused = mbpoll(wire, ['-t', '4', '-r', '45', '-c', '10', '']);

    expect(tables).toEqual([
      [5, 6, 7].map((at) => [at, 1000 + at]),
      [0, 1].map((at) => [at, 2000 + at]),
      [0, 1, 2, 3].map((at) => [at, at % 2]),
      [0, 1, 2, 3].map((at) => [at, Number(at % 3 === 0)]),
    ]);
    expect([10, 20, 21, 22].map((at) => bank.get('holding', at))).toEqual([4711, 1, 2, 3]);
    expect([8, 10, 11, 12, 13].map((at) => bank.get('coil', at))).toEqual([1, 1, 1, 0, 1]);
    await expect(refused).rejects.toThrow(/Illegal data address/);
  });
});
