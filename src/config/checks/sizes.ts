import type { BusBudget, BusLoad } from '../budget.ts';
import { errorAt, type Finding, warningAt } from '../problems.ts';
import type { SiteConfig } from '../schema.ts';
import type { CheckedDevice } from './device.ts';

/** Sizes up to which one gateway was tried (scripts/bench sizing). */
const MOST = { devices: 500, points: 5000 } as const;
/** A relay that may have to wait longer for its bus is told; beyond the second it is refused. */
const SLOW_RELAY_MS = 300;
const TOO_SLOW_RELAY_MS = 2000;
const NEARLY_FULL = 0.8;

/** Whether one gateway holds so much. */
export function checkSizes(site: SiteConfig, devices: readonly CheckedDevice[]): Finding[] {
  const kinds = new Map<string, { devices: number; points: number }>();
  for (const { driver, options } of devices) {
    const kind = kinds.get(driver.id) ?? { devices: 0, points: 0 };
    kind.devices += 1;
    kind.points += Object.keys(driver.points(options)).length;
    kinds.set(driver.id, kind);
  }
  const points = total([...kinds.values()].map((kind) => kind.points));
  const largest = [...kinds].sort(([, x], [, y]) => y.points - x.points);
  const sum = largest.map(
    ([driver, kind]) => `${kind.devices} × ${driver} give ${kind.points.toLocaleString('en')}`,
  );
  const findings: Finding[] = [];
  const say = (what: string) =>
    findings.push(errorAt(['devices'], what, 'Split the site over two gateways.'));
  const count = site.devices.length;
  if (count > MOST.devices)
    say(
      `there are ${count} devices; one gateway was tried with ${MOST.devices}, ${count - MOST.devices} fewer`,
    );
  if (points > MOST.points)
    say(
      `there are ${points.toLocaleString('en')} points; one gateway was tried with ${MOST.points.toLocaleString('en')}: ${sum.slice(0, 4).join(', ')}`,
    );
  return findings;
}

/** Whether each wire carries what is asked of it, with the sum. */
export function checkBudgets(
  budgets: readonly BusBudget[],
  devices: readonly CheckedDevice[],
  ofDoors: ReadonlySet<string>,
): Finding[] {
  const others = devices.filter(({ config }) => !ofDoors.has(config.id));
  return budgets.flatMap((budget, index) => [
    ...useFindings(budget, ['buses', index]),
    ...waitFindings(budget, ['buses', index], others),
  ]);
}

function useFindings(budget: BusBudget, path: Finding['path']): Finding[] {
  if (budget.use <= NEARLY_FULL) return [];
  const { bus, loads, use } = budget;
  const heaviest = loads.toSorted((x, y) => y.use - x.use);
  const sum = `${percent(use)} of its time: ${heaviest.slice(0, 4).map(sumOf).join('; ')}`;
  const remedy = 'raise the baud of every unit and of the bus, or split the bus.';
  if (use <= 1)
    return [warningAt(path, `${bus} is nearly full; its devices ask for ${sum}`, `Raise poll_ms, ${remedy}`)];
  const factor = Math.ceil((use / NEARLY_FULL) * 10) / 10;
  return [
    errorAt(
      path,
      `${bus} cannot carry this; its devices ask for ${sum}`,
      `Make every poll_ms ${factor} times as long, ${remedy}`,
    ),
  ];
}

/** `8 × noise-rs485, each 152 ms (wire 31, silences 16, answer 10, gap 95) every 200 ms = 608 %` */
function sumOf({
  driver,
  devices,
  wire_ms,
  silence_ms,
  answer_ms,
  gap_ms,
  look_ms,
  poll_ms,
  use,
}: BusLoad): string {
  const parts = [
    ['wire', wire_ms],
    ['silences', silence_ms],
    ['answer', answer_ms],
    ['gap', gap_ms],
  ] as const;
  const shown = parts.flatMap(([name, ms]) => (ms > 0 ? [`${name} ${Math.round(ms)}`] : []));
  return `${devices} × ${driver}, each ${Math.round(look_ms)} ms (${shown.join(', ')}) every ${poll_ms} ms = ${percent(use)}`;
}

function waitFindings(
  budget: BusBudget,
  path: Finding['path'],
  devices: readonly CheckedDevice[],
): Finding[] {
  const acting = devices.filter(
    ({ config, driver }) =>
      config.bus === budget.bus && Object.values(driver.commands).some(({ actuates }) => actuates),
  );
  const wait = Math.round(budget.worst_exchange_ms);
  const [first] = acting;
  if (!first || wait <= SLOW_RELAY_MS) return [];
  const who = acting.length > 1 ? `${first.config.id} and ${acting.length - 1} more` : first.config.id;
  const message = `a command to ${who} may wait ${wait} ms on ${budget.bus} for the exchange before it`;
  const remedy = `Lower timeout_ms of the slowest unit (${budget.slowest}), or give the relay a bus of its own.`;
  return wait > TOO_SLOW_RELAY_MS
    ? [errorAt(path, `${message}; ${TOO_SLOW_RELAY_MS} is the most`, remedy)]
    : [warningAt(path, message, remedy)];
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);
const percent = (share: number): string => `${Math.round(share * 100)} %`;
