import type { AnyDriver } from '../contracts/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import { nearest } from '../model/index.ts';
import { type BudgetDevice, type BusBudget, budgetOf } from './budget.ts';
import { explain } from './explain.ts';
import { errorAt, type Finding, warningAt } from './problems.ts';
import type { BusConfig, DeviceConfig, SiteConfig } from './schema.ts';
import { isReference } from './secrets.ts';

/** A device with its driver found and its options judged. */
export interface CheckedDevice {
  readonly config: DeviceConfig;
  readonly driver: AnyDriver;
  readonly options: unknown;
}

export interface Checked {
  readonly findings: readonly Finding[];
  readonly devices: readonly CheckedDevice[];
  readonly budgets: readonly BusBudget[];
}

/** Measured sizes up to which one gateway is known to hold; see the notes of the benchmark. */
const MOST = { devices: 500, points: 5000 } as const;
/** A door that may have to wait longer for its bus is told; beyond the second it is refused. */
const SLOW_DOOR_MS = 300;
const TOO_SLOW_DOOR_MS = 2000;

/** What no schema can see: names that must match, addresses, drivers and their options, wires that cannot carry what is asked. */
export async function checkSite(
  site: SiteConfig,
  load: (name: string) => Promise<AnyDriver>,
  ids: readonly string[],
): Promise<Checked> {
  const findings: Finding[] = [...duplicates(site), ...literalSecrets(site)];
  const devices: CheckedDevice[] = [];
  const buses = new Map(site.buses.map((bus) => [bus.id, bus]));
  for (const [index, config] of site.devices.entries()) {
    const path = ['devices', index] as const;
    const bus = buses.get(config.bus);
    if (!bus) findings.push(unknownName([...path, 'bus'], config.bus, 'bus', [...buses.keys()]));
    const driver = await load(config.driver).catch((error) => asFault(error));
    if (driver instanceof Fault) {
      findings.push(
        driver.code === 'driver.unknown'
          ? unknownName([...path, 'driver'], config.driver, 'driver', ids)
          : errorAt([...path, 'driver'], driver.message, driver.remedy),
      );
      continue;
    }
    const options = driver.options.safeParse(config.options);
    if (!options.success)
      findings.push(...optionFindings([...path, 'options'], options.error, config.options));
    else {
      findings.push(...pointFindings(path, config, driver, options.data));
      devices.push({ config, driver, options: options.data });
    }
    if (config.poll_ms !== undefined && config.poll_ms < driver.poll_ms.min) {
      findings.push(
        errorAt(
          [...path, 'poll_ms'],
          `poll_ms is ${config.poll_ms}; the shortest for ${driver.id} is ${driver.poll_ms.min}`,
          config.poll_ms * 1000 >= driver.poll_ms.min && config.poll_ms < 100
            ? `Did you mean ${config.poll_ms * 1000}?`
            : `Use at least ${driver.poll_ms.min}.`,
        ),
      );
    }
    if (bus) findings.push(...wireFindings(path, { bus, config, driver }));
  }
  findings.push(...addresses(site, devices), ...crowds(site, devices), ...sizes(devices));
  const budgets = site.buses.map((bus) =>
    budgetOf(
      bus,
      devices.filter(({ config }) => config.bus === bus.id),
    ),
  );
  findings.push(...budgetFindings(budgets, devices));
  return { findings, devices, budgets };
}

function unknownName(path: Finding['path'], came: string, what: string, known: readonly string[]): Finding {
  const close = nearest(came, known);
  return errorAt(
    path,
    `there is no ${what} ${came}`,
    close ? `Did you mean ${close}?` : `Known: ${known.join(', ') || 'none'}.`,
  );
}

function duplicates(site: SiteConfig): Finding[] {
  return (['buses', 'devices', 'uplinks'] as const).flatMap((list) => {
    const seen = new Set<string>();
    return site[list].flatMap(({ id }, index) => {
      const again = seen.has(id);
      seen.add(id);
      return again
        ? [
            errorAt(
              [list, index, 'id'],
              `the id ${id} is taken already`,
              'Give each its own id; ids are never reused.',
            ),
          ]
        : [];
    });
  });
}

function literalSecrets(site: SiteConfig): Finding[] {
  return site.uplinks.flatMap((uplink, index) =>
    (['password', 'key'] as const).flatMap((name) => {
      const value = uplink[name];
      if (value === undefined || isReference(value)) return [];
      return [
        warningAt(
          ['uplinks', index, name],
          `${name} stands here in the clear`,
          `Write \${file:/etc/gatelodge/${uplink.id}.${name}} and put it into that file.`,
        ),
      ];
    }),
  );
}

function optionFindings(path: readonly (string | number)[], error: unknown, options: unknown): Finding[] {
  // Drivers use the same schema library, so its issues can be put into the same words.
  const issues =
    typeof error === 'object' && error !== null && 'issues' in error
      ? (error.issues as Parameters<typeof explain>[0])
      : [];
  if (issues.length === 0) return [errorAt(path, String(error), 'See gatelodge drivers ID.')];
  return explain(issues, options, () => []).map((finding) => ({
    ...finding,
    path: [...path, ...finding.path],
  }));
}

function pointFindings(
  path: readonly (string | number)[],
  config: DeviceConfig,
  driver: AnyDriver,
  options: unknown,
): Finding[] {
  const points = driver.points(options);
  return Object.entries(config.points).flatMap(([point, rules]) => {
    const spec = points[point];
    if (!spec)
      return [unknownName([...path, 'points', point], point, `point of ${driver.id}`, Object.keys(points))];
    if (spec.kind === 'number') return [];
    const numeric = (['deadband', 'deadband_percent', 'scale', 'offset', 'range'] as const).filter(
      (rule) => rules[rule] !== undefined,
    );
    return numeric.map((rule) =>
      errorAt(
        [...path, 'points', point, rule],
        `${rule} is for numbers; ${point} is a ${spec.kind}`,
        `Leave ${rule} out.`,
      ),
    );
  });
}

function wireFindings(
  path: readonly (string | number)[],
  at: { readonly bus: BusConfig; readonly config: DeviceConfig; readonly driver: AnyDriver },
): Finding[] {
  const { bus, config, driver } = at;
  const kind = bus.type.startsWith('modbus') ? 'modbus' : 'bytes';
  if (driver.link !== kind) {
    return [
      errorAt(
        [...path, 'bus'],
        `${driver.id} needs a ${driver.link} bus; ${bus.id} is of type ${bus.type}`,
        driver.link === 'bytes'
          ? 'Give it a bus of type serial or serial-tcp of its own.'
          : 'Name a bus of type modbus-….',
      ),
    ];
  }
  const findings: Finding[] = [];
  if ('baud' in bus && bus.baud !== driver.wire.baud) {
    findings.push(
      warningAt(
        [...path, 'bus'],
        `${bus.id} runs at ${bus.baud} baud; ${driver.id} leaves the factory with ${driver.wire.baud}`,
        'Re-baud the unit before it is connected, or give it a bus of its own.',
      ),
    );
  }
  if (kind === 'modbus' && config.unit === undefined && driver.wire.unit === undefined) {
    findings.push(
      errorAt([...path, 'unit'], 'unit is missing', `Add unit: the Modbus address set on ${config.id}.`),
    );
  }
  return findings;
}

const unitOf = ({ config, driver }: CheckedDevice): number => config.unit ?? driver.wire.unit ?? 1;

/** Two devices with one address on one wire answer at once, and neither is understood. */
function addresses(site: SiteConfig, devices: readonly CheckedDevice[]): Finding[] {
  const taken = new Map<string, string>();
  return devices.flatMap((device) => {
    const { config, driver } = device;
    if (driver.link !== 'modbus') return [];
    const key = `${config.bus} ${unitOf(device)}`;
    const other = taken.get(key);
    taken.set(key, config.id);
    if (!other) return [];
    const path = ['devices', site.devices.indexOf(config), ...(config.unit === undefined ? [] : ['unit'])];
    return [
      errorAt(
        path,
        `unit ${unitOf(device)} on ${config.bus} is ${other} already`,
        'Give one of the two another address, on the unit and here.',
      ),
    ];
  });
}

function crowds(site: SiteConfig, devices: readonly CheckedDevice[]): Finding[] {
  const first = new Map<string, string>();
  return devices.flatMap(({ config, driver }) => {
    if (driver.link !== 'bytes') return [];
    const other = first.get(config.bus);
    first.set(config.bus, other ?? config.id);
    if (!other) return [];
    return [
      errorAt(
        ['devices', site.devices.indexOf(config), 'bus'],
        `${config.bus} carries ${other} already; a byte stream has one device`,
        'Give it a port of its own.',
      ),
    ];
  });
}

function sizes(devices: readonly CheckedDevice[]): Finding[] {
  const points = devices.reduce(
    (total, { driver, options }) => total + Object.keys(driver.points(options)).length,
    0,
  );
  const say = (count: number, most: number, what: string) =>
    count > most
      ? [
          warningAt(
            ['devices'],
            `${count} ${what}; one gateway is measured up to ${most}`,
            'Split the site over two gateways.',
          ),
        ]
      : [];
  return [...say(devices.length, MOST.devices, 'devices'), ...say(points, MOST.points, 'points')];
}

function budgetFindings(budgets: readonly BusBudget[], devices: readonly BudgetDevice[]): Finding[] {
  return budgets.flatMap((budget, index) => {
    const path = ['buses', index];
    const percent = Math.round(budget.use * 100);
    const sum = `${budget.devices} devices need ${Math.round(budget.cycle_ms)} ms a round, ${percent} % of the wire`;
    const findings: Finding[] = [];
    if (budget.use > 1)
      findings.push(
        errorAt(
          path,
          `${budget.bus} cannot carry this: ${sum}`,
          'Raise poll_ms, raise the baud of every unit, or split the bus.',
        ),
      );
    else if (budget.use > 0.8)
      findings.push(
        warningAt(
          path,
          `${budget.bus} is nearly full: ${sum}`,
          'Raise poll_ms, raise the baud of every unit, or split the bus.',
        ),
      );
    const acts = devices.some(
      ({ config, driver }) =>
        config.bus === budget.bus && Object.values(driver.commands).some(({ actuates }) => actuates),
    );
    const wait = Math.round(budget.worst_exchange_ms);
    if (acts && wait > TOO_SLOW_DOOR_MS)
      findings.push(
        errorAt(
          path,
          `a relay on ${budget.bus} may wait ${wait} ms for the exchange before it`,
          'Lower timeout_ms of the other units, or give the relay a bus of its own.',
        ),
      );
    else if (acts && wait > SLOW_DOOR_MS)
      findings.push(
        warningAt(
          path,
          `a relay on ${budget.bus} may wait ${wait} ms for the exchange before it`,
          'Lower timeout_ms of the other units, or give the relay a bus of its own.',
        ),
      );
    return findings;
  });
}
