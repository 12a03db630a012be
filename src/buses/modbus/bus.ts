import type { Bus, BytePort, ModbusLink, Priority, UnitSettings } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';
import type { JsonObject, Millis } from '../../model/index.ts';
import { Counters } from '../counters.ts';
import { PortKeeper } from '../keeper.ts';
import { OneLink } from '../one-link.ts';
import { type BusSettings, type BusWorld, bitsPerCharacter } from '../settings.ts';
import type { Asking, WireEvents } from './asking.ts';
import { type Breaker, closedBreaker, heard, isClosed, mayPoll, unheard } from './breaker.ts';
import { type Asked, Exchange } from './exchange.ts';
import { openModbusLink } from './link.ts';
import { NoiseWatch } from './noise.ts';
import type { Request } from './request.ts';
import { RtuWire } from './rtu.ts';
import { TcpWire } from './tcp.ts';

type ModbusBusSettings = Extract<BusSettings, { type: `modbus${string}` }>;

interface Unit {
  breaker: Breaker;
  exchanges: number;
  timeouts: number;
  garbled: number;
  last_ms: Millis;
}

/** A Modbus bus of any framing: one wire, its units, and what becomes of them. */
export class ModbusBus extends OneLink implements Bus {
  override readonly id: string;
  override readonly kind = 'modbus';
  private readonly settings: ModbusBusSettings;
  private readonly world: BusWorld;
  private readonly counters = new Counters();
  private readonly units = new Map<number, Unit>();
  private readonly wire: Asking;
  private readonly keeper: PortKeeper;
  private readonly noise: NoiseWatch;

  constructor(settings: ModbusBusSettings, world: BusWorld) {
    super();
    this.id = settings.id;
    this.settings = settings;
    this.world = world;
    this.noise = new NoiseWatch((noisy) => {
      if (noisy) world.health.raise('bus-noise', this.id, 'damaged or stray frames in many exchanges');
      else world.health.clear('bus-noise', this.id);
    });
    this.wire = this.openWire();
    this.keeper = new PortKeeper(settings.id, (signal) => openPort(settings, world, signal), world, {
      up: (port) => this.wire.opened(port),
      down: (fault, again) => this.wire.lost(fault, again),
      data: (chunk) => this.wire.received(chunk),
    });
    this.keeper.start();
  }

  override modbus(device: string, unit: UnitSettings): ModbusLink {
    const { id: bus, settings } = this;
    const onHole = (text: string) => this.world.health.raise('register-hole', device, text);
    const link = { bus, device, unit: unit.unit, max_hole: settings.max_hole, onHole };
    return openModbusLink(link, (question, call, read) => this.ask({ unit, ...question, call, read }));
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

  override lend(): Promise<() => void> {
    return this.keeper.lend();
  }

  close(): Promise<void> {
    return this.keeper.close();
  }

  private ask<T>(asked: Asked<T>): Promise<T> {
    const { signal, priority } = asked.call;
    if (signal.aborted) return Promise.reject(signal.reason);
    const refusal = this.refusal(asked.unit.unit, priority);
    if (refusal) return Promise.reject(refusal);
    const exchange = new Exchange(asked, this.gone);
    this.wire.ask(exchange);
    return exchange.answer;
  }

  private readonly gone = (request: Request): void => this.wire.forget(request);

  /** A poll of a unit that has been mute only costs the others time. A command or a technician's read always goes out: somebody waits for the truth. */
  private refusal(id: number, priority: Priority): Fault | undefined {
    const { breaker } = this.unit(id);
    if (priority !== 'poll' || isClosed(breaker) || mayPoll(breaker, this.world.clock.now().up))
      return undefined;
    return new Fault('bus.unit-off', { bus: this.id, unit: id, sent: false });
  }

  private openWire(): Asking {
    const { settings, world, counters } = this;
    const events: WireEvents = {
      heard: (id, round_trip_ms, noisy) => {
        const unit = this.unit(id);
        unit.exchanges += 1;
        unit.last_ms = round_trip_ms;
        unit.breaker = heard();
        this.keeper.proved();
        this.noise.note(noisy);
      },
      unheard: (id, garbled, noisy) => {
        const unit = this.unit(id);
        unit.exchanges += 1;
        unit[garbled ? 'garbled' : 'timeouts'] += 1;
        // A damaged answer neither shows that the unit is mute, nor that it is of any use.
        if (!garbled) unit.breaker = unheard(unit.breaker, world.clock.now().up, world.random());
        this.noise.note(noisy);
      },
      noise: () => this.noise.note(true),
      giveUp: (reason) => this.keeper.giveUp(reason),
      renew: (reason) => this.keeper.renew(reason),
      refusal: ({ unit, priority }) => this.refusal(unit.unit, priority),
    };
    if (settings.type === 'modbus-tcp') return new TcpWire(settings, world, { counters, events });
    const bits_per_character = settings.type === 'modbus-rtu' ? bitsPerCharacter(settings) : 10;
    const remote = settings.type === 'modbus-rtu-tcp';
    return new RtuWire({ ...settings, bits_per_character, remote }, world, { counters, events });
  }

  private unit(id: number): Unit {
    const known = this.units.get(id);
    if (known) return known;
    const fresh = { breaker: closedBreaker, exchanges: 0, timeouts: 0, garbled: 0, last_ms: 0 };
    this.units.set(id, fresh);
    return fresh;
  }
}

function openPort(settings: ModbusBusSettings, { ports }: BusWorld, signal: AbortSignal): Promise<BytePort> {
  if (settings.type === 'modbus-rtu') return ports.serial(settings);
  return ports.tcp(settings.host, settings.port, settings.connect_timeout_ms, signal);
}
