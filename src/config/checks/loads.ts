import type { JsonObject } from '../../model/index.ts';
import type { LoadConfig } from '../load-schema.ts';
import { errorAt, type Finding, type Path, warningAt } from '../problems.ts';
import type { SiteConfig } from '../schema.ts';
import type { CheckedDevice } from './device.ts';
import { repeats, unknownName } from './findings.ts';
import { commandFindings } from './rule-actions.ts';
import { checkSchedule } from './rule-conditions.ts';
import { type Found, findPointOf, isNamed, notFound, ownerOf, relaysOf, type Things } from './things.ts';

interface Step {
  readonly command: string;
  readonly args: JsonObject;
}

/** One output of a load. */
export interface LoadPart {
  readonly device: string;
  readonly on: Step;
  readonly off: Step;
  /** The flag that shows whether it is on; undefined: nothing shows it. */
  readonly point: string | undefined;
}

/** A load with what it switches. */
export interface CheckedLoad {
  readonly config: LoadConfig;
  readonly parts: readonly LoadPart[];
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
  const { relays, outputs, schedule, dusk, button } = config;
  const parts = [
    ...relays.map((relay, index) => checkRelay(relay, [...path, 'relays', index], things)),
    ...outputs.map((output, index) => checkOutput(output, [...path, 'outputs', index], things)),
  ];
  const findings = [
    ...(relays.length + outputs.length === 0
      ? [errorAt(path, `${config.id} switches nothing`, 'Name its relays.')]
      : []),
    ...parts.flatMap((part) => part.findings),
    ...(schedule === undefined ? [] : checkSchedule(schedule, [...path, 'schedule'], things).findings),
    ...(dusk ? findPointOf('number', dusk, [...path, 'dusk'], things).findings : []),
    ...(button ? findPointOf('flag', button, [...path, 'button'], things).findings : []),
  ];
  const found = parts.flatMap((part) => (part.found ? [part.found] : []));
  const failed = findings.some(({ severity }) => severity === 'error') || found.length < parts.length;
  return failed ? { findings } : { findings, found: { config, parts: found } };
}

function deviceOf(id: string, path: Path, things: Things): Found<CheckedDevice> {
  const found = things.devices.get(id);
  if (found) return { findings: [], found };
  if (isNamed(id, things) && !things.derived.has(id)) return notFound();
  return notFound(
    unknownName(
      [...path, 'device'],
      id,
      'device',
      things.site.devices.map((one) => one.id),
    ),
  );
}

function checkRelay(
  { device: id, channel }: LoadConfig['relays'][number],
  path: Path,
  things: Things,
): Found<LoadPart> {
  const { findings, found: device } = deviceOf(id, path, things);
  if (!device) return { findings };
  const relays = relaysOf(device);
  if (relays.length === 0)
    return notFound(
      errorAt(
        [...path, 'device'],
        `${id} (${device.driver.id}) has no relays`,
        'Name a relay board, or use outputs.',
      ),
    );
  const spec = relays[channel - 1];
  if (!spec)
    return notFound(
      errorAt(
        [...path, 'channel'],
        `${id} has ${relays.length} relays; there is no ${channel}`,
        'Count them from 1.',
      ),
    );
  const owner = ownerOf(device, channel, things);
  if (owner)
    return notFound(
      errorAt([...path, 'channel'], `relay ${channel} of ${id} ${owner}`, 'Name a relay that is free.'),
    );
  const warnings =
    spec.rest === 'hold'
      ? []
      : [
          warningAt(
            [...path, 'channel'],
            `relay ${channel} of ${id} rests ${spec.rest}: so it stands for as long as the gateway is restarted`,
            `Set its rest to hold in the options of ${id}.`,
          ),
        ];
  const step = (command: string) => ({ command, args: spec.args });
  return { findings: warnings, found: { device: id, on: step('on'), off: step('off'), point: spec.point } };
}

function checkOutput(
  { device: id, on, off, point }: LoadConfig['outputs'][number],
  path: Path,
  things: Things,
): Found<LoadPart> {
  const { findings, found: device } = deviceOf(id, path, things);
  if (!device) return { findings };
  if (device.driver.category === 'access' || device.config.locks.length > 0)
    return notFound(
      errorAt([...path, 'device'], `${id} moves locks`, 'Use relays, and name those that are free.'),
    );
  const wrong = [
    ...commandFindings(device, on, [...path, 'on']),
    ...commandFindings(device, off, [...path, 'off']),
    ...(point === undefined ? [] : findPointOf('flag', { device: id, point }, path, things).findings),
  ];
  return wrong.length ? { findings: wrong } : { findings: [], found: { device: id, on, off, point } };
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
