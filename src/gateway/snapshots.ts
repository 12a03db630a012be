import { join } from 'node:path';
import { z } from 'zod';
import { atMost, unlessAborted } from '../clock/index.ts';
import type { SiteConfig } from '../config/index.ts';
import type {
  ActResult,
  Clock,
  CommandHow,
  CommandSpec,
  CommandTarget,
  EventSpec,
  FileKeeper,
  FileLabel,
  GivenFile,
  WallClock,
} from '../contracts/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import { checkArgs } from '../kit/index.ts';
import {
  type EventEntry,
  type JsonObject,
  type Millis,
  type Outcome,
  SNAPSHOT_EVENTS,
  SNAPSHOTS,
  type SnapshotEventName,
  uuid7,
} from '../model/index.ts';
import { type KeeperWorld, openFolder, openKeeper } from '../snapshots/index.ts';
import type { Uplink } from '../uplink/index.ts';
import { below } from './plan.ts';

/** The outcome of a command waits so long for the disk. */
const DISK_MS: Millis = 5000;
const STOP_MS: Millis = 1000;

export interface SnapshotsWorld {
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly keeper: FileKeeper;
  readonly tell: (event: EventEntry) => Promise<boolean>;
  readonly uplink: (id: string) => Pick<Uplink, 'sendFile' | 'mayHaveFiles'> | undefined;
}

// The words are vocabulary; that each is an event as drivers declare them is seen to here.
const EVENTS = SNAPSHOT_EVENTS satisfies Record<string, EventSpec>;

const COMMANDS: Readonly<Record<string, CommandSpec>> = {
  send: {
    about: 'Sends a kept picture to the platform that asks, in pieces on …/file/{id}.',
    args: z.strictObject({
      file: z.string().min(1).max(80).describe('Id of the picture.'),
      from: z.int().min(0).default(0).describe('First byte that is wanted.'),
    }),
    ...{ timing: 'none', actuates: false, on_process_end: 'hold' },
  },
};

// Just checked by the schema above.
const wishIn = (args: JsonObject) => args as { readonly file: string; readonly from: number };

/** They lie beside the store. */
export function openSnapshots(
  { gateway, snapshots }: SiteConfig,
  root: string,
  { health, log, ...world }: Omit<SnapshotsWorld, 'keeper'> & Pick<KeeperWorld, 'health' | 'log'>,
): Snapshots {
  const folder = openFolder(join(below(root, gateway.state_dir), 'snapshots'));
  const quota_bytes = snapshots.quota_mb * 1024 * 1024;
  return new Snapshots({ ...world, keeper: openKeeper({ folder, quota_bytes, health, log }) });
}

/**
 * What becomes of a file that a device gives when it is told to. Its id is fixed and told first, so that whatever ordered it can be found from the
 * picture and the other way round; then it is told exactly once that it is kept, or that it failed. Doors never wait for any of it.
 */
export class Snapshots {
  private readonly world: SnapshotsWorld;

  constructor(world: SnapshotsWorld) {
    this.world = world;
  }

  /** `act`: the command, told to the device at once and once. Rejects only as `act` does. */
  async take(
    { device, command }: { readonly device: string; readonly command: string },
    { ref, by, cause }: Pick<CommandHow, 'ref' | 'by' | 'cause'>,
    act: () => Promise<ActResult>,
  ): Promise<Outcome> {
    const { clock, wall, randomBytes } = this.world;
    const { unix_ms, state } = wall.read();
    const id = uuid7(Math.max(0, unix_ms), randomBytes(10));
    const label = { id, device, ref: cause ?? ref, stamp: clock.now(), unix_ms, clock: state };
    void this.tell('snapshot', device, { id, ref: label.ref, command: ref, by });
    const { result, facts, file } = await act().catch((error: unknown) => {
      this.fail(label, new Fault('snapshots.not-taken', { device, reason: asFault(error).message }));
      throw error;
    });
    const told = { ...facts, file: id };
    if (result !== 'done') {
      const reason = String(facts.text ?? facts.fault ?? result);
      this.fail(label, new Fault('snapshots.not-taken', { device, command, reason }));
      return { result, facts: told };
    }
    if (!file || file.bytes.length === 0) {
      const fault = this.fail(label, new Fault('snapshots.no-file', { device }));
      return { result: 'failed', facts: { ...told, fault: fault.code, text: fault.message } };
    }
    const span = { name: `${device} picture`, ms: DISK_MS };
    const kept = await atMost(clock, span, this.keep(file, label));
    // The disk is slow: that it is kept, or was not, is told when it is known.
    if (!kept) return { result: 'unconfirmed', facts: { ...told, evidence: 'not-yet' } };
    return { result: kept.result, facts: { ...told, ...kept.facts } };
  }

  /** Where its bytes come from, for who sends or shows them. */
  get files(): Pick<FileKeeper, 'list' | 'find' | 'read'> {
    return this.world.keeper;
  }

  /** All of one; who took it out stands in the audit. */
  async save(id: string, user: string): Promise<{ readonly type: string; readonly bytes: Uint8Array }> {
    const { keeper, tell, clock } = this.world;
    const { type, bytes: size, device } = await keeper.find(id);
    const bytes = await keeper.read(id, 0, size);
    const fields = { id, via: `local:${user}` };
    void tell({
      ...{ kind: 'audit', lane: 'a', subject: device, name: 'snapshot-saved', fields },
      stamp: clock.now(),
    });
    return { type, bytes };
  }

  /** What a platform asks to have one sent. It names nothing that moves, so only an issuer who may `send` by name may. */
  readonly target: CommandTarget = {
    check: (name, args) => {
      checkArgs({ target: SNAPSHOTS, name, args }, COMMANDS);
      return { actuates: false };
    },
    act: async (name, args, { signal, uplink }) => {
      const { file, from } = wishIn(checkArgs({ target: SNAPSHOTS, name, args }, COMMANDS));
      try {
        const facts = await unlessAborted(this.send(file, { from, uplink }), signal);
        return { result: 'done', facts };
      } catch (error) {
        signal.throwIfAborted();
        const { code, message } = asFault(error);
        return { result: 'refused', facts: { reason: code, text: message } };
      }
    },
  };

  /** What waits for the disk is written, as far as that goes at once. */
  async close(): Promise<void> {
    const { clock, keeper } = this.world;
    await atMost(clock, { name: 'pictures', ms: STOP_MS }, keeper.close());
  }

  private async send(
    id: string,
    { from, uplink }: { readonly from: number; readonly uplink: string | undefined },
  ): Promise<JsonObject> {
    const to = uplink === undefined ? undefined : this.world.uplink(uplink);
    if (!to) throw new Fault('snapshots.no-platform');
    // Who may have none is not told which there are.
    to.mayHaveFiles();
    const file = await this.world.keeper.find(id);
    to.sendFile(file, from);
    const { type, bytes, sha256 } = file;
    return { file: id, type, bytes, sha256, from };
  }

  private async keep(file: GivenFile, label: FileLabel): Promise<Outcome> {
    const { id, device } = label;
    try {
      const { type, bytes, sha256 } = await this.world.keeper.keep(file, label);
      void this.tell('snapshot-kept', device, { id, type, bytes, sha256 });
      return { result: 'done', facts: { bytes } };
    } catch (error) {
      const fault = this.fail(label, asFault(error));
      return { result: 'failed', facts: { fault: fault.code, text: fault.message } };
    }
  }

  private fail({ id, device }: FileLabel, fault: Fault): Fault {
    void this.tell('snapshot-failed', device, { id, fault: fault.code, text: fault.message });
    return fault;
  }

  private tell(name: SnapshotEventName, subject: string, fields: JsonObject): Promise<boolean> {
    const { lane } = EVENTS[name];
    return this.world.tell({ kind: 'event', lane, subject, name, fields, stamp: this.world.clock.now() });
  }
}
