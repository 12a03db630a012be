import { onTestFinished } from 'vitest';
import { z } from 'zod';
import type { AnyDriver, Call, CommandSpec, Heard, JsonObject, PointSpecs, Sample } from '#kit';
import type { ActResult, Log, Session } from '../../src/contracts/index.ts';
import { DeviceHost, type DeviceSettings, type DeviceWorld } from '../../src/devices/index.ts';
import type { EventEntry, Reading } from '../../src/model/index.ts';
import { VirtualClock } from './virtual-clock.ts';

/** What a driver of a test does; everything may be left out. */
export interface Script {
  readonly points?: PointSpecs;
  readonly poll_ms?: number;
  readonly warm_up_ms?: number;
  readonly sample?: (call: Call) => Promise<Sample>;
  readonly watch?: (call: Call) => AsyncIterable<Heard<PointSpecs>>;
  readonly act?: (name: string, args: JsonObject, call: Call) => Promise<ActResult>;
  readonly rest?: (call: Call) => Promise<void>;
  readonly settings?: Partial<DeviceSettings>;
}

const TEMPERATURE: PointSpecs = {
  temperature: { kind: 'number', about: 'Heat.', privacy: 'plain', unit: 'Cel', min: -40, max: 80 },
  wet: { kind: 'flag', about: 'It is wet.', privacy: 'plain' },
};
const switched: CommandSpec = {
  about: 'Switches.',
  args: z.strictObject({ channel: z.int().default(1) }),
  timing: 'none',
  actuates: true,
  on_process_end: 'hold',
};
const COMMANDS: Readonly<Record<string, CommandSpec>> = {
  on: switched,
  off: switched,
  ask: { ...switched, about: 'Asks.', actuates: false },
};

/** A driver as a site could bring it: the host knows only its definition. */
function driverOf(script: Script): AnyDriver {
  const { sample, watch, act, rest } = script;
  const session = {
    ...(sample && { sample }),
    ...(watch && { watch }),
    ...(act && { act, rest: rest ?? (async () => {}) }),
  };
  return {
    id: 'scripted',
    aliases: [],
    about: 'A device of a test.',
    category: 'test',
    link: 'bytes',
    evidence: 'simulated',
    wire: { baud: 9600, parity: 'none', timeout_ms: 100, gap_ms: 0 },
    poll_ms: { default: script.poll_ms ?? 1000, min: 10 },
    ...(script.warm_up_ms && { warm_up_ms: () => script.warm_up_ms ?? 0 }),
    options: z.strictObject({}),
    points: () => script.points ?? TEMPERATURE,
    events: {
      pressed: { about: 'Somebody pressed it.', lane: 'a', fields: {} },
    },
    commands: act ? COMMANDS : {},
    decode: () => ({ points: {} }),
    // The session is what the script gives: both of act and rest, or neither.
    open: () => session as Session<PointSpecs>,
  };
}

/** Everything around device hosts, in virtual time, with a memory of what was said. */
export function deviceWorld() {
  const clock = new VirtualClock();
  const readings: Reading[] = [];
  const events: EventEntry[] = [];
  const facts = new Map<string, string>();
  const everRaised = new Set<string>();
  const logged: { readonly level: string; readonly text: string; readonly facts: object }[] = [];
  const due = new Map<string, number>();
  const say = (level: string) => (about: object, text: string) =>
    void logged.push({ level, text, facts: about });
  const log: Log = {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    child: () => log,
  };
  const world: DeviceWorld = {
    clock,
    log,
    intake: { readings: (more) => void readings.push(...more), event: (event) => void events.push(event) },
    health: {
      raise: (code, subject, evidence) => {
        facts.set(`${code} ${subject}`, evidence);
        everRaised.add(`${code} ${subject}`);
      },
      clear: (code, subject) => void facts.delete(`${code} ${subject}`),
    },
    heartbeat: { beat: (loop, next_ms = 60_000) => void due.set(loop, clock.now().up + next_ms) },
  };

  /** A host of a scripted driver, started; closed when the test is over. */
  const host = (script: Script, place = { index: 0, of: 1 }): DeviceHost => {
    const device = new DeviceHost(settingsOf(script), { link: NO_LINK, place }, world);
    device.start();
    onTestFinished(async () => {
      const closed = device.close();
      await clock.advance(10_000);
      await closed;
    });
    return device;
  };
  /** `name@up`, for what happened when. */
  const timeline = () => events.map(({ name, stamp }) => `${name}@${stamp.up}`);
  return { clock, world, readings, events, facts, everRaised, logged, due, host, timeline };
}

export const settingsOf = (script: Script): DeviceSettings => {
  const driver = driverOf(script);
  return {
    id: 'dut',
    name: undefined,
    zone: undefined,
    bus: 'bus',
    unit: 1,
    driver,
    options: {},
    poll_ms: driver.poll_ms.default,
    simulated: false,
    rest_at_start: false,
    ...script.settings,
  };
};

// A scripted driver never touches its link.
const NO_LINK = {} as never;

/** A promise that a test settles when it likes. */
export function later<T = void>() {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((good, bad) => {
    resolve = good;
    reject = bad;
  });
  return { promise, resolve, reject };
}
