import { Fault } from '../faults/index.ts';
import { Session, type UplinkView } from './session.ts';
import { settle, type UplinkSettings } from './settings.ts';
import { faultOfPrefix } from './topics.ts';
import type { UplinkWorld } from './world.ts';

export type { Inventory, InventoryDevice, InventoryPoint } from './messages.ts';
export { openMqttPipe } from './pipe.ts';
export type { UplinkView } from './session.ts';
export type { UplinkSettings } from './settings.ts';
export type { UplinkWorld } from './world.ts';

export interface Uplink {
  view(): UplinkView;
  /** Says goodbye (at most a second) and stops; nothing is heard from it afterwards. */
  close(): Promise<void>;
}

/** One uplink to one platform. It connects by itself, for ever; broker faults are health facts and never thrown. Throws config faults only. */
export function openUplink(settings: UplinkSettings, world: UplinkWorld): Uplink {
  const settled = settle(settings);
  const wrong = faultOfPrefix(settled.prefix);
  if (wrong)
    throw new Fault('uplink.bad-prefix', { uplink: settings.id, prefix: settled.prefix, reason: wrong });
  const session = new Session(settled, world);
  const stop = new AbortController();
  const running = session.run(stop.signal);
  return {
    view: () => session.view(),
    close: () => {
      stop.abort();
      return running;
    },
  };
}
