import type { Loaded, SiteConfig } from '../config/index.ts';
import type { AnyDriver } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';

/** What moves something must obey at any moment: such a wire is not lent. Throws usage, field.serves-outputs. */
export function mayLend(site: SiteConfig, { devices }: Pick<Loaded, 'devices'>, bus: string): void {
  if (!site.buses.some(({ id }) => id === bus)) throw new Fault('usage', { text: `there is no bus ${bus}` });
  const moving = devices.filter(({ config, driver }) => config.bus === bus && canMove(driver));
  if (moving.length === 0) return;
  const named = moving.map(({ config }) => config.id).join(', ');
  throw new Fault('field.serves-outputs', { bus, devices: named });
}

const canMove = ({ commands }: AnyDriver): boolean =>
  Object.values(commands).some(({ actuates }) => actuates);
