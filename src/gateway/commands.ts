import { CommandInbox } from '../commands/index.ts';
import type { SiteConfig } from '../config/index.ts';
import type {
  ActResult,
  CommandRules,
  CommandTarget,
  Intake,
  Log,
  Store,
  Trust,
  TrustedKey,
} from '../contracts/index.ts';
import type { DeviceHost } from '../devices/index.ts';
import { Fault } from '../faults/index.ts';
import { openTrust } from '../identity/index.ts';
import { type Command, SNAPSHOTS } from '../model/index.ts';
import type { World } from '../world.ts';
import type { DoorRuntime } from './doors.ts';
import type { Loads } from './loads.ts';
import type { Maintenance } from './maintenance.ts';
import type { Snapshots } from './snapshots.ts';

interface Parts {
  readonly site: SiteConfig;
  readonly gateway: string;
  readonly world: World;
  readonly store: Store;
  readonly log: Log;
  readonly intake: () => Pick<Intake, 'event'>;
  readonly derived: (id: string) => boolean;
  /** Throws Fault device.unknown. */
  readonly device: (id: string) => DeviceHost;
  readonly doors: Pick<DoorRuntime, 'target' | 'owner'>;
  readonly loads: Pick<Loads, 'target' | 'owner'>;
  readonly maintenance: Pick<Maintenance, 'target'>;
  readonly snapshots: Pick<Snapshots, 'take' | 'target'>;
  readonly trust: Trust;
}

/** The keys of the site file. */
export function siteTrust({ trust: { roots, issuers, lists } }: SiteConfig, wall: World['wall']): Trust {
  const keys = {
    roots: roots.map(trusted),
    issuers: issuers.flatMap((issuer) => issuer.keys.map(trusted)),
    lists: lists.map(trusted),
  };
  return openTrust(keys, wall);
}

/** The inbox of all commands, as the site file says who may give them. */
export function openCommands({
  site,
  gateway,
  world,
  store,
  log,
  intake,
  derived,
  device,
  doors,
  loads,
  maintenance,
  snapshots,
  trust,
}: Parts): CommandInbox {
  const { clock, wall, randomBytes } = world;
  return new CommandInbox({
    ...{ gateway, clock, wall, log, randomBytes },
    journal: store.journal,
    trust,
    rules: rulesOf(site),
    target: (id) => {
      if (id === SNAPSHOTS) return snapshots.target;
      const itself = () => (derived(id) ? without(id) : targetOf(device(id), { doors, loads, snapshots }));
      return doors.target(id) ?? loads.target(id) ?? maintenance.target(id, itself);
    },
    tell: async (event) => (await intake().event(event)) !== false,
  });
}

const trusted = ({ kid, public_key, from, until }: SiteConfig['trust']['roots'][number]): TrustedKey => ({
  ...{ kid, key: public_key },
  from_ms: from === undefined ? undefined : Date.parse(from),
  until_ms: until === undefined ? undefined : Date.parse(until),
});

const rulesOf = ({ trust, commands, uplinks }: SiteConfig): CommandRules => ({
  issuers: trust.issuers.map(({ name, keys, may }) => ({ name, kids: keys.map(({ kid }) => kid), may })),
  uplinks: uplinks.flatMap((uplink) => (uplink.commands ? [uplink.id] : [])),
  unsigned: commands.unsigned,
  per_minute: commands.per_minute,
});

/** What is derived can be told nothing. */
const without = (target: string): CommandTarget => {
  const refuse = (name: string) => new Fault('command.unknown', { target, name, known: 'none' });
  return {
    check: (name) => {
      throw refuse(name);
    },
    act: (name) => Promise.reject(refuse(name)),
  };
};

/** What makes way for a command was not sent, and is sent again. */
async function actBehind(
  host: Pick<DeviceHost, 'act'>,
  { name, args }: Pick<Command, 'name' | 'args'>,
  signal: AbortSignal,
): Promise<ActResult> {
  for (;;) {
    const result = await host.act(name, args, { signal, priority: 'field' });
    if (result.facts.fault !== 'device.made-way' || signal.aborted) return result;
  }
}

const targetOf = (
  host: DeviceHost,
  { doors, loads, snapshots }: Pick<Parts, 'doors' | 'loads' | 'snapshots'>,
): CommandTarget => ({
  check: (name, args) => {
    const { actuates } = host.commandNamed(name, args);
    const { id } = host.settings;
    const owner = actuates ? (doors.owner(id, args) ?? loads.owner(id, args)) : undefined;
    return { actuates, ...(owner !== undefined && { owner }) };
  },
  act: async (name, args, how) => {
    const { signal, behind } = how;
    const act = () => (behind ? actBehind(host, { name, args }, signal) : host.act(name, args, { signal }));
    const { id: device } = host.settings;
    if (host.commandNamed(name, args).gives === 'file')
      return snapshots.take({ device, command: name }, how, act);
    // Of bytes that no command declares nothing goes into a record.
    const { result, facts } = await act();
    return { result, facts };
  },
});
