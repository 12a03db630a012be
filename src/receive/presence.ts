import type { Status } from '../uplink/shapes/index.ts';

export interface Presence {
  readonly online: boolean;
  readonly connect_id: number;
  readonly epoch: string;
  /** Our name at the gateway. */
  readonly uplink: string | undefined;
  /** Epochs before this one: their wills are old, however late they come. */
  readonly past: ReadonlySet<string>;
}

/**
 * Which of two statuses is right (contract, Topics: status): the higher connect_id; of one connection the later word. A new database counts its
 * connections from 1 again, so another epoch that says online begins anew, and what an earlier epoch left behind is ignored.
 */
export function presence(before: Presence | undefined, status: Status): Presence {
  const { connect_id, epoch, uplink } = status;
  const now = { online: status.state === 'online', connect_id, epoch, uplink };
  if (!before) return { ...now, past: new Set() };
  if (status.epoch === before.epoch)
    return status.connect_id >= before.connect_id ? { ...now, past: before.past } : before;
  if (!now.online || before.past.has(status.epoch)) return before;
  return { ...now, past: new Set([...before.past, before.epoch]) };
}
