// Modbus TCP polls per second, one request in flight, function 3 with 10 registers: the bus against a bare socket that writes one
// prepared request and counts the bytes of the reply, and against modbus-serial; interleaved in one run, medians.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import ModbusSerial from 'modbus-serial';

const dist = new URL(process.env.GATELODGE_DIST ?? '../../dist/', import.meta.url);
const { openBus, openPorts } = await import(new URL('src/buses/index.js', dist).href);
const { systemClock } = await import(new URL('src/clock/index.js', dist).href);

const REGISTERS = 10;
const ROUNDS = 7;
const ROUND_MS = 700;
const HOST = '127.0.0.1';

export async function run() {
  const child = spawn(process.execPath, [
    fileURLToPath(new URL('../lib/modbus-tcp-server.mjs', import.meta.url)),
  ]);
  const [line] = await once(createInterface(child.stdout), 'line');
  const port = Number(line);
  const clients = [await bareSocket(port), await ourBus(port), await modbusSerial(port)];
  for (const client of clients) await client.polls(ROUND_MS / 2);
  const rates = clients.map(() => []);
  const cpu = clients.map(() => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, client] of clients.entries()) {
      const before = process.cpuUsage();
      const polls = await client.polls(ROUND_MS);
      const spent = process.cpuUsage(before);
      rates[index].push(polls / (ROUND_MS / 1000));
      cpu[index].push((spent.user + spent.system) / polls);
    }
  }
  for (const client of clients) await client.close();
  child.stdin.end();
  const [bare, ours, other] = rates.map(median);
  const [bareCpu, ourCpu, otherCpu] = cpu.map(median);
  return {
    name: 'Modbus TCP: polls/s, function 3 × 10 registers, one in flight',
    figures: {
      'bare socket, polls/s': bare,
      'Gatelodge, polls/s': ours,
      'modbus-serial, polls/s': other,
      'bare socket, CPU µs/poll': bareCpu,
      'Gatelodge, CPU µs/poll': ourCpu,
      'modbus-serial, CPU µs/poll': otherCpu,
    },
    ratios: {
      'Gatelodge / bare socket': { value: ours / bare, target: 0.8 },
      'Gatelodge / modbus-serial': { value: ours / other, target: 1 },
    },
  };
}

async function bareSocket(port) {
  const socket = connect({ host: HOST, port, noDelay: true });
  await once(socket, 'connect');
  const request = Buffer.from([0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, REGISTERS]);
  const expected = 9 + 2 * REGISTERS;
  return {
    polls: (ms) =>
      new Promise((resolve) => {
        const end = performance.now() + ms;
        let got = 0;
        let polls = 0;
        const onData = (chunk) => {
          got += chunk.length;
          if (got < expected) return;
          got = 0;
          polls += 1;
          if (performance.now() < end) return socket.write(request);
          socket.off('data', onData);
          resolve(polls);
        };
        socket.on('data', onData);
        socket.write(request);
      }),
    close: async () => socket.destroy(),
  };
}

async function ourBus(port) {
  const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
  const bus = openBus(
    {
      id: 'bench',
      type: 'modbus-tcp',
      host: HOST,
      port,
      connect_timeout_ms: 1000,
      in_flight: 1,
      max_hole: 8,
    },
    {
      ports: openPorts(),
      clock: systemClock('bench'),
      health: { raise() {}, clear() {} },
      log: silent,
      random: Math.random,
    },
  );
  const link = bus.modbus('bench', { unit: 1, timeout_ms: 1000, gap_ms: 0, reply_delay_ms: 0 });
  const call = { signal: new AbortController().signal, priority: 'poll' };
  const range = { table: 'holding', at: 0, count: REGISTERS };
  while (bus.stats().state !== 'up') await new Promise((resolve) => setTimeout(resolve, 5));
  return {
    polls: async (ms) => {
      const end = performance.now() + ms;
      let polls = 0;
      while (performance.now() < end) {
        const values = await link.read(range, call);
        if (values[9] !== 63) throw new Error(`wrong values: ${values}`);
        polls += 1;
      }
      return polls;
    },
    close: () => bus.close(),
  };
}

async function modbusSerial(port) {
  const client = new ModbusSerial();
  await client.connectTCP(HOST, { port });
  client.setID(1);
  client.setTimeout(1000);
  return {
    polls: async (ms) => {
      const end = performance.now() + ms;
      let polls = 0;
      while (performance.now() < end) {
        const { data } = await client.readHoldingRegisters(0, REGISTERS);
        if (data[9] !== 63) throw new Error(`wrong values: ${data}`);
        polls += 1;
      }
      return polls;
    },
    close: () => new Promise((resolve) => client.close(resolve)),
  };
}

const median = (numbers) => numbers.toSorted((x, y) => x - y)[numbers.length >> 1];
