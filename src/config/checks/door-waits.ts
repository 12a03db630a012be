import type { BusBudget } from '../budget.ts';
import { errorAt, type Finding, type Path, warningAt } from '../problems.ts';
import type { CheckedDevice } from './device.ts';
import type { CheckedDoorRelay } from './door-parts.ts';

/** How long a door may wait, from an accepted command to the first byte on the wire of its relay; and who ends its unlock. Times in ms. */
export interface DoorWait {
  readonly door: string;
  /** The relay that may wait longest. */
  readonly relay: string;
  readonly channel: number;
  readonly bus: string;
  /** `gateway_ms` + `in_flight_ms`. */
  readonly bound_ms: number;
  /** The gateway itself, under full load and while the disk stalls. */
  readonly gateway_ms: number;
  /** The exchange before it on that wire, at worst its timeout. */
  readonly in_flight_ms: number;
  /** Whose exchange that is; '': nothing is ever before it. */
  readonly behind: string;
  /** `gateway` is the weaker promise: the door stays unlocked when the gateway dies in the middle of it. */
  readonly ends_by: 'board' | 'gateway';
}

/** What the gateway itself takes at most (99 of 100), from the command to its wire; scripts/bench latency measures it. */
const GATEWAY_MS = 50;
const SLOW_MS = 300;
const TOO_SLOW_MS = 2000;

export interface WaitingRelay {
  readonly path: Path;
  readonly found: CheckedDoorRelay;
  /** The longest time that is asked of its timer; infinite: it stays on until it is told otherwise. */
  readonly longest_ms: number;
}

/** The wait of a door is that of the slowest of its relays. */
export function doorWait(
  door: string,
  relays: readonly WaitingRelay[],
  {
    devices,
    budgets,
  }: { readonly devices: readonly CheckedDevice[]; readonly budgets: readonly BusBudget[] },
): { readonly findings: readonly Finding[]; readonly wait?: DoorWait } {
  const waits = relays.map((relay) => ({ relay, wait: inFlight(relay.found.device, devices, budgets) }));
  const [slowest] = waits.toSorted((x, y) => y.wait.ms - x.wait.ms);
  if (!slowest) return { findings: [] };
  const { found, path } = slowest.relay;
  const wait: DoorWait = {
    door,
    relay: found.config.device,
    channel: found.config.channel,
    bus: found.device.config.bus,
    bound_ms: Math.round(GATEWAY_MS + slowest.wait.ms),
    gateway_ms: GATEWAY_MS,
    in_flight_ms: Math.round(slowest.wait.ms),
    behind: slowest.wait.behind,
    ends_by: relays.every(endsByBoard) ? 'board' : 'gateway',
  };
  return { findings: findingsOf(wait, [...path, 'device']), wait };
}

const endsByBoard = ({ found, longest_ms }: WaitingRelay): boolean =>
  found.timing === 'board' && longest_ms <= found.longest_ms;

/** A command passes all that waits: before it is at most what is on the wire already. */
function inFlight(
  board: CheckedDevice,
  devices: readonly CheckedDevice[],
  budgets: readonly BusBudget[],
): { readonly ms: number; readonly behind: string } {
  // A line is set at once.
  if (board.driver.link === 'line') return { ms: 0, behind: '' };
  const budget = budgets.find(({ bus }) => bus === board.config.bus);
  const polled = { ms: budget?.worst_exchange_ms ?? 0, behind: budget?.slowest ?? '' };
  const told = devices
    .filter(
      ({ config, driver }) => config.bus === board.config.bus && Object.keys(driver.commands).length > 0,
    )
    .map(({ config, driver }) => ({
      ms: (config.timeout_ms ?? driver.wire.timeout_ms) + config.reply_delay_ms,
      behind: config.id,
    }));
  return [polled, ...told].reduce((worst, one) => (one.ms > worst.ms ? one : worst));
}

function findingsOf(wait: DoorWait, path: Path): Finding[] {
  const { door, bus, bound_ms, gateway_ms, in_flight_ms, behind } = wait;
  if (bound_ms <= SLOW_MS) return [];
  const sum = `${gateway_ms} ms in the gateway and ${in_flight_ms} ms for the exchange of ${behind} before it on ${bus}`;
  const message = `${door} may move ${bound_ms} ms after it is told to: ${sum}`;
  const remedy = `Lower timeout_ms of ${behind}, or give the relay of ${door} a bus of its own.`;
  return bound_ms > TOO_SLOW_MS
    ? [errorAt(path, `${message}; ${TOO_SLOW_MS} is the most`, remedy)]
    : [warningAt(path, message, remedy)];
}
