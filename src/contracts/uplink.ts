/** Anything that carries messages to a broker and back, over one connection. mqtt.js stands behind it; tests may put their own. */
export interface MessagePipe {
  /** What the broker announced when we connected. */
  readonly limits: { readonly receive_maximum: number; readonly maximum_packet: number };
  /** Packets of any kind that came so far: how a silent link is told from a quiet one. */
  heard(): number;
  /** Asks the broker for a sign of life: resolves when it answers, rejects with uplink.lost. */
  ping(): Promise<void>;
  /**
   * Resolves when the broker took it (PUBACK for QoS 1, handed to the socket for QoS 0); rejects with a Fault uplink.refused (the facts hold
   * the reason_code), uplink.too-large (it was not sent) or uplink.lost.
   */
  publish(message: OutMessage): Promise<void>;
  subscribe(topics: readonly string[]): Promise<void>;
  onMessage(
    listener: (topic: string, payload: Uint8Array, flags: { readonly retain: boolean }) => void,
  ): void;
  /** Called once when the connection is gone for any reason but `close`; at once when it already is. */
  onLost(listener: (reason: Error) => void): void;
  /** Says goodbye, so that the will is not sent. `drop` cuts the line instead: the broker sends the will. */
  close(): Promise<void>;
  drop(): void;
}

export interface OutMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

export interface PipeSettings {
  readonly url: string;
  readonly client_id: string;
  readonly version: 4 | 5;
  readonly username?: string;
  readonly password?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly keepalive_s: number;
  readonly connect_timeout_ms: number;
  readonly will?: OutMessage;
  /** Largest packet sent when the broker does not announce less. */
  readonly maximum_packet?: number;
  /** What we announce for packets to us (MQTT 5). */
  readonly inbound?: { readonly receive_maximum: number; readonly maximum_packet: number };
}
/** Rejects with a Fault: uplink.unreachable, uplink.refused (facts: reason_code), uplink.tls (facts: tls, the code), uplink.lost, or the signal's reason. */
export type PipeOpener = (settings: PipeSettings, signal: AbortSignal) => Promise<MessagePipe>;
