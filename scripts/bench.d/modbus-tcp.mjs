// Modbus TCP polls per second, one request in flight, function 3 with 10 registers: the bus against a bare socket that writes one
// prepared request and counts the bytes of the reply, and against modbus-serial; interleaved in one run, medians of the rounds.
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
// Many short rounds, each client right after the other: what else the machine does then hits all three alike.
const ROUNDS = 60;
const ROUND_MS = 100;
const HOST = '127.0.0.1';

export async function run() {
  const child = spawn(process.execPath, [
    fileURLToPath(new URL('../lib/modbus-tcp-server.mjs', import.meta.url)),
  ]);
  const [line] = await once(createInterface(child.stdout), 'line');
  const port = Number(line);
  const clients = {
    bare: await bareSocket(port),
    ours: await ourBus(port),
    other: await modbusSerial(port),
  };
  for (const client of Object.values(clients)) await client.polls(1000);
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const taken = {};
    for (const [name, client] of rotated(Object.entries(clients), round)) {
      const before = process.cpuUsage();
      const began = performance.now();
      const polls = await client.polls(ROUND_MS);
      const spent = process.cpuUsage(before);
      taken[name] = {
        rate: (polls * 1000) / (performance.now() - began),
        cpu: (spent.user + spent.system) / polls,
      };
    }
    rounds.push(taken);
  }
  for (const client of Object.values(clients)) await client.close();
  child.stdin.end();
  const middle = (pick) => median(rounds.map(pick));
  return {
    name: 'Modbus TCP: polls/s, function 3 × 10 registers, one in flight',
    figures: {
      'bare socket, polls/s': middle(({ bare }) => bare.rate),
      'Gatelodge, polls/s': middle(({ ours }) => ours.rate),
      'modbus-serial, polls/s': middle(({ other }) => other.rate),
      'bare socket, CPU µs/poll': middle(({ bare }) => bare.cpu),
      'Gatelodge, CPU µs/poll': middle(({ ours }) => ours.cpu),
      'modbus-serial, CPU µs/poll': middle(({ other }) => other.cpu),
    },
    ratios: {
      'Gatelodge / bare socket (median of rounds)': {
        value: middle(({ ours, bare }) => ours.rate / bare.rate),
        target: '≥ 0.8',
      },
      'Gatelodge / modbus-serial (median of rounds)': {
        value: middle(({ ours, other }) => ours.rate / other.rate),
        target: '≥ 1',
      },
    },
  };
}

const rotated = (list, by) => [...list.slice(by % list.length), ...list.slice(0, by % list.length)];

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
