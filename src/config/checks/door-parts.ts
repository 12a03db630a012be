import type { RelaySpec } from '../../contracts/index.ts';
import { nearest } from '../../model/index.ts';
import type { DoorPointConfig, DoorRelayConfig } from '../door-schema.ts';
import { errorAt, type Finding, type Path, warningAt } from '../problems.ts';
import type { SiteConfig } from '../schema.ts';
import type { CheckedDevice } from './device.ts';

export interface Around {
  readonly site: SiteConfig;
  readonly devices: readonly CheckedDevice[];
}

/** A relay of a door, found. */
export interface CheckedDoorRelay {
  readonly config: DoorRelayConfig;
  readonly device: CheckedDevice;
  /** Who ends a pulse that unlocks: the board, up to `longest_ms`, or this gateway. */
  readonly timing: 'board' | 'host';
  readonly longest_ms: number;
  /** What its commands are told, the flag that shows it, and where it rests. */
  readonly shown: RelaySpec;
}

type Found<T> = { readonly findings: readonly Finding[]; readonly found?: T };

/** A device of this gateway: doors never hang on another one, which may be down when they are not. */
export function deviceOf(id: string, path: Path, { site, devices }: Around): Found<CheckedDevice> {
  const found = devices.find(({ config }) => config.id === id);
  if (found) return { findings: [], found };
  const known = site.devices.map((device) => device.id);
  // One that is wrong by itself is told where it stands.
  if (known.includes(id)) return { findings: [] };
  const close = nearest(id, known);
  return {
    findings: [
      errorAt(
        path,
        `there is no device ${id} on this gateway`,
        close
          ? `Did you mean ${close}?`
          : 'All that belongs to a door hangs on its own gateway: it must work when others do not.',
      ),
    ],
  };
}

/** A flag of a device. */
export function checkPoint(input: DoorPointConfig, path: Path, around: Around): Found<CheckedDevice> {
  const { findings, found } = deviceOf(input.device, [...path, 'device'], around);
  if (!found) return { findings };
  const points = found.driver.points(found.options);
  const spec = points[input.point];
  const at = [...path, 'point'];
  if (!spec) {
    const close = nearest(input.point, Object.keys(points));
    return {
      findings: [
        errorAt(
          at,
          `${input.device} (${found.driver.id}) has no point ${input.point}`,
          close ? `Did you mean ${close}?` : `It has ${Object.keys(points).join(', ') || 'none'}.`,
        ),
      ],
    };
  }
  if (spec.kind === 'flag') return { findings: [], found };
  const flags = Object.keys(points).filter((name) => points[name]?.kind === 'flag');
  return {
    findings: [
      errorAt(
        at,
        `${input.point} of ${input.device} is a ${spec.kind}; a flag is needed`,
        flags.length ? `Flags it has: ${flags.join(', ')}.` : 'Name another device.',
      ),
    ],
  };
}

export interface RelayUse {
  readonly path: Path;
  /** The longest timed unlock. */
  readonly longest_ms: number;
  readonly scheduled: boolean;
  /** It only starts a motor: nothing stands open when it stays on. */
  readonly impulse: boolean;
}

/** Whether that relay can move a lock, is known to, and leaves it shut when the gateway ends. */
export function checkRelay(config: DoorRelayConfig, use: RelayUse, around: Around): Found<CheckedDoorRelay> {
  const { path } = use;
  const { findings, found: device } = deviceOf(config.device, [...path, 'device'], around);
  if (!device) return { findings };
  const say = (key: string, message: string, remedy: string) => ({
    findings: [errorAt([...path, key], message, remedy)],
  });
  const { driver, options } = device;
  const relays = driver.relays?.(options) ?? [];
  if (relays.length === 0) {
    const boards = around.devices.filter((one) => (one.driver.relays?.(one.options) ?? []).length > 0);
    const remedy = boards.length
      ? `Relay boards here: ${boards.map((one) => one.config.id).join(', ')}.`
      : 'Add the relay board to devices.';
    return say('device', `${config.device} (${driver.id}) has no relays`, remedy);
  }
  const spec = relays[config.channel - 1];
  if (!spec)
    return say(
      'channel',
      `${config.device} has ${relays.length} relays; there is no ${config.channel}`,
      'Count them from 1.',
    );
  const { locks } = device.config;
  if (!locks.includes(config.channel))
    return say(
      'channel',
      `relay ${config.channel} of ${config.device} is not among its locks`,
      `Set locks: [${[...locks, config.channel].sort((x, y) => x - y).join(', ')}] of ${config.device}, so that nothing else moves it.`,
    );
  const unlocked = config.wiring === 'fail-secure' ? 'on' : 'off';
  if (spec.rest === unlocked && !use.impulse)
    return say(
      'wiring',
      `relay ${config.channel} of ${config.device} rests ${spec.rest}; a ${config.wiring} lock would stand open when the gateway ends`,
      `Set its rest to ${unlocked === 'on' ? 'off' : 'on'} or hold in the options of ${config.device}.`,
    );
  const pulse = driver.commands[unlocked === 'on' ? 'pulse' : 'off-pulse'];
  const timing = pulse?.timing === 'board' ? 'board' : 'host';
  const longest_ms = timing === 'board' ? (pulse?.max_ms ?? Number.MAX_SAFE_INTEGER) : 0;
  return {
    findings: [
      ...timingFindings(config, use, { driver: driver.id, timing, longest_ms }),
      ...restFindings(config, use, spec.rest),
    ],
    found: { config, device, timing, longest_ms, shown: spec },
  };
}

function timingFindings(
  { device }: DoorRelayConfig,
  { path, longest_ms: asked, impulse }: RelayUse,
  {
    driver,
    timing,
    longest_ms,
  }: { readonly driver: string; readonly timing: string; readonly longest_ms: number },
): Finding[] {
  if (impulse || (timing === 'board' && asked <= longest_ms)) return [];
  const why =
    timing === 'board'
      ? `times ${longest_ms / 1000} s at most, and ${asked / 1000} s are asked`
      : 'does not time this by itself';
  return [
    warningAt(
      [...path, 'device'],
      `${device} (${driver}) ${why}: the door stays unlocked when the gateway dies in the middle of it`,
      'Take a relay board that times its pulses itself (gatelodge drivers shows it).',
    ),
  ];
}

function restFindings(
  { device, channel }: DoorRelayConfig,
  { path, scheduled }: RelayUse,
  rest: string,
): Finding[] {
  if (!scheduled || rest === 'hold') return [];
  return [
    warningAt(
      [...path, 'channel'],
      `relay ${channel} of ${device} rests ${rest}: while its schedule unlocks the door, it is locked for as long as the gateway is restarted`,
      `Set its rest to hold in the options of ${device}.`,
    ),
  ];
}
