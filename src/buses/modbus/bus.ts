import type { Bus, BytePort, Call, ModbusLink, UnitSettings } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';
import type { JsonObject, Millis } from '../../model/index.ts';
import { Counters } from '../counters.ts';
import { PortKeeper } from '../keeper.ts';
import { type BusSettings, type BusWorld, bitsPerCharacter } from '../settings.ts';
import type { Asking, WireEvents } from './asking.ts';
import { type Breaker, closedBreaker, heard, mayPoll, unheard } from './breaker.ts';
import { openModbusLink } from './link.ts';
import { RtuWire } from './rtu.ts';
import { TcpWire } from './tcp.ts';

type ModbusBusSettings = Extract<BusSettings, { type: `modbus${string}` }>;

/** So many damaged answers among the last exchanges are told as noise. */
const NOISE_WINDOW = 50;
const NOISY = 5;

interface Unit {
  breaker: Breaker;
  exchanges: number;
  timeouts: number;
  garbled: number;
  last_ms: Millis;
}

/** A Modbus bus of any framing: one wire, its units, and what becomes of them. */
export class ModbusBus implements Bus {
  readonly id: string;
  readonly kind = 'modbus';
  private readonly settings: ModbusBusSettings;
  private readonly world: BusWorld;
  private readonly counters = new Counters();
  private readonly units = new Map<number, Unit>();
  private readonly wire: Asking;
  private readonly keeper: PortKeeper;
  private readonly recent: boolean[] = [];

  constructor(settings: ModbusBusSettings, world: BusWorld) {
    this.id = settings.id;
    this.settings = settings;
    this.world = world;
    this.wire = this.openWire();
    this.keeper = new PortKeeper(settings.id, () => openPort(settings, world), world, {
      up: (port) => this.wire.opened(port),
      down: (fault) => this.wire.lost(fault),
      data: (chunk) => this.wire.received(chunk),
    });
    this.keeper.start();
  }

  modbus(device: string, unit: UnitSettings): ModbusLink {
    const { id: bus, settings } = this;
    const onHole = (text: string) => this.world.health.raise('register-hole', device, text);
    const link = { bus, device, unit: unit.unit, max_hole: settings.max_hole, onHole };
    return openModbusLink(link, (pdu, call) => this.ask(unit, pdu, call));
  }

  bytes(device: string): never {
    throw new Fault('bus.wrong-link', { bus: this.id, device, kind: 'modbus', wanted: 'bytes' });
  }

  stats() {
    const units: Record<string, JsonObject> = {};
    for (const [unit, { breaker, ...counts }] of this.units)
      units[unit] = { ...counts, mute: breaker.probe_up !== undefined };
    return this.counters.stats(this.keeper.state, this.world.clock.now().up, units);
  }

  async restart(): Promise<void> {
    this.counters.add('restarts');
    this.keeper.restart();
  }

  close(): Promise<void> {
    return this.keeper.close();
  }

  private ask(settings: UnitSettings, pdu: Uint8Array, call: Call): Promise<Uint8Array> {
    if (call.signal.aborted) return Promise.reject(call.signal.reason);
    const unit = this.unit(settings.unit);
    // A command or a technician's read always goes out: somebody is waiting for the truth.
    if (call.priority === 'poll' && !mayPoll(unit.breaker, this.world.clock.now().up)) {
      return Promise.reject(new Fault('bus.unit-off', { bus: this.id, unit: settings.unit }));
    }
    return new Promise((resolve, reject) => {
      const abort = () => reject(call.signal.reason);
      const done =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          call.signal.removeEventListener('abort', abort);
          settle(value);
        };
      call.signal.addEventListener('abort', abort, { once: true });
      const { signal, priority } = call;
      this.wire.ask({ unit: settings, pdu, priority, signal, resolve: done(resolve), reject: done(reject) });
    });
  }

  private openWire(): Asking {
    const { settings, world, counters } = this;
    const events: WireEvents = {
      heard: (id, round_trip_ms) => {
        const unit = this.unit(id);
        unit.exchanges += 1;
        unit.last_ms = round_trip_ms;
        unit.breaker = heard();
        this.noteNoise(false);
      },
      unheard: (id, garbled) => {
        const unit = this.unit(id);
        unit.exchanges += 1;
        unit[garbled ? 'garbled' : 'timeouts'] += 1;
        // Something answered, though it could not be read: the unit is not mute.
        unit.breaker = garbled ? heard() : unheard(unit.breaker, world.clock.now().up, world.random());
        this.noteNoise(garbled);
      },
      noise: () => this.noteNoise(true),
      giveUp: (reason) => this.keeper.giveUp(reason),
    };
    if (settings.type === 'modbus-tcp') return new TcpWire(settings, world, { counters, events });
    const bits_per_character = settings.type === 'modbus-rtu' ? bitsPerCharacter(settings) : 10;
    return new RtuWire({ ...settings, bits_per_character }, world, { counters, events });
  }

  private unit(id: number): Unit {
    const known = this.units.get(id);
    if (known) return known;
    const fresh = { breaker: closedBreaker, exchanges: 0, timeouts: 0, garbled: 0, last_ms: 0 };
    this.units.set(id, fresh);
    return fresh;
  }

  private noteNoise(noisy: boolean): void {
    this.recent.push(noisy);
    if (this.recent.length > NOISE_WINDOW) this.recent.shift();
    const count = this.recent.filter(Boolean).length;
    if (noisy && count >= NOISY)
      this.world.health.raise('bus-noise', this.id, 'damaged or stray frames in many exchanges');
    else if (!noisy && count === 0) this.world.health.clear('bus-noise', this.id);
  }
}

function openPort(settings: ModbusBusSettings, { ports }: BusWorld): Promise<BytePort> {
  if (settings.type === 'modbus-rtu') return ports.serial(settings);
  return ports.tcp(settings.host, settings.port, settings.connect_timeout_ms);
}
