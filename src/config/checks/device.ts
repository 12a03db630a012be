import { z } from 'zod';
import type { AnyDriver } from '../../contracts/index.ts';
import { asFault, Fault } from '../../faults/index.ts';
import { explain, limitRemedy } from '../explain.ts';
import { knownKeys } from '../keys.ts';
import { errorAt, type Finding, type Path, warningAt } from '../problems.ts';
import type { DeviceConfig } from '../schema.ts';
import { unknownName } from './findings.ts';
import { pointFindings } from './points.ts';

/** A device with its driver found and its options judged. */
export interface CheckedDevice {
  readonly config: DeviceConfig;
  readonly driver: AnyDriver;
  readonly options: unknown;
}

/** The drivers that a device may name. */
export interface Drivers {
  readonly ids: readonly string[];
  load(name: string): Promise<AnyDriver>;
}

/** One device by itself: its driver, what it gives that driver, and the rules of its points. */
export async function checkDevice(
  config: DeviceConfig,
  path: Path,
  drivers: Drivers,
): Promise<{ readonly findings: readonly Finding[]; readonly device?: CheckedDevice }> {
  const driver = await drivers.load(config.driver).catch((error) => asFault(error));
  if (driver instanceof Fault) return { findings: [noDriver(driver, config, [...path, 'driver'], drivers)] };
  const findings = [...pollFindings(config, driver, path), ...pulseFindings(driver, path)];
  const options = driver.options.safeParse(config.options);
  if (!options.success) {
    const wrong = optionFindings(options.error, config, { driver, path: [...path, 'options'] });
    return { findings: [...findings, ...wrong] };
  }
  const points = driver.points(options.data);
  const rules = pointFindings(config.points, points, {
    path: [...path, 'points'],
    missing: (name) => `${driver.id} has no point ${name} with these options`,
  });
  const lack = driver.missing?.(options.data);
  const lacking = lack
    ? [errorAt([...path, 'options'], `${driver.id}: ${lack}`, `See gatelodge drivers ${driver.id}.`)]
    : [];
  return {
    findings: [...findings, ...rules, ...lacking],
    device: { config, driver, options: options.data },
  };
}

function noDriver(fault: Fault, config: DeviceConfig, path: Path, { ids }: Drivers): Finding {
  return fault.code === 'driver.unknown'
    ? unknownName(path, config.driver, 'driver', ids)
    : errorAt(path, fault.message, fault.remedy);
}

function pollFindings({ poll_ms }: DeviceConfig, driver: AnyDriver, path: Path): Finding[] {
  const { min } = driver.poll_ms;
  if (poll_ms === undefined || poll_ms >= min) return [];
  const message = `poll_ms is ${poll_ms}; the shortest for ${driver.id} is ${min}`;
  const remedy = poll_ms < 100 ? limitRemedy('poll_ms', poll_ms, { limit: min, side: 'least' }) : undefined;
  return [errorAt([...path, 'poll_ms'], message, remedy ?? `Use at least ${min}.`)];
}

/** What this process times stays as it is when the process dies in the middle of it. */
function pulseFindings(driver: AnyDriver, path: Path): Finding[] {
  // A lamp or a buzzer that stays on lets nobody in.
  if (driver.category === 'reader') return [];
  const timed = Object.entries(driver.commands).filter(
    ([, { actuates, timing }]) => actuates && timing === 'host',
  );
  if (timed.length === 0) return [];
  const names = timed.map(([name]) => name).join(', ');
  // A line that is let go falls back by itself, unless its chip keeps it.
  const stays = timed.every(([, spec]) => spec.on_process_end === 'drop') ? 'may stay' : 'stays';
  return [
    warningAt(
      [...path, 'driver'],
      `${names} of ${driver.id} ends by this gateway, not by the board: a pulse ${stays} on when the gateway dies in it`,
      'For a door take a relay board that times its pulses itself (gatelodge drivers shows it).',
    ),
  ];
}

function optionFindings(
  error: unknown,
  config: DeviceConfig,
  { driver, path }: { readonly driver: AnyDriver; readonly path: Path },
): Finding[] {
  // Drivers use the same schema library, so its issues can be put into the same words.
  const issues =
    typeof error === 'object' && error !== null && 'issues' in error
      ? (error.issues as Parameters<typeof explain>[0])
      : [];
  if (issues.length === 0) return [errorAt(path, String(error), `See gatelodge drivers ${driver.id}.`)];
  return explain(issues, config.options, (within) => optionKeys(driver, within)).map((finding) => ({
    ...finding,
    path: [...path, ...finding.path],
  }));
}

function optionKeys({ options }: AnyDriver, within: Path): readonly string[] {
  if (options instanceof z.ZodType) return knownKeys(z.toJSONSchema(options, { io: 'input' }), within);
  // A name that stands for a model wraps the schema: what can be seen of it are its defaults.
  const parsed = options.safeParse({});
  return parsed.success && typeof parsed.data === 'object' && parsed.data !== null && within.length === 0
    ? Object.keys(parsed.data)
    : [];
}
