// How long a door takes, on the built daemon: from a tag that was held to a reader, an order on its socket and a fire input, to the first byte
// at the board of the lock. Five doors, each with a reader and a board on wires of their own; the fire panel is polled like any board. Twenty
// other units are polled meanwhile, another bus takes every byte and never answers, and there is no broker. Then every sync of the disk takes
// 2 s as well; and then the broker is there, and a backlog of a million readings on its way to a platform on this same machine.
import { spawn } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fill } from '../lib/backlog.mjs';
import { freePort, startBroker } from '../lib/broker.mjs';
import { slowDisk } from '../lib/disk-fault.mjs';
import { DOORS, openWires } from '../lib/door-wires.mjs';

const dist = new URL(process.env.GATELODGE_DIST ?? '../../dist/', import.meta.url);
const load = (path) => import(new URL(path, dist).href);
const { makePages } = await load('src/access/index.js');
const { machineId } = await load('src/identity/index.js');
const { connectControl } = await load('src/control/index.js');
const { realWorld } = await load('src/world.js');

const BACKLOG = 1_000_000;
const TURNS = 200;
/** Between two turns: a door is locked again by the time its own comes. */
const PAUSE_MS = 250;
const FIRES = 20;
const STALL_MS = 2000;
/** A tag that is held again at once counts as one: they take turns. */
const TAGS = ['62E3086CED', '0042A1B2C3'];
const UNLOCK_MS = 500;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const MAIN = here('../../dist/src/main.js');

export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'gatelodge-bench-'));
  const state = join(folder, 'state');
  mkdirSync(state);
  const disk = slowDisk(folder, state);
  const children = [];
  const start = (program, args, env = {}) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdout.resume();
    children.push(child);
    return child;
  };
  const wires = await openWires();
  try {
    const lines = createInterface(start(process.execPath, [here('../lib/modbus-tcp-server.mjs')]).stdout);
    const [units] = await once(lines, 'line');
    const machine = machineId(realWorld(process.env).readText);
    await fill(join(state, 'store.sqlite'), { total: BACKLOG, group: 1000, machine });
    const key = generateKeyPairSync('ed25519');
    const site = join(folder, 'site.yaml');
    const port = await freePort();
    writeFileSync(join(folder, 'meter.yaml'), METER);
    writeFileSync(site, siteOf({ wires, units, port, key }));
    const control = connectControl(join(folder, 'control.sock'));
    const daemon = async () => {
      const child = start(MAIN, ['run', '--config', site, '--root', folder, '--log', 'error'], disk.env);
      await online(control);
      return child;
    };

    const first = await daemon();
    for (const page of listPages(key)) {
      const { verdict, reason } = await control.takeAccess(page);
      if (verdict === 'refused') throw new Error(`the list was refused: ${reason}`);
    }
    const phases = { 'no broker': await phase({ wires, control }) };
    disk.stall(STALL_MS);
    phases['and a stalled disk'] = await phase({ wires, control });
    disk.stall(0);
    first.kill('SIGTERM');
    await once(first, 'exit');

    const broker = await startBroker(folder, port);
    const url = ['--url', broker.url, '--version', String(broker.version)];
    // In life the platform has processors of its own.
    start('nice', [
      '-n',
      '19',
      process.execPath,
      MAIN,
      'receive',
      ...url,
      '--db',
      join(folder, 'db'),
      '--json',
    ]);
    try {
      await daemon();
      disk.stall(STALL_MS);
      phases['backlog on its way, stalled disk'] = await phase({ wires, control });
    } finally {
      broker.stop();
    }
    return told(phases);
  } finally {
    disk.stall(0);
    for (const child of children) child.kill('SIGKILL');
    wires.close();
    disk.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds, and how much of the backlog waited at the beginning and at the end. */
async function phase({ wires, control }) {
  const waiting = async () => (await control.status()).outbox.waiting?.bench?.c ?? 0;
  const before = await waiting();
  const cards = [];
  const orders = [];
  const fires = [];
  const endings = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    const door = turn % DOORS;
    const written = firstWrite(wires, door);
    const began = wires.show(door, TAGS[Math.floor(turn / DOORS) % 2]);
    cards.push((await written) - began);
    await sleep(PAUSE_MS + 60 * Math.random());
  }
  await locked(wires);
  for (let turn = 0; turn < TURNS; turn += 1) {
    const door = turn % DOORS;
    const written = firstWrite(wires, door);
    const began = performance.now();
    const order = { target: `door-${door}`, name: 'unlock', args: { ms: UNLOCK_MS }, user: 'bench' };
    const ending = control.submit(order);
    orders.push((await written) - began);
    endings.push(ending);
    await sleep(PAUSE_MS + 60 * Math.random());
  }
  await locked(wires);
  for (let turn = 0; turn < FIRES; turn += 1) {
    await sleep(200 * Math.random());
    const written = Array.from({ length: DOORS }, (_, door) => firstWrite(wires, door));
    wires.panel.far.set({ 'input-1': true });
    const began = performance.now();
    fires.push(Math.max(...(await Promise.all(written))) - began);
    await sleep(500);
    wires.panel.far.set({ 'input-1': false });
    await locked(wires);
  }
  for (const { result } of await Promise.all(endings))
    if (!['done', 'unconfirmed'].includes(result)) throw new Error(`an order ended as ${result}`);
  return { cards, orders, fires, waiting: [before, await waiting()] };
}

/** When the board of a door is told something, for the first time from now on. */
const firstWrite = ({ boards }, door) =>
  new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`door-${door} did not move`)), 20_000);
    boards[door].onWrite = (at) => {
      boards[door].onWrite = () => {};
      clearTimeout(late);
      resolve(at);
    };
  });

/** Every door, for a while. */
async function locked({ boards }) {
  do await sleep(UNLOCK_MS + 200);
  while (boards.some((board) => board.isOn()));
}

async function online(control) {
  // Those of the jammed bus never are, and a reader is when somebody comes.
  const wanted = DOORS + 1 + METERS;
  let devices = [];
  for (let left = 600; left > 0; left -= 1) {
    devices = await control.devices().catch(() => []);
    if (devices.filter(({ status }) => status === 'online').length >= wanted) return;
    await sleep(100);
  }
  throw new Error(`not online: ${JSON.stringify(devices.filter(({ status }) => status !== 'online'))}`);
}

function told(phases) {
  const figures = {};
  const ratios = {};
  for (const [name, { cards, orders, fires, waiting }] of Object.entries(phases)) {
    figures[`${name}: readings waiting, before and after`] = waiting
      .map((n) => n.toLocaleString('en'))
      .join(', ');
    for (const [what, times] of Object.entries({ tag: cards, order: orders, fire: fires })) {
      figures[`${name}: ${what}, median, ms`] = quantile(times, 0.5);
      figures[`${name}: ${what}, longest, ms`] = quantile(times, 1);
    }
    const full = name !== 'no broker';
    ratios[`${name}: tag → lock, p99, ms`] = { value: quantile(cards, 0.99), target: '≤ 20' };
    ratios[`${name}: order → lock, p99, ms`] = {
      value: quantile(orders, 0.99),
      target: full ? '≤ 50' : '≤ 20',
    };
    ratios[`${name}: fire → last of ${DOORS} locks, longest, ms`] = {
      value: quantile(fires, 1),
      target: '≤ 200',
    };
  }
  return {
    name: `Doors: first byte at the lock (${TURNS} tags, ${TURNS} orders, ${FIRES} fires each; ${METERS} other units polled, one bus jammed)`,
    figures,
    ratios,
  };
}

const quantile = (times, share) =>
  times.toSorted((x, y) => x - y)[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)];

function listPages({ privateKey }) {
  const doors = Array.from({ length: DOORS }, (_, door) => ({ door: `door-${door}` }));
  const content = {
    groups: [{ id: 'residents', rights: doors, keep: true, without_clock: false }],
    credentials: TAGS.map((card, at) => ({
      ...{ id: `c-${at}`, who: `p-${at}`, card, groups: ['residents'] },
      ...{ visitor: false, extended: false, override: false },
    })),
  };
  return makePages({ gateway: 'bench', version: 1, revoked: [] }, content).map((page) => {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part({ alg: 'EdDSA', kid: 'bench-1', typ: 'gl-list' })}.${part(page)}`;
    return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
  });
}

const METERS = 20;
const METER = `id: bench-meter
about: Ten values.
category: meter
wire: { baud: 9600, parity: none, timeout_ms: 300, unit: 1 }
poll_ms: { default: 500, min: 50 }
table: holding
points:
${Array.from({ length: 10 }, (_, at) => `  v${at}: { kind: number, about: A value., unit: V, min: 0, max: 65535, privacy: plain, at: ${at} }`).join('\n')}
examples: []
`;

const each = (count, text) => Array.from({ length: count }, (_, at) => text(at)).join('\n');

const siteOf = ({ wires, units, port, key }) => `version: 1
site: { id: bench, name: Bench, time_zone: UTC }
gateway: { id: bench, state_dir: state }
control: { socket: control.sock }
profiles: [meter.yaml]
trust:
  lists: [{ kid: bench-1, public_key: ${key.publicKey.export({ format: 'jwk' }).x} }]
commands: { per_minute: 6000 }
buses:
  - { id: cabinet, type: modbus-tcp, host: 127.0.0.1, port: ${units} }
  - { id: fire, type: modbus-rtu-tcp, host: 127.0.0.1, port: ${wires.panel.port}, baud: 9600 }
  - { id: jammed, type: modbus-rtu-tcp, host: 127.0.0.1, port: ${wires.jammed}, baud: 9600 }
${each(DOORS, (door) => `  - { id: lock-${door}, type: modbus-rtu-tcp, host: 127.0.0.1, port: ${wires.boards[door].port}, baud: 9600 }`)}
${each(DOORS, (door) => `  - { id: tags-${door}, type: serial-tcp, host: 127.0.0.1, port: ${wires.readers[door].port}, baud: 9600 }`)}
devices:
  - { id: panel, driver: waveshare-relay, bus: fire, unit: 1, poll_ms: 100, timeout_ms: 100 }
${each(3, (at) => `  - { id: dead-${at}, driver: bench-meter, bus: jammed, unit: ${at + 1}, poll_ms: 500 }`)}
${each(METERS, (at) => `  - { id: meter-${at}, driver: bench-meter, bus: cabinet, unit: ${at + 1}, poll_ms: 500 }`)}
${each(DOORS, (door) => `  - { id: board-${door}, driver: waveshare-relay, bus: lock-${door}, unit: 1, poll_ms: 1000, timeout_ms: 200, locks: [1] }`)}
${each(DOORS, (door) => `  - { id: reader-${door}, driver: rdm6300, bus: tags-${door} }`)}
fire_inputs: [{ id: fire, device: panel, point: input-1 }]
doors:
${each(DOORS, (door) => `  - { id: door-${door}, type: door, lock: { device: board-${door}, channel: 1 }, readers: { in: { device: reader-${door} } }, unlock_s: ${UNLOCK_MS / 1000}, fire: { inputs: [fire] } }`)}
uplinks:
  - { id: bench, url: 'mqtt://127.0.0.1:${port}' }
`;
