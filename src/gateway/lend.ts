import type { CheckedDevice } from '../config/index.ts';
import type { AnyDriver, Bus } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';

/** What moves something must obey at any moment: such a wire is not lent. */
export async function lendBus(
  id: string,
  bus: Bus | undefined,
  all: readonly CheckedDevice[],
): Promise<() => void> {
  if (!bus) throw new Fault('usage', { text: `there is no bus ${id}` });
  const devices = all
    .filter(({ config, driver }) => config.bus === id && canMove(driver))
    .map(({ config }) => config.id);
  if (devices.length > 0) throw new Fault('field.serves-outputs', { bus: id, devices: devices.join(', ') });
  return bus.lend();
}

const canMove = ({ commands }: AnyDriver): boolean =>
  Object.values(commands).some(({ actuates }) => actuates);
