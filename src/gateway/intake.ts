import { ticker } from '../clock/index.ts';
import type { Clock, Intake, Log, Outbox, StateWrite } from '../contracts/index.ts';
import type { Watched } from '../control/index.ts';
import { asFault } from '../faults/index.ts';
import type { Entry, Reading, RecordKey } from '../model/index.ts';
import type { Pipeline } from '../pipeline/index.ts';
import type { DerivedDevices } from './derived.ts';

type Feed = ((reading: Reading) => void) | undefined;

/** Several that want the readings of a point, as one. */
export const feeding =
  (feedsOf: (device: string, point: string) => readonly Feed[]) =>
  (device: string, point: string): Feed => {
    const feeds = feedsOf(device, point).flatMap((feed) => (feed ? [feed] : []));
    if (feeds.length < 2) return feeds[0];
    return (reading) => {
      for (const feed of feeds) feed(reading);
    };
  };

/** Told when records have become durable, with their keys: for tests that kill the process. */
export type OnDurable = (entries: readonly Entry[], keys: readonly RecordKey[]) => void;

/** From the devices through the pipeline into the outbox, and to whoever watches. Never waits, never throws. */
export class GatewayIntake implements Intake {
  private readonly pipeline: Pipeline;
  private readonly derived: Pick<DerivedDevices, 'drain' | 'changed'>;
  private readonly outbox: Outbox;
  private readonly log: Log;
  private readonly onDurable: OnDurable | undefined;
  private readonly hear: ((event: Parameters<Intake['event']>[0]) => void) | undefined;
  private readonly sense: ((readings: Parameters<Intake['readings']>[0]) => void) | undefined;
  private readonly secret: ((event: Parameters<Intake['event']>[0]) => boolean) | undefined;
  private readonly muted: (subject: string) => boolean;
  private readonly watchers = new Set<(line: Watched) => void>();
  private refused = 0;

  constructor(
    pipeline: Pipeline,
    outbox: Outbox,
    tools: {
      readonly derived: Pick<DerivedDevices, 'drain' | 'changed'>;
      readonly log: Log;
      readonly onDurable: OnDurable | undefined;
      /** Whoever acts on events. */
      readonly hear?: (event: Parameters<Intake['event']>[0]) => void;
      /** What only they are to hear. */
      readonly secret?: (event: Parameters<Intake['event']>[0]) => boolean;
      /** Somebody works there: what happens is marked. */
      readonly muted?: (subject: string) => boolean;
      /** Whoever acts on readings, before anything else is done with them. */
      readonly sense?: (readings: Parameters<Intake['readings']>[0]) => void;
    },
  ) {
    this.pipeline = pipeline;
    this.outbox = outbox;
    this.derived = tools.derived;
    this.log = tools.log;
    this.onDurable = tools.onDurable;
    this.hear = tools.hear;
    this.sense = tools.sense;
    this.secret = tools.secret;
    this.muted = tools.muted ?? (() => false);
  }

  readings(readings: Parameters<Intake['readings']>[0]): void {
    this.sense?.(readings);
    for (const reading of readings) this.show({ type: 'reading', reading });
    const entries = this.pipeline.take(readings);
    const { made, kept } = this.takeMade();
    void this.keep(made.length ? [...entries, ...made] : entries, kept);
  }

  /** Derived values that were made by the time that passed. */
  collect(): void {
    const { made, kept } = this.takeMade();
    void this.keep(made, kept);
  }

  event(came: Parameters<Intake['event']>[0], kept: readonly StateWrite[] = []): Promise<boolean> {
    const marked = came.kind === 'event' && this.muted(came.subject);
    const event = marked ? { ...came, fields: { ...came.fields, muted: true } } : came;
    if (this.secret?.(event)) {
      this.pass(event);
      return Promise.resolve(true);
    }
    const { subject, name, fields, stamp } = event;
    this.show({ type: 'event', event: { subject, name, fields, stamp } });
    this.hear?.(event);
    return this.keep([event], kept);
  }

  pass(event: Parameters<Intake['event']>[0]): void {
    this.hear?.(event);
  }

  /** What was derived from the readings just taken goes the same way as they; that it was made is kept with it, so that it is not made again. */
  private takeMade(): { readonly made: readonly Entry[]; readonly kept: readonly StateWrite[] } {
    const made = this.derived.drain();
    if (made.length === 0) return NOTHING;
    for (const reading of made) this.show({ type: 'reading', reading });
    const kept = this.derived.changed(new Set(made.map(({ device }) => device)));
    return { made: this.pipeline.take(made), kept };
  }

  watch(listener: (line: Watched) => void): () => void {
    this.watchers.add(listener);
    return () => this.watchers.delete(listener);
  }

  show(line: Watched): void {
    for (const watcher of this.watchers) watcher(line);
  }

  /** Values that waited for their minimum interval go out when their time has come. */
  async flush(clock: Clock, signal: AbortSignal): Promise<void> {
    for await (const _ of ticker(clock, { name: 'pipeline flush', every_ms: 1000 }, signal)) {
      void this.keep(this.pipeline.flush(clock.now().up));
    }
  }

  /** The last of it: nothing waits for its interval any more. */
  end(): void {
    void this.keep(this.pipeline.flush(Number.POSITIVE_INFINITY));
  }

  /** Whether they are stored now. */
  private async keep(entries: readonly Entry[], kept: readonly StateWrite[] = []): Promise<boolean> {
    if (entries.length + kept.length === 0) return true;
    return this.outbox.append(entries, kept).then(
      (keys) => {
        this.onDurable?.(entries, keys);
        return true;
      },
      (error) => {
        // The store tells what it loses as a health fact and a record; here only the first of a series is logged.
        this.refused += 1;
        if (this.refused === 1) this.log.warn({ fault: asFault(error) }, 'records were not stored');
        return false;
      },
    );
  }
}

const NOTHING = { made: [], kept: [] } as const;
