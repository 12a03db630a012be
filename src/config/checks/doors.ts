import type { BusBudget } from '../budget.ts';
import type { DoorConfig, DoorPointConfig, DoorRelayConfig } from '../door-schema.ts';
import { errorAt, type Finding, type Path, warningAt } from '../problems.ts';
import type { SiteConfig } from '../schema.ts';
import type { CheckedDevice } from './device.ts';
import { type Around, type CheckedDoorRelay, checkPoint, checkRelay, deviceOf } from './door-parts.ts';
import { type DoorWait, doorWait } from './door-waits.ts';
import { repeats, unknownName } from './findings.ts';

/** A door with what it moves. */
export interface CheckedDoor {
  readonly config: DoorConfig;
  /** By gate: `lock`; `in`, `out`; `open`, `close`, `stop`; the floors. */
  readonly relays: Readonly<Record<string, CheckedDoorRelay>>;
  readonly wait: DoorWait;
}

/** Whether each door can be moved, seen and released. */
export function checkDoors(
  site: SiteConfig,
  devices: readonly CheckedDevice[],
  budgets: readonly BusBudget[],
): { readonly findings: readonly Finding[]; readonly doors: readonly CheckedDoor[] } {
  const around = { site, devices, budgets };
  const checked = site.doors.map((config, index) => checkOne(config, ['doors', index], around));
  return {
    findings: [
      ...takenIds(site),
      ...site.fire_inputs.flatMap(
        (input, index) => checkPoint(input, ['fire_inputs', index], around).findings,
      ),
      ...checked.flatMap(({ findings }) => findings),
      ...sharedRelays(site),
      ...sharedReaders(site),
      ...loneInterlocks(site),
    ],
    doors: checked.flatMap(({ door }) => (door ? [door] : [])),
  };
}

function checkOne(
  config: DoorConfig,
  path: Path,
  around: Around & { readonly budgets: readonly BusBudget[] },
): { readonly findings: readonly Finding[]; readonly door?: CheckedDoor } {
  const longest_ms = Math.max(config.unlock_s, config.extended_s) * 1000;
  const relays = relaysOf(config).map(({ gate, at, relay }) => {
    const use = {
      path: [...path, ...at],
      longest_ms,
      scheduled: config.schedule !== undefined,
      impulse: config.type === 'barrier',
    };
    return { gate, use, ...checkRelay(relay, use, around) };
  });
  const found = relays.flatMap(({ gate, use, found }) => (found ? [{ gate, use, found }] : []));
  const timed_ms = config.type === 'barrier' ? (config.close ? 0 : Number.POSITIVE_INFINITY) : longest_ms;
  const { findings: slow, wait } = doorWait(
    config.id,
    found.map(({ use, found: relay }) => ({ path: use.path, found: relay, longest_ms: timed_ms })),
    around,
  );
  const inputs = inputsOf(config).flatMap(
    ({ at, input }) => checkPoint(input, [...path, ...at], around).findings,
  );
  const findings = [
    ...relays.flatMap((relay) => relay.findings),
    ...slow,
    ...inputs,
    ...readerFindings(config, path, around),
    ...nameFindings(config, path, around.site),
    ...(config.type === 'lift' ? [] : passageFindings(config, path)),
  ];
  const wrong = found.length < relays.length || findings.some(({ severity }) => severity === 'error');
  if (wrong || !wait) return { findings };
  const byGate = found.map(({ gate, found: relay }) => [gate, relay] as const);
  return { findings, door: { config, relays: Object.fromEntries(byGate), wait } };
}

/** Devices that move a door: what they wait for is told with it. */
export const relaysOfDoors = ({ doors }: Pick<SiteConfig, 'doors'>): ReadonlySet<string> =>
  new Set(doors.flatMap((door) => relaysOf(door).map(({ relay }) => relay.device)));

/** The door that moves that relay. */
export const doorOfRelay = (
  { doors }: Pick<SiteConfig, 'doors'>,
  device: string,
  channel: number,
): string | undefined =>
  doors.find((door) =>
    relaysOf(door).some(({ relay }) => relay.device === device && relay.channel === channel),
  )?.id;

/** All devices that a door depends on: what moves it, what it sees by, and who asks at it. */
export const devicesOfDoor = (door: DoorConfig): ReadonlySet<string> =>
  new Set([
    ...relaysOf(door).map(({ relay }) => relay.device),
    ...inputsOf(door).map(({ input }) => input.device),
    ...SIDES.flatMap((side) => door.readers[side]?.device ?? []),
  ]);

interface Gate {
  readonly gate: string;
  readonly at: Path;
  readonly relay: DoorRelayConfig;
}

function relaysOf(config: DoorConfig): readonly Gate[] {
  switch (config.type) {
    case 'door':
      return [{ gate: 'lock', at: ['lock'], relay: config.lock }];
    case 'turnstile':
      return [
        { gate: 'in', at: ['lock_in'], relay: config.lock_in },
        { gate: 'out', at: ['lock_out'], relay: config.lock_out },
      ];
    case 'barrier':
      return (['open', 'close', 'stop'] as const).flatMap((gate) => {
        const relay = config[gate];
        return relay ? [{ gate, at: [gate], relay }] : [];
      });
    case 'lift':
      return Object.entries(config.floors).map(([gate, relay]) => ({ gate, at: ['floors', gate], relay }));
  }
}

const SIDES = ['in', 'out'] as const;

/** What a door sees by, with where it stands in the door. */
export function inputsOf(config: DoorConfig): { readonly at: Path; readonly input: DoorPointConfig }[] {
  const tampers = config.tampers.map((input, index) => ({ at: ['tampers', index], input }));
  if (config.type === 'lift') return tampers;
  const sided = (['contacts', 'exits'] as const).flatMap((list) =>
    SIDES.flatMap((side) => {
      const input = config[list][side];
      return input ? [{ at: [list, side], input }] : [];
    }),
  );
  const presence =
    config.type === 'barrier' && config.presence ? [{ at: ['presence'], input: config.presence }] : [];
  return [...sided, ...presence, ...tampers];
}

function readerFindings({ readers }: DoorConfig, path: Path, around: Around): Finding[] {
  return SIDES.flatMap((side) => {
    const reader = readers[side];
    if (!reader) return [];
    const at = [...path, 'readers', side, 'device'];
    const { findings, found } = deviceOf(reader.device, at, around);
    if (!found || found.driver.category === 'reader') return [...findings];
    const known = around.devices
      .filter(({ driver }) => driver.category === 'reader')
      .map(({ config }) => config.id);
    const remedy = known.length ? `Readers here: ${known.join(', ')}.` : 'Add the reader to devices.';
    return [errorAt(at, `${reader.device} (${found.driver.id}) is no reader`, remedy)];
  });
}

function nameFindings({ fire, schedule }: DoorConfig, path: Path, site: SiteConfig): Finding[] {
  const fires = site.fire_inputs.map(({ id }) => id);
  const schedules = site.schedules.map(({ id }) => id);
  const unknown = fire.inputs.flatMap((id, index) =>
    fires.includes(id) ? [] : [unknownName([...path, 'fire', 'inputs', index], id, 'fire input', fires)],
  );
  if (schedule === undefined || schedules.includes(schedule)) return unknown;
  return [...unknown, unknownName([...path, 'schedule'], schedule, 'schedule', schedules)];
}

function passageFindings(config: Exclude<DoorConfig, { type: 'lift' }>, path: Path): Finding[] {
  const { id, contacts, escape_route, lockdown_exit, fire, held_s, prealarm_s, interlock, schedule } = config;
  const findings: Finding[] = [];
  const seen = contacts.in !== undefined || contacts.out !== undefined;
  if (!seen)
    findings.push(
      warningAt(
        path,
        `${id} has no contact: nobody can tell whether it was opened, forced or left open`,
        'Add one to contacts, if you can.',
      ),
    );
  if (config.type === 'door' && config.relock === 'on-open' && !seen)
    findings.push(
      errorAt([...path, 'relock'], 'relock is on-open, and there is no contact to tell', 'Use on-time.'),
    );
  if (seen && held_s > 0 && prealarm_s >= held_s)
    findings.push(
      errorAt(
        [...path, 'prealarm_s'],
        `prealarm_s is ${prealarm_s}, and held_s ${held_s}`,
        'Make it shorter, or 0.',
      ),
    );
  if (escape_route && !lockdown_exit)
    findings.push(
      errorAt(
        [...path, 'lockdown_exit'],
        'an escape route lets out in any lockdown',
        'Leave lockdown_exit out.',
      ),
    );
  if (escape_route && fire.inputs.length === 0)
    findings.push(
      warningAt(
        path,
        `${id} is an escape route, and follows no fire input`,
        'Name one under fire. The release in hardware stays the safety path.',
      ),
    );
  if (interlock !== undefined && schedule !== undefined)
    findings.push(
      warningAt(
        [...path, 'schedule'],
        `while its schedule unlocks it, the other doors of ${interlock} stay shut`,
        'Leave schedule out, or interlock.',
      ),
    );
  if (config.type === 'barrier' && !config.presence)
    findings.push(
      warningAt(
        path,
        `${id} has no presence input: it comes down whatever stands below`,
        'Add a loop or a light barrier as presence.',
      ),
    );
  return findings;
}

/** A door is a target and a subject as a device is. */
function takenIds({ devices, derived, supplies, doors, fire_inputs, schedules }: SiteConfig): Finding[] {
  const others = [...devices, ...derived, ...supplies].map(({ id }) => ({
    id,
    path: undefined as Path | undefined,
  }));
  const named = doors.map(({ id }, index) => ({ id, path: ['doors', index, 'id'] as Path | undefined }));
  const own = ([list, things]: readonly [string, readonly { readonly id: string }[]]) =>
    repeats(
      things.map(({ id }, index) => ({ id, index })),
      ({ id }) => id,
    ).map(({ again }) => taken([list, again.index, 'id'], again.id));
  return [
    ...repeats([...others, ...named], ({ id }) => id).flatMap(({ again }) =>
      again.path ? [taken(again.path, again.id)] : [],
    ),
    ...own(['fire_inputs', fire_inputs]),
    ...own(['schedules', schedules]),
  ];
}

const taken = (path: Path, id: string): Finding =>
  errorAt(path, `the id ${id} is taken already`, 'Give each its own id; ids are never reused.');

function sharedRelays({ doors }: SiteConfig): Finding[] {
  const all = doors.flatMap((door, index) =>
    relaysOf(door).map(({ at, relay }) => ({
      door: door.id,
      path: ['doors', index, ...at, 'channel'],
      relay,
    })),
  );
  return repeats(all, ({ relay }) => `${relay.device} ${relay.channel}`).map(({ first, again }) =>
    errorAt(
      again.path,
      `relay ${again.relay.channel} of ${again.relay.device} moves ${first.door} already`,
      'Name the relay it is really wired to.',
    ),
  );
}

function sharedReaders({ doors }: SiteConfig): Finding[] {
  const all = doors.flatMap((door, index) =>
    SIDES.flatMap((side) => {
      const reader = door.readers[side];
      return reader
        ? [{ door: door.id, side, path: ['doors', index, 'readers', side, 'device'], reader }]
        : [];
    }),
  );
  return repeats(all, ({ reader }) => reader.device).map(({ first, again }) =>
    errorAt(
      again.path,
      `${again.reader.device} is the reader of ${first.door} (${first.side}) already`,
      'A reader belongs to one side of one door.',
    ),
  );
}

function loneInterlocks({ doors }: SiteConfig): Finding[] {
  const groups = doors.map((door) => (door.type === 'lift' ? undefined : door.interlock));
  return groups.flatMap((group, index) =>
    group !== undefined && groups.indexOf(group) === groups.lastIndexOf(group)
      ? [
          warningAt(
            ['doors', index, 'interlock'],
            `no other door has the interlock ${group}`,
            'Give the other one the same word, or leave it out.',
          ),
        ]
      : [],
  );
}
