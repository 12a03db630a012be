import type {
  Bus,
  BytePort,
  Call,
  DatagramPort,
  FrameRule,
  UdpLink,
  UnitSettings,
} from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';
import type { Millis } from '../../model/index.ts';
import { Alarm } from '../alarm.ts';
import { type Listener, listenTo } from '../bytes/listening.ts';
import { Counters } from '../counters.ts';
import { DeviceLine } from '../device-line.ts';
import { PortKeeper } from '../keeper.ts';
import { OneLink } from '../one-link.ts';
import type { BusSettings, BusWorld } from '../settings.ts';

type UdpBusSettings = Extract<BusSettings, { type: 'udp' }>;
type Is = (datagram: Uint8Array) => boolean;

interface Question {
  readonly request: Uint8Array;
  readonly host: string;
  readonly unit: UnitSettings;
  /** Of the caller: whoever has left is not sent. */
  readonly signal: AbortSignal;
  /** Takes what comes; true: that was all. */
  readonly hear: (datagram: Uint8Array) => boolean;
}

/**
 * Devices that are spoken to in datagrams. Each exchange has a socket of its own: replies carry nothing that tells which request they answer,
 * and so one that comes too late, or twice, finds nobody. What devices say unasked comes to one listening port, which the keeper holds.
 */
export class UdpBus extends OneLink implements Bus {
  override readonly id: string;
  override readonly kind = 'udp';
  private readonly settings: UdpBusSettings;
  private readonly world: BusWorld;
  private readonly counters = new Counters();
  private readonly keeper: PortKeeper;
  private readonly devices = new Set<DeviceLine>();
  private readonly listeners = new Map<Listener, Is>();
  /** Sockets of exchanges that are over, and until when they are held. */
  private readonly retired = new Map<DatagramPort, Millis>();
  private readonly sweeper: Alarm;
  /** Why nothing can be asked; undefined: it can. */
  private down: Fault | undefined;
  /** Aborts when the bus goes down. */
  private leaving = new AbortController();

  constructor(settings: UdpBusSettings, world: BusWorld) {
    super();
    this.id = settings.id;
    this.settings = settings;
    this.world = world;
    this.down = new Fault('bus.down', { bus: settings.id, reason: 'it is not open yet' });
    this.sweeper = new Alarm(world.clock, `${settings.id} late replies`, () => this.sweep());
    this.keeper = new PortKeeper(settings.id, () => this.openListener(), world, {
      up: () => {
        this.down = undefined;
        this.leaving = new AbortController();
      },
      down: (fault) => this.lost(fault),
      data: (datagram) => this.heard(datagram),
    });
    this.keeper.start();
  }

  override udp(_device: string, unit: UnitSettings): UdpLink {
    const line = new DeviceLine();
    this.devices.add(line);
    const { settings } = this;
    const host = unit.host ?? settings.host;
    return {
      exchange: (request, answers, call) =>
        this.take(line, call, () => this.exchange({ request, host, unit, signal: call.signal }, answers)),
      collect: (request, ours, call) =>
        this.take(line, call, () =>
          this.collect({ request, host: settings.host, unit, signal: call.signal }, ours),
        ),
      packets: (ours, signal) => this.packets(ours, signal),
      listener: async ({ signal }) => {
        signal.throwIfAborted();
        if (settings.listen_port === undefined) return undefined;
        const here = settings.bind === ANYWHERE ? await this.world.ports.routeTo(host) : settings.bind;
        return { host: here, port: settings.listen_port };
      },
    };
  }

  stats() {
    return this.counters.stats(this.keeper.state, this.world.clock.now().up, {});
  }

  async restart(): Promise<void> {
    this.counters.add('restarts');
    this.keeper.restart();
  }

  close(): Promise<void> {
    return this.keeper.close();
  }

  private take<T>(line: DeviceLine, call: Call, work: () => Promise<T>): Promise<T> {
    if (this.down) return Promise.reject(unsent(this.down));
    return line.take(call, work);
  }

  private async exchange(question: Omit<Question, 'hear'>, answers: Is): Promise<Uint8Array> {
    let answer: Uint8Array | undefined;
    let strange = 0;
    await this.ask({
      ...question,
      hear: (datagram) => {
        if (is(answers, datagram)) answer = datagram;
        else strange += 1;
        return answer !== undefined;
      },
    });
    if (answer) {
      this.keeper.proved();
      return answer;
    }
    this.counters.add('timeouts');
    const { unit, timeout_ms, reply_delay_ms } = question.unit;
    const facts = { bus: this.id, unit, timeout_ms: timeout_ms + reply_delay_ms, sent: true };
    const reason = 'datagrams came, but none that answers';
    throw strange > 0 ? new Fault('bus.bad-reply', { ...facts, reason }) : new Fault('bus.no-reply', facts);
  }

  private async collect(question: Omit<Question, 'hear'>, ours: Is): Promise<readonly Uint8Array[]> {
    const answers: Uint8Array[] = [];
    await this.ask({
      ...question,
      hear: (datagram) => {
        if (is(ours, datagram)) answers.push(datagram);
        return false;
      },
    });
    return answers;
  }

  /** Resolves when `hear` has had enough or the time is over. */
  private async ask({ request, host, unit, signal: caller, hear }: Question): Promise<void> {
    const { clock, ports } = this.world;
    if (this.down) throw unsent(this.down);
    const { signal } = this.leaving;
    const socket = await ports.udp({ bind: this.settings.bind, port: 0 });
    const began = clock.now().up;
    let over = () => {};
    const alarm = new Alarm(clock, `${this.id} wire`, () => over());
    let gone = () => {};
    this.counters.add('exchanges');
    try {
      await new Promise<void>((resolve, reject) => {
        over = resolve;
        gone = () => reject(signal.reason);
        if (signal.aborted) return gone();
        if (caller.aborted) return reject(caller.reason);
        signal.addEventListener('abort', gone, { once: true });
        socket.onDatagram((datagram) => {
          this.counters.add('bytes_in', datagram.length);
          if (hear(datagram)) resolve();
          else this.counters.add('noise_bytes', datagram.length);
        });
        socket.onLost((error) => reject(this.fault(error.message, true)));
        alarm.setBy(began + unit.timeout_ms + unit.reply_delay_ms);
        this.counters.add('bytes_out', request.length);
        socket.send(request, { host, port: this.settings.port }).catch((error: Error) => {
          const facts = { host, port: this.settings.port, reason: error.message, sent: false };
          reject(new Fault('bus.unreachable', facts));
        });
      });
    } finally {
      alarm.clear();
      signal.removeEventListener('abort', gone);
      const now = clock.now().up;
      this.counters.used(now, now - began);
      this.retire(socket, unit);
    }
  }

  /** Its port is held until nothing is on its way to it any more: the next exchange could be given the same one. */
  private retire(socket: DatagramPort, { timeout_ms, reply_delay_ms }: UnitSettings): void {
    const until_up = this.world.clock.now().up + timeout_ms + reply_delay_ms;
    if (this.down) return void socket.close();
    this.retired.set(socket, until_up);
    this.sweeper.setBy(until_up);
  }

  private sweep(): void {
    const { up } = this.world.clock.now();
    for (const [socket, until_up] of this.retired) {
      if (until_up > up) this.sweeper.setBy(until_up);
      else {
        this.retired.delete(socket);
        void socket.close();
      }
    }
  }

  private async *packets(ours: Is, signal: AbortSignal): AsyncIterable<Uint8Array> {
    if (this.down) throw this.down;
    yield* listenTo(UNCUT, signal, {
      begin: (listener) => void this.listeners.set(listener, ours),
      end: (listener) => void this.listeners.delete(listener),
      missed: () => this.counters.add('late_frames'),
    });
  }

  private heard(datagram: Uint8Array): void {
    this.counters.add('bytes_in', datagram.length);
    let taken = false;
    for (const [listener, ours] of this.listeners) {
      if (!is(ours, datagram)) continue;
      taken = true;
      listener.frame(datagram);
    }
    if (taken) this.keeper.proved();
    else this.counters.add('noise_bytes', datagram.length);
  }

  /** The listening port in the shape that the keeper keeps. A bus that does not listen holds any port: it shows that there is a network. */
  private async openListener(): Promise<BytePort> {
    const { bind, listen_port = 0 } = this.settings;
    const socket = await this.world.ports.udp({ bind, port: listen_port });
    return {
      write: async () => {},
      onData: (listener) => socket.onDatagram(listener),
      onLost: (listener) => socket.onLost(listener),
      close: () => socket.close(),
    };
  }

  private lost(fault: Fault): void {
    this.down = fault;
    this.leaving.abort(new Fault(fault.code, { ...fault.facts, sent: true }));
    this.sweeper.clear();
    for (const socket of this.retired.keys()) void socket.close();
    this.retired.clear();
    for (const line of this.devices) line.rejectAll(unsent(fault));
    for (const listener of this.listeners.keys()) listener.fail(fault);
  }

  private fault(reason: string, sent: boolean): Fault {
    return new Fault('bus.down', { bus: this.id, reason, sent });
  }
}

const ANYWHERE = '0.0.0.0';
/** Datagrams are whole by themselves. */
const UNCUT: FrameRule = (bytes) => ({ take: bytes.length });

const unsent = (fault: Fault): Fault => new Fault(fault.code, { ...fault.facts, sent: false });

/** A judge that cannot read it does not want it. */
function is(judge: Is, datagram: Uint8Array): boolean {
  try {
    return judge(datagram);
  } catch {
    return false;
  }
}
