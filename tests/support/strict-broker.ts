import { createServer, type Server, type Socket } from 'node:net';
import mqtt, { type Packet } from 'mqtt-packet';
import { onTestFinished } from 'vitest';

type Publish = Packet & { cmd: 'publish' };

export interface StrictSettings {
  readonly receive_maximum?: number;
  readonly maximum_packet?: number;
  /**
   * Reason code of the PUBACK for a message; 0 when not given. 'withhold': no PUBACK until `acknowledge()`. 'close': the connection is closed
   * without a word, as brokers do over a message they do not want.
   */
  readonly answer?: (publish: {
    readonly topic: string;
    readonly payload: Uint8Array;
  }) => number | 'withhold' | 'close';
  /** What a subscription is answered: a granted QoS, or a reason code. */
  readonly grant?: (topic: string) => number;
  /** Reason code of the CONNACK for the n-th connection (0-based). */
  readonly admit?: (connection: number) => number;
}

/**
 * A broker that looks closely: it holds a client to the limits it announced (MQTT 5: 3.2.2.3.3 Receive Maximum, 3.2.2.3.6 Maximum
 * Packet Size), remembers each violation, and answers as the test wishes. It routes well enough for a gateway and a receiver.
 */
export interface StrictBroker {
  readonly port: number;
  readonly url: string;
  readonly violations: readonly string[];
  /** Most QoS 1 publishes of one client that were unacknowledged at any instant. */
  readonly mostUnacknowledged: () => number;
  readonly largestPacket: () => number;
  readonly connections: () => number;
  /** Connections that are open now. */
  readonly open: () => number;
  readonly published: () => number;
  readonly retained: (topic: string) => Uint8Array | undefined;
  /** Sends the PUBACKs that were withheld. */
  acknowledge(): void;
  /** As a third party. */
  publish(topic: string, payload: Uint8Array | string, retain?: boolean): void;
  /** MQTT 5 DISCONNECT with this reason to everybody, then closes. */
  disconnect(reason: number): void;
  close(): Promise<void>;
}

interface Client {
  readonly socket: Socket;
  version: 4 | 5;
  id: string;
  readonly filters: Map<string, number>;
  will: Publish | undefined;
  unacknowledged: number;
  readonly withheld: number[];
  next_id: number;
}

export async function startStrictBroker(settings: StrictSettings = {}): Promise<StrictBroker> {
  const clients = new Set<Client>();
  const retained = new Map<string, Uint8Array>();
  const violations: string[] = [];
  const seen = { most: 0, largest: 0, connections: 0, published: 0 };

  const send = (client: Client, packet: Packet) => {
    if (client.socket.writable)
      client.socket.write(mqtt.generate(packet, { protocolVersion: client.version }));
  };
  const drop = (client: Client, reason: number, why: string) => {
    violations.push(why);
    if (client.version === 5) send(client, { cmd: 'disconnect', reasonCode: reason } as Packet);
    client.socket.end();
  };
  const deliver = (client: Client, topic: string, payload: Uint8Array, qos: number, retain: boolean) => {
    client.next_id = (client.next_id % 65_535) + 1;
    const packet = {
      cmd: 'publish',
      topic,
      payload: Buffer.from(payload),
      qos,
      retain,
      dup: false,
      messageId: client.next_id,
    };
    // The generator wants its own narrow type of qos.
    send(client, packet as Packet);
  };
  const route = (topic: string, payload: Uint8Array, qos: number, retain: boolean) => {
    if (retain && payload.length) retained.set(topic, payload);
    if (retain && !payload.length) retained.delete(topic);
    for (const client of clients) {
      for (const [filter, granted] of client.filters) {
        if (!matches(filter, topic)) continue;
        deliver(client, topic, payload, Math.min(qos, granted), false);
        break;
      }
    }
  };
  const puback = (client: Client, messageId: number, reasonCode: number) => {
    client.unacknowledged -= 1;
    send(client, { cmd: 'puback', messageId, ...(client.version === 5 && { reasonCode }) } as Packet);
  };

  const onPublish = (client: Client, packet: Publish) => {
    seen.published += 1;
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    const verdict = settings.answer?.({ topic: packet.topic, payload }) ?? 0;
    if (verdict === 'close') return void client.socket.destroy();
    if (packet.qos === 0) return route(packet.topic, payload, 0, packet.retain);
    client.unacknowledged += 1;
    seen.most = Math.max(seen.most, client.unacknowledged);
    const limit = settings.receive_maximum ?? 65_535;
    if (client.unacknowledged > limit)
      return drop(client, 0x93, `${client.unacknowledged} unacknowledged, limit ${limit}`);
    if (verdict === 0) route(packet.topic, payload, 1, packet.retain);
    const id = packet.messageId ?? 0;
    if (verdict === 'withhold') client.withheld.push(id);
    // Later, as over a network: so that the window can fill.
    else setImmediate(() => puback(client, id, verdict));
  };

  const onPacket = (client: Client, packet: Packet) => {
    switch (packet.cmd) {
      case 'connect': {
        const code = settings.admit?.(seen.connections) ?? 0;
        seen.connections += 1;
        client.version = packet.protocolVersion === 5 ? 5 : 4;
        client.id = packet.clientId;
        for (const other of clients) {
          if (other === client || other.id !== client.id) continue;
          if (other.version === 5) send(other, { cmd: 'disconnect', reasonCode: 0x8e } as Packet);
          other.socket.end();
        }
        // A will is a publish without the fixed header.
        client.will = packet.will ? ({ cmd: 'publish', dup: false, ...packet.will } as Publish) : undefined;
        const properties = {
          receiveMaximum: settings.receive_maximum ?? 65_535,
          ...(settings.maximum_packet && { maximumPacketSize: settings.maximum_packet }),
        };
        const answer = client.version === 5 ? { reasonCode: code, properties } : { returnCode: code };
        send(client, { cmd: 'connack', sessionPresent: false, ...answer } as Packet);
        if (code !== 0) client.socket.end();
        return;
      }
      case 'subscribe': {
        const granted = packet.subscriptions.map(({ topic, qos }) => settings.grant?.(topic) ?? qos);
        for (const [index, { topic }] of packet.subscriptions.entries()) {
          const qos = granted[index] ?? 0x80;
          if (qos < 0x80) client.filters.set(topic, qos);
        }
        send(client, { cmd: 'suback', messageId: packet.messageId ?? 0, granted } as Packet);
        for (const [topic, payload] of retained) {
          if ([...client.filters.keys()].some((filter) => matches(filter, topic)))
            deliver(client, topic, payload, 1, true);
        }
        return;
      }
      case 'publish':
        return onPublish(client, packet as Publish);
      case 'pingreq':
        return send(client, { cmd: 'pingresp' });
      case 'disconnect':
        if (packet.reasonCode !== 4) client.will = undefined;
        client.socket.end();
        return;
      default:
    }
  };

  const server = createServer((socket) => {
    const client: Client = {
      socket,
      version: 5,
      id: '',
      filters: new Map(),
      will: undefined,
      unacknowledged: 0,
      withheld: [],
      next_id: 0,
    };
    clients.add(client);
    const parser = mqtt.parser();
    parser.on('packet', (packet) => {
      // The parser counts the body; the fixed header is 2 to 5 bytes.
      const size = (packet.length ?? 0) + headerBytes(packet.length ?? 0);
      seen.largest = Math.max(seen.largest, size);
      const limit = settings.maximum_packet;
      // A client learns the limit from the CONNACK: its CONNECT cannot know.
      if (limit && size > limit && packet.cmd !== 'connect')
        drop(client, 0x95, `a packet of ${size} bytes, limit ${limit}`);
      else onPacket(client, packet);
    });
    parser.on('error', (error) => drop(client, 0x81, `malformed: ${error.message}`));
    socket.on('data', (chunk) => parser.parse(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      clients.delete(client);
      const { will } = client;
      if (will) route(will.topic, Buffer.from(will.payload), will.qos, will.retain);
    });
  });
  await listen(server);
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const close = async () => {
    for (const { socket } of clients) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    violations,
    mostUnacknowledged: () => seen.most,
    largestPacket: () => seen.largest,
    connections: () => seen.connections,
    open: () => clients.size,
    published: () => seen.published,
    retained: (topic) => retained.get(topic),
    acknowledge: () => {
      for (const client of clients) for (const id of client.withheld.splice(0)) puback(client, id, 0);
    },
    publish: (topic, payload, retain = false) => route(topic, Buffer.from(payload), 1, retain),
    disconnect: (reason) => {
      for (const client of clients) {
        if (client.version === 5) send(client, { cmd: 'disconnect', reasonCode: reason } as Packet);
        client.socket.end();
      }
    },
    close,
  };
}

const listen = (server: Server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

/** Size of the fixed header for a body of this length (MQTT 5, 2.1.4). */
const headerBytes = (length: number): number =>
  length < 128 ? 2 : length < 16_384 ? 3 : length < 2_097_152 ? 4 : 5;

function matches(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true;
    if (level !== '+' && level !== levels[index]) return false;
    if (index >= levels.length) return false;
  }
  return wanted.length === levels.length;
}
