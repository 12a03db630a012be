import { readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { openBus } from '../../src/buses/index.ts';
import type { Bus, Intake, PortOpener } from '../../src/contracts/index.ts';
import { Roster } from '../../src/devices/index.ts';
import type { EventEntry, JsonObject, Reading } from '../../src/model/index.ts';
import { openSimulatedSite, type Said } from '../../src/simulate/site.ts';
import { memoryNet } from './memory-net.ts';
import { memoryWires } from './memory-wire.ts';
import { quietLog } from './quiet.ts';
import { VirtualClock } from './virtual-clock.ts';

/** One device of a driver on a bus of its own: simulated far end, real bus, real device host, virtual time. */
export async function wiredDevice(
  id: string,
  wish: { readonly rest_at_start?: boolean; readonly rest_at_stop?: boolean; readonly options?: object } = {},
) {
  const clock = new VirtualClock();
  const library = await openLibrary();
  const driver = await library.load(id);
  const vectors: { options?: object }[] = JSON.parse(readFileSync(`drivers/${id}/vectors.json`, 'utf8'));
  const options =
    wish.options ??
    [{}, ...vectors.map((vector) => vector.options ?? {})].find((given) => {
      const parsed = driver.options.safeParse(given);
      return parsed.success && !driver.missing?.(parsed.data);
    }) ??
    {};
  const { baud, parity, timeout_ms, gap_ms } = driver.wire;
  const type = driver.link === 'modbus' ? ('modbus-rtu' as const) : ('serial' as const);
  const place = { id: 'bus', type: 'udp', host: '127.0.0.1', port: 60_000 } as const;
  const line = { id: 'bus', path: '/wires/bus', baud, parity, data_bits: 8, stop_bits: 1 } as const;
  const host = { id: 'bus', type: 'http', scheme: 'http', host: '127.0.0.1', port: 80 } as const;
  const owner = { user: 'gateway', password: 'correct horse' };
  const wires = memoryWires();
  const net = memoryNet();
  const said: Said[] = [];
  const site = await openSimulatedSite(
    {
      buses: [
        driver.link === 'udp' ? place : driver.link === 'http' ? { ...host, ...owner } : { ...line, type },
      ],
      devices: [{ id: 'dut', driver: id, bus: 'bus', unit: 1, options }],
    },
    {
      library,
      openPty: () => wires.openPty({ link: line.path }),
      listenUdp: net.listenUdp,
      listenTcp: wires.listenTcp,
      secret: (text) => text,
      clock,
      random: () => 0.5,
      log: quietLog,
      unixMillis: () => 0,
      onSaid: (row) => said.push(row),
    },
  );
  const facts = new Map<string, string>();
  const health = {
    raise: (code: string, subject: string) => void facts.set(code, subject),
    clear: (code: string) => void facts.delete(code),
  };
  const written: { readonly up: number; readonly bytes: Uint8Array }[] = [];
  const ports: PortOpener = {
    ...wires.ports,
    ...net.ports,
    serial: async (settings) => {
      const port = await wires.ports.serial(settings);
      const write = (bytes: Uint8Array) => {
        written.push({ up: clock.now().up, bytes: bytes.slice() });
        return port.write(bytes);
      };
      return { ...port, write };
    },
  };
  const common = { ports, clock, health, log: quietLog, random: () => 0.5 };
  const bus: Bus =
    driver.link === 'http'
      ? openBus({ ...host, login: owner, auth: 'digest', connect_timeout_ms: 1000 }, common)
      : driver.link === 'udp'
        ? openBus({ ...place, bind: '127.0.0.1', listen_port: 60_001 }, common)
        : type === 'serial'
          ? openBus({ ...line, type }, common)
          : openBus({ ...line, type, echo: 'none', turnaround_ms: 100, max_hole: 8 }, common);
  const heard: Reading[] = [];
  const events: EventEntry[] = [];
  const settings = {
    ...{ id: 'dut', name: undefined, zone: undefined, bus: 'bus', unit: 1, driver },
    options: driver.options.parse(options),
    poll_ms: driver.poll_ms.default,
    simulated: false,
    rest_at_start: wish.rest_at_start ?? false,
    rest_at_stop: wish.rest_at_stop ?? false,
  };
  /** Whether what is told is stored; `told`: in the moment when it has been. */
  const keeps = { events: true, told: () => {} };
  const state = new Map<string, JsonObject | undefined>();
  const stored = { get: async (owner: string, name: string) => state.get(`${owner} ${name}`) };
  const intake: Intake = {
    readings: (more) => void heard.push(...more),
    event: async (event, kept = []) => {
      events.push(event);
      if (keeps.events) for (const { owner, name, value } of kept) state.set(`${owner} ${name}`, value);
      keeps.told();
      return keeps.events;
    },
  };
  const reopen = (after: { readonly rest_at_start?: boolean } = {}) => {
    const opened = Roster.open(
      [{ settings: { ...settings, ...after }, wire: { unit: 1, timeout_ms, gap_ms, reply_delay_ms: 0 } }],
      new Map([['bus', bus]]),
      { ...{ clock, health, log: quietLog, state: stored }, intake },
    );
    opened.start();
    return opened;
  };
  const roster = reopen();
  onTestFinished(async () => {
    const closed = roster.close();
    await clock.advance(10_000);
    await closed;
    await bus.close();
    await site.close();
  });
  /** Virtual time in small steps, until the claim holds or so much has passed. */
  const pass = async (most_ms: number, claim: () => boolean = () => false): Promise<boolean> => {
    for (let passed = 0; passed < most_ms; passed += 250) {
      if (claim()) return true;
      await clock.advance(250);
    }
    return claim();
  };
  return {
    driver,
    options: settings.options,
    site,
    clock,
    bus,
    heard,
    events,
    said,
    /** What the host has put onto the wire, and when. */
    written,
    facts,
    pass,
    roster,
    /** Another run of the gateway, on the same wire. */
    reopen,
    keeps,
    device: roster.find('dut'),
  };
}
