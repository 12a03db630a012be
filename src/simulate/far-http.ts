import type { Clock, HttpFarEnd, HttpSaid } from '../contracts/index.ts';
import { asFault } from '../faults/index.ts';
import { concat, type HttpQuestion, httpReply, httpRequestReader, u8 } from '../kit/index.ts';
import type { FarPort } from './far-port.ts';
import { HttpGuard, type Owner } from './http-guard.ts';
import type { Kind, Mischief } from './mischief.ts';

export interface HttpDevice {
  readonly id: string;
  readonly far: HttpFarEnd;
}

export interface FarHttpSettings {
  readonly bus: string;
  /** Who must log in; undefined: nobody. */
  readonly owner: Owner | undefined;
  readonly devices: readonly HttpDevice[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly find: (kind: Kind, targets: readonly string[]) => Mischief | undefined;
  readonly onSaid: (device: HttpDevice) => void;
  readonly signal: AbortSignal;
}

/** One connection. */
interface Caller {
  readonly port: FarPort;
  asked: number;
  isGone: boolean;
}

const MOST_BYTES = 1_048_576;
const SILENT_MS = 100;
const BOUNDARY = 'camera';
const PAGE = Buffer.from(
  '<!DOCTYPE html><html><head><title>Login</title></head><body>Please log in.</body></html>',
);

/** The host of one http bus, and the devices behind its one address; any number of connections. */
export class FarHttp {
  private readonly settings: FarHttpSettings;
  private readonly guard: HttpGuard | undefined;
  private readonly callers = new Set<Caller>();
  private readonly last = new Map<string, HttpSaid>();
  private readonly waiting = new Map<
    AbortController,
    { readonly device: string | undefined; readonly caller: Caller }
  >();

  constructor(settings: FarHttpSettings) {
    this.settings = settings;
    this.guard = settings.owner && new HttpGuard(settings.owner, settings.random);
    settings.signal.addEventListener('abort', () => this.detachAll());
  }

  /** It only answers. */
  start(): void {}

  /** What a device perceives has been set. */
  poke(device: string): void {
    for (const [nap, of] of this.waiting) if (of.device === device) nap.abort(POKED);
  }

  attach(port: FarPort): void {
    const caller: Caller = { port, asked: 0, isGone: false };
    this.callers.add(caller);
    port.onClosed?.(() => this.left(caller));
    const reader = httpRequestReader({ max_bytes: MOST_BYTES });
    let tail: Promise<void> = Promise.resolve();
    port.onData((chunk) => {
      if (caller.isGone) return;
      if (caller.asked > 0 && this.happens('reset')) return this.hangUp(caller);
      if (this.happens('echo')) void port.write(chunk);
      try {
        for (const question of reader.push(chunk)) {
          caller.asked += 1;
          tail = tail.then(() => this.answer(question, caller)).catch(() => {});
        }
      } catch (error) {
        const text = Buffer.from(asFault(error).message);
        void port.write(httpReply(400, { 'content-length': String(text.length), connection: 'close' }, text));
        this.hangUp(caller);
      }
    });
  }

  detachAll(): void {
    for (const caller of [...this.callers]) this.hangUp(caller);
  }

  private hangUp(caller: Caller): void {
    this.left(caller);
    caller.port.close();
  }

  private left(caller: Caller): void {
    caller.isGone = true;
    this.callers.delete(caller);
    for (const [nap, of] of this.waiting) if (of.caller === caller) nap.abort(POKED);
  }

  private async answer(question: HttpQuestion, caller: Caller): Promise<void> {
    if (this.happens('mute') || this.happens('unplug')) return;
    if (this.happens('busy')) return this.tell(caller, { status: 503, type: 'text/plain', body: NOTHING });
    if (!this.mayAsk(question)) {
      const headers = { 'www-authenticate': this.guard?.challenge(question) ?? '' };
      return this.tell(caller, { status: 401, type: 'text/html', body: PAGE }, { headers });
    }
    const heard = this.settings.devices.filter(
      ({ id }) => !this.happens('mute', id) && !this.happens('unplug', id),
    );
    for (const device of heard) {
      const said = this.wordOf(device, question);
      if (!said) continue;
      if (said.parts) return this.stream(device, said.parts, caller);
      this.settings.onSaid(device);
      return this.tell(caller, said, { device: device.id });
    }
    // Whoever would have answered is not to be heard.
    if (heard.length === this.settings.devices.length)
      await this.tell(caller, { status: 404, type: 'text/html', body: PAGE });
  }

  private wordOf(
    { id, far }: HttpDevice,
    { method, path, body, headers }: HttpQuestion,
  ): HttpSaid | undefined {
    const key = `${id} ${method} ${path}`;
    const stuck = this.happens('stuck', id) ? this.last.get(key) : undefined;
    const host = (headers.host ?? '').replace(/:\d+$/, '');
    const asked = { method, path, body, host, login: this.guard?.login };
    const said = stuck ?? far.answer(asked, this.settings.clock.now().up);
    if (said && !said.parts) this.last.set(key, said);
    return said;
  }

  private mayAsk(question: HttpQuestion): boolean {
    if (!this.guard || this.settings.devices.some(({ far }) => far.open?.(question))) return true;
    return !this.happens('refuse') && this.guard.knows(question, { once: this.happens('stale') });
  }

  /** Writes an answer as the wire would deliver it today. */
  private async tell(
    caller: Caller,
    said: HttpSaid,
    { device, headers = {} }: { readonly device?: string; readonly headers?: Record<string, string> } = {},
  ): Promise<void> {
    if (this.happens('lost', device)) return;
    const page = said.status === 200 && this.happens('html', device);
    const body = page ? PAGE : this.damaged(said.body, device);
    const type = page ? 'text/html' : said.type;
    const head = {
      'content-type': type,
      'content-length': String(body.length),
      connection: 'keep-alive',
      ...headers,
    };
    const whole = httpReply(said.status, head, body);
    const cut = said.status === 200 && this.happens('cut', device);
    const bytes = this.happens('garbage', device)
      ? this.anything(whole.length)
      : concat(
          this.happens('noise', device) ? BLANK : NOTHING,
          cut ? whole.subarray(0, -(body.length >> 1)) : whole,
        );
    await this.delay(caller, device);
    if (caller.isGone) return;
    const split = this.mischief('split', device);
    const half = bytes.length >> 1;
    await caller.port.write(split ? bytes.subarray(0, half) : bytes);
    if (split) {
      await this.pause(caller, split.ms);
      await caller.port.write(bytes.subarray(half));
    }
    if (this.happens('duplicate', device)) await caller.port.write(bytes);
    if (cut) this.hangUp(caller);
  }

  /** An answer that does not end. */
  private async stream(
    device: HttpDevice,
    next: NonNullable<HttpSaid['parts']>,
    caller: Caller,
  ): Promise<void> {
    const { clock, onSaid, signal } = this.settings;
    const type = `multipart/mixed; boundary=${BOUNDARY}`;
    await this.delay(caller, device.id);
    const head = httpReply(200, { 'content-type': type, connection: 'close' });
    await caller.port.write(this.happens('garbage', device.id) ? this.anything(head.length) : head);
    while (!caller.isGone && !signal.aborted) {
      if (['mute', 'unplug', 'lost'].some((kind) => this.happens(kind as Kind, device.id))) {
        await this.pause(caller, SILENT_MS, device.id);
        continue;
      }
      const { type: kind, body, next_ms } = next(clock.now().up);
      onSaid(device);
      const told = this.happens('html', device.id) ? PAGE : this.damaged(body, device.id);
      const part = `--${BOUNDARY}\r\nContent-Type: ${kind}\r\nContent-Length: ${told.length}\r\n\r\n`;
      const whole = concat(Buffer.from(part), told, BLANK);
      const cut = this.happens('cut', device.id);
      const bytes = this.happens('garbage', device.id) ? this.anything(whole.length) : whole;
      if (this.happens('noise', device.id)) await caller.port.write(BLANK);
      await caller.port.write(cut ? bytes.subarray(0, bytes.length >> 1) : bytes);
      if (cut) return this.hangUp(caller);
      await this.pause(caller, next_ms, device.id);
    }
  }

  private async delay(caller: Caller, device: string | undefined): Promise<void> {
    const late = this.mischief('late', device);
    if (late) await this.pause(caller, late.ms);
  }

  /** `device`: what is done to it shortens the wait. */
  private async pause(caller: Caller, ms: number, device?: string): Promise<void> {
    const { clock, bus, signal } = this.settings;
    const nap = new AbortController();
    this.waiting.set(nap, { device, caller });
    const over = () => nap.abort(signal.reason);
    signal.addEventListener('abort', over, { once: true });
    await clock.sleep(`${bus} waits`, ms, nap.signal).catch(() => {});
    signal.removeEventListener('abort', over);
    this.waiting.delete(nap);
  }

  private damaged(bytes: Uint8Array, device: string | undefined): Uint8Array {
    if (bytes.length === 0 || !this.happens('crc', device)) return bytes;
    const told = bytes.slice();
    const at = told.length - 1;
    told[at] = u8(told, at) ^ (1 + Math.floor(this.settings.random() * 255));
    return told;
  }

  private anything(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => Math.floor(this.settings.random() * 256));
  }

  private mischief(kind: Kind, device?: string): Mischief | undefined {
    const { find, bus, random, devices } = this.settings;
    // One host with one device on it: what happens to the device happens to the host.
    const [only] = devices.length === 1 ? devices : [];
    const whom = device ?? only?.id;
    const found = find(kind, whom === undefined ? [bus] : [whom, bus]);
    return found && random() < found.rate ? found : undefined;
  }

  private happens(kind: Kind, device?: string): boolean {
    return this.mischief(kind, device) !== undefined;
  }
}

const POKED = new Error('something has been done to it');
const NOTHING = new Uint8Array();
const BLANK = Buffer.from('\r\n');
