// A process that uses the built store until it is stopped, the power goes, or it has taken so many turns: node store-rig.mjs LOG SETTINGS
//
// LOG is the far end of the wire: one JSON line for each thing that was accepted, became durable, was delivered or concluded, written before
// the next thing is done. Time is the program's own and moves with its turns, so that "within one second" is exact on any machine.
import { createHash } from 'node:crypto';
import { openSync, writeSync } from 'node:fs';

const dist = new URL('../../dist/src/store/', import.meta.url);
const { openStoreOver } = await import(new URL('store.js', dist).href);
const { openInProcess } = await import(new URL('backend.js', dist).href);
const { openInWorker } = await import(new URL('rpc.js', dist).href);

const [log, text] = process.argv.slice(2);
const settings = JSON.parse(text);
const out = openSync(log, 'a');
const say = (line) => writeSync(out, `${JSON.stringify(line)}\n`);

/** Repeatable chance. */
let state = settings.seed >>> 0;
function chance() {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}
const below = (count) => Math.floor(chance() * count);
const pick = (list) => list[below(list.length)];
/** Text that does not deflate. */
const noise = (size) => Array.from({ length: size }, () => below(36).toString(36)).join('');

const clock = handClock(settings.boot);
const worker = new URL('worker.js', dist);
const backend = settings.worker ? openInWorker(worker) : openInProcess;
// For a control: the guard of the store would refuse this, so it is told otherwise.
const careless = async (options) => {
  const opened = await backend({ ...options, synchronous: 'NORMAL' });
  return { ...opened, opened: { ...opened.opened, synchronous: 2 } };
};

let store;
try {
  store = await openStoreOver(settings.synchronous === 'NORMAL' ? careless : backend, {
    file: settings.file,
    quota_bytes: settings.quota_bytes,
    queue_records: settings.queue_records,
    retain_ms: settings.retain_ms,
    uplinks: ['main', 'slow'],
    machine: 'machine-1',
    clock,
    health: {
      raise: (code, subject, evidence) => say({ raised: code, subject, evidence }),
      clear: (code) => say({ cleared: code }),
    },
    randomBytes: (count) =>
      createHash('sha256').update(`${settings.boot} ${settings.seed}`).digest().subarray(0, count),
  });
} catch (error) {
  say({ refused_to_open: error.code ?? 'not a fault', text: error.message });
  process.exit(3);
}
const { outbox, journal } = store;
say({ opened: store.opened, boot: settings.boot });

let id = settings.first_id;
let connection = await outbox.connect('main');
let commands = 0;
/** Accepted and not durable, oldest first. */
const waiting = [];

function append(lane, count) {
  const from = id;
  const stamp = clock.now();
  const entries = Array.from({ length: count }, () => {
    id += 1;
    const big = lane !== 'a' && chance() < settings.big;
    if (lane !== 'a' && !big)
      return {
        kind: 'reading',
        lane,
        device: `device-${id % 7}`,
        point: 'level',
        value: id,
        quality: 'good',
        stamp,
      };
    const fields = { id, text: noise(big ? 300 + below(900) : 10) };
    return { kind: 'event', lane, subject: 'door-1', name: 'told', fields, stamp };
  });
  const ids = [from + 1, id];
  say({ accepted: ids, lane, up: stamp.up });
  const done = outbox.append(entries).then(
    (keys) => say({ durable: ids, lane, epoch: keys[0].epoch, seqs: keys.map(({ seq }) => seq) }),
    (error) => say({ rejected: ids, lane, code: error.code ?? error.message }),
  );
  const one = { up: stamp.up, done };
  waiting.push(one);
  done.finally(() => waiting.splice(waiting.indexOf(one), 1));
  return done;
}

async function deliver() {
  const want = {
    lane: pick(['a', 'b', 'c']),
    head: pick(['live', 'backlog']),
    max_bytes: 16_384,
    max_records: 1 + below(300),
  };
  const lease = await outbox.lease('main', want);
  if (!lease) return;
  const parts = lease.parts.map(({ deflated }) => Buffer.from(deflated).toString('base64'));
  const { epoch, lane, head, covers } = lease;
  // The platform has it from here on.
  say({ delivered: { connect_id: connection.connect_id, epoch, lane, head, covers }, parts });
  const fate = chance();
  if (fate < 0.1) await outbox.release('main', lease.id);
  else if (fate < 0.14) {
    say({ refused: { epoch, lane, covers } });
    await outbox.refuse('main', lease.id, 'refused by the rig');
  } else if (fate < 0.3) {
    const middle = covers[0] + below(covers[1] - covers[0] + 1);
    await outbox.settle('main', { epoch, lane, ranges: [[covers[0], middle]], nacks: [] });
  } else await outbox.settle('main', { epoch, lane, ranges: [covers], nacks: [] });
}

async function command() {
  commands += 1;
  const name = `${settings.boot}-${commands}`;
  await journal.intend(name, { nr: commands });
  say({ intended: name });
  if (chance() < 0.3) return;
  const outcome = { result: pick(['done', 'failed']), facts: { nr: commands } };
  id += 1;
  const fields = { id };
  say({ accepted: [id, id], lane: 'a', up: clock.now().up });
  const record = { kind: 'command', lane: 'a', subject: 'door-1', name, fields, stamp: clock.now() };
  const stands = await journal.conclude(name, outcome, record);
  say({ concluded: name, outcome: stands, id: fields.id });
}

const DO = {
  a: () => (chance() < 0.5 ? append('a', 1 + below(3)) : void append('a', 1)),
  b: () => void append('b', 1 + below(5)),
  c: () => void append('c', 1 + below(60)),
  deliver,
  flush: () => outbox.flush(),
  command,
  state: () => {
    const value = { turn };
    store.state.set('rig', 'turn', value).then(
      () => say({ state: value.turn }),
      () => {},
    );
  },
  connect: async () => {
    connection = await outbox.connect('main');
    say({ connected: connection });
  },
};
const DICE = Object.entries({
  a: 3,
  b: 3,
  c: 6,
  deliver: settings.deliver,
  flush: 1,
  command: 1,
  state: 1,
  connect: 0.2,
});
const WEIGHT = DICE.reduce((sum, [, weight]) => sum + weight, 0);
function next() {
  let left = chance() * WEIGHT;
  for (const [name, weight] of DICE) {
    left -= weight;
    if (left < 0) return name;
  }
  return 'c';
}

let turn = 0;
if (settings.loose) await goLoose();
for (; turn < settings.turns; turn += 1) {
  await DO[next()]();
  clock.pass(below(150));
  await new Promise((resolve) => setImmediate(resolve));
  // A second is over: what was accepted before has to be on its way to the disk by itself.
  while (waiting[0] && clock.now().up - waiting[0].up >= 1000) await waiting[0].done;
}
await outbox.close();
say({ closed: true });

/** Perceives and never waits for the disk, until standard input ends; then closes, in real time. */
async function goLoose() {
  let over = false;
  process.stdin.resume();
  process.stdin.on('end', () => {
    over = true;
  });
  for (; !over; turn += 1) {
    append(pick(['a', 'b', 'c', 'c', 'c']), 1 + below(3));
    if (turn % 10 === 0) void DO.state();
    clock.pass(below(150));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  let closed = false;
  const closing = outbox.close().finally(() => {
    closed = true;
  });
  for (let before = performance.now(); !closed; ) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const now = performance.now();
    clock.pass(now - before);
    before = now;
  }
  await closing;
  say({ closed: true });
  process.exit(0);
}

function handClock(boot) {
  let up = 1000;
  const sleepers = new Set();
  return {
    now: () => ({ boot, up }),
    sleep: (_name, ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const abort = () => {
          sleepers.delete(sleeper);
          reject(signal.reason);
        };
        const wake = () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        };
        const sleeper = { due: up + ms, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', abort);
      }),
    pass: (ms) => {
      up += ms;
      for (const sleeper of [...sleepers]) {
        if (sleeper.due > up) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
    },
  };
}
