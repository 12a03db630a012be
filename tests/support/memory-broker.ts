import type { MessagePipe, OutMessage, PipeOpener, PipeSettings } from '../../src/contracts/index.ts';
import { Fault } from '../../src/faults/index.ts';

/** As a small broker of the field announces them. */
const LIMITS = { receive_maximum: 20, maximum_packet: 128 * 1024 };

type Listener = Parameters<MessagePipe['onMessage']>[0];

interface Client {
  readonly settings: PipeSettings;
  readonly filters: string[];
  readonly hears: Listener[];
  heard: number;
  lose(reason: Error): void;
}

/**
 * A broker that keeps virtual time: topics, wildcards, retained messages, wills, one connection for each client id. It carries the very payloads;
 * what MQTT makes of them on a socket is tried elsewhere, with real brokers.
 */
export function memoryBroker() {
  const clients = new Set<Client>();
  const retained = new Map<string, Uint8Array>();
  let running = true;

  const tell = (client: Client, message: OutMessage, retain: boolean) => {
    client.heard += 1;
    for (const hear of client.hears) hear(message.topic, message.payload, { retain });
  };
  const spread = (message: OutMessage) => {
    if (message.retain && message.payload.length > 0) retained.set(message.topic, message.payload);
    else if (message.retain) retained.delete(message.topic);
    for (const client of clients)
      if (client.filters.some((filter) => matches(filter, message.topic))) tell(client, message, false);
  };
  const leave = (client: Client) => {
    if (!clients.delete(client)) return;
    if (client.settings.will) spread(client.settings.will);
  };

  const pipe: PipeOpener = async (settings) => {
    // The answer of a broker comes in a later turn.
    await Promise.resolve();
    if (!running)
      throw new Fault('uplink.unreachable', { url: settings.url, reason: 'the broker does not run' });
    const before = [...clients].find((client) => client.settings.client_id === settings.client_id);
    before?.lose(new Fault('uplink.lost', { reason: 'another client took its place', hung_up: true }));
    return connected(settings);
  };

  const connected = (settings: PipeSettings): MessagePipe => {
    let reason: Error | undefined;
    let lost: ((reason: Error) => void)[] = [];
    const client: Client = {
      settings,
      filters: [],
      hears: [],
      heard: 1,
      lose: (why) => {
        reason ??= why;
        leave(client);
        for (const listener of lost.splice(0)) listener(reason);
      },
    };
    clients.add(client);
    const open = () => {
      if (reason) throw reason;
    };
    return {
      limits: LIMITS,
      heard: () => client.heard,
      ping: async () => {
        open();
        client.heard += 1;
      },
      publish: async (message) => {
        open();
        await Promise.resolve();
        open();
        spread(message);
        client.heard += 1;
      },
      subscribe: async (topics) => {
        open();
        client.filters.push(...topics);
        for (const [topic, payload] of retained)
          if (topics.some((filter) => matches(filter, topic)))
            tell(client, { topic, payload, qos: 1, retain: true }, true);
      },
      onMessage: (listener) => void client.hears.push(listener),
      onLost: (listener) => {
        if (reason) listener(reason);
        else lost.push(listener);
      },
      close: async () => {
        lost = [];
        clients.delete(client);
      },
      drop: () => {
        lost = [];
        leave(client);
      },
    };
  };

  return {
    pipe,
    /** Every connection ends, and nobody gets one. */
    stop: () => {
      running = false;
      for (const client of [...clients])
        client.lose(new Fault('uplink.lost', { reason: 'closed by the other side', hung_up: true }));
    },
    start: () => {
      running = true;
    },
  };
}

function matches(filter: string, topic: string): boolean {
  const levels = topic.split('/');
  const wanted = filter.split('/');
  return (
    wanted.length === levels.length && wanted.every((level, at) => level === '+' || level === levels[at])
  );
}
