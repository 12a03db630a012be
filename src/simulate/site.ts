import { setMaxListeners } from 'node:events';
import { existsSync, lstatSync, mkdirSync, readlinkSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { Clock, DriverLibrary, FarEnd, Log } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import type { JsonObject, Millis, Value } from '../model/index.ts';
import { type ChipDevice, type ChipLine, FarChip } from './far-chip.ts';
import { FarHttp, type HttpDevice } from './far-http.ts';
import { FarLine, type LineDevice } from './far-line.ts';
import type { FarPort } from './far-port.ts';
import { type FaultControl, type Kind, type Mischief, openFaultControl } from './mischief.ts';
import { FarPower, type FarSupply } from './power.ts';
import { type ListenSocket, type ListenTcp, listenSocket } from './tcp.ts';
import { type ListenUdp, listenUdp } from './udp.ts';

/** What of a site file this needs to know. */
export interface SiteLike {
  readonly buses: readonly BusLike[];
  readonly devices: readonly DeviceLike[];
  readonly supplies?: readonly SupplyLike[];
}
export interface SupplyLike {
  readonly id: string;
  readonly relay: string;
  readonly channel: number;
  readonly contact: 'normally-closed' | 'normally-open';
}
export interface BusLike {
  readonly id: string;
  /** `modbus-tcp` is framed with a header, `udp` is datagrams; everything else is RTU, or a device's own bytes. */
  readonly type: string;
  readonly path?: string | undefined;
  /** Of a GPIO bus: `sim:PATH` stands at that path, a real label at a socket named after the bus. */
  readonly chip?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly baud?: number | undefined;
  readonly parity?: string | undefined;
  /** Of an http bus. */
  readonly scheme?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}
export interface DeviceLike {
  readonly id: string;
  readonly driver: string;
  readonly bus: string;
  readonly unit?: number | undefined;
  readonly options?: unknown;
  readonly powered_by?: string | undefined;
  readonly lines?: Readonly<
    Record<string, { readonly line: string | number; readonly active_low?: boolean | undefined }>
  >;
}

export interface SimulateSettings {
  readonly library: Pick<DriverLibrary, 'load' | 'simulator'>;
  readonly openPty: (options: {
    readonly link?: string;
    readonly clock: Clock;
  }) => FarPort & { readonly path: string };
  readonly listenTcp: ListenTcp;
  /** What a reference of the site file leads to. A password that cannot be had is not asked for: whoever names the user is let in. */
  readonly secret?: (reference: string) => string | undefined;
  /** Left out: real ones. */
  readonly listenSocket?: ListenSocket;
  readonly listenUdp?: ListenUdp;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Unix ms, for the said-log. */
  readonly unixMillis: () => number;
  /** Relative paths are below it, and only paths within it are linked to a pty. Without it: any path outside /dev that is free. */
  readonly root?: string;
  /** Replies take the time that the wire would take. */
  readonly paced?: boolean;
  /** Each thing told, in order. */
  readonly onSaid?: (said: Said) => void;
  /** `noise-1=mute`, … from the start. */
  readonly faults?: readonly string[];
}

/** A row of the said-log: all that a device had told by then, by point; the newest telling is the reason of the row. */
export interface Said {
  readonly up: Millis;
  readonly unix_ms: number;
  readonly device: string;
  readonly values: Readonly<Record<string, Value | null>>;
}

export interface SimulatedSite {
  readonly faults: FaultControl;
  /** Where each bus really is: a path (that of the site file when it could be linked) or host:port. */
  readonly ports: Readonly<Record<string, string>>;
  /** What every device told last. */
  said(): Readonly<Record<string, Readonly<Record<string, Value | null>>>>;
  /** Sets what a device perceives. */
  set(device: string, values: JsonObject): void;
  close(): Promise<void>;
}

/** Opens the far end of every wire of a site. Fault usage for a bus that is neither a path nor host and port. */
export async function openSimulatedSite(site: SiteLike, settings: SimulateSettings): Promise<SimulatedSite> {
  const { clock, log } = settings;
  const closing = new AbortController();
  // Every device of every wire listens to it.
  setMaxListeners(0, closing.signal);
  const devices = new Map<string, LineDevice & { readonly lines: readonly ChipLine[] }>();
  for (const [index, device] of site.devices.entries())
    devices.set(device.id, await openDevice(device, settings, index + 1));

  const wires = new Map<string, Wire>();
  const control = openFaultControl(
    [...site.buses, ...site.devices].map(({ id }) => id),
    (target) => {
      const wire = wires.get(target);
      if (wire)
        void wire.plug(control.find('unplug', [target]) === undefined).catch((error: unknown) => {
          log.warn({ bus: target, reason: String(error) }, 'simulated port does not come back');
        });
    },
  );
  const power = new FarPower(await farSupplies(site, settings.library), (id) => control.clear(id, 'hung'));
  const find = (kind: Kind, targets: readonly string[]): Mischief | undefined => {
    const found =
      control.find(kind, targets) ?? (kind === 'mute' ? control.find('hung', targets) : undefined);
    if (found || kind !== 'mute') return found;
    const off = targets.find((id) => power.isOff(id));
    return off === undefined ? undefined : { target: off, kind, ms: 0, rate: 1 };
  };
  for (const bus of site.buses) {
    const there = site.devices.flatMap((device) =>
      device.bus === bus.id ? (devices.get(device.id) ?? []) : [],
    );
    const common = {
      bus: bus.id,
      clock,
      random: settings.random,
      find,
      onSaid: ({ id, far }: Pick<LineDevice, 'id' | 'far'>) => {
        const values = { ...far.said() };
        power.told(id, values);
        settings.onSaid?.({ up: clock.now().up, unix_ms: settings.unixMillis(), device: id, values });
      },
      signal: closing.signal,
    };
    const line =
      bus.type === 'http'
        ? httpHost(bus, there, { ...common, secret: settings.secret })
        : hasLines(bus)
          ? new FarChip({
              ...common,
              speaks: bus.type === 'firmata' ? 'firmata' : 'socket',
              devices: there.flatMap(onLines),
            })
          : new FarLine({
              ...common,
              framing: framingOf(bus),
              sendTo: async (bytes, to) => wires.get(bus.id)?.sendTo(bytes, to),
              devices: there,
              byte_ms: settings.paced && bus.baud ? (1000 * bitsPerByte(bus)) / bus.baud : 0,
            });
    wires.set(bus.id, new Wire(bus, line, settings));
  }
  const ports: Record<string, string> = {};
  try {
    for (const [id, wire] of wires) ports[id] = await wire.open();
    for (const text of settings.faults ?? []) control.apply(text);
    for (const wire of wires.values()) wire.line.start();
  } catch (error) {
    closing.abort();
    for (const wire of wires.values()) await wire.close();
    throw error;
  }
  return {
    faults: control,
    ports,
    said: () => Object.fromEntries([...devices].map(([id, { far }]) => [id, { ...far.said() }])),
    set: (id, values) => {
      const device = devices.get(id);
      if (!device) throw new Fault('device.unknown', { device: id, nearest: [...devices.keys()].join(', ') });
      device.far.set(values);
      for (const { line } of wires.values()) line.poke(id);
    },
    close: async () => {
      closing.abort();
      for (const wire of wires.values()) await wire.close();
    },
  };
}

/** Which relay of which simulated board feeds whom, as far as its driver shows it. */
async function farSupplies(
  { supplies = [], devices }: SiteLike,
  library: Pick<DriverLibrary, 'load'>,
): Promise<readonly FarSupply[]> {
  const found = supplies.map(async ({ id, relay, channel, contact }): Promise<FarSupply[]> => {
    const board = devices.find((device) => device.id === relay);
    if (!board) return [];
    const driver = await library.load(board.driver);
    const { point } = driver.relays?.(driver.options.parse(board.options ?? {}))[channel - 1] ?? {};
    const fed = devices.filter(({ powered_by }) => powered_by === id).map((device) => device.id);
    return point === undefined ? [] : [{ relay, point, cut: contact === 'normally-closed', fed }];
  });
  return (await Promise.all(found)).flat();
}

function framingOf({ type }: BusLike): 'rtu' | 'tcp' | 'udp' {
  if (type === 'udp') return 'udp';
  return type === 'modbus-tcp' ? 'tcp' : 'rtu';
}

async function openDevice(device: DeviceLike, settings: SimulateSettings, seed: number) {
  const driver = await settings.library.load(device.driver);
  const simulator = await settings.library.simulator(device.driver);
  const options = driver.options.parse(device.options ?? {});
  const far: FarEnd = simulator.open(options, seed);
  const specs = driver.lines?.(options) ?? {};
  const lines = Object.entries(specs).flatMap(([role, { direction }]): ChipLine[] => {
    const wired = device.lines?.[role];
    return wired ? [{ role, line: wired.line, direction, active_low: wired.active_low ?? false }] : [];
  });
  return { id: device.id, unit: device.unit ?? driver.wire.unit ?? 1, far, lines };
}

/** The host of an http bus. There is no certificate for one with TLS. */
function httpHost(
  { id, scheme, user, password }: BusLike,
  devices: readonly LineDevice[],
  common: Omit<ConstructorParameters<typeof FarHttp>[0], 'owner' | 'devices'> & {
    readonly secret: SimulateSettings['secret'] | undefined;
  },
): FarHttp {
  if (scheme === 'https')
    throw new Fault('usage', {
      text: `bus ${id} is https, and a simulated host has no certificate; write scheme: http in a copy of the file`,
    });
  const { secret, ...rest } = common;
  const owner =
    user === undefined
      ? undefined
      : { user, password: password === undefined ? undefined : secret?.(password) };
  const there = devices.flatMap(({ id: device, far }): HttpDevice[] =>
    far.kind === 'http' ? [{ id: device, far }] : [],
  );
  return new FarHttp({ ...rest, owner, devices: there });
}

const hasLines = ({ type }: BusLike): boolean => type.startsWith('gpio') || type === 'firmata';

const onLines = ({ id, far, lines }: LineDevice & { readonly lines: readonly ChipLine[] }): ChipDevice[] =>
  far.kind === 'line' ? [{ id, far, lines }] : [];

/** Start, eight data bits, parity where there is one, stop. */
const bitsPerByte = ({ parity }: BusLike): number => (parity === 'even' || parity === 'odd' ? 11 : 10);

interface Place {
  readonly host: string;
  readonly port: number;
}

/** The port of one bus: there, or pulled out. Changes are made one after the other. */
class Wire {
  private readonly bus: BusLike;
  readonly line: FarLine | FarChip | FarHttp;
  private readonly settings: SimulateSettings;
  private shut: (() => Promise<void>) | undefined;
  private send: ((bytes: Uint8Array, to: Place) => Promise<void>) | undefined;
  private tail: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(bus: BusLike, line: FarLine | FarChip | FarHttp, settings: SimulateSettings) {
    this.bus = bus;
    this.line = line;
    this.settings = settings;
  }

  async open(): Promise<string> {
    const { path, host, port, chip } = this.bus;
    if (chip !== undefined) return this.openChip(chip);
    if (path !== undefined) return this.openPath(path);
    if (this.bus.type === 'http') return this.openTcp(host ?? '', port ?? 80);
    if (port !== undefined && this.bus.type === 'udp') return this.openUdp(host ?? '', port);
    if (port !== undefined) return this.openTcp(host ?? '127.0.0.1', port);
    throw new Fault('usage', {
      text: `bus ${this.bus.id} (${this.bus.type}) has neither a path nor a port nor a chip to stand at`,
    });
  }

  /** A datagram that nobody has asked for; lost while the port is pulled out. */
  async sendTo(bytes: Uint8Array, to: Place): Promise<void> {
    await this.send?.(bytes, to);
  }

  plug(wanted: boolean): Promise<void> {
    const change = async () => {
      if (this.closed || wanted === (this.shut !== undefined)) return;
      if (wanted) await this.open();
      else await this.pull();
    };
    this.tail = this.tail.then(change, change);
    return this.tail;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.tail.catch(() => {});
    await this.pull();
  }

  private async pull(): Promise<void> {
    this.line.detachAll();
    await this.shut?.();
    this.shut = undefined;
  }

  private openPath(path: string): string {
    const place = resolve(this.settings.root ?? '.', path);
    const free = mayLink(place, this.settings.root);
    const pty = this.settings.openPty({ clock: this.settings.clock, ...(free && { link: place }) });
    this.line.attach(pty);
    this.shut = async () => pty.close();
    return pty.path;
  }

  private async openUdp(host: string, port: number): Promise<string> {
    const here = isLoopback(host) ? host : '127.0.0.1';
    const listen = this.settings.listenUdp ?? listenUdp;
    const socket = await listen(here, port, (farPort) => this.line.attach(farPort));
    this.send = (bytes, to) => socket.send(bytes, to);
    this.shut = async () => {
      this.send = undefined;
      await socket.close();
    };
    return `${here}:${socket.port}`;
  }

  private async openChip(chip: string): Promise<string> {
    const file = chip.startsWith('sim:') ? chip.slice('sim:'.length) : `${this.bus.id}.sock`;
    const place = resolve(this.settings.root ?? '.', file);
    const listen = this.settings.listenSocket ?? listenSocket;
    const server = await listen(place, (farPort) => this.line.attach(farPort));
    this.shut = () => server.close();
    return `sim:${place}`;
  }

  private async openTcp(host: string, port: number): Promise<string> {
    const here = isLoopback(host) ? host : '127.0.0.1';
    const server = await this.settings.listenTcp(here, port, (farPort) => this.line.attach(farPort));
    this.shut = () => server.close();
    return `${here}:${server.port}`;
  }
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host.startsWith('127.');

/** A link may be made where nothing is, or where an earlier simulation left its own; never over a device. */
function mayLink(place: string, root: string | undefined): boolean {
  const inside =
    root === undefined ? !place.startsWith('/dev/') : !relative(resolve(root), place).startsWith('..');
  if (!inside) return false;
  try {
    mkdirSync(dirname(place), { recursive: true });
    const there = lstatSync(place, { throwIfNoEntry: false });
    if (!there) return true;
    return there.isSymbolicLink() && (readlinkSync(place).startsWith('/dev/pts/') || !existsSync(place));
  } catch {
    return false;
  }
}
