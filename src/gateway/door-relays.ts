import { relayCommand } from '../access/index.ts';
import type { ActResult, Clock, DoorOutput, Log } from '../contracts/index.ts';
import type { DeviceHost } from '../devices/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import type { JsonObject, Millis } from '../model/index.ts';
import type { DoorRelay } from './door-plan.ts';

export interface RelayWorld {
  readonly clock: Clock;
  readonly log: Log;
  /** undefined: it could not be opened. */
  readonly host: (id: string) => Pick<DeviceHost, 'act'> | undefined;
  /** Whether the relays of a door obey. Told only when that has changed. */
  readonly board: (door: string, state: 'lost' | 'back') => void;
}

interface Order {
  readonly name: string;
  readonly args: JsonObject;
  /** It may be told again: how it should stand, until something else is wanted. */
  readonly standing: boolean;
}

/** A motor that is started by an impulse gets one so long. */
const IMPULSE_MS: Millis = 1000;
/** An order that was not obeyed is told again after these. */
const AGAIN_MS: readonly Millis[] = [1000, 2000, 5000, 10_000];

/**
 * The relays of all doors. Every output goes out at once, behind nothing but its own bus; what is to last is told again until the board
 * has taken it or something else is wanted. A timed unlock is told once.
 */
export class DoorRelays {
  private readonly relays: readonly DoorRelay[];
  private readonly world: RelayWorld;
  private readonly newest = new Map<DoorRelay, Order>();
  private readonly failing = new Set<DoorRelay>();
  private readonly lost = new Set<string>();
  private readonly away = new Set<string>();

  constructor(relays: readonly DoorRelay[], world: RelayWorld) {
    this.relays = relays;
    this.world = world;
  }

  /** What became of it at the board; undefined: it is no matter of a relay. */
  put(door: string, output: DoorOutput, signal: AbortSignal): Promise<ActResult> | undefined {
    const orders = this.ordersFor(door, output);
    if (orders.length === 0) return undefined;
    return Promise.all(orders.map(({ relay, order }) => this.obey(relay, order, signal))).then(worst);
  }

  /** A relay board went away or came back. */
  heard(device: string, up: boolean): void {
    if (up) this.away.delete(device);
    else this.away.add(device);
    for (const door of new Set(this.on(device).map((relay) => relay.door))) this.judge(door);
  }

  private on(device: string): readonly DoorRelay[] {
    return this.relays.filter((relay) => relay.device === device);
  }

  private ordersFor(
    door: string,
    output: DoorOutput,
  ): readonly { readonly relay: DoorRelay; readonly order: Order }[] {
    if (output.do === 'show' || output.do === 'signal') return [];
    const find = (gate: string) => this.relays.find((one) => one.door === door && one.gate === gate);
    if (output.do === 'open' || output.do === 'close' || output.do === 'stop')
      return armOrders(output.do, { open: find('open'), close: find('close'), stop: find('stop') });
    const relay = find(output.gate);
    const command = relay && relayCommand(output, relay.wiring);
    if (!command) return [];
    const { name, ms } = command;
    const args = { ...relay.args, ...(ms !== undefined && { ms: Math.max(1, Math.round(ms)) }) };
    const timed = output.do === 'unlock' && output.for_ms !== undefined;
    return [{ relay, order: { name, args, standing: !timed } }];
  }

  private async obey(relay: DoorRelay, order: Order, signal: AbortSignal): Promise<ActResult> {
    this.newest.set(relay, order);
    const result = await this.act(relay, order);
    if (this.newest.get(relay) !== order) return result;
    if (result.result === 'done') this.mark(relay, false);
    else if (order.standing) void this.again(relay, order, signal);
    else this.mark(relay, true);
    return result;
  }

  /** Until it is so. The first time may only have been too early: nothing is told of it. */
  private async again(relay: DoorRelay, order: Order, signal: AbortSignal): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      const wait_ms = AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)] ?? 0;
      const waited = this.world.clock.sleep(`relay of ${relay.door}`, wait_ms, signal);
      if (!(await waited.then(yes, no)) || this.newest.get(relay) !== order) return;
      const { result } = await this.act(relay, order);
      if (this.newest.get(relay) !== order) return;
      this.mark(relay, result !== 'done');
      if (result === 'done') return;
    }
  }

  private async act({ door, device }: DoorRelay, { name, args }: Order): Promise<ActResult> {
    try {
      const host = this.world.host(device);
      if (!host) throw new Fault('device.closed', { device });
      return await host.act(name, args);
    } catch (error) {
      const { code, message } = asFault(error);
      this.world.log.warn({ door, device, fault: code, text: message }, 'a relay of a door did not obey');
      return { result: 'failed', facts: { fault: code, text: message } };
    }
  }

  private mark(relay: DoorRelay, failing: boolean): void {
    if (failing) this.failing.add(relay);
    else this.failing.delete(relay);
    this.judge(relay.door);
  }

  private judge(door: string): void {
    const own = this.relays.filter((relay) => relay.door === door);
    const lost = own.some((relay) => this.failing.has(relay) || this.away.has(relay.device));
    if (lost === this.lost.has(door)) return;
    if (lost) this.lost.add(door);
    else this.lost.delete(door);
    this.world.board(door, lost ? 'lost' : 'back');
  }
}

/** A barrier that has a relay for each way gets impulses; one that has none to close with opens for as long as its relay is on. */
function armOrders(
  what: 'open' | 'close' | 'stop',
  relays: Readonly<Record<'open' | 'close' | 'stop', DoorRelay | undefined>>,
): readonly { readonly relay: DoorRelay; readonly order: Order }[] {
  const { open } = relays;
  const relay = relays[what];
  const level = (one: DoorRelay, on: boolean) => {
    const name = on === (one.wiring === 'fail-secure') ? 'on' : 'off';
    return { relay: one, order: { name, args: one.args, standing: true } };
  };
  if (!relays.close && open && what !== 'stop') return [level(open, what === 'open')];
  if (!relay) return [];
  const name = relay.wiring === 'fail-secure' ? 'pulse' : 'off-pulse';
  return [{ relay, order: { name, args: { ...relay.args, ms: IMPULSE_MS }, standing: false } }];
}

/** Of several relays that which went worst. */
function worst(results: readonly ActResult[]): ActResult {
  for (const which of ['failed', 'unknown'] as const) {
    const found = results.find(({ result }) => result === which);
    if (found) return found;
  }
  return results[0] ?? { result: 'done', facts: {} };
}

const yes = () => true;
const no = () => false;
