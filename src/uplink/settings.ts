import type { BackoffSettings } from '../clock/index.ts';
import type { Lane, Millis } from '../model/index.ts';
import { DEFAULT_PREFIX } from './topics.ts';

/** One uplink as the site file says it. Everything but id and url may be left out. */
export interface UplinkSettings {
  readonly id: string;
  readonly type: 'native';
  /** `mqtt://host:1883` or `mqtts://host:8883`. */
  readonly url: string;
  /** MQTT version; `auto` tries 5 and falls back to 3.1.1 (4). */
  readonly version?: 4 | 5 | 'auto';
  readonly username?: string;
  readonly password?: string;
  /** PEM text: whom we trust (default: the system's list), our certificate and its key. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly prefix?: string;
  /** Who settles a record: the platform by its ack, or the weaker promise, the broker by its PUBACK. */
  readonly ack?: 'platform' | 'broker';
  readonly compress?: boolean;
  /** It may send lists of credentials (signed), and is told how they stand. */
  readonly lists?: boolean;
  /** What it may have of what is of class image: files are sent to it on request, or never. */
  readonly images?: 'keep' | 'drop';
  /** How long a live record may wait for others to share a batch. */
  readonly waits_ms?: Partial<Readonly<Record<Lane, Millis>>>;
  /** Largest MQTT packet when the broker does not announce one, and never exceeded when it announces more. */
  readonly maximum_packet?: number;
  /** Most QoS 1 messages without PUBACK; the broker's Receive Maximum may lower it. */
  readonly window?: number;
  readonly beat_ms?: Millis;
  readonly health_ms?: Millis;
  readonly digest_ms?: Millis;
  readonly keepalive_s?: number;
  readonly connect_timeout_ms?: Millis;
  /** Without a PUBACK for this long the connection is dropped. */
  readonly puback_timeout_ms?: Millis;
  /** Without the platform's ack for this long a batch is sent again. */
  readonly ack_timeout_ms?: Millis;
  /** How long something that the broker refuses is held back at first; twice as long each time, up to 10 minutes. */
  readonly hold_ms?: Millis;
  readonly backoff?: Partial<BackoffSettings> & {
    /** A connection that held this long starts the back-off anew. */
    readonly stable_ms?: Millis;
    /** Longest wait after another client took over our identity, or the broker banned us. */
    readonly long_ms?: Millis;
  };
}

/** The same with every default filled in. */
export type Settled = Required<
  Omit<UplinkSettings, 'username' | 'password' | 'ca' | 'cert' | 'key' | 'waits_ms' | 'backoff'>
> &
  Pick<UplinkSettings, 'username' | 'password' | 'ca' | 'cert' | 'key'> & {
    readonly waits_ms: Readonly<Record<Lane, Millis>>;
    readonly backoff: Required<NonNullable<UplinkSettings['backoff']>>;
  };

/** Figures of the contract (MQTT behaviour; Classes, lanes, order; Topics). */
export const settle = (given: UplinkSettings): Settled => ({
  version: 'auto',
  prefix: DEFAULT_PREFIX,
  ack: 'platform',
  compress: true,
  lists: false,
  images: 'drop',
  maximum_packet: 128 * 1024,
  window: 20,
  beat_ms: 10_000,
  health_ms: 60_000,
  digest_ms: 3_600_000,
  keepalive_s: 15,
  connect_timeout_ms: 20_000,
  puback_timeout_ms: 20_000,
  ack_timeout_ms: 30_000,
  hold_ms: 30_000,
  ...given,
  waits_ms: { a: 0, b: 500, c: 2000, ...given.waits_ms },
  backoff: {
    first_ms: 20_000,
    base_ms: 15_000,
    cap_ms: 120_000,
    stable_ms: 60_000,
    long_ms: 300_000,
    ...given.backoff,
  },
});
