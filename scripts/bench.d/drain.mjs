// A backlog of 1,000,000 readings in a real store goes through the real uplink to a platform of minimal cost in another process, against bare
// mqtt.js loops (QoS 1, 20 under way) to the same broker and platform; interleaved in one run, medians. One loop publishes the very same payloads,
// which the uplink has put together from several stored segments each; one the same readings with a stored segment a message. Loopback has no
// length, so the first comparison is also made over a line of 10 ms each way; and because broker, platform, store and uplink share the machine, once
// with leases that cost nothing, to show what the store's part is. The store stays open from round to round, as a gateway's does: what was
// acknowledged is asked for again.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { connect } from 'mqtt';
import { fill } from '../lib/backlog.mjs';
import { startBroker } from '../lib/broker.mjs';
import { open } from './store.mjs';

const dist = new URL(process.env.GATELODGE_DIST ?? '../../dist/', import.meta.url);
const { systemClock } = await import(new URL('src/clock/index.js', dist).href);
const { openUplink, openMqttPipe } = await import(new URL('src/uplink/index.js', dist).href);
const WORKER = new URL('src/store/worker.js', dist);

const TOTAL = 1_000_000;
const ROUNDS = 9;
const LINE_MS = 10;
/** Takes one stored segment of 1000 readings, and not two. */
const ONE_SEGMENT = 26_000;
const WINDOW = 20;
const OTHER = 'bare-001';
const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const health = { raise() {}, clear() {} };

export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'gatelodge-bench-'));
  const broker = await startBroker(folder);
  const platform = await startPlatform(broker);
  const line = await startLine(broker);
  try {
    const backlog = await openBacklog({ folder, total: TOTAL, group: 1000 });
    // The first round warms up, and shows what is sent.
    const warm = await uplink(backlog, broker, { keep: true });
    const single = await uplink(backlog, broker, { keep: true, ack: 'broker', maximum_packet: ONE_SEGMENT });
    await bare(warm.payloads, broker);
    await bare(single.payloads, broker);
    const rounds = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const platform_acks = await uplink(backlog, broker);
      const loop = await bare(warm.payloads, broker);
      const broker_acks = await uplink(backlog, broker, { ack: 'broker' });
      const segments = await bare(single.payloads, broker);
      const far = {
        ours: await uplink(backlog, line, { ack: 'broker' }),
        loop: await bare(warm.payloads, line),
      };
      const store = await storeAlone(backlog);
      const free = await uplink(
        { ...backlog, outbox: freeLeases(store.leases), again: async () => {} },
        broker,
        { ack: 'broker' },
      );
      rounds.push({ platform_acks, broker_acks, loop, segments, far, store, free });
    }
    const slow = await openBacklog({ folder, total: TOTAL / 10, group: 100 });
    const second = await uplink(slow, broker, { keep: true });
    for (const { outbox } of [backlog, slow]) await outbox.close();
    const rate = (pick) => TOTAL / (median(rounds.map(pick)) / 1000);
    const ours = rate(({ broker_acks }) => broker_acks.sent_ms);
    const loop = rate((round) => round.loop);
    const segments = rate((round) => round.segments);
    const far = { ours: rate((round) => round.far.ours.sent_ms), loop: rate((round) => round.far.loop) };
    return {
      name: `drain of ${TOTAL.toLocaleString('en')} readings in ${warm.payloads.length} messages over ${broker.name}`,
      figures: {
        'uplink, readings/s, to the last PUBACK': rate(({ platform_acks }) => platform_acks.sent_ms),
        'uplink, readings/s, until the platform’s last ack is settled': rate(
          ({ platform_acks }) => platform_acks.settled_ms,
        ),
        'uplink settled by PUBACKs, readings/s': ours,
        'bare mqtt.js loop of the same payloads, readings/s': loop,
        [`bare mqtt.js loop of a stored segment a message (${single.payloads.length}), readings/s`]: segments,
        [`uplink over a line of ${LINE_MS} ms, settled by PUBACKs, readings/s`]: far.ours,
        'bare mqtt.js loop of the same payloads over that line, readings/s': far.loop,
        'the store alone (lease and settle in its worker), readings/s': rate(({ store }) => store.ms),
        'CPU µs/reading of uplink and store':
          median(rounds.map(({ broker_acks }) => broker_acks.cpu_us)) / TOTAL,
        'bytes/reading on the wire, commits of 1000 readings': bytesOf(warm.payloads) / TOTAL,
        'bytes/reading on the wire, commits of 100 readings': bytesOf(second.payloads) / slow.total,
      },
      ratios: {
        'uplink settled by PUBACKs / bare mqtt.js, same payloads, loopback': {
          value: ours / loop,
          target: '≥ 0.7',
        },
        'uplink settled by PUBACKs / bare mqtt.js, a segment a message, loopback': {
          value: ours / segments,
          target: '≥ 0.7',
        },
        [`uplink settled by PUBACKs / bare mqtt.js, same payloads, line of ${LINE_MS} ms`]: {
          value: far.ours / far.loop,
        },
        'uplink with leases that cost nothing / bare mqtt.js, same payloads, loopback': {
          value: rate(({ free }) => free.sent_ms) / loop,
        },
        'uplink settled by the platform / bare mqtt.js': {
          value: rate(({ platform_acks }) => platform_acks.sent_ms) / loop,
        },
      },
    };
  } finally {
    line.stop();
    platform.kill();
    broker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A store full of readings, open as a gateway's is, with a way to have all of them wait again. */
async function openBacklog({ folder, total, group }) {
  const file = join(folder, `${total}.db`);
  await fill(file, { total, group });
  const { outbox } = await open(file, systemClock('bench-2'), WORKER);
  await outbox.connect('bench');
  const { id, epoch } = await outbox.lease('bench', { ...WANT, max_records: 1 });
  await outbox.release('bench', id);
  const again = async () => {
    const waiting = await outbox.replay('bench', epoch, 'c', [1, Number.MAX_SAFE_INTEGER]);
    if (waiting !== total) throw new Error(`the backlog is ${waiting} of ${total}`);
  };
  return { outbox, total, again };
}

/** What the uplink asks for when the line allows it. */
const WANT = { lane: 'c', head: 'backlog', max_bytes: 130_000, max_records: 20_000 };

/** The real uplink on the backlog, until everything is settled. */
let runs = 0;
async function uplink(
  { outbox, total, again },
  broker,
  { ack = 'platform', keep = false, maximum_packet } = {},
) {
  runs += 1;
  const gateway = `gate-${String(runs).padStart(3, '0')}`;
  const clock = systemClock('bench-2');
  const payloads = [];
  const at = { first: 0, last: 0 };
  const pipe = async (settings, signal) => {
    const inner = await openMqttPipe(settings, signal);
    const publish = async (message) => {
      if (!message.topic.endsWith('/c')) return inner.publish(message);
      at.first ||= performance.now();
      if (keep) payloads.push(message);
      await inner.publish(message);
      at.last = performance.now();
    };
    return { ...inner, publish };
  };
  const settings = {
    id: 'bench',
    type: 'native',
    url: broker.url,
    version: broker.version,
    ack,
    ...(maximum_packet && { maximum_packet }),
  };
  const cpu = process.cpuUsage();
  const running = openUplink(
    { ...settings, backoff: { first_ms: 0 } },
    {
      // A gateway of its own for each run: a late acknowledgement of the last one would settle what this one has not sent.
      identity: { gateway, site: 'bench' },
      outbox,
      clock,
      wall: { read: () => ({ unix_ms: Date.now(), state: 'synced', error_ms: 1, source: 'bench' }) },
      health,
      healthView: { facts: () => [], async *changes() {} },
      log: silent,
      random: Math.random,
      randomBytes: (count) => randomBytes(count),
      pipe,
      inventory: () => ({ revision: 1, devices: [] }),
      status: () => ({ versions: { gatelodge: 'bench' } }),
      commands: () => {},
    },
  );
  await until(() => running.view().sent_records >= total && running.view().under_way === 0);
  // The store is asked only now, so that the asking costs nothing meanwhile.
  while (((await outbox.stats()).waiting.bench?.c ?? 0) > 0) await pause();
  const settled = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  await running.close();
  await again();
  return { payloads, sent_ms: at.last - at.first, settled_ms: settled - at.first, cpu_us: user + system };
}

const until = async (claim) => {
  while (!claim()) await pause();
};

const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

/** How long the store needs to give and settle the same leases when nobody sends them, and these. */
async function storeAlone({ outbox, again }) {
  await outbox.connect('bench');
  const leases = [];
  const began = performance.now();
  const work = async () => {
    for (let lease = await outbox.lease('bench', WANT); lease; lease = await outbox.lease('bench', WANT)) {
      leases.push(lease);
      await outbox.settle('bench', { epoch: lease.epoch, lane: 'c', ranges: [lease.covers], nacks: [] });
    }
  };
  await Promise.all(Array.from({ length: 6 }, work));
  const ms = performance.now() - began;
  await again();
  return { ms, leases: leases.sort((x, y) => x.covers[0] - y.covers[0]) };
}

/** An outbox that has these leases ready, and forgets what is settled. */
function freeLeases(leases) {
  const left = leases.slice();
  return {
    epoch: leases[0].epoch,
    connect: async () => ({ epoch: leases[0].epoch, connect_id: runs, head: {} }),
    lease: async (_uplink, { lane, head }) => (lane === 'c' && head === 'backlog' ? left.shift() : undefined),
    settle: async () => {},
    release: async () => {},
    digests: async () => [],
    stats: async () => ({ waiting: {} }),
    arrivals: (signal) => forever(signal),
  };
}

async function* forever(signal) {
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

/** Milliseconds for the same payloads by mqtt.js alone, 20 under way, on a topic of the same length that is not the uplink's. */
async function bare(payloads, broker) {
  const client = connect(broker.url, { protocolVersion: broker.version, reconnectPeriod: 0 });
  await once(client, 'connect');
  const began = performance.now();
  await new Promise((resolve) => {
    let next = 0;
    let done = 0;
    const taken = () => {
      done += 1;
      if (done === payloads.length) resolve();
      else more();
    };
    const more = () => {
      const message = payloads[next];
      next += 1;
      if (message)
        client.publish(message.topic.replace(/gate-\d+/, OTHER), message.payload, { qos: 1 }, taken);
    };
    for (let slot = 0; slot < WINDOW; slot += 1) more();
  });
  const ms = performance.now() - began;
  await client.endAsync();
  return ms;
}

const bytesOf = (payloads) => payloads.reduce((sum, { payload }) => sum + payload.length, 0);

async function startPlatform({ url, version }) {
  const file = fileURLToPath(new URL('../lib/drain-receiver.mjs', import.meta.url));
  const child = spawn(process.execPath, [file, url, String(version)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(createInterface(child.stdout), 'line');
  return child;
}

/** The broker, further away. */
async function startLine(broker) {
  const file = fileURLToPath(new URL('../lib/delay-proxy.mjs', import.meta.url));
  const child = spawn(process.execPath, [file, new URL(broker.url).port, LINE_MS], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = await once(createInterface(child.stdout), 'line');
  return { ...broker, url: `mqtt://127.0.0.1:${port}`, stop: () => child.kill() };
}

const median = (numbers) => numbers.toSorted((x, y) => x - y)[numbers.length >> 1];
