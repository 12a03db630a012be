import type { AnyDriver } from '../../contracts/index.ts';
import { asFault } from '../../faults/index.ts';
import type { SignConfig } from '../derived-schema.ts';
import { errorAt, type Finding, type Path } from '../problems.ts';
import type { SiteConfig } from '../schema.ts';
import type { CheckedDerived } from './derived.ts';
import type { CheckedDevice } from './device.ts';
import { repeats, unknownName } from './findings.ts';

/** Whether each count sign is one, and can show what it is to count. */
export function checkSigns(
  site: SiteConfig,
  devices: readonly CheckedDevice[],
  derived: readonly CheckedDerived[],
): Finding[] {
  const twice = repeats(site.signs, ({ device }) => device).map(({ again }) =>
    errorAt(
      ['signs', site.signs.indexOf(again), 'device'],
      `${again.device} shows another count already`,
      'One sign shows one number; name all its parking in one entry.',
    ),
  );
  const findings = site.signs.flatMap((sign, index) => {
    const path = ['signs', index] as const;
    const unknown = parkingFindings(sign, path, site);
    return [...unknown, ...deviceFindings(sign, path, { site, devices, derived })];
  });
  return [...twice, ...findings];
}

function parkingFindings({ parking }: SignConfig, path: Path, { derived }: SiteConfig): Finding[] {
  const known = derived.filter(({ type }) => type === 'parking').map(({ id }) => id);
  const again = repeats(
    parking.map((id, index) => ({ id, index })),
    ({ id }) => id,
  );
  return [
    ...parking.flatMap((id, index) =>
      known.includes(id) ? [] : [unknownName([...path, 'parking', index], id, 'derived parking', known)],
    ),
    ...again.map(({ again: { id, index } }) =>
      errorAt([...path, 'parking', index], `${id} would be counted twice`, 'Name it once.'),
    ),
  ];
}

interface Found {
  readonly site: SiteConfig;
  readonly devices: readonly CheckedDevice[];
  readonly derived: readonly CheckedDerived[];
}

function deviceFindings(sign: SignConfig, path: Path, { site, devices, derived }: Found): Finding[] {
  const at = [...path, 'device'];
  const device = devices.find(({ config }) => config.id === sign.device);
  if (!device) {
    const known = site.devices.map(({ id }) => id);
    return known.includes(sign.device) ? [] : [unknownName(at, sign.device, 'device', known)];
  }
  const { driver, options, config } = device;
  if (!driver.commands.show?.args.safeParse({ count: 1, colour: 'green' }).success) {
    const signs = devices.filter((one) => one.driver.commands.show).map((one) => one.config.id);
    const remedy = signs.length ? `Signs here: ${signs.join(', ')}.` : 'Add the sign to devices.';
    return [errorAt(at, `${sign.device} (${driver.id}) cannot show a count`, remedy)];
  }
  const bays = derived.flatMap((one) =>
    'bays' in one && sign.parking.includes(one.config.id) ? one.bays : [],
  ).length;
  const why = cannotShow(driver, options, { count: bays, unit: config.unit ?? 1 });
  if (!why) return [];
  return [
    errorAt(
      at,
      `${sign.device} cannot show ${bays}, the most there can be: ${why}`,
      'See the options of its driver, or split the count.',
    ),
  ];
}

function cannotShow(
  driver: AnyDriver,
  options: unknown,
  { count, unit }: { readonly count: number; readonly unit: number },
): string | undefined {
  try {
    driver.encode?.('show', { count, colour: 'green' }, options, unit);
    return undefined;
  } catch (error) {
    const { facts, message } = asFault(error);
    return typeof facts.text === 'string' ? facts.text : message;
  }
}
