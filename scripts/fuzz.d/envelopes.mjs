// Messages on …/cmd. Whatever comes, nothing moves that a few lines of another make would not move, and no id moves anything twice.
import { bent, compact, keyPair, opened } from './signed.mjs';

const dist = new URL('../../dist/src/', import.meta.url);
const { CommandInbox } = await import(new URL('commands/index.js', dist).href);
const { openTrust } = await import(new URL('identity/index.js', dist).href);
const { inbox } = await import(new URL('uplink/inbox.js', dist).href);
const { topicsOf } = await import(new URL('uplink/topics.js', dist).href);
const { Fault } = await import(new URL('faults/index.js', dist).href);

const DESK = keyPair('desk-1');
const OTHER = keyPair('desk-1');
const GUARD = keyPair('guard-1');
const LISTS = keyPair('lists-1');
const NOW = Date.parse('2026-11-25T12:00:00Z');
const DAY = 86_400_000;
const BEATS = ['n3', 'n2', 'n1'];
const COMMANDS = { open: true, on: true, 'set-address': false };
const silent = { debug() {}, info() {}, warn() {}, error() {} };

export function envelopeTargets() {
  const frames = [Buffer.from(JSON.stringify({ v: 1, jws: compact(claimsOf(1), DESK, { typ: 'gl-cmd' }) }))];
  return [
    {
      group: 'command envelopes',
      name: 'command envelopes: by a model of another make',
      frames,
      take: commanding(),
    },
  ];
}

const claimsOf = (nr) => ({
  ...{ id: `c-${nr}`, gateway: 'gate-1', target: 'gate', name: 'open', args: {}, issuer: 'desk' },
  ...{ issued_at: NOW, ttl_ms: 10_000, beat: 'n3' },
});

function commanding() {
  const wall = { unix_ms: NOW, state: 'synced', error_ms: 1, source: 'fuzz' };
  let up = 60_000;
  const clock = {
    now: () => ({ boot: 'fuzz', up }),
    sleep: (_name, _ms, signal) =>
      new Promise((_, reject) =>
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true }),
      ),
  };
  let acts = [];
  const target = (id) => ({
    check: (name, args) => {
      if (!Object.hasOwn(COMMANDS, name)) throw new Fault('command.unknown', { target: id, name, known: '' });
      if ('wrong' in args) throw new Fault('command.bad-args', { target: id, name, text: 'wrong' });
      return { actuates: COMMANDS[name], ...(id === 'owned' && { owner: 'gate' }) };
    },
    act: async (name, args, { ref }) => {
      acts.push({ id, name, args, ref });
      return { result: 'done', facts: {} };
    },
  });
  const trust = {
    ...{ roots: [], lists: [{ kid: LISTS.kid, key: LISTS.x }] },
    issuers: [DESK, GUARD].map(({ kid, x }) => ({ kid, key: x })),
  };
  const commands = new CommandInbox({
    ...{ gateway: 'gate-1', clock, log: silent, wall: { read: () => wall }, tell: async () => true },
    randomBytes: (count) => new Uint8Array(count),
    journal: {
      intend: async () => ({ existing: false }),
      conclude: async (_id, outcome) => outcome,
      open: async () => [],
      ended: async () => [],
    },
    trust: openTrust(trust, { read: () => wall }),
    rules: {
      issuers: [
        {
          ...{ name: 'desk', kids: ['desk-1'] },
          may: [
            { targets: ['gate'], commands: ['*'] },
            { targets: ['lamp'], commands: ['on'] },
          ],
        },
        { name: 'guard', kids: ['guard-1'], may: [{ targets: ['lamp', 'owned'], commands: ['*'] }] },
      ],
      ...{ uplinks: ['town'], unsigned: ['lamp'], per_minute: 1e9 },
    },
    target: (id) => {
      if (['gate', 'lamp', 'owned'].includes(id)) return target(id);
      throw new Fault('device.unknown', { device: id, nearest: 'gate' });
    },
  });
  const taken = [];
  let how = {};
  const topics = topicsOf('gl/1/{site}/{gateway}', { site: 'yard', gateway: 'gate-1' });
  const hear = inbox({
    uplink: 'town',
    world: { clock, commands: (command, came) => taken.push(commands.take(command, { ...came, ...how })) },
    ...{ topics, pump: { acknowledged() {}, replay: async () => {} }, beats: () => BEATS },
    ...{ say: async () => {}, bad: () => {} },
  });
  /** Ids that moved something, of the last thousands: an older one is known by the journal, which is none here. */
  const moved = new Set();
  let nr = 1;
  return async (input, random) => {
    up += 7;
    wall.state = random.below(5) ? 'synced' : 'unsynced';
    wall.unix_ms = NOW + (random.below(8) ? 0 : random.pick([-DAY, DAY, -3650 * DAY]));
    const retain = random.below(12) === 0;
    how = random.below(12) ? {} : { uplink: 'street' };
    const clear = random.below(8) === 0;
    nr += random.below(3) ? 1 : 0;
    const text = messageOf(random, { input, claims: drawn(random, nr), clear });
    acts = [];
    hear(topics.cmd, Buffer.from(text), { retain });
    await Promise.all(taken.splice(0));
    for (const act of acts) {
      if (moved.has(act.ref)) throw new Error(`${act.ref} moved something twice: ${text}`);
      moved.add(act.ref);
      const context = { retain, uplink: how.uplink ?? 'town', wall };
      if (!mayMove(text, act, context)) throw new Error(`moved ${JSON.stringify(act)}: ${text}`);
    }
    if (acts.length > 1) throw new Error(`one message moved ${acts.length} things: ${text}`);
    const [oldest] = moved;
    if (moved.size > 5000) moved.delete(oldest);
  };
}

function drawn(random, nr) {
  const right = (value, ...wrong) => (random.below(14) ? value : random.pick(wrong));
  return bent(
    random,
    {
      ...{ id: `c-${nr}`, gateway: right('gate-1', 'gate-2', ''), args: right({}, { wrong: 1 }, { ms: 5 }) },
      ...{
        target: right('gate', 'lamp', 'owned', 'pump', '*'),
        name: right('open', 'on', 'set-address', 'toString'),
      },
      ...{ issuer: right('desk', 'guard', 'local:pi', ''), beat: right('n3', 'n2', 'n1', 'n0', '') },
      ...{
        ttl_ms: right(10_000, 1, 3_600_000, 1e9),
        issued_at: NOW + right(0, 5000, -9000, DAY, -DAY, -60_000),
      },
    },
    20,
  );
}

function messageOf(random, { input, claims, clear }) {
  const kind = random.below(14);
  if (kind === 0) return Buffer.from(input).toString('latin1');
  if (clear) return JSON.stringify({ v: 1, ...claims });
  const header = { typ: kind === 1 ? random.pick(['gl-list', 'gl-visit', 'JWT']) : 'gl-cmd' };
  if (kind === 2) header.alg = random.pick(['none', 'HS256', 'EdDSA ']);
  const key = kind === 3 ? OTHER : kind === 4 ? GUARD : kind === 5 ? LISTS : DESK;
  const jws = compact(claims, key, header);
  if (kind !== 6) return JSON.stringify({ v: 1, jws, ...(kind === 7 && { ...claims, target: 'lamp' }) });
  const at = random.below(jws.length);
  return JSON.stringify({
    v: 1,
    jws: jws.slice(0, at) + random.pick(['A', 'z', '.', '', '-']) + jws.slice(at + 1),
  });
}

function mayMove(text, { id, name, args, ref }, { retain, uplink, wall }) {
  const message = JSON.parse(text);
  const signed = typeof message.jws === 'string';
  const by = signed ? opened(message.jws, 'gl-cmd', [DESK, GUARD]) : undefined;
  const claims = signed ? by?.payload : message;
  if (!claims || retain || uplink !== 'town') return false;
  if (claims.id !== ref || claims.target !== id || claims.name !== name || 'wrong' in args) return false;
  if (JSON.stringify(claims.args ?? {}) !== JSON.stringify(args) || !BEATS.includes(claims.beat))
    return false;
  const { issued_at, ttl_ms = 10_000 } = claims;
  const age = wall.unix_ms - issued_at;
  if (wall.state === 'synced' && issued_at !== undefined && !(age <= ttl_ms + 5000 && age >= -5000))
    return false;
  if (!signed)
    return id === 'lamp' && Object.hasOwn(COMMANDS, name) && [undefined, 'gate-1'].includes(claims.gateway);
  if (claims.gateway !== 'gate-1' || issued_at === undefined) return false;
  if (by.kid === 'desk-1' && claims.issuer === 'desk')
    return (id === 'gate' && COMMANDS[name] === true) || (id === 'lamp' && name === 'on');
  return by.kid === 'guard-1' && claims.issuer === 'guard' && id === 'lamp' && COMMANDS[name] === true;
}
