import type { LoadPart, LoadPlan } from '../../contracts/index.ts';
import type { LoadConfig } from '../load-schema.ts';
import { errorAt, type Finding, type Path, warningAt } from '../problems.ts';
import type { SiteConfig } from '../schema.ts';
import { doorOfRelay } from './doors.ts';
import { repeats, unknownName } from './findings.ts';
import { checkSchedule } from './rule-conditions.ts';
import { type Found, findPointOf, isNamed, notFound, ownerOf, relaysOf, type Things } from './things.ts';

/** A load with what it switches. */
export interface CheckedLoad {
  readonly config: LoadConfig;
  readonly plan: LoadPlan;
}

/** Whether each load can be switched, and nobody else switches it. */
export function checkLoads(things: Things): {
  readonly findings: readonly Finding[];
  readonly loads: readonly CheckedLoad[];
} {
  const { site } = things;
  const checked = site.loads.map((config, index) => checkOne(config, ['loads', index], things));
  return {
    findings: [...takenIds(site), ...sharedRelays(site), ...checked.flatMap(({ findings }) => findings)],
    loads: checked.flatMap(({ found }) => (found ? [found] : [])),
  };
}

function checkOne(config: LoadConfig, path: Path, things: Things): Found<CheckedLoad> {
  const { id, relays, schedule, stagger_ms, on_stop, switch: by_hand } = config;
  const parts = relays.map((relay, index) =>
    checkRelay({ ...relay, on_stop }, [...path, 'relays', index], things),
  );
  const findings = [
    ...parts.flatMap((part) => part.findings),
    ...(schedule === undefined ? [] : checkSchedule(schedule, [...path, 'schedule'], things).findings),
    ...(by_hand ? switchFindings(by_hand, [...path, 'switch'], things) : []),
  ];
  const found = parts.flatMap((part) => (part.found ? [part.found] : []));
  if (findings.some(({ severity }) => severity === 'error') || found.length < parts.length)
    return { findings };
  const lasts_s = by_hand?.lasts_s;
  const plan: LoadPlan = {
    ...{ id, parts: found, stagger_ms, schedule },
    by_hand: by_hand && {
      ...{ device: by_hand.device, point: by_hand.point },
      ...{ inverted: by_hand.inverted, type: by_hand.type },
    },
    by_hand_ms: lasts_s === undefined ? undefined : lasts_s * 1000,
  };
  return { findings, found: { config, plan } };
}

function checkRelay(
  { device: id, channel, contact, on_stop }: LoadConfig['relays'][number] & Pick<LoadConfig, 'on_stop'>,
  path: Path,
  things: Things,
): Found<LoadPart> {
  const say = (at: string, message: string, remedy: string) =>
    notFound(errorAt([...path, at], message, remedy));
  const device = things.devices.get(id);
  if (!device) {
    // One that is wrong by itself is told where it stands.
    if (isNamed(id, things) && !things.derived.has(id)) return notFound();
    const known = things.site.devices.map((one) => one.id);
    return notFound(unknownName([...path, 'device'], id, 'device', known));
  }
  const relays = relaysOf(device);
  if (relays.length === 0)
    return say('device', `${id} (${device.driver.id}) has no relays`, 'Name a relay board.');
  const spec = relays[channel - 1];
  if (!spec)
    return say('channel', `${id} has ${relays.length} relays; there is no ${channel}`, 'Count them from 1.');
  const door = doorOfRelay(things.site, id, channel);
  if (door !== undefined)
    return say('channel', `relay ${channel} of ${id} moves the door ${door}`, 'Name a relay that is free.');
  const owner = ownerOf(device, channel, { ...things, site: { ...things.site, loads: [] } });
  if (owner) return say('channel', `relay ${channel} of ${id} ${owner}`, 'Name a relay that is free.');
  const rests = spec.rest === 'hold' ? 'hold' : 'rest';
  if (rests !== on_stop)
    return say(
      'channel',
      on_stop === 'hold'
        ? `relay ${channel} of ${id} rests ${spec.rest}, and its load is to stay as it is when the gateway ends`
        : `relay ${channel} of ${id} stays as it is when the gateway ends, and its load is to go to its safe state`,
      on_stop === 'hold'
        ? `Set its rest to hold in the options of ${id}, or write on_stop: rest.`
        : `Set its rest to off or on in the options of ${id}, or write on_stop: hold.`,
    );
  const blind = warningAt(
    [...path, 'device'],
    `${id} (${device.driver.id}) does not show how its relays stand; nobody sees whether the load is on`,
    'Take a board that does, or see the options of its driver.',
  );
  const on = contact === 'normally-open';
  const move = (energised: boolean) => ({ name: energised ? 'on' : 'off', args: spec.args });
  return {
    findings: spec.point === undefined ? [blind] : [],
    found: {
      ...{ device: id, channel, on: move(on), off: move(!on) },
      shown: spec.point === undefined ? undefined : { point: spec.point, on },
    },
  };
}

function switchFindings(
  at: NonNullable<LoadConfig['switch']>,
  path: Path,
  things: Things,
): readonly Finding[] {
  if (things.derived.has(at.device))
    return [
      errorAt(
        [...path, 'device'],
        `${at.device} is derived; a switch is a point of a device`,
        'Name the device.',
      ),
    ];
  return findPointOf('flag', at, path, things).findings;
}

function takenIds({ loads, devices, derived, supplies, doors }: SiteConfig): Finding[] {
  const others = [...devices, ...derived, ...supplies, ...doors].map(({ id }) => ({ id, index: -1 }));
  const own = loads.map(({ id }, index) => ({ id, index }));
  return repeats([...others, ...own], ({ id }) => id).flatMap(({ again: { id, index } }) =>
    index < 0
      ? []
      : [
          errorAt(
            ['loads', index, 'id'],
            `the id ${id} is taken already`,
            'Give each its own id; ids are never reused.',
          ),
        ],
  );
}

function sharedRelays({ loads }: SiteConfig): Finding[] {
  const all = loads.flatMap(({ id, relays }, index) =>
    relays.map((relay, at) => ({ id, relay, path: ['loads', index, 'relays', at, 'channel'] })),
  );
  return repeats(all, ({ relay }) => `${relay.device} ${relay.channel}`).map(({ first, again }) =>
    errorAt(
      again.path,
      `relay ${again.relay.channel} of ${again.relay.device} is part of the load ${first.id} already`,
      'Name each relay once.',
    ),
  );
}
