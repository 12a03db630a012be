import { randomUUID } from 'node:crypto';
import { NOT_NEEDED } from '../clock/index.ts';
import type {
  Clock,
  GatewayVerdict,
  MessagePipe,
  PipeOpener,
  PipeSettings,
  Receiver,
  ReceiverOptions,
  ReceiverView,
  Verdict,
} from '../contracts/index.ts';
import { asFault } from '../faults/index.ts';
import {
  type Lane,
  type Millis,
  openPart,
  removeRange,
  type SeqRange,
  type StoredRecord,
} from '../model/index.ts';
import { Channel } from '../uplink/channel.ts';
import { onLost } from '../uplink/reasons.ts';
import {
  accessStateSchema,
  type DigestMessage,
  digestSchema,
  type FileMessage,
  fileSchema,
  healthSchema,
  inventorySchema,
  MESSAGES,
  type Status,
  statusSchema,
} from '../uplink/shapes/index.ts';
import { DEFAULT_PREFIX, type Heard, topicsOf, topicsOfAll } from '../uplink/topics.ts';
import { type Ack, Acks } from './acks.ts';
import { type Batch, checkBatch, eachSeq, openBatch } from './batch.ts';
import { Files } from './files.ts';
import { Gateway } from './gateway.ts';
import type { Ledger } from './ledger.ts';
import { type Entry, Logbook } from './logbook.ts';
import { accessOf, ofItsOwn } from './own-words.ts';

export interface ReceiverWorld {
  readonly clock: Clock;
  readonly pipe: PipeOpener;
  /** Why the platform refuses a record for good; undefined takes it. */
  readonly nack?: (record: StoredRecord, gateway: string) => string | undefined;
  /** Whether a batch is lost on the platform's side after the broker took it: for trials of the contract. */
  readonly lose?: (batch: Batch) => boolean;
}

const RECONNECT_MS = 500;
const KEEPALIVE_S = 15;
const NO_RECORDS: ReadonlyMap<number, string> = new Map();

/** Opens the log (what is in it counts), then connects by itself until it is closed. Rejects when the log cannot be opened. */
export async function openReceiver(options: ReceiverOptions, world: ReceiverWorld): Promise<Receiver> {
  const platform = new Platform(options, world);
  await platform.begin();
  return platform;
}

class Platform implements Receiver {
  readonly failed: Promise<never>;
  private readonly options: ReceiverOptions;
  private readonly world: ReceiverWorld;
  private readonly prefix: string;
  private readonly topics: ReturnType<typeof topicsOfAll>;
  private readonly gateways = new Map<string, Gateway>();
  private readonly acks = new Acks();
  /** Of batches that are not durable yet. */
  private owed: Ack[] = [];
  private readonly stop = new AbortController();
  private bell = () => {};
  private log: Logbook | undefined;
  private files: Files | undefined;
  private channel: Channel | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private fail: (error: unknown) => void = () => {};
  /** Seqs that an earlier run refused, until the batch of the log they came in. */
  private refusedBefore: ReadonlyMap<number, string> = NO_RECORDS;
  private trouble = 'not connected yet';
  private readonly counts = { duplicates: 0, nacked: 0, batches: 0, bad: 0, digests: 0 };

  constructor(options: ReceiverOptions, world: ReceiverWorld) {
    this.options = options;
    this.world = world;
    this.prefix = options.prefix ?? DEFAULT_PREFIX;
    this.topics = topicsOfAll(this.prefix);
    this.failed = new Promise((_, reject) => {
      this.fail = reject;
    });
    // Whoever wants to know asks for it; nobody has to.
    this.failed.catch(() => {});
  }

  async begin(): Promise<void> {
    if (this.options.db !== undefined)
      this.log = await Logbook.open(this.options.db, (entry) => this.remember(entry));
    if (this.options.files !== undefined)
      this.files = Files.open(this.options.files, {
        bad: () => {
          this.counts.bad += 1;
        },
        fail: (error) => this.fail(error),
      });
    this.running = Promise.all([this.connect(), this.acknowledge().catch((error) => this.fail(error))]);
  }

  async close(): Promise<void> {
    this.stop.abort();
    this.bell();
    await this.running;
    await this.log?.close();
    await this.files?.close();
  }

  view(): ReceiverView {
    const gateways = [...this.gateways.values()].map((gateway) => {
      const { site, id } = gateway;
      return { ...gateway.view(), ...(this.files && { files: this.files.view({ site, gateway: id }) }) };
    });
    return { connected: this.channel !== undefined, trouble: this.trouble, gateways };
  }

  verdict(): Verdict {
    const gateways = [...this.gateways.values()].map((gateway): GatewayVerdict => gateway.verdict());
    const ledgers = [...this.gateways.values()].flatMap((gateway) => [...gateway.ledgers.values()]);
    const records = ledgers.reduce((sum, ledger) => sum + ledger.seqs.count, 0);
    const digest_mismatches = ledgers.reduce((sum, ledger) => sum + ledger.mismatches.length, 0);
    const epochs = gateways.flatMap((gateway) => gateway.epochs);
    const complete = epochs.every(({ holes, lanes }) => holes.length === 0 && lanes.a && lanes.b && lanes.c);
    const whole = complete && records > 0 && digest_mismatches === 0 && this.counts.bad === 0;
    return { whole, records, ...this.counts, digest_mismatches, gateways };
  }

  private async connect(): Promise<void> {
    const { clock } = this.world;
    let version = this.options.version ?? 5;
    while (!this.stop.signal.aborted) {
      try {
        await this.serve(await this.world.pipe(this.pipeSettings(version), this.stop.signal));
      } catch (error) {
        const fault = asFault(error);
        this.trouble = fault.message;
        const older = fault.code === 'uplink.refused' && onLost(Number(fault.facts.reason_code)) === 'older';
        if (this.options.version === undefined && (older || fault.facts.may_be_version === true))
          version = version === 5 ? 4 : 5;
      }
      await clock.sleep('receiver reconnect', RECONNECT_MS, this.stop.signal).catch(() => {});
    }
  }

  /** One connection, to its end. */
  private async serve(pipe: MessagePipe): Promise<void> {
    const over = new AbortController();
    const lost = new Promise<Error | undefined>((resolve) => {
      pipe.onLost(resolve);
      const stopped = { once: true, signal: over.signal };
      this.stop.signal.addEventListener('abort', () => resolve(undefined), stopped);
    });
    try {
      pipe.onMessage((topic, payload) => this.take(topic, payload));
      await pipe.subscribe(this.topics.filters);
      this.channel = new Channel(pipe, this.world.clock, 20);
      this.trouble = '';
      this.bell();
      const reason = await lost;
      this.trouble = reason?.message ?? 'closed';
      if (!reason) await Promise.race([pipe.close(), this.world.clock.sleep('receiver goodbye', 1000)]);
    } finally {
      over.abort();
      this.channel = undefined;
      pipe.drop();
    }
  }

  private pipeSettings(version: 4 | 5): PipeSettings {
    const { url, username, password, ca, cert, key, client_id } = this.options;
    const given = Object.entries({ username, password, ca, cert, key }).filter(
      ([, value]) => value !== undefined,
    );
    return {
      ...Object.fromEntries(given),
      url,
      version,
      client_id: client_id ?? `gatelodge-receive-${randomUUID()}`,
      keepalive_s: KEEPALIVE_S,
      connect_timeout_ms: 10_000,
      maximum_packet: 256 * 1024,
      inbound: { receive_maximum: 1000, maximum_packet: 4 * 1024 * 1024 },
    };
  }

  private take(topic: string, payload: Uint8Array): void {
    const heard = this.topics.whose(topic);
    // An empty retained message is one that was cleared.
    if (!heard || payload.length === 0) return;
    try {
      this.takeFrom(heard, payload);
    } catch {
      this.counts.bad += 1;
    }
  }

  private takeFrom(heard: Heard, payload: Uint8Array): void {
    const { rest } = heard;
    if (rest === 'a' || rest === 'b' || rest === 'c') {
      this.takeBatch(heard, rest, openBatch(payload));
      return;
    }
    const message: unknown = JSON.parse(Buffer.from(payload).toString());
    if (rest === 'status') this.takeStatus(heard, ofItsOwn(heard, statusSchema.parse(message)));
    else if (rest === 'health')
      this.gateway(heard).facts = ofItsOwn(heard, healthSchema.parse(message)).facts;
    else if (rest === 'digest') this.takeDigest(heard, ofItsOwn(heard, digestSchema.parse(message)));
    else if (rest.startsWith('inventory/'))
      this.gateway(heard).learnInventory(ofItsOwn(heard, inventorySchema.parse(message)), message);
    else if (rest === 'access/state')
      this.gateway(heard).access = accessOf(ofItsOwn(heard, accessStateSchema.parse(message)));
    else if (rest.startsWith('file/')) this.takeFile(heard, ofItsOwn(heard, fileSchema.parse(message)));
    else if (rest === 'beat') MESSAGES.beat.parse(message);
    else if (rest === 'cmd/result') MESSAGES['cmd-result'].parse(message);
  }

  private takeFile(heard: Heard, piece: FileMessage): void {
    if (heard.rest !== `file/${piece.id}`) throw new Error(`a piece of ${piece.id} on ${heard.rest}`);
    // Somebody who has sent no more than this is a gateway too.
    this.gateway(heard);
    this.files?.take(heard, piece);
  }

  private takeStatus(heard: Heard, status: Status): void {
    const gateway = this.gateway(heard);
    const before = gateway.presence;
    gateway.learnStatus(status);
    // What was asked of an earlier connection may have been lost with it.
    const now = gateway.presence;
    if (now?.online && now.connect_id !== before?.connect_id) this.askAgain(heard);
  }

  private takeBatch(heard: Heard, lane: Lane, batch: Batch): void {
    const { epoch, covers } = ofItsOwn(heard, batch.head);
    if (batch.head.lane !== lane) throw new Error(`a batch of lane ${batch.head.lane} on ${lane}`);
    if (heard.site !== '' && heard.site !== batch.head.site)
      throw new Error(`a batch of ${batch.head.site} on the topic of ${heard.site}`);
    if (this.world.lose?.(batch)) return;
    const gateway = this.gateway(heard);
    const refused = this.world.nack ? this.judge(batch, heard.gateway) : NO_RECORDS;
    const fresh = this.book(gateway, batch, refused);
    this.counts.batches += 1;
    const { site, gateway: id } = heard;
    if (fresh && refused.size > 0) this.log?.nacked({ site, gateway: id, epoch, seqs: [...refused.keys()] });
    if (fresh) this.log?.batch(batch.text);
    const ranges = [...refused.keys()].reduce<SeqRange[]>(
      (all, seq) => removeRange(all, [seq, seq]),
      [covers],
    );
    const nacks = [...refused].map(([seq, reason]) => ({ seq, reason }));
    this.owed.push({ site, gateway: id, epoch, lane, ranges, nacks, replay: [] });
    this.bell();
  }

  /** Enters a batch into the ledger; false when everything in it had come before. */
  private book(gateway: Gateway, batch: Batch, refused: ReadonlyMap<number, string>): boolean {
    const { epoch, lane, covers } = batch.head;
    const ledger: Ledger = gateway.ledger(epoch);
    let fresh = 0;
    for (const part of batch.parts) {
      eachSeq(part, (seq) => {
        const first = refused.has(seq) ? !ledger.refused.has(seq) : ledger.seqs.add(seq, lane);
        if (!first) this.counts.duplicates += 1;
        else fresh += 1;
        if (!first || !refused.has(seq)) return;
        ledger.refused.add(seq);
        this.counts.nacked += 1;
      });
    }
    ledger.covered[lane].add(covers);
    if (fresh > 0) gateway.learn(batch);
    return fresh > 0;
  }

  private judge({ head, parts }: Batch, gateway: string): ReadonlyMap<number, string> {
    const records = parts.flatMap((part) => openPart(part, head.lane, head.epoch));
    const refused = records.flatMap((record): [number, string][] => {
      const reason = this.world.nack?.(record, gateway);
      return reason === undefined ? [] : [[record.seq, reason]];
    });
    return new Map(refused);
  }

  private takeDigest(heard: Heard, digest: DigestMessage): void {
    this.counts.digests += 1;
    this.gateway(heard).ledger(digest.epoch).digest(digest);
    this.askAgain(heard);
  }

  /** Asks for what is missing by the digests of a gateway. */
  private askAgain(heard: Heard): void {
    const gateway = this.gateway(heard);
    for (const ledger of gateway.ledgers.values()) {
      for (const { epoch, lane, from, to } of ledger.mismatches) {
        const replay = from > to ? [] : ledger.missing([from, to]).slice(0, 1000);
        if (replay.length === 0) continue;
        this.owed.push({
          site: heard.site,
          gateway: heard.gateway,
          epoch,
          lane,
          ranges: [],
          nacks: [],
          replay,
        });
        this.bell();
      }
    }
  }

  /** Makes durable, then acknowledges: each lane at most twice a second. Ends when the receiver is closed. */
  private async acknowledge(): Promise<void> {
    const { clock } = this.world;
    while (!this.stop.signal.aborted) {
      for (const ack of this.owed.splice(0)) this.acks.add(ack);
      const next = this.acks.next();
      const now = clock.now().up;
      if (next === undefined || !this.channel) {
        await this.rung();
      } else if (next > now) {
        await this.rung(next - now);
      } else {
        const due = this.acks.due(now);
        await this.log?.sync();
        for (const ack of due) this.say(ack);
      }
    }
    await this.log?.sync();
  }

  /** Until something happened, or so much time went by. */
  private rung(ms?: Millis): Promise<void> {
    const waiting = new AbortController();
    return new Promise((resolve) => {
      this.bell = () => {
        waiting.abort(NOT_NEEDED);
        resolve();
      };
      if (ms !== undefined)
        this.world.clock.sleep('receiver acks', ms, waiting.signal).then(resolve, () => {});
    });
  }

  private say({ site, gateway, epoch, lane, ranges, nacks, replay }: Ack): void {
    const message = { v: 1, epoch, lane, ranges, nacks, ...(replay.length > 0 && { replay }) };
    const topic = topicsOf(this.prefix, { site, gateway }).ack;
    // One that is lost is not missed: the gateway sends again, and is answered again.
    this.channel
      ?.publish({ topic, payload: Buffer.from(JSON.stringify(message)), qos: 1, retain: false })
      .catch(() => {});
  }

  private gateway({ site, gateway: id }: Pick<Heard, 'site' | 'gateway'>): Gateway {
    const key = `${site}\n${id}`;
    let gateway = this.gateways.get(key);
    if (!gateway) {
      gateway = new Gateway(site, id);
      this.gateways.set(key, gateway);
    }
    return gateway;
  }

  /** What an earlier run received. */
  private remember(entry: Entry): void {
    if ('nacked' in entry) {
      this.refusedBefore = new Map(entry.nacked.seqs.map((seq) => [seq, '']));
      return;
    }
    const batch = checkBatch(entry.batch, Buffer.alloc(0));
    // As the topic named it: a prefix without a level for the site says nothing of it.
    const site = this.prefix.includes('{site}') ? batch.head.site : '';
    this.book(this.gateway({ site, gateway: batch.head.gateway }), batch, this.refusedBefore);
    this.refusedBefore = NO_RECORDS;
  }
}
