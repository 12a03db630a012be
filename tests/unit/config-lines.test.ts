import { describe, expect, it } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { loadSite } from '../../src/config/index.ts';
import type { AnyDriver } from '../../src/contracts/index.ts';
import { derivedPoints } from '../../src/gateway/derived-plan.ts';
import { busSettings, rosterEntry } from '../../src/gateway/plan.ts';

const HEAD = 'version: 1\nsite: { id: yard, name: Yard, time_zone: Asia/Shanghai }\n';
const CHIP = 'buses:\n  - { id: pi, type: gpio, chip: pinctrl-bcm2711 }\n';
const OLD = 'buses:\n  - { id: pi, type: gpio-sysfs, chip: pinctrl-bcm2835 }\n';
const BOARD = 'buses:\n  - { id: uno, type: firmata, path: /dev/ttyACM0 }\n';

async function check(text: string, driver: Partial<AnyDriver> = {}) {
  const library = await openLibrary();
  const load = async (name: string) => ({ ...(await library.load(name)), ...driver });
  return loadSite(HEAD + text, {
    library: async () => ({ ids: library.ids, load }),
    readText: () => undefined,
    derivedPoints,
  });
}
const told = ({ problems }: Awaited<ReturnType<typeof check>>) =>
  problems.map(({ severity, path, message }) => `${severity} ${path}: ${message}`);
const remedies = ({ problems }: Awaited<ReturnType<typeof check>>) => problems.map(({ remedy }) => remedy);

const device = (id: string, driver: string, rest: string) =>
  `  - { id: ${id}, driver: ${driver}, bus: ${rest} }\n`;
const contact = (id: string, line: string, bus = 'pi') =>
  device(id, 'gpio-contact', `${bus}, lines: { contact: { line: ${line} } }`);

describe('lines in a site file', () => {
  it('become what the bus is asked for: the driver says which way, the site how it is wired', async () => {
    const lines = 'lines: { contact: { line: GPIO17, active_low: true, bias: pull-up, debounce_ms: 5 } }';
    const options = 'options: { bounces: counted }';
    const loaded = await check(
      `${CHIP}devices:\n${device('door', 'gpio-contact', `pi, ${options}, ${lines}`)}`,
    );
    const [found] = loaded.devices;

    expect(told(loaded)).toEqual([]);
    expect(found && rosterEntry(found, false).lines).toEqual({
      contact: {
        ...{ line: 'GPIO17', direction: 'in', edges: 'both', active_low: true, bias: 'pull-up' },
        ...{ initial: false, debounce_ms: 5, count_bounces: true, hold: false },
      },
    });
  });

  it('an output is asked for with its safe state as its first level, and held where it is to hold', async () => {
    const rest = 'options: { rest: on, on_process_end: hold }, lines: { relay: { line: 27 } }';
    const { devices } = await check(`${CHIP}devices:\n${device('lock', 'gpio-relay', `pi, ${rest}`)}`);
    const [found] = devices;

    expect(found && rosterEntry(found, false).lines?.relay).toMatchObject({
      direction: 'out',
      initial: true,
      hold: true,
    });
  });

  it('a simulated chip and a board with a relative path are below the root folder, a real chip keeps its label', () => {
    const root = '/srv/site';

    expect(busSettings({ id: 'a', type: 'gpio', chip: 'sim:ports/pi.sock' }, root)).toMatchObject({
      chip: 'sim:/srv/site/ports/pi.sock',
    });
    expect(busSettings({ id: 'a', type: 'gpio', chip: 'pinctrl-rp1' }, root)).toMatchObject({
      chip: 'pinctrl-rp1',
    });
    expect(busSettings({ id: 'a', type: 'firmata', path: 'ports/uno', baud: 57600 }, root)).toMatchObject({
      path: '/srv/site/ports/uno',
    });
  });

  it('may have bounces or the like of another name only where the driver has such a line', async () => {
    const lines = 'lines: { contct: { line: GPIO17 } }';
    const loaded = await check(`${CHIP}devices:\n${device('door', 'gpio-contact', `pi, ${lines}`)}`);

    expect(told(loaded)).toEqual([
      'error devices.door.lines: contact of gpio-contact is wired to no line',
      'error devices.door.lines.contct: gpio-contact has no line contct with these options',
    ]);
    expect(remedies(loaded)[1]).toBe('Did you mean contact?');
  });

  it('are for drivers on lines alone', async () => {
    const rtu = 'buses:\n  - { id: wire, type: modbus-rtu, path: /dev/ttyUSB0, baud: 4800 }\n';
    const lines = 'unit: 1, lines: { contact: { line: GPIO17 } }';
    const loaded = await check(`${rtu}devices:\n${device('noise', 'noise-rs485', `wire, ${lines}`)}`);

    expect(told(loaded)).toEqual([
      'error devices.noise.lines: noise-rs485 has no lines; it is on a modbus bus',
    ]);
  });

  it.each([
    ['by one name', CHIP, contact('a', 'GPIO17') + contact('b', 'GPIO17')],
    ['by name and by offset', CHIP, contact('a', 'GPIO17') + contact('b', '17')],
    ['on a board', BOARD, contact('a', 'D7', 'uno') + contact('b', '7', 'uno')],
  ])('used twice are refused with who has them: %s', async (_, bus, devices) => {
    const loaded = await check(`${bus}devices:\n${devices}`);

    expect(told(loaded)).toHaveLength(1);
    expect(told(loaded)[0]).toMatch(/^error devices\.b\.lines\.contact\.line: .* is contact of a already$/);
  });

  it.each([
    ['gpiochip0'],
    ['/dev/gpiochip4'],
    ['"4"'],
  ])('are never on a chip that is named by its number: %s', async (chip) => {
    const loaded = await check(
      `buses:\n  - { id: pi, type: gpio, chip: ${chip} }\ndevices:\n${contact('door', 'GPIO17')}`,
    );

    expect(told(loaded)).toEqual([
      expect.stringMatching(/^error buses\.pi\.chip: chip is .*its label is expected/),
    ]);
  });

  it('are never given as numbers of sysfs', async () => {
    const loaded = await check(`${CHIP}devices:\n${contact('door', '529')}`);

    expect(told(loaded)).toEqual([
      'error devices.door.lines.contact.line: line is 529, a number of sysfs; pinctrl-bcm2711 has not so many lines',
    ]);
  });

  it('on a chip that two buses name are refused: it is one bus', async () => {
    const two = `${CHIP}  - { id: pi-2, type: gpio, chip: pinctrl-bcm2711 }\n`;
    const loaded = await check(`${two}devices:\n${contact('a', 'GPIO1')}${contact('b', 'GPIO2', 'pi-2')}`);

    expect(told(loaded)).toEqual(['error buses.pi-2.chip: pinctrl-bcm2711 is the chip of pi already']);
  });
});

describe('what a chip cannot do', () => {
  const spec = { about: 'x', direction: 'in', debounce_ms: 0, initial: false } as const;

  it.each([
    ['sysfs', OLD, 'pi', 'GPIO17', /sysfs, which loses bursts of edges/],
    ['a Firmata board', BOARD, 'uno', 'D7', /loses bursts of edges/],
  ])('a burst of edges (Wiegand) on %s is refused', async (_, bus, id, line, message) => {
    const lines = () => ({ contact: { ...spec, edges: 'falling' as const } });
    const loaded = await check(`${bus}devices:\n${contact('reader', line, id)}`, { lines });

    expect(told(loaded)).toEqual([expect.stringMatching(message)]);
  });

  it.each([
    ['a bias on sysfs', OLD, 'pi', '{ line: GPIO17, bias: pull-up }', /bias is pull-up; sysfs cannot set it/],
    ['a name on sysfs', OLD, 'pi', '{ line: DOOR }', /line is DOOR; sysfs knows no names/],
    ['a pull-down on a board', BOARD, 'uno', '{ line: D7, bias: pull-down }', /has pull-ups only/],
    ['the name of a GPIO on a board', BOARD, 'uno', '{ line: GPIO7 }', /a pin of the board is expected/],
  ])('%s is refused', async (_, bus, id, line, message) => {
    const loaded = await check(
      `${bus}devices:\n${device('door', 'gpio-contact', `${id}, lines: { contact: ${line} }`)}`,
    );

    expect(told(loaded)).toEqual([expect.stringMatching(message)]);
  });

  it('a voltage is no matter of a GPIO chip, nor of a digital pin', async () => {
    const analog = (bus: string, line: string) =>
      device('tank', 'analog-input', `${bus}, lines: { input: { line: ${line} } }`);

    expect(told(await check(`${CHIP}devices:\n${analog('pi', 'GPIO4')}`))).toEqual([
      expect.stringMatching(/which has no analogue inputs/),
    ]);
    expect(told(await check(`${BOARD}devices:\n${analog('uno', 'D4')}`))).toEqual([
      expect.stringMatching(/an analogue input is expected/),
    ]);
    expect(told(await check(`${BOARD}devices:\n${analog('uno', 'A0')}`))).toEqual([]);
  });

  it('an active-low relay on a digital pin of a board is told: it closes whenever the board starts', async () => {
    const relay = (line: string) =>
      device('lamp', 'gpio-relay', `uno, lines: { relay: { line: ${line}, active_low: true } }`);

    const warnings = async (pin: string) =>
      told(await check(`${BOARD}devices:\n${relay(pin)}`)).filter((text) => text.includes('.active_low'));

    expect(await warnings('D7')).toEqual([
      expect.stringMatching(/^warning devices\.lamp\.lines\.relay\.active_low: .* the output is on$/),
    ]);
    expect(await warnings('A0')).toEqual([]);
  });
});
