import { connect, type IClientOptions, type IConnackPacket, type MqttClient } from 'mqtt';
import type { MessagePipe, OutMessage, PipeOpener, PipeSettings } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import { publishBytes } from './packet.ts';
import { connectReason, reasonName } from './reasons.ts';
import { tlsFault } from './tls.ts';

/** What MQTT 3.1.1 cannot announce (contract, MQTT behaviour). */
const UNTOLD = { receive_maximum: 20, maximum_packet: 128 * 1024 };
/** Protocol limits of MQTT 5 when nothing is announced. */
const MOST = { receive_maximum: 65_535 };
const INBOUND = { receive_maximum: 64, maximum_packet: 256 * 1024 };

/**
 * mqtt.js as a pipe: one client object per attempt, no queue, no reconnecting, no session of its own. What it does not do (window, packet
 * limit, acknowledgement timeout, back-off) is done around it. Chain and host name are verified whatever the settings say.
 */
export const openMqttPipe: PipeOpener = (settings, signal) =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    let client: MqttClient;
    try {
      client = connect(clientOptions(settings));
    } catch (error) {
      // A certificate or key that cannot be read.
      return reject(faultOf(error instanceof Error ? error : new Error(String(error)), settings.url));
    }
    let reason: Fault | undefined;
    // mqtt.js keeps most errors of the socket to itself; the word of a broker about our certificate is among them.
    client.stream.on('error', (error: Error) => {
      if (!client.connected) reason ??= faultOf(error, settings.url);
    });
    let fail = (fault: Error) => {
      signal.removeEventListener('abort', abort);
      client.end(true);
      reject(fault);
    };
    const abort = () => fail(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    client.on('error', (error) => {
      reason ??= faultOf(error, settings.url);
      // After its own verdict (keepalive timeout, a broken packet) mqtt.js leaves the socket to us.
      if (!client.connected) return fail(reason);
      if (HUNG_UP.has(String(codeOf(error)))) reason = hungUp(String(codeOf(error)));
      client.stream.destroy();
    });
    client.on('disconnect', (packet) => {
      const code = packet.reasonCode ?? 0;
      reason ??= refusal(code, packet.properties?.reasonString);
    });
    client.on('close', () =>
      fail(reason ?? unreachable(settings.url, 'it closed the connection without an answer')),
    );
    client.once('connect', (connack) => {
      signal.removeEventListener('abort', abort);
      const lost = new Loss();
      fail = () => lost.happen(reason ?? hungUp('closed by the other side'));
      const unfit = unfitness(settings, connack);
      if (!unfit) return resolve(pipeOf(client, { settings, connack, lost }));
      client.end(true);
      reject(unfit);
    });
  });

/** Handed on to Node by mqtt.js, whose types do not know it. */
const FLOOR = { minVersion: 'TLSv1.2' } as const;

function clientOptions(settings: PipeSettings): IClientOptions {
  const { will, username, password, ca, cert, key } = settings;
  const inbound = settings.inbound ?? INBOUND;
  // exactOptionalPropertyTypes: what is not set must not be there at all.
  const optional = Object.fromEntries(
    Object.entries({ username, password, ca, cert, key }).filter(([, value]) => value !== undefined),
  );
  return {
    ...addressOf(settings.url),
    ...optional,
    ...(will && {
      will: { topic: will.topic, payload: Buffer.from(will.payload), qos: will.qos, retain: will.retain },
    }),
    ...(settings.version === 5 && {
      properties: { receiveMaximum: inbound.receive_maximum, maximumPacketSize: inbound.maximum_packet },
    }),
    protocolVersion: settings.version,
    clientId: settings.client_id,
    clean: true,
    keepalive: settings.keepalive_s,
    connectTimeout: settings.connect_timeout_ms,
    reconnectPeriod: 0,
    queueQoSZero: false,
    resubscribe: false,
    timerVariant: 'native',
    rejectUnauthorized: true,
    ...FLOOR,
    log: () => {},
  };
}

/** The url taken apart here: mqtt.js would let its query change the client id, and take an unknown scheme for plain MQTT. */
function addressOf(url: string): Pick<IClientOptions, 'protocol' | 'host' | 'port'> {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== 'mqtt:' && protocol !== 'mqtts:')
    throw unreachable(url, 'its scheme is not mqtt or mqtts');
  const secure = protocol === 'mqtts:';
  return {
    protocol: secure ? 'mqtts' : 'mqtt',
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (secure ? 8883 : 1883),
  };
}

/** A broker that cannot carry the contract at all, whatever is sent. */
function unfitness(settings: PipeSettings, connack: IConnackPacket): Fault | undefined {
  if (settings.version !== 5) return undefined;
  return connack.properties?.maximumQoS === 0 ? refusal(0x9b, undefined) : undefined;
}

/** The end of a connection: told once, and at once to whoever asks afterwards. */
class Loss {
  reason: Error | undefined;
  private readonly listeners: ((reason: Error) => void)[] = [];

  happen(reason: Error): void {
    if (this.reason) return;
    this.reason = reason;
    for (const listener of this.listeners.splice(0)) listener(reason);
  }

  tell(listener: (reason: Error) => void): void {
    if (this.reason) listener(this.reason);
    else this.listeners.push(listener);
  }
}

function pipeOf(
  client: MqttClient,
  made: { readonly settings: PipeSettings; readonly connack: IConnackPacket; readonly lost: Loss },
): MessagePipe {
  const { settings, connack, lost } = made;
  const limits = limitsOf(settings, connack);
  const retains = connack.properties?.retainAvailable !== false;
  const waiting = new Set<(reason: Error) => void>();
  let heard = 1;
  let closing = false;
  const pongs: (() => void)[] = [];
  client.on('packetreceive', (packet) => {
    heard += 1;
    if (packet.cmd === 'pingresp') for (const pong of pongs.splice(0)) pong();
  });
  keepPace(client, settings.keepalive_s);
  if ('setNoDelay' in client.stream && typeof client.stream.setNoDelay === 'function')
    client.stream.setNoDelay(true);
  lost.tell((reason) => {
    client.end(true);
    for (const reject of waiting) reject(lostFault(reason));
    waiting.clear();
  });
  return {
    limits,
    heard: () => heard,
    ping: () =>
      new Promise((resolve, reject) => {
        if (lost.reason || closing || !client.connected) return reject(lostFault(lost.reason));
        waiting.add(reject);
        pongs.push(() => {
          waiting.delete(reject);
          resolve();
        });
        client.sendPing();
      }),
    publish: (message) =>
      new Promise((resolve, reject) => {
        if (lost.reason || closing) return reject(lostFault(lost.reason));
        const bytes = publishBytes(message.topic, message.payload.length, message.qos);
        if (bytes > limits.maximum_packet) {
          return reject(new Fault('uplink.too-large', { bytes, limit: limits.maximum_packet }));
        }
        waiting.add(reject);
        const options = { qos: message.qos, retain: message.retain && retains };
        client.publish(message.topic, bufferOf(message), options, (error) => {
          if (!waiting.delete(reject)) return;
          if (error) reject(publishFault(error));
          else resolve();
        });
      }),
    subscribe: (topics) =>
      new Promise((resolve, reject) => {
        if (lost.reason || closing) return reject(lostFault(lost.reason));
        waiting.add(reject);
        client.subscribe([...topics], { qos: 1 }, (error) => {
          if (!waiting.delete(reject)) return;
          if (error) reject(publishFault(error));
          else resolve();
        });
      }),
    onMessage: (listener) => {
      client.on('message', (topic, payload, packet) => listener(topic, payload, { retain: packet.retain }));
    },
    onLost: (listener) => lost.tell((reason) => closing || listener(reason)),
    close: () =>
      new Promise((resolve) => {
        closing = true;
        if (lost.reason) return resolve();
        lost.tell(() => resolve());
        // DISCONNECT goes behind what is already written; whoever waits for a PUBACK has waited before closing.
        for (const id of Object.keys(client.outgoing)) delete client.outgoing[Number(id)];
        client.end(false, () => lost.happen(new Fault('uplink.lost', { reason: 'closed' })));
      }),
    drop: () => {
      client.stream.destroy();
      lost.happen(new Fault('uplink.lost', { reason: 'dropped' }));
    },
  };
}

function limitsOf(settings: PipeSettings, connack: IConnackPacket): MessagePipe['limits'] {
  const configured = settings.maximum_packet ?? UNTOLD.maximum_packet;
  if (settings.version !== 5) return { receive_maximum: UNTOLD.receive_maximum, maximum_packet: configured };
  return {
    receive_maximum: connack.properties?.receiveMaximum ?? MOST.receive_maximum,
    maximum_packet: Math.min(configured, connack.properties?.maximumPacketSize ?? configured),
  };
}

/** A broker may ask for a longer keepalive than ours (MQTT 5); asking more often is allowed, and finds a dead link in time. */
function keepPace(client: MqttClient, seconds: number): void {
  if (client.keepalive > seconds) client.keepaliveManager?.setKeepalive(seconds);
}

const bufferOf = ({ payload }: OutMessage): Buffer =>
  Buffer.isBuffer(payload) ? payload : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);

const lostFault = (reason: Error | undefined): Fault =>
  new Fault('uplink.lost', { reason: reason?.message ?? 'the connection is closed' }, { cause: reason });

const HUNG_UP = new Set(['ECONNRESET', 'EPIPE']);
/** The other side ended it without a word: that may be its answer to what it was sent. */
const hungUp = (reason: string): Fault => new Fault('uplink.lost', { reason, hung_up: true });

const refusal = (code: number, text: string | undefined): Fault =>
  new Fault('uplink.refused', {
    reason: text ? `${reasonName(code)}: ${text}` : reasonName(code),
    reason_code: code,
  });

/** What mqtt.js and Node throw carries a number (a reason code), a text code (socket, TLS) or neither. */
const codeOf = (error: Error): unknown => ('code' in error ? error.code : undefined);

function publishFault(error: Error): Fault {
  const code = codeOf(error);
  return typeof code === 'number' ? refusal(code, undefined) : lostFault(error);
}

function faultOf(error: Error, url: string): Fault {
  const code = codeOf(error);
  if (error instanceof Fault) return error;
  if (typeof code === 'number') return refusal(connectReason(code), undefined);
  if (typeof code === 'string') return tlsFault(code, error.message, url) ?? unreachable(url, code);
  return unreachable(url, error.message);
}

/** Brokers that know only MQTT 3.1.1 may just hang up on a CONNECT of version 5, or answer what its parser cannot read. */
const MAY_BE_VERSION = /^(ECONNRESET|EPIPE)$|without an answer|[Cc]annot parse|[Ii]nvalid/;

const unreachable = (url: string, reason: string): Fault =>
  new Fault('uplink.unreachable', { url, reason, may_be_version: MAY_BE_VERSION.test(reason) });
