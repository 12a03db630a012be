import { expect, it, onTestFinished } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { openBus, openPorts } from '../../src/buses/index.ts';
import { systemClock } from '../../src/clock/index.ts';
import { loadSite } from '../../src/config/index.ts';
import { Roster } from '../../src/devices/index.ts';
import { derivedPoints } from '../../src/gateway/derived-plan.ts';
import { busSettings, rosterEntry } from '../../src/gateway/plan.ts';
import { resolvedOptions } from '../../src/gateway/secret-options.ts';
import type { EventEntry } from '../../src/model/index.ts';
import { openPty, openSimulatedSite } from '../../src/simulate/index.ts';
import { healthNotes, quietLog } from '../support/quiet.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

// A slow machine may pause in the middle of a card: the silence that ends one is long here.
const SITE = `
version: 1
site: { id: yard, name: Yard, time_zone: Asia/Shanghai }
buses:
  - { id: pi, type: gpio, chip: 'sim:ports/pi.sock' }
  - { id: readers, type: serial, path: ports/readers, baud: 9600 }
devices:
  - id: gate
    driver: wiegand-reader
    bus: pi
    options: { keypad: 4-bit, silence_ms: 400, led: true }
    lines: { d0: { line: GPIO23 }, d1: { line: GPIO24 }, led: { line: GPIO5, active_low: true } }
  - { id: door-in, driver: osdp-reader, bus: readers, options: { address: 0, key: '\${env:DOOR_IN}' } }
  - { id: door-out, driver: osdp-reader, bus: readers, options: { address: 1, key: '\${env:DOOR_OUT}' } }
`;
const SOURCES = {
  env: { DOOR_IN: '00112233445566778899AABBCCDDEEFF', DOOR_OUT: 'FFEEDDCCBBAA99887766554433221100' },
  readText: () => undefined,
};

it('readers of a simulated site, two of them on one pty, tell their cards and PINs and obey', async () => {
  const root = tempFolder();
  const library = await openLibrary();
  const loaded = await loadSite(SITE, {
    library: async () => library,
    readText: () => undefined,
    derivedPoints,
    secrets: { ...SOURCES, here: true },
  });
  const { site } = loaded;
  if (!site) throw new Error(JSON.stringify(loaded.problems));
  const clock = systemClock('test');
  const far = await openSimulatedSite(
    {
      ...site,
      devices: site.devices.map((one) => ({ ...one, options: resolvedOptions(one.options, SOURCES) })),
    },
    {
      library,
      openPty,
      listenTcp: async () => Promise.reject(new Error('no TCP here')),
      clock,
      random: Math.random,
      log: quietLog,
      unixMillis: () => 0,
      root,
    },
  );
  const common = { clock, health: healthNotes(), log: quietLog };
  const buses = new Map(
    site.buses.map((bus) => [
      bus.id,
      openBus(busSettings(bus, root), { ...common, ports: openPorts(), random: Math.random }),
    ]),
  );
  const events: EventEntry[] = [];
  const pins: unknown[] = [];
  const intake = {
    readings: () => {},
    event: async (event: EventEntry) => {
      events.push(event);
      return true;
    },
    pass: ({ fields }: EventEntry) => void pins.push(fields.pin),
  };
  const roster = Roster.open(
    loaded.devices.map((device) => rosterEntry(device, false, SOURCES)),
    buses,
    { ...common, intake },
  );
  roster.start();
  onTestFinished(async () => {
    await roster.close();
    for (const bus of buses.values()) await bus.close();
    await far.close();
  });
  const read = (id: string, card: string) =>
    events.some(({ subject, fields }) => subject === id && fields.card === card);
  await until('all are up', () => roster.all().every((host) => host.view().status === 'online'), 30_000);

  far.set('gate', { card: '760643' });
  far.set('door-in', { card: 'AA0001' });
  far.set('door-out', { card: 'AA0002' });
  await until('every card is told', () =>
    [read('gate', '760643'), read('door-in', 'AA0001'), read('door-out', 'AA0002')].every(Boolean),
  );
  far.set('door-in', { keys: '2580#' });
  await until('the PIN is heard', () => pins.includes('2580'));
  const lit = await roster.find('door-out').act('led', { ms: 500, colour: 'green' });
  const gateLit = roster.find('gate').act('led', { ms: 300 });

  expect(lit).toMatchObject({ result: 'done', facts: { effective_ms: 500 } });
  await until('the LED at the gate is on', () => far.said().gate?.led === true);
  expect(await gateLit).toMatchObject({ result: 'done' });
  expect(read('door-in', 'AA0002') || read('door-out', 'AA0001')).toBe(false);
});
