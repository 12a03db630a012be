import { setMaxListeners } from 'node:events';
import { backoff, linked } from '../../clock/index.ts';
import type {
  Bus,
  BytePort,
  Call,
  HttpLink,
  HttpPart,
  HttpReply,
  HttpRequest,
  UnitSettings,
} from '../../contracts/index.ts';
import { asFault, Fault } from '../../faults/index.ts';
import { boundaryOf, type HttpHeaders, httpRequest, multipartReader } from '../../kit/index.ts';
import type { Millis } from '../../model/index.ts';
import { Alarm } from '../alarm.ts';
import { Counters } from '../counters.ts';
import { DeviceLine } from '../device-line.ts';
import { OneLink } from '../one-link.ts';
import type { BusSettings, BusWorld } from '../settings.ts';
import { HttpConnection, Reset } from './connection.ts';
import { IdleConnections } from './idle.ts';
import { Login } from './login.ts';
import { streamOf } from './stream.ts';

type HttpBusSettings = Extract<BusSettings, { type: 'http' }>;

const MOST_BYTES = 262_144;
/** Longest part of an answer that does not end; some hold a picture. */
const MOST_PART_BYTES = 2_097_152;
/** Without a nonce, with one, and with one that is not stale. */
const MOST_ROUNDS = 3;
/** Polls do not knock more often than this at a door that nobody opens. */
const KNOCK = { first_ms: 500, base_ms: 1000, cap_ms: 15_000 };

/** One request on its way. */
interface Errand {
  readonly request: HttpRequest;
  readonly signal: AbortSignal;
  readonly sent: () => void;
}
interface Carried {
  readonly status: number;
  readonly headers: HttpHeaders;
}

/** One host that is spoken to in HTTP. Nothing stays open but what is in use, and for a moment what was: a host that does not answer holds nobody up but itself. */
export class HttpBus extends OneLink implements Bus {
  override readonly id: string;
  override readonly kind = 'http';
  private readonly settings: HttpBusSettings;
  private readonly world: BusWorld;
  private readonly counters = new Counters();
  private readonly devices = new Set<DeviceLine>();
  private readonly idle: IdleConnections;
  private readonly login: Login;
  private leaving = leavingSoon();
  private delays: Iterator<Millis>;
  private knock_up: Millis = 0;
  private answered = false;
  private isClosed = false;
  /** Why nothing can be asked now; `word`: our login is not taken. */
  private trouble: { readonly fault: Fault; readonly of: 'connection' | 'word' } | undefined;

  constructor(settings: HttpBusSettings, world: BusWorld) {
    super();
    this.id = settings.id;
    this.settings = settings;
    this.world = world;
    this.login = new Login(settings, world.clock);
    this.idle = new IdleConnections(settings.id, world.clock);
    this.delays = backoff(KNOCK, world.random);
    if (settings.trouble) this.fell(settings.trouble, 'word');
  }

  override http(device: string, unit: UnitSettings): HttpLink {
    // A command waits neither for a look nor for what does not end.
    const [polls, wishes] = [new DeviceLine(), new DeviceLine()];
    for (const line of [polls, wishes]) this.devices.add(line);
    return {
      host: this.settings.host,
      exchange: (request, call) => {
        const line = call.priority === 'poll' ? polls : wishes;
        return line.take(call, () => this.exchange(request, { device, unit, call }));
      },
      parts: (request, signal) => this.parts(request, { device, unit, signal }),
      refused: () => {
        const fault = this.settings.login
          ? this.login.refused()
          : new Fault('http.login-kind', { bus: this.id, reason: 'the bus has no user' });
        this.fell(fault, 'word');
        return fault;
      },
    };
  }

  stats() {
    const state = this.isClosed ? 'closed' : this.trouble ? 'down' : this.answered ? 'up' : 'opening';
    return this.counters.stats(state, this.world.clock.now().up, {});
  }

  async restart(): Promise<void> {
    this.counters.add('restarts');
    this.leave(new Fault('bus.down', { bus: this.id, reason: 'it is being restarted' }));
    this.leaving = leavingSoon();
    this.login.reset();
    this.knock_up = 0;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.leave(new Fault('bus.closed', { bus: this.id }));
  }

  private leave(fault: Fault): void {
    this.leaving.abort(fault);
    this.idle.dropAll();
    for (const line of this.devices) line.rejectAll(new Fault(fault.code, { ...fault.facts, sent: false }));
  }

  private async exchange(
    request: HttpRequest,
    { device, unit, call }: { readonly device: string; readonly unit: UnitSettings; readonly call: Call },
  ): Promise<HttpReply> {
    const { clock } = this.world;
    if (call.priority === 'poll' && this.trouble && clock.now().up < this.knock_up)
      throw unsent(this.trouble.fault);
    const began = clock.now().up;
    const within = this.within({ device, unit }, call.signal);
    try {
      const { status, type, body } = await this.converse({ ...within, request }, (errand, bytes) =>
        this.carry(errand, bytes),
      );
      return { status, type, body };
    } finally {
      within.release();
      this.counters.used(clock.now().up, clock.now().up - began);
    }
  }

  private async *parts(
    request: HttpRequest,
    {
      device,
      unit,
      signal,
    }: { readonly device: string; readonly unit: UnitSettings; readonly signal: AbortSignal },
  ): AsyncGenerator<HttpPart> {
    const within = this.within({ device, unit }, signal);
    try {
      const { status, headers, pieces } = await this.converse(
        { ...within, request },
        async (errand, bytes) => {
          const connection = await this.connect(errand.signal);
          return streamOf(connection, bytes, errand);
        },
      );
      within.inTime();
      try {
        if (status !== 200)
          throw new Fault('http.status', { status, path: request.path, reason: 'no stream of events' });
        const boundary = boundaryOf(headers['content-type'] ?? '');
        if (boundary === undefined)
          throw new Fault('http.bad-message', { reason: 'a stream of parts is expected, and it is none' });
        const reader = multipartReader(boundary, { body_bytes: MOST_PART_BYTES });
        for await (const piece of pieces) if ('body' in piece) yield* reader.push(piece.body);
      } finally {
        await pieces.return(undefined);
      }
      throw this.down('the stream has ended', true);
    } catch (error) {
      if (signal.aborted) return;
      throw error instanceof Reset ? this.down(error.message, true) : error;
    } finally {
      within.release();
    }
  }

  /** Asks, with a login where one is wanted. */
  private async converse<T extends Carried>(
    errand: Errand,
    carry: (errand: Errand, bytes: Uint8Array) => Promise<T>,
  ): Promise<T> {
    const { request, signal } = errand;
    if (this.settings.trouble) throw unsent(this.settings.trouble);
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      this.login.assertOpen();
      const leave = this.login.needsTurn ? await this.login.turn(signal) : () => {};
      try {
        // Whoever had the turn before may have been refused.
        this.login.assertOpen();
        const proof = this.login.proof(request.method, request.path);
        const reply = await carry(errand, this.bytesOf(request, proof?.header));
        if (reply.status !== 401) {
          this.login.accepted(proof);
          this.rose();
          return reply;
        }
        await discard(reply);
        this.login.challenged(reply.headers, proof);
      } catch (error) {
        const fault = asFault(error);
        if (fault.code.startsWith('http.login')) this.fell(fault, 'word');
        throw error;
      } finally {
        leave();
      }
    }
    throw new Fault('http.bad-message', { reason: 'it wants another login each time', sent: true });
  }

  private async carry(errand: Errand, bytes: Uint8Array) {
    const { actuates = false, max_bytes = MOST_BYTES } = errand.request;
    for (let kept = actuates ? undefined : this.idle.take(); ; kept = undefined) {
      const connection = kept ?? (await this.connect(errand.signal));
      try {
        this.counters.add('exchanges');
        const answer = await connection.exchange(bytes, { ...errand, max_bytes });
        if (answer.reusable && !actuates) this.idle.give(connection);
        else connection.drop();
        return answer;
      } catch (error) {
        if (!(error instanceof Reset)) throw error;
        // It was closed over there just when it was taken: nothing was read, and what only asks may ask again.
        if (kept) continue;
        throw new Fault('http.bad-message', { reason: `no answer: ${error.message}`, sent: true });
      }
    }
  }

  private async connect(signal: AbortSignal): Promise<HttpConnection> {
    const { scheme, host, port, connect_timeout_ms: timeout_ms, ca, fingerprint } = this.settings;
    const { ports, clock } = this.world;
    let opened: BytePort;
    try {
      opened =
        scheme === 'https'
          ? await ports.tls({ host, port, timeout_ms, signal, ca, fingerprint })
          : await ports.tcp(host, port, timeout_ms, signal);
    } catch (error) {
      signal.throwIfAborted();
      const { code, facts, message } = asFault(error);
      const reason = String(facts.reason ?? message);
      const fault =
        code === 'http.certificate'
          ? new Fault(code, { bus: this.id, reason, sent: false })
          : this.down(reason, false);
      this.fell(fault, 'connection');
      this.knock_up = clock.now().up + (this.delays.next().value ?? 0);
      throw fault;
    }
    const connection = new HttpConnection(opened, this.counters);
    if (signal.aborted) {
      connection.drop();
      throw signal.reason;
    }
    this.delays = backoff(KNOCK, this.world.random);
    if (this.trouble?.of === 'connection') this.rose();
    return connection;
  }

  private bytesOf(
    { method, path, type, body, actuates }: HttpRequest,
    authorization: string | undefined,
  ): Uint8Array {
    const { host, port, scheme, login } = this.settings;
    const text = typeof body === 'function' ? body(login, this.world.clock.now().up) : (body ?? '');
    const name = host.includes(':') ? `[${host}]` : host;
    const usual = port === (scheme === 'https' ? 443 : 80);
    const headers: Record<string, string> = {
      host: usual ? name : `${name}:${port}`,
      'user-agent': 'Gatelodge',
      accept: '*/*',
      connection: actuates ? 'close' : 'keep-alive',
    };
    if (authorization !== undefined) headers.authorization = authorization;
    if (type !== undefined) headers['content-type'] = type;
    if (method !== 'GET') headers['content-length'] = String(Buffer.byteLength(text, 'utf8'));
    return httpRequest({ method, path }, headers, text);
  }

  /** A signal that aborts when the time is over, the caller leaves, or the bus does. */
  private within(
    { device, unit }: { readonly device: string; readonly unit: UnitSettings },
    caller: AbortSignal,
  ) {
    const { clock } = this.world;
    const timeout_ms = unit.timeout_ms + unit.reply_delay_ms;
    const over = new AbortController();
    let sent = false;
    const alarm = new Alarm(clock, `${this.id} wire`, () => {
      this.counters.add('timeouts');
      over.abort(new Fault('bus.no-reply', { bus: this.id, unit: device, timeout_ms, sent }));
    });
    alarm.setBy(clock.now().up + timeout_ms);
    const { controller, release } = linked(over.signal, caller, this.leaving.signal);
    return {
      signal: controller.signal,
      sent: () => {
        sent = true;
      },
      inTime: () => alarm.clear(),
      release: () => {
        alarm.clear();
        release();
      },
    };
  }

  private fell(fault: Fault, of: 'connection' | 'word'): void {
    const { log, health } = this.world;
    if (!this.trouble) log.warn({ bus: this.id, fault }, 'bus is down');
    this.trouble = { fault, of };
    health.raise('bus-down', this.id, fault.message);
  }

  private rose(): void {
    const { log, health } = this.world;
    this.answered = true;
    if (!this.trouble) return;
    this.trouble = undefined;
    log.info({ bus: this.id }, 'bus is up again');
    health.clear('bus-down', this.id);
  }

  private down(reason: string, sent: boolean): Fault {
    return new Fault('bus.down', { bus: this.id, reason, sent });
  }
}

/** Every exchange of every device listens to it. */
function leavingSoon(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

const unsent = (fault: Fault): Fault => new Fault(fault.code, { ...fault.facts, sent: false });

/** The rest of an answer that is not wanted. */
async function discard(reply: Carried & { readonly pieces?: AsyncGenerator<unknown> }): Promise<void> {
  await reply.pieces?.return(undefined);
}
