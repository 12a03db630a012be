import { openLibrary } from '../../drivers/index.ts';
import type {
  BytePort,
  BytesFarEnd,
  Clock,
  LineSetting,
  ModbusFarEnd,
  PortOpener,
  UnitSetup,
} from '../../src/contracts/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { cutFrames, openModbus, readRequest, rtuFrame, u16be, writeRequest } from '../../src/kit/index.ts';
import { rtuRequests } from '../../src/simulate/requests.ts';
import { noChips } from './no-chips.ts';
import { dice } from './quiet.ts';

/** A unit on a wire whose speed is its own: it hears and is understood only at that. */
export interface FarUnit {
  unit: number;
  setting: LineSetting;
  readonly far: ModbusFarEnd;
  readonly setup: UnitSetup;
  /** How long it thinks. */
  delay_ms: number;
  /** It neither hears nor says anything. */
  mute?: boolean;
  /** What it does in its own way, from here on: its answer, or nothing; `usual`: as ever. */
  quirk?: ((pdu: Uint8Array) => Uint8Array | 'usual' | undefined) | undefined;
  /** Switched off and on: what it was told last holds now. */
  power(): void;
}

export interface FarBusOptions {
  readonly clock: Clock;
  readonly tell: (bytes: Uint8Array) => void;
  /** What the other side has set its port to now. */
  readonly setting: () => LineSetting;
  /** The adapter gives back what it is given. */
  readonly echo?: boolean;
  /** Answers that come at once are laid over each other, as on a real wire; else they come one after the other. */
  readonly collide?: boolean;
}

const same = (one: LineSetting, other: LineSetting) => one.baud === other.baud && one.parity === other.parity;

/** The far end of an RS-485 wire with units of any speed. */
export class FarBus {
  readonly units: FarUnit[] = [];
  /** Devices with bytes of their own that are asked. */
  readonly talkers: { readonly far: BytesFarEnd; readonly setting: LineSetting }[] = [];
  /** What came, and at which setting. */
  readonly heard: { readonly setting: LineSetting; readonly unit: number; readonly pdu: Uint8Array }[] = [];
  private readonly options: FarBusOptions;
  private readonly random = dice(5);
  private unread: Uint8Array = new Uint8Array();

  constructor(options: FarBusOptions) {
    this.options = options;
  }

  /** A unit of a driver, as its simulator plays it. */
  async add(
    driver: string,
    at: {
      readonly unit: number;
      readonly baud: number;
      readonly parity?: LineSetting['parity'];
      readonly delay_ms?: number;
      readonly options?: object;
    },
  ): Promise<FarUnit> {
    const library = await openLibrary();
    const definition = await library.load(driver);
    const options = definition.options.parse(at.options ?? {});
    const far = (await library.simulator(driver)).open(options, this.units.length + 1);
    if (far.kind !== 'modbus') throw new Error(`${driver} is no Modbus unit`);
    const setup = definition.setup?.(options) ?? {};
    const unit = new Unit(
      { ...at, parity: at.parity ?? 'none' },
      { far, setup, now: () => this.options.clock.now().up },
    );
    this.units.push(unit);
    return unit;
  }

  hear(chunk: Uint8Array): void {
    const setting = this.options.setting();
    if (this.options.echo) this.options.tell(chunk.slice());
    this.unread = Uint8Array.from([...this.unread, ...chunk]);
    const { frames, used } = cutFrames(this.unread, rtuRequests);
    this.unread = this.unread.subarray(used);
    for (const frame of frames) this.answer(frame, setting);
    for (const talker of this.talkers) {
      if (!same(talker.setting, setting)) continue;
      const reply = talker.far.receive(chunk, this.options.clock.now().up);
      if (reply.length > 0)
        void this.options.clock.sleep('far end thinks', 5).then(() => this.say(reply, setting));
    }
  }

  /** Bytes at a speed, whoever says them: at another they are others. */
  say(bytes: Uint8Array, setting: LineSetting): void {
    this.options.tell(same(setting, this.options.setting()) ? bytes : this.garbled(bytes));
  }

  /** A device that speaks by itself, until the signal aborts. */
  async stream(far: BytesFarEnd, setting: LineSetting, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const spoken = far.speak(this.options.clock.now().up);
      if (spoken) this.say(spoken.bytes, setting);
      await this.options.clock.sleep('far end speaks', spoken?.next_ms ?? 100, signal).catch(() => {});
    }
  }

  private answer(frame: Uint8Array, setting: LineSetting): void {
    const { unit, pdu } = openModbus(frame);
    this.heard.push({ setting, unit, pdu: pdu.slice() });
    const hearing = this.units.filter(
      (one) => !one.mute && same(one.setting, setting) && (one.unit === unit || one.far.also?.includes(unit)),
    );
    const replies = hearing.flatMap((one) => {
      const from = one.unit;
      const own = one.quirk?.(pdu) ?? (one.quirk ? undefined : 'usual');
      const reply = own === 'usual' ? one.far.respond(pdu, this.options.clock.now().up) : own;
      if (one instanceof Unit && own === 'usual') one.obey();
      return reply ? [{ bytes: rtuFrame(from, reply), setting, delay_ms: one.delay_ms }] : [];
    });
    const merged = this.options.collide && replies.length > 1 ? [collision(replies)] : replies;
    for (const { bytes, delay_ms } of merged)
      void this.options.clock.sleep('far end thinks', delay_ms).then(() => this.say(bytes, setting));
  }

  private garbled(bytes: Uint8Array): Uint8Array {
    return Uint8Array.from(bytes, () => Math.floor(this.random() * 256));
  }
}

/** Dominant levels win: the bytes of both, and-ed. */
function collision(replies: readonly { readonly bytes: Uint8Array; readonly delay_ms: number }[]) {
  const longest = Math.max(...replies.map(({ bytes }) => bytes.length));
  const bytes = Uint8Array.from({ length: longest }, (_, at) =>
    replies.reduce((level, one) => level & (one.bytes[at] ?? 0xff), 0xff),
  );
  // Two answers that are the same, bit by bit, would be one.
  bytes[longest - 1] = (bytes[longest - 1] ?? 0) ^ 0x11;
  return { bytes, delay_ms: replies[0]?.delay_ms ?? 0 };
}

class Unit implements FarUnit {
  unit: number;
  setting: LineSetting;
  delay_ms: number;
  mute = false;
  quirk: FarUnit['quirk'];
  readonly far: ModbusFarEnd;
  readonly setup: UnitSetup;
  private readonly now: () => number;

  constructor(
    at: LineSetting & { readonly unit: number; readonly delay_ms?: number },
    how: { readonly far: ModbusFarEnd; readonly setup: UnitSetup; readonly now: () => number },
  ) {
    this.unit = at.unit;
    this.setting = { baud: at.baud, parity: at.parity };
    this.delay_ms = at.delay_ms ?? 5;
    this.far = how.far;
    this.setup = how.setup;
    this.now = how.now;
    const { address, line } = how.setup;
    if (address?.told_at !== undefined) this.store(address.told_at, at.unit);
    if (line?.told_at === undefined || !line.told) return;
    for (let word = 0; word < 0x300; word += 1) {
      const told = line.told(word);
      if (told.baud !== at.baud || (told.parity ?? at.parity) !== at.parity) continue;
      this.store(line.told_at, word);
      return;
    }
  }

  /** What was written to its own settings holds, if it holds at once. */
  obey(): void {
    if (this.setup.address?.holds === 'at once') this.takeAddress();
    if (this.setup.line?.holds === 'at once') this.takeLine();
  }

  power(): void {
    this.takeAddress();
    this.takeLine();
  }

  private takeAddress(): void {
    const { told_at } = this.setup.address ?? {};
    const told = told_at === undefined ? undefined : this.read(told_at);
    if (told !== undefined && told >= 1) this.unit = told;
  }

  private takeLine(): void {
    const { told_at, told } = this.setup.line ?? {};
    const word = told_at === undefined ? undefined : this.read(told_at);
    const line = word === undefined ? undefined : told?.(word);
    if (line?.baud) this.setting = { baud: line.baud, parity: line.parity ?? this.setting.parity };
  }

  private read(at: number): number | undefined {
    const reply = this.far.respond(readRequest({ table: 'holding', at, count: 1 }), this.now());
    return reply?.[0] === 3 ? u16be(reply, 2) : undefined;
  }

  /** As the factory left it: some boards take it one way, some the other. */
  private store(at: number, word: number): void {
    for (const write of [
      { fn: 6, at, values: [word] },
      { fn: 16, at, values: [word] },
    ] as const)
      if ((this.far.respond(writeRequest(write), this.now())?.[0] ?? 0x80) < 0x80) return;
    this.far.set({ [`register-${at}`]: word });
  }
}

/** Such a wire in memory: whoever opens its port sets the speed. */
export function farWire(clock: Clock, how: { readonly echo?: boolean; readonly collide?: boolean } = {}) {
  let hears: (chunk: Uint8Array) => void = () => {};
  let lost: (reason: Error) => void = () => {};
  let now: LineSetting = { baud: 9600, parity: 'none' };
  const opened: LineSetting[] = [];
  const bus = new FarBus({ clock, tell: (bytes) => hears(bytes), setting: () => now, ...how });
  const ports: PortOpener = {
    serial: async ({ baud, parity }): Promise<BytePort> => {
      now = { baud, parity };
      opened.push(now);
      let open = true;
      return {
        write: async (bytes) => {
          if (open) bus.hear(bytes.slice());
        },
        onData: (listener) => {
          hears = (chunk) => {
            if (open) listener(chunk);
          };
        },
        onLost: (listener) => {
          lost = listener;
        },
        close: async () => {
          open = false;
        },
      };
    },
    tcp: async (host, port) => {
      throw new Fault('bus.unreachable', { host, port, reason: 'only a serial wire here' });
    },
    ...noChips,
  };
  return { bus, ports, opened, pull: () => lost(new Error('pulled out')) };
}
