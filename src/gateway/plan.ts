import { isAbsolute, join, resolve } from 'node:path';
import type { BusSettings } from '../buses/index.ts';
import type { BusConfig, CheckedDevice, LineConfig, SiteConfig, UplinkConfig } from '../config/index.ts';
import { portOf, resolveText, type SecretSources } from '../config/index.ts';
import type { AuditLimits, LineSpec, LineWish } from '../contracts/index.ts';
import type { RosterEntry } from '../devices/index.ts';
import type { PointSpecs } from '../model/index.ts';
import type { PointPlan } from '../pipeline/index.ts';
import type { UplinkSettings } from '../uplink/index.ts';
import { httpSettings } from './http-plan.ts';
import { withSecrets } from './secret-options.ts';

const NO_SECRETS: SecretSources = { env: {}, readText: () => undefined };

/** Relative paths of a site file are below this folder; absolute ones stay. */
export const below = (root: string, path: string): string => (isAbsolute(path) ? path : join(root, path));

/** How long, and how much, audit records are kept. */
export const auditLimits = ({ store }: SiteConfig): AuditLimits => ({
  keep_s: store.audit_days * 86_400,
  keep_bytes: store.audit_mb * 1024 * 1024,
});

/** A bus as the site file says it → as src/buses wants it. */
export function busSettings(bus: BusConfig, root: string, sources: SecretSources = NO_SECRETS): BusSettings {
  if ('chip' in bus) return { ...bus, chip: chipBelow(root, bus.chip) };
  if (bus.type === 'http') return httpSettings(bus, sources);
  if (!('path' in bus)) return bus;
  if (bus.type === 'firmata') return { ...bus, path: below(root, bus.path) };
  const { rs485, ...rest } = bus;
  return { ...rest, path: below(root, bus.path), ...(rs485 && { rs485 }) };
}

/** What a bus holds, in a word: a path, or HOST:PORT. */
export function placeOf(bus: BusConfig, root: string): string {
  if ('path' in bus) return resolve(below(root, bus.path));
  return 'chip' in bus ? chipBelow(root, bus.chip) : `${bus.host}:${portOf(bus)}`;
}

/** A simulated chip stands at a path. */
const chipBelow = (root: string, chip: string): string =>
  chip.startsWith('sim:') ? `sim:${below(root, chip.slice(4))}` : chip;

export function rosterEntry(
  { config, ...checked }: CheckedDevice,
  unclean: boolean,
  sources: SecretSources = NO_SECRETS,
): RosterEntry {
  const { driver, options } = withSecrets(checked, sources);
  const unit = config.unit ?? driver.wire.unit;
  return {
    settings: {
      id: config.id,
      name: config.name,
      zone: config.zone,
      bus: config.bus,
      unit,
      driver,
      options,
      poll_ms: config.poll_ms ?? driver.poll_ms.default,
      simulated: config.simulated,
      rest_at_start: unclean,
      rest_at_stop: true,
    },
    wire: {
      unit: unit ?? 1,
      timeout_ms: config.timeout_ms ?? driver.wire.timeout_ms,
      gap_ms: config.gap_ms ?? driver.wire.gap_ms,
      reply_delay_ms: config.reply_delay_ms,
      ...(config.host !== undefined && { host: config.host }),
    },
    ...(driver.lines && { lines: lineWishes(driver.lines(options), config.lines) }),
  };
}

/** What the driver needs of its lines, and how the site file says that they are wired. */
function lineWishes(
  specs: Readonly<Record<string, LineSpec>>,
  wired: Readonly<Record<string, LineConfig>>,
): Record<string, LineWish> {
  return Object.fromEntries(
    Object.entries(specs).flatMap(([role, spec]) => {
      const config = wired[role];
      if (!config) return [];
      const { direction, edges, initial, quiet_ms, count_bounces = false } = spec;
      const hold = spec.on_process_end === 'hold';
      const quiet = quiet_ms === undefined ? {} : { quiet_ms };
      const { line, active_low, bias, debounce_ms = spec.debounce_ms } = config;
      return [
        [
          role,
          { line, direction, active_low, bias, initial, edges, debounce_ms, ...quiet, count_bounces, hold },
        ],
      ];
    }),
  );
}

/** A derived device with its points, and what the site file says of them. */
interface DerivedRules {
  readonly id: string;
  readonly points: PointSpecs;
  readonly rules: CheckedDevice['config']['points'];
}

/** What the pipeline does with each point of the site, derived ones included. */
export function pointPlans(
  devices: readonly CheckedDevice[],
  derived: readonly DerivedRules[],
): (device: string, point: string) => PointPlan | undefined {
  const plans = new Map<string, PointPlan>();
  for (const { config, driver, options } of devices) {
    for (const [point, spec] of Object.entries(driver.points(options))) {
      plans.set(`${config.id}\n${point}`, { spec, rules: config.points[point] ?? {} });
    }
  }
  for (const { id, points, rules } of derived) {
    for (const [point, spec] of Object.entries(points))
      plans.set(`${id}\n${point}`, { spec, rules: rules[point] ?? {} });
  }
  return (device, point) => plans.get(`${device}\n${point}`);
}

/** An uplink with its secrets resolved. Fault config.secret-missing. */
export function uplinkSettings(uplink: UplinkConfig, sources: SecretSources): UplinkSettings {
  const secret = (name: 'username' | 'password' | 'ca' | 'cert' | 'key') => {
    const text = uplink[name];
    return text === undefined ? {} : { [name]: resolveText(text, sources) };
  };
  return {
    id: uplink.id,
    type: uplink.type,
    url: resolveText(uplink.url, sources),
    version: uplink.version,
    ...secret('username'),
    ...secret('password'),
    ...secret('ca'),
    ...secret('cert'),
    ...secret('key'),
    prefix: uplink.prefix,
    ack: uplink.ack,
    compress: uplink.compress,
    lists: uplink.lists,
    images: uplink.privacy.image,
    maximum_packet: uplink.maximum_packet,
    window: uplink.window,
    keepalive_s: uplink.keepalive_s,
    beat_ms: uplink.beat_s * 1000,
    backoff: {
      first_ms: uplink.reconnect_first_s * 1000,
      base_ms: uplink.reconnect_base_s * 1000,
      cap_ms: uplink.reconnect_cap_s * 1000,
    },
  };
}

export const storeFile = (site: SiteConfig, root: string): string =>
  join(below(root, site.gateway.state_dir), 'store.sqlite');
