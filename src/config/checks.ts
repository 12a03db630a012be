import { type BusBudget, budgetOf } from './budget.ts';
import { type CheckedDerived, checkDerived, type DerivedPoints } from './checks/derived.ts';
import { type CheckedDevice, checkDevice, type Drivers } from './checks/device.ts';
import { type CheckedDoor, checkDoors, relaysOfDoors } from './checks/doors.ts';
import { repeats } from './checks/findings.ts';
import { checkHttp } from './checks/http.ts';
import { type CheckedLoad, checkLoads } from './checks/loads.ts';
import { checkOptionSecrets } from './checks/option-secrets.ts';
import { type CheckedRules, checkRules } from './checks/rules.ts';
import { checkSigns } from './checks/signs.ts';
import { checkBudgets, checkSizes } from './checks/sizes.ts';
import { checkSnapshots } from './checks/snapshots.ts';
import { type CheckedSupply, checkSupplies } from './checks/supplies.ts';
import { checkTrust } from './checks/trust.ts';
import { checkUplinks, type Secrets } from './checks/uplinks.ts';
import { checkWires } from './checks/wires.ts';
import { errorAt, type Finding } from './problems.ts';
import type { SiteConfig } from './schema.ts';

export type { CheckedDerived, DerivedPoints } from './checks/derived.ts';
export type { CheckedDevice, Drivers } from './checks/device.ts';
export type { DoorWait } from './checks/door-waits.ts';
export type { CheckedDoor } from './checks/doors.ts';
export type { CheckedLoad } from './checks/loads.ts';
export type { CheckedRules } from './checks/rules.ts';
export type { CheckedSupply } from './checks/supplies.ts';
export type { Secrets } from './checks/uplinks.ts';

export interface Checked {
  readonly findings: readonly Finding[];
  readonly devices: readonly CheckedDevice[];
  readonly derived: readonly CheckedDerived[];
  readonly supplies: readonly CheckedSupply[];
  readonly doors: readonly CheckedDoor[];
  readonly rules: CheckedRules;
  readonly loads: readonly CheckedLoad[];
  readonly budgets: readonly BusBudget[];
}

/** What no schema can see: names that must match, addresses, drivers and their options, wires that cannot carry what is asked. */
export async function checkSite(
  site: SiteConfig,
  drivers: Drivers,
  {
    secrets,
    derivedPoints,
  }: { readonly secrets: Secrets | undefined; readonly derivedPoints: DerivedPoints },
): Promise<Checked> {
  const findings: Finding[] = duplicates(site);
  const devices: CheckedDevice[] = [];
  for (const [index, config] of site.devices.entries()) {
    const checked = await checkDevice(config, ['devices', index], drivers);
    findings.push(...checked.findings);
    if (checked.device) devices.push(checked.device);
  }
  const budgets = site.buses.map((bus) =>
    budgetOf(
      bus,
      devices.filter(({ config }) => config.bus === bus.id),
    ),
  );
  const { findings: wrong, derived } = checkDerived(site, devices, derivedPoints);
  const { findings: powerless, supplies } = checkSupplies(site, devices);
  const { findings: unsafe, doors } = checkDoors(site, devices, budgets);
  const things = {
    ...{ site, pointsOf: derivedPoints },
    devices: new Map(devices.map((device) => [device.config.id, device])),
    derived: new Map(derived.map((one) => [one.config.id, one])),
  };
  const { findings: unruly, rules } = checkRules(things);
  const { findings: unlit, loads } = checkLoads(things);
  findings.push(
    ...wrong,
    ...powerless,
    ...unsafe,
    ...unruly,
    ...unlit,
    ...checkSigns(site, devices, derived),
    ...checkWires(site, devices),
    ...checkHttp(site, secrets),
    ...checkUplinks(site, secrets),
    ...checkOptionSecrets(site, secrets),
    ...checkTrust(site),
    ...checkSnapshots(site, devices),
    ...checkSizes(site, devices),
    ...checkBudgets(budgets, devices, relaysOfDoors(site)),
  );
  return { findings, devices, derived, supplies, doors, rules, loads, budgets };
}

function duplicates(site: SiteConfig): Finding[] {
  return (['buses', 'devices', 'supplies', 'uplinks'] as const).flatMap((list) => {
    const things = site[list].map(({ id }, index) => ({ id, index }));
    return repeats(things, ({ id }) => id).map(({ again }) =>
      errorAt(
        [list, again.index, 'id'],
        `the id ${again.id} is taken already`,
        'Give each its own id; ids are never reused.',
      ),
    );
  });
}
