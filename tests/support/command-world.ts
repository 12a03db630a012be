import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { CompactSign } from 'jose';
import { onTestFinished } from 'vitest';
import { CommandInbox } from '../../src/commands/index.ts';
import type {
  CommandContext,
  CommandReport,
  CommandRules,
  CommandTarget,
  Journal,
} from '../../src/contracts/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { openTrust } from '../../src/identity/index.ts';
import type { EventEntry, Json, JsonObject, Outcome } from '../../src/model/index.ts';
import { inbox } from '../../src/uplink/inbox.ts';
import { DEFAULT_PREFIX, topicsOf } from '../../src/uplink/topics.ts';
import { quietLog } from './quiet.ts';
import { countedBytes, openTestStore } from './store-world.ts';
import { tempFolder } from './temp.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface KeyPair {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly key: string;
}

export function keyPair(kid: string): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { kid, privateKey, key: String(publicKey.export({ format: 'jwk' }).x) };
}

export const DESK = keyPair('desk-1');

/** Signed by a library that is not ours. */
export const signed = (
  payload: object,
  { kid, privateKey }: Pick<KeyPair, 'kid' | 'privateKey'> = DESK,
  header: object = {},
): Promise<string> =>
  new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'EdDSA', kid, typ: 'gl-cmd', ...header })
    .sign(privateKey);

export const RULES: CommandRules = {
  issuers: [
    {
      name: 'desk',
      kids: ['desk-1'],
      may: [
        { targets: ['gate'], commands: ['*'] },
        { targets: ['lamp'], commands: ['on', 'set-address'] },
      ],
    },
    { name: 'guard', kids: ['guard-1'], may: [{ targets: ['lamp'], commands: ['*'] }] },
  ],
  uplinks: ['town'],
  unsigned: ['lamp'],
  per_minute: 6000,
};

const COMMANDS: Readonly<Record<string, { readonly actuates: boolean }>> = {
  open: { actuates: true },
  on: { actuates: true },
  'set-address': { actuates: false },
};

/** Counts how often it moved; how an act ends the test says. */
class CountedTarget implements CommandTarget {
  readonly acts: { readonly name: string; readonly args: JsonObject }[] = [];
  owner: string | undefined;
  end: (signal: AbortSignal, actuated: () => void) => Promise<Outcome> = async () => DONE;
  private readonly id: string;

  constructor(id: string) {
    this.id = id;
  }

  check(name: string, args: JsonObject) {
    const spec = COMMANDS[name];
    if (!spec)
      throw new Fault('command.unknown', { target: this.id, name, known: Object.keys(COMMANDS).join(', ') });
    if ('wrong' in args)
      throw new Fault('command.bad-args', { target: this.id, name, text: 'wrong: not known' });
    return { ...spec, ...(this.owner !== undefined && { owner: this.owner }) };
  }

  act(name: string, args: JsonObject, how: { readonly signal: AbortSignal; readonly actuated: () => void }) {
    this.acts.push({ name, args });
    return this.end(how.signal, how.actuated);
  }
}

export const DONE: Outcome = { result: 'done', facts: { effective_ms: 500 } };

/** An inbox over a real store, told by the bytes that come on …/cmd. `restart` is a new process on the same store: it remembers nothing. */
export async function commandWorld(
  options: { readonly rules?: Partial<CommandRules>; readonly keys?: readonly KeyPair[] } = {},
) {
  const clock = new VirtualClock({ up: 60_000 });
  const store = await openTestStore({ file: `${tempFolder()}/store.db`, clock });
  onTestFinished(() => store.outbox.close());
  const topics = topicsOf(DEFAULT_PREFIX, { site: 'riverside', gateway: 'gate-1' });
  const reports: CommandReport[] = [];
  const bad: Fault[] = [];
  const records: EventEntry[] = [];
  const targets = { gate: new CountedTarget('gate'), lamp: new CountedTarget('lamp') };
  const keys = (options.keys ?? [DESK]).map(({ kid, key }) => ({ kid, key }));
  const disk: { journal: Journal } = { journal: store.journal };
  const start = async (): Promise<CommandInbox> => {
    const fresh = new CommandInbox({
      gateway: 'gate-1',
      ...{ clock, wall: clock, log: quietLog, randomBytes: countedBytes },
      journal: {
        intend: (...given) => disk.journal.intend(...given),
        conclude: (...given) => {
          records.push(given[2] as EventEntry);
          return disk.journal.conclude(...given);
        },
        open: () => disk.journal.open(),
        ended: (most) => disk.journal.ended(most),
      },
      trust: openTrust({ roots: [], lists: [], issuers: keys }, clock),
      rules: { ...RULES, ...options.rules },
      target: (id) => {
        if (id === 'gate' || id === 'lamp') return targets[id];
        throw new Fault('device.unknown', { device: id, nearest: 'gate' });
      },
      tell: async (event) => {
        records.push(event);
        return true;
      },
    });
    await fresh.begin();
    return fresh;
  };
  let running = await start();
  let beats: readonly string[] = ['n3', 'n2', 'n1'];
  const taken: Promise<void>[] = [];
  const hear = inbox({
    uplink: 'town',
    world: {
      clock,
      commands: (command, came) => void taken.push(running.take(command, { ...came, ...coming })),
    },
    topics,
    pump: { acknowledged: () => {}, replay: async () => {} },
    beats: () => beats,
    say: async ({ payload }) => void reports.push(JSON.parse(Buffer.from(payload).toString())),
    bad: (fault) => void bad.push(fault),
  });
  let coming: Partial<CommandContext> = {};
  return {
    ...{ clock, targets, reports, bad, records, disk, topics },
    inbox: () => running,
    restart: async () => {
      // Whatever the process before still waited for has gone with it.
      taken.splice(0);
      running = await start();
    },
    beat: (...nonces: readonly string[]) => {
      beats = nonces;
    },
    /** A message comes, and all that follows from it has happened. */
    come: async (message: unknown, how: Partial<CommandContext> = {}) => {
      coming = how;
      const text = typeof message === 'string' ? message : JSON.stringify(message);
      hear(topics.cmd, Buffer.from(text), { retain: how.retained ?? false });
      await Promise.all(taken.splice(0));
    },
    /** The same, not waited for. */
    send: (message: unknown, how: Partial<CommandContext> = {}) => {
      coming = how;
      hear(topics.cmd, Buffer.from(JSON.stringify(message)), { retain: how.retained ?? false });
    },
    settled: () => Promise.all(taken.splice(0)),
    audits: (): Json[] => records.flatMap(({ kind, fields }) => (kind === 'audit' ? [fields] : [])),
    outcomes: (): Json[] => records.flatMap(({ kind, fields }) => (kind === 'command' ? [fields] : [])),
    final: () => reports.filter(({ result }) => result !== 'accepted' && result !== 'actuated'),
  };
}

let ids = 0;
/** A command that is as it should be, unless the test says otherwise. */
export function wish(clock: VirtualClock, but: object = {}) {
  ids += 1;
  return {
    id: `c-${ids}`,
    gateway: 'gate-1',
    target: 'gate',
    name: 'open',
    args: {},
    issuer: 'desk',
    issued_at: Math.round(clock.read().unix_ms),
    ttl_ms: 10_000,
    beat: 'n3',
    ...but,
  };
}
