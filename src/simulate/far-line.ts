import type { BytesFarEnd, Clock, FarEnd, ModbusFarEnd, UdpFarEnd } from '../contracts/index.ts';
import { concat, cutFrames, openModbus, rtuFrame, tcpFrame, u8, u16be } from '../kit/index.ts';
import type { Millis } from '../model/index.ts';
import type { FarPort } from './far-port.ts';
import type { Kind, Mischief } from './mischief.ts';
import { Naps } from './naps.ts';
import { rtuRequests, tcpRequests } from './requests.ts';

export interface LineDevice {
  readonly id: string;
  readonly unit: number;
  readonly far: FarEnd;
}

export interface LineSettings {
  readonly bus: string;
  /** `udp`: each message is a datagram. */
  readonly framing: 'rtu' | 'tcp' | 'udp';
  readonly devices: readonly LineDevice[];
  /** ms a byte takes; 0: at once. */
  readonly byte_ms: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly find: (kind: Kind, targets: readonly string[]) => Mischief | undefined;
  /** A device has told something. */
  readonly onSaid: (device: LineDevice) => void;
  /** Datagrams that nobody has asked for. */
  readonly sendTo?: (
    bytes: Uint8Array,
    to: { readonly host: string; readonly port: number },
  ) => Promise<void>;
  readonly signal: AbortSignal;
}

/** A device that has nothing to say by itself is asked again after so long, or when something was done to it. */
const NOTHING_MS = 1000;
/** One that is not heard. */
const SILENT_MS = 100;
/** Where a Modbus TCP header says that it is Modbus. */
const PROTOCOL_AT = 2;

/** The devices of one bus, behind any number of ports (a pty is one; TCP clients are many). */
export class FarLine {
  private readonly ports = new Set<FarPort>();
  private readonly last = new Map<string, Uint8Array>();
  private readonly settings: LineSettings;
  private readonly naps: Naps;

  constructor(settings: LineSettings) {
    this.settings = settings;
    this.naps = new Naps(settings.clock, settings.signal);
  }

  /** From now on the devices speak that do so unasked, until the signal aborts. */
  start(): void {
    for (const device of this.settings.devices) {
      if (device.far.kind === 'bytes') void this.speak(device, device.far).catch(() => {});
      if (device.far.kind === 'udp') void this.speakTo(device, device.far).catch(() => {});
    }
  }

  /** What a device perceives has been set. */
  poke(device: string): void {
    this.naps.end(device);
  }

  attach(port: FarPort): void {
    this.ports.add(port);
    port.onClosed?.(() => this.ports.delete(port));
    const { framing } = this.settings;
    const rule = framing === 'tcp' ? tcpRequests : rtuRequests;
    let unread: Uint8Array = new Uint8Array();
    let tail: Promise<void> = Promise.resolve();
    port.onData((chunk) => {
      if (this.happens('echo', [])) void port.write(chunk);
      for (const device of this.settings.devices) {
        const { far } = device;
        if (far.kind === 'bytes' || far.kind === 'udp') void this.answerBytes(device, far, chunk, port);
      }
      if (!this.settings.devices.some(({ far }) => far.kind === 'modbus')) return;
      unread = concat(unread, chunk);
      const { frames, used } = cutFrames(unread, rule);
      unread = unread.slice(used);
      // A half duplex wire carries one exchange after the other.
      for (const frame of frames) tail = tail.then(() => this.answerModbus(frame, port)).catch(() => {});
    });
  }

  detachAll(): void {
    for (const port of this.ports) port.close();
    this.ports.clear();
    this.last.clear();
  }

  private async answerModbus(frame: Uint8Array, port: FarPort): Promise<void> {
    const { framing, clock, devices, onSaid, byte_ms } = this.settings;
    const { unit, pdu } = openModbus(frame);
    for (const device of devices) {
      const { far } = device;
      if (far.kind !== 'modbus' || !hears(device, far, unit)) continue;
      const answers = device.unit === unit || far.also?.includes(unit);
      if (this.happens('mute', [device.id]) || this.happens('unplug', [device.id])) continue;
      const key = keyOf(device, pdu);
      const stuck = this.happens('stuck', [device.id]) ? this.last.get(key) : undefined;
      const reply = stuck ?? far.respond(pdu, clock.now().up);
      if (!reply || !answers) continue;
      this.last.set(key, reply);
      if (!stuck) onSaid(device);
      // Through Modbus TCP the unit that was asked stands in the reply; on a serial wire the one that answers.
      const from =
        (framing === 'tcp' ? unit : device.unit) + (this.happens('wrong-unit', [device.id]) ? 1 : 0);
      const bytes =
        framing === 'tcp' ? tcpFrame(u16be(frame, 0), from & 0xff, reply) : rtuFrame(from & 0xff, reply);
      await this.pace((frame.length + bytes.length) * byte_ms);
      await this.tell(device, bytes, port);
    }
  }

  private async answerBytes(
    device: LineDevice,
    far: BytesFarEnd | UdpFarEnd,
    chunk: Uint8Array,
    port: FarPort,
  ): Promise<void> {
    if (this.silent(device)) return;
    const key = keyOf(device, chunk);
    const stuck = this.happens('stuck', [device.id]) ? this.last.get(key) : undefined;
    const reply = stuck ?? far.receive(chunk, this.settings.clock.now().up);
    // What it was told may have given it something to say.
    this.naps.end(device.id);
    if (reply.length === 0) return;
    this.last.set(key, reply);
    if (!stuck) this.settings.onSaid(device);
    await this.pace((chunk.length + reply.length) * this.settings.byte_ms).catch(() => {});
    await this.tell(device, reply, port);
  }

  /** What a device says unasked, to whoever listens. */
  private async speak(device: LineDevice, far: BytesFarEnd): Promise<void> {
    const { clock, signal, onSaid } = this.settings;
    while (!signal.aborted) {
      const unheard = this.silent(device) || this.ports.size === 0;
      const spoken = unheard ? undefined : far.speak(clock.now().up);
      if (spoken) {
        const stuck = this.happens('stuck', [device.id]) ? this.last.get(device.id) : undefined;
        const bytes = stuck ?? spoken.bytes;
        this.last.set(device.id, bytes);
        if (!stuck) onSaid(device);
        for (const port of this.ports) void this.tell(device, bytes, port).catch(() => {});
      }
      await this.pause(device, spoken?.next_ms, unheard);
    }
  }

  /** The same in datagrams, each with its own way to go. Nobody knows whether they arrive. */
  private async speakTo(device: LineDevice, far: UdpFarEnd): Promise<void> {
    const { clock, signal, sendTo } = this.settings;
    while (!signal.aborted) {
      const unheard = this.silent(device);
      const spoken = unheard ? undefined : far.speak(clock.now().up);
      const kept = this.happens('lost', [device.id]) || this.happens('crc', [device.id]);
      if (spoken && !kept) {
        const bytes = this.damaged(device, spoken.bytes);
        await sendTo?.(bytes, spoken.to);
        if (this.happens('duplicate', [device.id])) await sendTo?.(bytes, spoken.to);
      }
      await this.pause(device, spoken?.next_ms, unheard);
    }
  }

  /** Between two things said nobody can hurry it. */
  private async pause(device: LineDevice, next_ms: Millis | undefined, unheard: boolean): Promise<void> {
    const { clock, signal } = this.settings;
    if (next_ms !== undefined) await clock.sleep(`${device.id} speaks`, next_ms, signal);
    else await this.naps.take(device.id, 'says nothing', unheard ? SILENT_MS : NOTHING_MS);
  }

  private silent = (device: LineDevice): boolean =>
    this.happens('mute', [device.id]) || this.happens('unplug', [device.id]);

  /** Writes a reply as the wire would deliver it today. */
  private async tell(device: LineDevice, bytes: Uint8Array, port: FarPort): Promise<void> {
    const { clock, signal } = this.settings;
    if (this.happens('lost', [device.id])) return;
    // The system drops a datagram that is damaged.
    if (this.settings.framing === 'udp' && this.happens('crc', [device.id])) return;
    const told = this.damaged(device, bytes);
    const late = this.mischief('late', [device.id]);
    const send = async () => {
      await this.send(device, told, port);
      if (this.happens('duplicate', [device.id])) await this.send(device, told, port);
    };
    if (!late) return send();
    // The wire is not held up by a unit that answers late: the next exchange may be under way by then.
    void clock.sleep(`${device.id} is late`, late.ms, signal).then(send, () => {});
  }

  private async send(device: LineDevice, bytes: Uint8Array, port: FarPort): Promise<void> {
    if (!this.ports.has(port)) return;
    if (this.settings.framing === 'udp') {
      // Noise is a datagram of its own there, and a datagram comes whole or not at all.
      if (this.happens('noise', [device.id])) await port.write(this.anything(1 + bytes.length));
      return port.write(bytes);
    }
    const split = this.mischief('split', [device.id]);
    if (!split || bytes.length < 2) return port.write(bytes);
    const cut = 1 + Math.floor(this.settings.random() * (bytes.length - 1));
    await port.write(bytes.subarray(0, cut));
    await this.settings.clock.sleep(`${device.id} pauses`, split.ms, this.settings.signal);
    await port.write(bytes.subarray(cut));
  }

  private damaged(device: LineDevice, bytes: Uint8Array): Uint8Array {
    const { random, framing } = this.settings;
    let told = bytes;
    if (this.happens('crc', [device.id])) {
      const at = framing === 'tcp' ? PROTOCOL_AT : told.length - 1;
      told = told.slice();
      told[at] = u8(told, at) ^ (1 + Math.floor(random() * 255));
    }
    if (this.happens('garbage', [device.id])) return this.anything(told.length);
    if (framing === 'udp' || !this.happens('noise', [device.id])) return told;
    return concat(this.anything(1 + Math.floor(random() * 8)), told);
  }

  private anything(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => Math.floor(this.settings.random() * 256));
  }

  private async pace(ms: number): Promise<void> {
    if (ms > 0) await this.settings.clock.sleep(`${this.settings.bus} carries`, ms, this.settings.signal);
  }

  private mischief(kind: Kind, devices: readonly string[]): Mischief | undefined {
    const found = this.settings.find(kind, [...devices, this.settings.bus]);
    return found && this.settings.random() < found.rate ? found : undefined;
  }

  private happens = (kind: Kind, devices: readonly string[]): boolean =>
    this.mischief(kind, devices) !== undefined;
}

/** What a device was asked. */
const keyOf = ({ id }: LineDevice, question: Uint8Array): string =>
  `${id} ${String.fromCharCode(...question)}`;

/** Every unit acts on a broadcast; only boards that list unit 0 answer it. */
const hears = (device: LineDevice, far: ModbusFarEnd, unit: number): boolean =>
  unit === device.unit || unit === 0 || (far.also?.includes(unit) ?? false);
