import type { RelaySpec } from '../../contracts/index.ts';
import type { JsonObject } from '../../model/index.ts';
import { errorAt, type Finding, type Path, warningAt } from '../problems.ts';
import type { SiteConfig } from '../schema.ts';
import type { SupplyConfig } from '../supply-schema.ts';
import type { CheckedDevice } from './device.ts';
import { repeats, unknownName } from './findings.ts';

/** A supply with what it goes through and what it feeds. */
export interface CheckedSupply {
  readonly config: SupplyConfig;
  readonly relay: CheckedDevice;
  /** Cuts it. `board`: the board gives it again by itself, also when this gateway dies meanwhile. */
  readonly cut: Move & { readonly timing: 'board' | 'host' };
  /** Gives it (again); may be told at any time. */
  readonly give: Move;
  /** The flag of the relay board that shows whether it is cut, and how it stands then. */
  readonly shown: { readonly point: string; readonly cut: boolean };
  readonly fed: readonly CheckedDevice[];
}

interface Move {
  readonly name: string;
  readonly args: JsonObject;
}

/** Whether this relay of this board feeds a lock, as the site says. */
export const feedsLock = (devices: SiteConfig['devices'], relay: string, channel: number): boolean =>
  devices.some(({ id, locks }) => id === relay && locks.includes(channel));

/** Whether each supply can be cut without harm, and comes back whatever happens. */
export function checkSupplies(
  site: SiteConfig,
  devices: readonly CheckedDevice[],
): { readonly findings: readonly Finding[]; readonly supplies: readonly CheckedSupply[] } {
  const checked = site.supplies.map((config, index) =>
    checkOne(config, ['supplies', index], { site, devices }),
  );
  return {
    findings: [
      ...lockFindings(site, devices),
      ...sharedRelays(site),
      ...checked.flatMap(({ findings }) => findings),
      ...poweredFindings(site, devices),
      ...loops(site),
    ],
    supplies: checked.flatMap(({ supply }) => (supply ? [supply] : [])),
  };
}

interface Among {
  readonly site: SiteConfig;
  readonly devices: readonly CheckedDevice[];
}

function checkOne(
  config: SupplyConfig,
  path: Path,
  { site, devices }: Among,
): { readonly findings: readonly Finding[]; readonly supply?: CheckedSupply } {
  const say = (at: string, message: string, remedy: string) => ({
    findings: [errorAt([...path, at], message, remedy)],
  });
  const relay = devices.find((device) => device.config.id === config.relay);
  if (!relay) {
    const known = site.devices.map(({ id }) => id);
    // One that is wrong by itself is told where it stands.
    if (known.includes(config.relay)) return { findings: [] };
    return { findings: [unknownName([...path, 'relay'], config.relay, 'device', known)] };
  }
  const relays = relaysOf(relay);
  if (relays.length === 0) {
    const boards = devices.filter((device) => relaysOf(device).length > 0).map((one) => one.config.id);
    const remedy = boards.length
      ? `Relay boards here: ${boards.join(', ')}.`
      : 'Add the relay board to devices.';
    return say('relay', `${config.relay} (${relay.driver.id}) has no relays`, remedy);
  }
  const spec = relays[config.channel - 1];
  if (!spec)
    return say(
      'channel',
      `${config.relay} has ${relays.length} relays; there is no ${config.channel}`,
      'Count them from 1.',
    );
  if (feedsLock(site.devices, config.relay, config.channel))
    return say(
      'channel',
      `relay ${config.channel} of ${config.relay} feeds a lock (its locks say so); a supply never goes through one`,
      'Wire the supply to another relay, if you can on a board that has no locks.',
    );
  if (spec.point === undefined)
    return say(
      'relay',
      `${config.relay} (${relay.driver.id}) does not show how its relays stand; nobody could tell whether the supply is on`,
      'Take a board that does, or see the options of its driver.',
    );
  const on = config.contact === 'normally-open';
  const rest = on ? 'on' : 'off';
  if (spec.rest !== rest)
    return say(
      'contact',
      `relay ${config.channel} of ${config.relay} rests ${spec.rest === 'hold' ? 'as it is (hold)' : spec.rest}; through a ${config.contact} contact the supply could stay cut when the gateway ends`,
      `Set its rest to ${rest} in the options of ${config.relay}, or wire it to the other contact.`,
    );
  const fed = devices.filter((device) => device.config.powered_by === config.id);
  const unused = site.devices.some(({ powered_by }) => powered_by === config.id)
    ? []
    : [
        warningAt(
          path,
          `nothing is powered by ${config.id}`,
          `Give the devices it feeds powered_by: ${config.id}, or remove it.`,
        ),
      ];
  const supply: CheckedSupply = {
    config,
    relay,
    cut: cutOf(config, relay, spec),
    give: { name: on ? 'on' : 'off', args: spec.args },
    shown: { point: spec.point, cut: !on },
    fed,
  };
  return { findings: unused, supply };
}

const relaysOf = ({ driver, options }: CheckedDevice): readonly RelaySpec[] => driver.relays?.(options) ?? [];

/** By the board's own timer where it has one that lasts so long. */
function cutOf(
  { contact, off_s }: SupplyConfig,
  { driver }: CheckedDevice,
  { args }: RelaySpec,
): CheckedSupply['cut'] {
  const on = contact === 'normally-open';
  const pulse = on ? 'off-pulse' : 'pulse';
  const timed = { ...args, ms: Math.round(off_s * 1000) };
  const spec = driver.commands[pulse];
  if (spec?.timing === 'board' && spec.args.safeParse(timed).success)
    return { name: pulse, args: timed, timing: 'board' };
  return { name: on ? 'off' : 'on', args, timing: 'host' };
}

function lockFindings(site: SiteConfig, devices: readonly CheckedDevice[]): Finding[] {
  return devices.flatMap((device) => {
    const { locks, id } = device.config;
    const count = relaysOf(device).length;
    const path = ['devices', site.devices.indexOf(device.config), 'locks'] as const;
    if (locks.length > 0 && count === 0)
      return [
        errorAt(path, `${id} (${device.driver.id}) has no relays that could feed a lock`, 'Leave locks out.'),
      ];
    return locks.flatMap((channel, index) =>
      channel > count
        ? [
            errorAt(
              [...path, index],
              `${id} has ${count} relays; there is no ${channel}`,
              'Count them from 1.',
            ),
          ]
        : [],
    );
  });
}

function sharedRelays({ supplies }: SiteConfig): Finding[] {
  return repeats(supplies, ({ relay, channel }) => `${relay} ${channel}`).map(({ first, again }) =>
    errorAt(
      ['supplies', supplies.indexOf(again), 'channel'],
      `relay ${again.channel} of ${again.relay} is the supply ${first.id} already`,
      'One relay is one supply; let its devices name that one.',
    ),
  );
}

function poweredFindings(site: SiteConfig, devices: readonly CheckedDevice[]): Finding[] {
  const known = site.supplies.map(({ id }) => id);
  return site.devices.flatMap(({ id, powered_by, locks }, index) => {
    if (powered_by === undefined) return [];
    const path = ['devices', index, 'powered_by'] as const;
    if (!known.includes(powered_by)) return [unknownName(path, powered_by, 'supply', known)];
    const device = devices.find((one) => one.config.id === id);
    if (locks.length > 0 || device?.driver.category === 'access')
      return [
        errorAt(
          path,
          `${id} moves locks; without power it would open or close them`,
          'Leave powered_by out: a door controller is never switched off by the gateway.',
        ),
      ];
    if (device && Object.keys(device.driver.points(device.options)).length === 0)
      return [
        warningAt(
          path,
          `${id} (${device.driver.id}) speaks only when something happens, so it is never found silent`,
          'Leave powered_by out.',
        ),
      ];
    return [];
  });
}

/** Power that would have to come from what it feeds. */
function loops({ devices, supplies }: SiteConfig): Finding[] {
  const feeder = new Map(
    devices.flatMap(({ id, powered_by }) => {
      const supply = supplies.find((one) => one.id === powered_by);
      return supply ? [[id, supply.relay] as const] : [];
    }),
  );
  return devices.flatMap(({ id }, index) => {
    const way = [id];
    for (let at = feeder.get(id); at !== undefined; at = feeder.get(at)) {
      way.push(at);
      if (at === id) break;
      // It leads into a loop that others are told of.
      if (way.indexOf(at) < way.length - 1) return [];
    }
    if (way.length === 1 || way.at(-1) !== id) return [];
    const path = ['devices', index, 'powered_by'];
    return way.length === 2
      ? [
          errorAt(
            path,
            `${id} would switch off its own power`,
            'Power a relay board from something it does not switch.',
          ),
        ]
      : [
          errorAt(
            path,
            `power goes round in a circle: ${way.toReversed().join(' → ')}`,
            'Power one of these relay boards from something that none of them switches.',
          ),
        ];
  });
}
