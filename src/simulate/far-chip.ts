import type { Clock, LineFarEnd } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';
import type { FarPort } from './far-port.ts';
import { FirmataBoard } from './firmata-board.ts';
import type { Kind, Mischief } from './mischief.ts';
import { Naps } from './naps.ts';

/** A line of a device, as the site file wires it. */
export interface ChipLine {
  readonly role: string;
  /** `GPIO17`, `D7`, `A0`, or an offset. */
  readonly line: string | number;
  readonly direction: 'in' | 'out' | 'analog';
  readonly active_low: boolean;
}

export interface ChipDevice {
  readonly id: string;
  readonly far: LineFarEnd;
  readonly lines: readonly ChipLine[];
}

export interface ChipSettings {
  readonly bus: string;
  /** `socket`: JSON lines as src/buses/gpio/socket-chip.ts hears them; `firmata`: a board on a serial port. */
  readonly speaks: 'socket' | 'firmata';
  readonly devices: readonly ChipDevice[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly find: (kind: Kind, targets: readonly string[]) => Mischief | undefined;
  readonly onSaid: (device: ChipDevice) => void;
  readonly signal: AbortSignal;
}

/** What stands between the lines and the gateway: takes electrical levels, and hands on those the gateway sets. */
interface Speaker {
  /** `quietly`: nobody is told of the change, as of an edge that got lost. */
  level(
    line: ChipLine,
    level: boolean | number,
    how: { readonly up: Millis; readonly quietly: boolean },
  ): void;
  attach(port: FarPort): void;
  detachAll(): void;
  /** Time passes. */
  tick?(): Millis;
}

/** The lines of one chip or board, and the devices on them. */
export class FarChip {
  private readonly settings: ChipSettings;
  private readonly speaker: Speaker;
  private readonly levels = new Map<string, boolean | number>();
  private readonly naps: Naps;

  constructor(settings: ChipSettings) {
    this.settings = settings;
    this.naps = new Naps(settings.clock, settings.signal);
    const drive = (line: string | number, high: boolean) => this.drive(line, high);
    const lines = settings.devices.flatMap((device) => device.lines);
    this.speaker = settings.speaks === 'socket' ? socketSpeaker(lines, drive) : boardSpeaker(lines, drive);
    for (const device of settings.devices) this.look(device);
  }

  start(): void {
    for (const device of this.settings.devices) void this.live(device).catch(() => {});
    void this.tick().catch(() => {});
  }

  /** What a device perceives has been set: its lines show it now. */
  poke(device: string): void {
    this.naps.end(device);
  }

  attach(port: FarPort): void {
    this.speaker.attach(port);
  }

  detachAll(): void {
    this.speaker.detachAll();
  }

  private async live(device: ChipDevice): Promise<void> {
    while (!this.settings.signal.aborted) await this.naps.take(device.id, 'lives', this.look(device));
  }

  private async tick(): Promise<void> {
    const { bus, clock, signal } = this.settings;
    for (;;) {
      const next_ms = this.speaker.tick?.();
      if (next_ms === undefined) return;
      await clock.sleep(`${bus} samples`, next_ms, signal);
    }
  }

  /** How the device's lines stand now; gives when to look again. A mute device, or one whose plug is out, leaves them as they were. */
  private look(device: ChipDevice): Millis {
    const { clock, onSaid } = this.settings;
    const { up } = clock.now();
    const { lines, next_ms } = device.far.show(up);
    if (['mute', 'unplug', 'stuck'].some((kind) => this.happens(kind as Kind, device.id))) return next_ms;
    onSaid(device);
    for (const line of device.lines) {
      const level = lines[line.role];
      if (level === undefined || line.direction === 'out') continue;
      const electrical = typeof level === 'boolean' ? level !== line.active_low : level;
      const key = String(line.line);
      if (this.levels.get(key) === electrical) continue;
      this.levels.set(key, electrical);
      this.speaker.level(line, electrical, { up, quietly: this.happens('lost', device.id) });
    }
    return next_ms;
  }

  private drive(line: string | number, high: boolean): void {
    for (const device of this.settings.devices) {
      const wired = device.lines.find((one) => String(one.line) === String(line) && one.direction === 'out');
      if (!wired || this.happens('mute', device.id) || this.happens('unplug', device.id)) continue;
      device.far.drive(wired.role, high !== wired.active_low, this.settings.clock.now().up);
      this.settings.onSaid(device);
    }
  }

  private happens(kind: Kind, device: string): boolean {
    const found = this.settings.find(kind, [device, this.settings.bus]);
    return found !== undefined && this.settings.random() < found.rate;
  }
}

type Drive = (line: string | number, high: boolean) => void;

/** JSON lines: all levels at first, then each change with its time; `{ line, high }` comes for outputs. */
function socketSpeaker(lines: readonly ChipLine[], drive: Drive): Speaker {
  const ports = new Set<FarPort>();
  const levels: Record<string, boolean> = Object.fromEntries(lines.map(({ line }) => [String(line), false]));
  const tell = (port: FarPort, word: object) => void port.write(Buffer.from(`${JSON.stringify(word)}\n`));
  return {
    level: ({ line }, level, { up, quietly }) => {
      levels[String(line)] = level === true;
      const word = quietly ? { levels } : { line: String(line), high: level === true, up };
      for (const port of ports) tell(port, word);
    },
    attach: (port) => {
      ports.add(port);
      port.onClosed?.(() => ports.delete(port));
      let unread = '';
      port.onData((chunk) => {
        const words = (unread + Buffer.from(chunk).toString()).split('\n');
        unread = words.pop() ?? '';
        for (const word of words) {
          const wish = wishOf(word);
          if (!wish) continue;
          levels[wish.line] = wish.high;
          drive(wish.line, wish.high);
        }
      });
      tell(port, { levels });
    },
    detachAll: () => {
      for (const port of ports) port.close();
      ports.clear();
    },
  };
}

function wishOf(word: string): { readonly line: string; readonly high: boolean } | undefined {
  try {
    const { line, high } = JSON.parse(word);
    return typeof line === 'string' && typeof high === 'boolean' ? { line, high } : undefined;
  } catch {
    return undefined;
  }
}

const FIRST_ANALOG = 14;

/** A board with StandardFirmata. It starts again when its port is plugged in. */
function boardSpeaker(lines: readonly ChipLine[], drive: Drive): Speaker {
  let port: FarPort | undefined;
  let unsent = 0;
  const nameOf = new Map(lines.map(({ line }) => [pinOf(line), line]));
  const board = new FirmataBoard({
    say: (bytes) => {
      unsent += 1;
      void port?.write(bytes).finally(() => {
        unsent -= 1;
      });
      if (!port) unsent = 0;
    },
    driven: (pin, high) => {
      const line = nameOf.get(pin);
      if (line !== undefined && high !== undefined) drive(line, high);
    },
  });
  return {
    level: ({ line }, level) => board.pull(pinOf(line), level),
    attach: (plugged) => {
      port = plugged;
      plugged.onData((chunk) => board.hear(chunk));
      board.start();
    },
    detachAll: () => {
      port?.close();
      port = undefined;
    },
    tick: () => {
      // A pty that nobody reads is full some time; what is not taken by then would only be old.
      if (unsent === 0) board.sample();
      return board.sampling_ms;
    },
  };
}

function pinOf(line: string | number): number {
  const [, row, digits] = /^([DA]?)(\d+)$/.exec(String(line)) ?? [];
  return Number(digits) + (row === 'A' ? FIRST_ANALOG : 0);
}
