import type { KeptFile } from '../contracts/index.ts';
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
  /**
   * Sends the bytes of a file from there on, in pieces, behind everything of class a; an order for the same file takes the place of an earlier one. When
   * the connection is lost the rest is not sent: whoever wants it asks again. Throws snapshots.dropped, snapshots.offset, snapshots.sending (too many are wanted), uplink.lost, uplink.refused, uplink.too-large.
   */
  sendFile(file: KeptFile, from: number): void;
  /** By its policy, whatever the file. Throws snapshots.dropped. */
  mayHaveFiles(): void;
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
    mayHaveFiles: () => session.mayHaveFiles(),
    sendFile: (file, from) => session.sendFile(file, from),
    close: () => {
      stop.abort();
      return running;
    },
  };
}
