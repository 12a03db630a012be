import { type DoorsPlan, doorRules, type ReaderRules, type Schedule } from '../access/index.ts';
import { type CheckedDoor, type SiteConfig, scheduleOf } from '../config/index.ts';
import type { DoorRules, HealthSink, Side } from '../contracts/index.ts';
import type { JsonObject, Millis } from '../model/index.ts';

/** A flag of a device, as an input of doors. */
export interface DoorSense {
  readonly device: string;
  readonly point: string;
  readonly inverted: boolean;
  readonly is: Sensed;
}

export type Sensed =
  | { readonly kind: 'contact' | 'rex'; readonly door: string; readonly side: Side }
  | { readonly kind: 'fire'; readonly input: string }
  | { readonly kind: 'presence'; readonly door: string }
  | { readonly kind: 'tamper'; readonly door: string; readonly input: string }
  | { readonly kind: 'relay'; readonly door: string; readonly gate: string };

/** A relay that only its door moves. */
export interface DoorRelay {
  readonly door: string;
  /** `lock`; `in`, `out`; `open`, `close`, `stop`; a floor. */
  readonly gate: string;
  readonly device: string;
  readonly args: JsonObject;
  readonly wiring: 'fail-secure' | 'fail-safe';
}

export interface DoorReader {
  readonly door: string;
  readonly side: Side;
  readonly device: string;
  readonly needs: 'card' | 'card-and-pin' | 'card-or-pin' | 'pin';
  readonly rules: ReaderRules;
}

export interface DoorWiring {
  readonly plan: DoorsPlan;
  readonly senses: readonly DoorSense[];
  readonly relays: readonly DoorRelay[];
  readonly readers: readonly DoorReader[];
  /** By door. */
  readonly schedules: ReadonlyMap<string, Schedule>;
}

const SIDES = ['in', 'out'] as const;
/** A door contact that is slow to be told after its relay moved; the board itself is asked as often as its poll says. */
const SETTLE_MS: Millis = 2000;
const REPEAT_MS: Millis = 1500;
const PIN_MS: Millis = 10_000;
const LOCKOUT = { wrong: 5, for_ms: 60_000, forget_ms: 900_000 } as const;

/** From what the site file says to the rules of access, and to what hangs on which device. */
export function doorWiring(site: SiteConfig, doors: readonly CheckedDoor[]): DoorWiring {
  const groups = new Map<string, string[]>();
  for (const { config } of doors)
    if (config.type !== 'lift' && config.interlock !== undefined)
      groups.set(config.interlock, [...(groups.get(config.interlock) ?? []), config.id]);
  const times = new Map(site.schedules.map((schedule) => [schedule.id, scheduleOf(schedule)]));
  const followed = new Set(doors.flatMap(({ config }) => config.fire.inputs));
  return {
    plan: { doors: doors.map(rulesOf), interlocks: [...groups.values()] },
    senses: [
      ...site.fire_inputs
        .filter(({ id }) => followed.has(id))
        .map(({ id, ...at }): DoorSense => ({ ...pick(at), is: { kind: 'fire', input: id } })),
      ...doors.flatMap(sensesOf),
    ],
    relays: doors.flatMap(relaysOf),
    readers: doors.flatMap(readersOf),
    schedules: new Map(
      doors.flatMap(({ config: { id, schedule } }) => {
        const found = schedule === undefined ? undefined : times.get(schedule);
        return found ? [[id, found] as const] : [];
      }),
    ),
  };
}

function rulesOf({ config, relays }: CheckedDoor): DoorRules {
  const { id, type: kind, unlock_s, extended_s, fire, tampers } = config;
  const all = Object.values(relays);
  const shown = Object.entries(relays).filter(([, relay]) => relay.shown.point !== undefined);
  const common = {
    ...{ id, kind },
    unlock_ms: unlock_s * 1000,
    extended_ms: extended_s * 1000,
    timing: all.every(({ timing }) => timing === 'board') ? 'board' : 'host',
    longest_ms: Math.min(...all.map(({ longest_ms }) => longest_ms)),
    on_stop: all.every(({ shown }) => shown.rest === 'hold') ? 'hold' : 'rest',
    tampers: tampers.map((_, index) => tamperName(index)),
    feedback: kind === 'barrier' ? [] : shown.map(([gate]) => gate),
    relay_settle_ms: SETTLE_MS + Math.max(...all.map(({ device }) => device.config.poll_ms ?? 1000)),
    fire: {
      inputs: fire.inputs,
      after: fire.after,
      ...(fire.unreadable !== undefined && { unreadable: fire.unreadable }),
    },
  } as const;
  if (config.type === 'lift') return doorRules({ ...common, gates: Object.keys(config.floors) });
  const { contacts, exits } = config;
  return doorRules({
    ...common,
    ...(config.type === 'door' && { relock: config.relock }),
    ...(config.type === 'barrier' && {
      presence: config.presence !== undefined,
      on_presence: config.on_presence,
      close_delay_ms: config.close_delay_s * 1000,
      travel_ms: config.travel_s * 1000,
      // Without an input below nothing tells that a vehicle has passed.
      ...(!config.presence && { relock: 'on-time' as const }),
    }),
    contacts: SIDES.filter((side) => contacts[side]),
    debounce_ms: config.debounce_ms,
    held_ms: config.held_s * 1000,
    extended_held_ms: config.extended_held_s * 1000,
    prealarm_ms: config.prealarm_s * 1000,
    rex: Object.fromEntries(
      SIDES.flatMap((side) => {
        const exit = exits[side];
        return exit ? [[side, exit.mode]] : [];
      }),
    ),
    escape_route: config.escape_route,
    lockdown_exit: config.lockdown_exit,
  });
}

/** Doors whose unlock only this process ends say so for as long as it runs. */
export function markHostTimed(doors: readonly CheckedDoor[], health: Pick<HealthSink, 'raise'>): void {
  for (const { wait } of doors)
    if (wait.ends_by === 'gateway')
      health.raise('door-host-timed', wait.door, `its lock is relay ${wait.channel} of ${wait.relay}`);
}

function sensesOf({ config, relays }: CheckedDoor): DoorSense[] {
  const door = config.id;
  const tampers = config.tampers.map(
    (at, index): DoorSense => ({ ...pick(at), is: { kind: 'tamper', door, input: tamperName(index) } }),
  );
  const shown = Object.entries(relays).flatMap(
    ([
      gate,
      {
        config: relay,
        shown: { point },
      },
    ]): DoorSense[] =>
      point === undefined || config.type === 'barrier'
        ? []
        : [
            {
              ...{ device: relay.device, point, inverted: relay.wiring === 'fail-safe' },
              is: { kind: 'relay', door, gate },
            },
          ],
  );
  if (config.type === 'lift') return [...tampers, ...shown];
  const sided = SIDES.flatMap((side): DoorSense[] => {
    const contact = config.contacts[side];
    const exit = config.exits[side];
    return [
      ...(contact ? [{ ...pick(contact), is: { kind: 'contact', door, side } as const }] : []),
      ...(exit ? [{ ...pick(exit), is: { kind: 'rex', door, side } as const }] : []),
    ];
  });
  const presence: DoorSense[] =
    config.type === 'barrier' && config.presence
      ? [{ ...pick(config.presence), is: { kind: 'presence', door } }]
      : [];
  return [...sided, ...presence, ...tampers, ...shown];
}

const relaysOf = ({ config, relays }: CheckedDoor): DoorRelay[] =>
  Object.entries(relays).map(([gate, { config: relay, shown }]) => ({
    ...{ door: config.id, gate, device: relay.device, wiring: relay.wiring },
    args: shown.args,
  }));

const readersOf = ({ config }: CheckedDoor): DoorReader[] =>
  SIDES.flatMap((side) => {
    const reader = config.readers[side];
    if (!reader) return [];
    const { device, needs } = reader;
    const rules = { id: device, repeat_ms: REPEAT_MS, pin_ms: PIN_MS, lockout: LOCKOUT };
    return [{ door: config.id, side, device, needs, rules }];
  });

const tamperName = (index: number): string => `tamper-${index + 1}`;

const pick = ({ device, point, inverted }: Pick<DoorSense, 'device' | 'point' | 'inverted'>) => ({
  ...{ device, point, inverted },
});
