import { describe, expect, it, onTestFinished } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { openBus, openPorts } from '../../src/buses/index.ts';
import { systemClock } from '../../src/clock/index.ts';
import { loadSite } from '../../src/config/index.ts';
import { Roster } from '../../src/devices/index.ts';
import { derivedPoints } from '../../src/gateway/derived-plan.ts';
import { busSettings, rosterEntry } from '../../src/gateway/plan.ts';
import type { EventEntry, Reading } from '../../src/model/index.ts';
import { openPty, openSimulatedSite, type Said } from '../../src/simulate/index.ts';
import { healthNotes, quietLog } from '../support/quiet.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const SITE = `
version: 1
site: { id: yard, name: Yard, time_zone: Asia/Shanghai }
buses:
  - { id: pi, type: gpio, chip: 'sim:ports/pi.sock' }
  - { id: uno, type: firmata, path: ports/uno }
devices:
  - id: door
    driver: gpio-contact
    bus: pi
    options: { normally: closed, bounces: counted }
    lines: { contact: { line: GPIO17, active_low: true, bias: as-is, debounce_ms: 300 } }
  - { id: lock, driver: gpio-relay, bus: pi, options: { rest: on }, lines: { relay: { line: GPIO27, active_low: true } } }
  - { id: button, driver: firmata-button, bus: uno, lines: { contact: { line: D4, active_low: true, bias: pull-up } } }
  - { id: lamp, driver: firmata-relay, bus: uno, lines: { relay: { line: D7 } } }
  - { id: tank, driver: analog-input, bus: uno, poll_ms: 250, lines: { input: { line: A0 } } }
  - { id: bay, driver: sharp-gp2y0a21yk0f, bus: uno, poll_ms: 250, lines: { input: { line: A1 } } }
`;

/** A site whose devices all hang on lines: its far ends on a socket and a pty, real buses, real device hosts, real time. */
async function world() {
  const root = tempFolder();
  const library = await openLibrary();
  const loaded = await loadSite(SITE, {
    library: async () => library,
    readText: () => undefined,
    derivedPoints,
  });
  const { site } = loaded;
  if (!site) throw new Error(JSON.stringify(loaded.problems));
  const clock = systemClock('test');
  const said: Said[] = [];
  const far = await openSimulatedSite(site, {
    library,
    openPty,
    listenTcp: async () => Promise.reject(new Error('no TCP here')),
    clock,
    random: Math.random,
    log: quietLog,
    unixMillis: () => 0,
    root,
    onSaid: (row) => said.push(row),
  });
  const health = healthNotes();
  const common = { clock, health, log: quietLog };
  const buses = new Map(
    site.buses.map((bus) => [
      bus.id,
      openBus(busSettings(bus, root), { ...common, ports: openPorts(), random: Math.random }),
    ]),
  );
  const readings: Reading[] = [];
  const events: EventEntry[] = [];
  const roster = Roster.open(
    loaded.devices.map((device) => rosterEntry(device, false)),
    buses,
    {
      ...common,
      intake: { readings: (more) => void readings.push(...more), event: (event) => void events.push(event) },
    },
  );
  roster.start();
  onTestFinished(async () => {
    await roster.close();
    for (const bus of buses.values()) await bus.close();
    await far.close();
  });
  /** The newest value of a point. */
  const value = (device: string, point: string) =>
    readings.findLast((reading) => reading.device === device && reading.point === point)?.value;
  await until('all are up', () => roster.all().every((host) => host.view().status === 'online'), 30_000);
  return { far, said, health, readings, events, roster, value, clock };
}

describe('devices on lines, from their far ends to readings', () => {
  it('tell what their far ends say: contacts with their changes, voltages, distances', async () => {
    const { far, value } = await world();
    /** What the contact had done before it was listened to. */
    const unheard = () => Number(far.said().door?.changes) - Number(value('door', 'changes'));
    far.set('door', { closed: true });
    await until('it is shut', () => value('door', 'closed') === true);
    const before = unheard();

    for (const closed of [false, true, false]) {
      far.set('door', { closed });
      far.set('button', { closed });
      await until(
        `door and button are ${closed}`,
        () => value('door', 'closed') === closed && value('button', 'closed') === closed,
      );
    }
    far.set('tank', { share: 0.5 });
    far.set('bay', { share: 0.262 });
    await until('the tank is half full', () => value('tank', 'value') === 50);
    await until('something is 20 cm away', () => value('bay', 'value') === 20);

    expect(value('door', 'active')).toBe(true);
    expect(value('button', 'active')).toBe(false);
    expect(unheard()).toBe(before);
    expect(value('door', 'missed')).toBe(0);
  });

  it('an edge that got lost is found by a look, and counted as missed', async () => {
    const { far, value } = await world();
    far.set('door', { closed: true });
    await until('it is shut', () => value('door', 'closed') === true);
    const before = Number(value('door', 'missed'));
    const changes = Number(value('door', 'changes'));

    far.faults.set('door', 'lost');
    far.set('door', { closed: false });

    await until('it is open', () => value('door', 'closed') === false);
    expect(value('door', 'missed')).toBe(before + 1);
    expect(value('door', 'changes')).toBe(changes + 1);
  });

  it('a contact that bounces is one change, its bounces counted', async () => {
    const { far, value, readings, clock } = await world();
    far.set('door', { closed: true });
    await until('it is shut', () => value('door', 'closed') === true);
    const changes = Number(value('door', 'changes'));
    const bounces = Number(value('door', 'bounces'));
    const from = clock.now().up;

    far.set('door', { bounces: 3, closed: false });
    await until('it is open', () => value('door', 'closed') === false);

    expect(value('door', 'changes')).toBe(changes + 1);
    expect(value('door', 'bounces')).toBeGreaterThan(bounces);
    const opened = readings.findLast(({ device, point }) => device === 'door' && point === 'closed');
    expect(opened?.stamp.up).toBeGreaterThanOrEqual(from);
  });

  it('relays are taken at rest, pulse by the gateway, and are at rest again afterwards', async () => {
    const { far, roster } = await world();
    const relays = () => [far.said().lock?.relay, far.said().lamp?.relay];
    expect(relays()).toEqual([true, false]);

    const [unlocked, lit] = await Promise.all([
      roster.find('lock').act('off-pulse', { ms: 300 }),
      roster.find('lamp').act('on', {}),
    ]);

    expect([unlocked, lit]).toMatchObject([
      { result: 'done', facts: { effective_ms: 300, degraded: 'host-timed' } },
      { result: 'done' },
    ]);
    await until('the lock is held again', () => far.said().lock?.relay === true);
    expect(far.said().lamp?.relay).toBe(true);
    await roster.rest();
    expect(relays()).toEqual([true, false]);
  });

  it('are down with their chip or board, and back with it', async () => {
    const { far, roster, health } = await world();
    const online = () => roster.all().filter((host) => host.view().status === 'online').length;

    for (const bus of ['pi', 'uno']) far.faults.set(bus, 'unplug');
    await until(
      'both buses are down',
      () => health.raised.has('bus-down pi') && health.raised.has('bus-down uno'),
    );
    await until('all devices are down', () => online() === 0, 30_000);
    for (const bus of ['pi', 'uno']) far.faults.clear(bus);

    await until('all are back', () => online() === 6, 30_000);
    expect([...health.raised]).toEqual([]);
  });
});
