// A gateway in this process, with a relay on a bus of its own and other units that are polled; line in: how many pulses, line out: how
// long each took from the device host's `act` to its first byte at the far end of the wire (ms). The far end is read by the same event loop,
// so what is measured is never less than what a relay would see.
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const dist = new URL('../../dist/', import.meta.url);
const load = (path) => import(new URL(path, dist).href);
const { loadSite } = await load('src/config/index.js');
const { derivedPoints } = await load('src/gateway/derived-plan.js');
const { openLibrary } = await load('drivers/index.js');
const { Gateway } = await load('src/gateway.js');
const { realWorld } = await load('src/world.js');
const { openPty } = await load('src/simulate/index.js');
const { readModbus, rtuFrame } = await load('src/kit/index.js');

const [folder, port] = process.argv.slice(2);
const METERS = 20;

const site = `
version: 1
site: { id: bench, name: Bench, time_zone: UTC }
gateway: { id: bench, state_dir: ${join(folder, 'state')} }
control: { socket: ${join(folder, 'control.sock')} }
profiles: [meter.yaml]
buses:
  - { id: door, type: modbus-rtu, path: door, baud: 9600 }
  - { id: cabinet, type: modbus-tcp, host: 127.0.0.1, port: ${port} }
devices:
  - { id: relay, driver: waveshare-relay, bus: door, unit: 1, poll_ms: 1000 }
${Array.from({ length: METERS }, (_, index) => `  - { id: meter-${index + 1}, driver: bench-meter, bus: cabinet, unit: ${index + 1}, poll_ms: 500 }`).join('\n')}
`;
const points = Array.from(
  { length: 10 },
  (_, at) =>
    `  v${at}: { kind: number, about: A value., unit: V, min: 0, max: 65535, privacy: plain, at: ${at} }`,
);
const profile = `id: bench-meter
about: Ten values.
category: meter
wire: { baud: 9600, parity: none, timeout_ms: 300, unit: 1 }
poll_ms: { default: 100, min: 50 }
table: holding
points:
${points.join('\n')}
examples: []
`;

const world = realWorld(process.env);
const loaded = await loadSite(site, {
  library: openLibrary,
  readText: () => profile,
  derivedPoints,
});
if (!loaded.site) throw new Error(JSON.stringify(loaded.problems));

let pulsed = () => {};
const pty = openPty({ link: join(folder, 'door'), clock: world.clock });
let held = Buffer.alloc(0);
pty.onData((chunk) => {
  held = Buffer.concat([held, chunk]);
  // A pulse is function 5; whatever else is asked here is a read of the board's inputs and relays.
  if (held[1] === 5) pulsed();
  while (held.length >= 8) {
    const request = held.subarray(0, 8);
    held = held.subarray(8);
    pty.write(replyTo(request));
  }
});

function replyTo(request) {
  const said = readModbus(request);
  if (said.kind === 'write') return request;
  const { table, count } = said.range;
  const bytes = table === 'coil' || table === 'discrete' ? Math.ceil(count / 8) : 2 * count;
  return rtuFrame(request[0], Uint8Array.of(request[1], bytes, ...new Uint8Array(bytes)));
}

const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const gateway = await Gateway.open({
  site: loaded.site,
  loaded,
  root: folder,
  world,
  log: silent,
  version: '0',
});
const { connectControl } = await load('src/control/index.js');
const control = connectControl(join(folder, 'control.sock'));
while ((await control.status()).devices.online < METERS + 1) await sleep(50);
process.stdout.write('ready\n');

const relay = await gateway.device('relay');
for await (const line of createInterface({ input: process.stdin })) {
  const times = [];
  for (let count = 0; count < Number(line); count += 1) {
    await sleep(20 + 60 * Math.random());
    const began = performance.now();
    let first;
    pulsed = () => {
      first ??= performance.now() - began;
    };
    const { result } = await relay.act('pulse', { channel: 1 + (count % 8), ms: 100 });
    if (result !== 'done') throw new Error(`a pulse ended as ${result}`);
    times.push(first);
  }
  const { outbox } = await control.status();
  process.stdout.write(`${JSON.stringify({ times, head: outbox.head, pending: outbox.pending })}\n`);
}
await gateway.close();
process.exit(0);
