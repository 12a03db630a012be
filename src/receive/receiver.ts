import { randomUUID } from 'node:crypto';
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
  digestSchema,
  healthSchema,
  inventorySchema,
  MESSAGES,
  statusSchema,
} from '../uplink/shapes/index.ts';
import { DEFAULT_PREFIX, type Heard, topicsOf, topicsOfAll } from '../uplink/topics.ts';
import { type Ack, Acks } from './acks.ts';
import { type Batch, checkBatch, eachSeq, openBatch } from './batch.ts';
import { Gateway } from './gateway.ts';
import type { Ledger } from './ledger.ts';
import { type Entry, Logbook } from './logbook.ts';
import { presence } from './presence.ts';

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
  private channel: Channel | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private fail: (error: unknown) => void = () => {};
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
    this.running = Promise.all([this.connect(), this.acknowledge().catch((error) => this.fail(error))]);
  }

  async close(): Promise<void> {
    this.stop.abort();
    this.bell();
    await this.running;
    await this.log?.close();
  }

  view(): ReceiverView {
    const gateways = [...this.gateways.values()].map((gateway) => gateway.view());
    return { connected: this.channel !== undefined, trouble: this.trouble, gateways };
  }

  verdict(): Verdict {
    const gateways = [...this.gateways.values()].map((gateway): GatewayVerdict => gateway.verdict());
    const ledgers = [...this.gateways.values()].flatMap((gateway) => [...gateway.ledgers.values()]);
    const records = ledgers.reduce((sum, ledger) => sum + ledger.seqs.count, 0);
    const digest_mismatches = ledgers.reduce((sum, ledger) => sum + ledger.mismatches, 0);
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

  private async serve(pipe: MessagePipe): Promise<void> {
    const over = new AbortController();
    const lost = new Promise<Error | undefined>((resolve) => {
      pipe.onLost(resolve);
      this.stop.signal.addEventListener('abort', () => resolve(undefined), {
        once: true,
        signal: over.signal,
      });
    });
    pipe.onMessage((topic, payload) => this.take(topic, payload));
    const channel = new Channel(pipe, this.world.clock, 20);
    await pipe.subscribe(this.topics.filters);
    this.channel = channel;
    this.trouble = '';
    this.bell();
    const reason = await lost;
    over.abort();
    this.channel = undefined;
    this.trouble = reason?.message ?? 'closed';
    if (reason) pipe.drop();
    else await Promise.race([pipe.close(), this.world.clock.sleep('receiver goodbye', 1000)]);
    pipe.drop();
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
    const gateway = this.gateway(heard);
    if (rest === 'status') gateway.presence = presence(gateway.presence, statusSchema.parse(message));
    else if (rest === 'health') gateway.facts = healthSchema.parse(message).facts;
    else if (rest === 'digest') this.takeDigest(gateway, message);
    else if (rest.startsWith('inventory/')) gateway.learnUnits(inventorySchema.parse(message).devices);
    else if (rest === 'beat') MESSAGES.beat.parse(message);
    else if (rest === 'cmd/result') MESSAGES['cmd-result'].parse(message);
  }

  private takeBatch(heard: Heard, lane: Lane, batch: Batch): void {
    const { epoch, covers } = batch.head;
    if (batch.head.gateway !== heard.gateway || batch.head.lane !== lane)
      throw new Error('a batch on a foreign topic');
    if (this.world.lose?.(batch)) return;
    const gateway = this.gateway(heard);
    const refused = this.world.nack ? this.judge(batch, heard.gateway) : NO_RECORDS;
    const fresh = this.book(gateway, batch, refused);
    this.counts.batches += 1;
    if (fresh) this.log?.batch(batch.text);
    if (refused.size > 0) this.log?.nacked({ gateway: heard.gateway, epoch, seqs: [...refused.keys()] });
    const ranges = [...refused.keys()].reduce<SeqRange[]>(
      (all, seq) => removeRange(all, [seq, seq]),
      [covers],
    );
    const nacks = [...refused].map(([seq, reason]) => ({ seq, reason }));
    this.owed.push({ gateway: this.keyOf(heard), epoch, lane, ranges, nacks, replay: [] });
    this.bell();
  }

  /** Enters a batch into the ledger; false when everything in it had come before. */
  private book(gateway: Gateway, batch: Batch, refused: ReadonlyMap<number, string>): boolean {
    const { epoch, lane, covers } = batch.head;
    const ledger: Ledger = gateway.ledger(epoch);
    let fresh = 0;
    for (const part of batch.parts) {
      eachSeq(part, (seq) => {
        if (refused.has(seq)) this.counts.nacked += 1;
        else if (ledger.seqs.add(seq, lane)) fresh += 1;
        else this.counts.duplicates += 1;
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

  private takeDigest(gateway: Gateway, message: unknown): void {
    const digest = digestSchema.parse(message);
    const ledger = gateway.ledger(digest.epoch);
    this.counts.digests += 1;
    ledger.digest(digest);
    if (digest.from > digest.to || ledger.agrees(digest)) return;
    const replay = ledger.missing([digest.from, digest.to]).slice(0, 1000);
    if (replay.length === 0) return;
    const { epoch, lane } = digest;
    this.owed.push({
      gateway: this.keyOf({ site: gateway.site, gateway: gateway.id }),
      epoch,
      lane,
      ranges: [],
      nacks: [],
      replay,
    });
    this.bell();
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
        waiting.abort();
        resolve();
      };
      if (ms !== undefined)
        this.world.clock.sleep('receiver acks', ms, waiting.signal).then(resolve, () => {});
    });
  }

  private say({ gateway, epoch, lane, ranges, nacks, replay }: Ack): void {
    const [site = '', id = ''] = gateway.split('\n');
    const message = { v: 1, epoch, lane, ranges, nacks, ...(replay.length > 0 && { replay }) };
    const topic = topicsOf(this.prefix, { site, gateway: id }).ack;
    // One that is lost is not missed: the gateway sends again, and is answered again.
    this.channel
      ?.publish({ topic, payload: Buffer.from(JSON.stringify(message)), qos: 1, retain: false })
      .catch(() => {});
  }

  private gateway(heard: Pick<Heard, 'site' | 'gateway'>): Gateway {
    const key = this.keyOf(heard);
    let gateway = this.gateways.get(key);
    if (!gateway) {
      gateway = new Gateway(heard.site, heard.gateway);
      this.gateways.set(key, gateway);
    }
    return gateway;
  }

  private keyOf({ site, gateway }: Pick<Heard, 'site' | 'gateway'>): string {
    return `${site}\n${gateway}`;
  }

  /** What an earlier run received. */
  private remember(entry: Entry): void {
    if (!('batch' in entry)) return;
    const batch = checkBatch(entry.batch, Buffer.alloc(0));
    const { site, gateway } = batch.head;
    this.book(this.gateway({ site, gateway }), batch, NO_RECORDS);
  }
}
