// Use of an RTU line: function 3 with 10 registers, one after the other, over a pty that carries bytes at 9600 and 19200 8N1 and whose unit
// waits t3.5 before it answers. 1 is what the wire allows: both frames and both silences, and nothing else. Beside it modbus-serial on a line
// of its own, interleaved; and the share of requests that were sent before the line had been silent for t3.5, which units may take for one frame.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import ModbusSerial from 'modbus-serial';

const dist = new URL(process.env.GATELODGE_DIST ?? '../../dist/', import.meta.url);
const { openBus, openPorts } = await import(new URL('src/buses/index.js', dist).href);
const { systemClock } = await import(new URL('src/clock/index.js', dist).href);

const REGISTERS = 10;
const BAUDS = [9600, 19_200];
const ROUNDS = 8;
const ROUND_MS = 1000;

export async function run() {
  const figures = {};
  const ratios = {};
  for (const baud of BAUDS) {
    const ours = await openLine(baud, ourBus);
    const other = await openLine(baud, modbusSerial);
    const rounds = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      rounds.push({ ours: await useOf(ours, baud), other: await useOf(other, baud) });
    }
    await ours.close();
    await other.close();
    const of = (who, what) => median(rounds.map((round) => round[who][what]));
    figures[`${baud}: the wire allows, polls/s`] = 1000 / allowed(baud);
    figures[`${baud}: Gatelodge / modbus-serial, polls/s`] =
      `${of('ours', 'rate').toFixed(1)} / ${of('other', 'rate').toFixed(1)}`;
    figures[`${baud}: modbus-serial, use of the wire`] = of('other', 'use');
    figures[`${baud}: modbus-serial, share sent before t3.5 had passed`] = of('other', 'early');
    figures[`${baud}: Gatelodge, silence kept beyond t3.5, ms`] = of('ours', 'beyond_ms');
    figures[`${baud}: the line itself was late by, ms a poll (taken off)`] = of('ours', 'late_ms');
    ratios[`${baud}: Gatelodge, use of the wire`] = { value: of('ours', 'use'), target: '≥ 0.9' };
    ratios[`${baud}: Gatelodge, share sent before t3.5 had passed`] = {
      value: of('ours', 'early'),
      target: '0',
    };
  }
  return { name: `Modbus RTU: use of a paced line, function 3 × ${REGISTERS} registers`, figures, ratios };
}

const gap = (baud) => (baud > 19_200 ? 1.75 : (3.5 * 11 * 1000) / baud);

/** ms of one exchange that the wire allows: request and reply, a silence before each. */
const allowed = (baud) => ((8 + 5 + 2 * REGISTERS) * 10 * 1000) / baud + 2 * gap(baud);

async function openLine(baud, open) {
  const script = fileURLToPath(new URL('../lib/modbus-rtu-line.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, String(baud)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout);
  const [path] = await once(lines, 'line');
  const exchanges = [];
  lines.on('line', (text) => exchanges.push(text.split(' ').map(Number)));
  const client = await open(path, baud);
  await client.poll();
  return {
    poll: client.poll,
    taken: () => exchanges.splice(0),
    close: async () => {
      await client.close();
      child.kill();
    },
  };
}

async function useOf(line, baud) {
  await line.poll();
  line.taken();
  const began = performance.now();
  let polls = 0;
  while (performance.now() - began < ROUND_MS) {
    await line.poll();
    polls += 1;
  }
  const took = performance.now() - began;
  // The last report is a moment behind the reply.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const exchanges = line.taken().slice(-polls);
  const silences = exchanges.map(([silence]) => silence);
  const late = exchanges.reduce((total, [, ms]) => total + ms, 0);
  return {
    rate: (polls * 1000) / took,
    use: (polls * allowed(baud)) / (took - late),
    early: silences.filter((ms) => ms < gap(baud)).length / silences.length,
    beyond_ms: median(silences) - gap(baud),
    late_ms: late / polls,
  };
}

async function ourBus(path, baud) {
  const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
  const line = { path, baud, parity: 'none', data_bits: 8, stop_bits: 1 };
  const bus = openBus(
    { id: 'bench', type: 'modbus-rtu', ...line, echo: 'auto', turnaround_ms: 100, max_hole: 8 },
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
  while (bus.stats().state !== 'up') await new Promise((resolve) => setTimeout(resolve, 5));
  return {
    poll: async () => right(await link.read({ table: 'holding', at: 0, count: REGISTERS }, call)),
    close: () => bus.close(),
  };
}

async function modbusSerial(path, baudRate) {
  const client = new ModbusSerial();
  await client.connectRTUBuffered(path, { baudRate });
  client.setID(1);
  client.setTimeout(1000);
  return {
    poll: async () => right((await client.readHoldingRegisters(0, REGISTERS)).data),
    close: () => new Promise((resolve) => client.close(resolve)),
  };
}

function right(values) {
  if (values[9] !== 63) throw new Error(`wrong values: ${values}`);
}

const median = (numbers) => numbers.toSorted((x, y) => x - y)[numbers.length >> 1];
