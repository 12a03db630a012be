import { describe, expect, it } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { loadSite } from '../../src/config/index.ts';
import { derivedPoints } from '../../src/gateway/derived-plan.ts';

const site = (load: string, more = '') => `
version: 1
site: { id: yard, name: Yard, time_zone: Asia/Shanghai }
buses:
  - { id: east, type: modbus-rtu, path: /dev/ttyUSB0, baud: 9600 }
  - { id: west, type: modbus-rtu, path: /dev/ttyUSB1, baud: 9600 }
  - { id: pi, type: gpio, chip: pinctrl-bcm2711 }
devices:
  - { id: lamps, driver: waveshare-relay, bus: east, unit: 1, options: { channels: 8, inputs: 0, rest: [hold, hold, hold, off, hold, hold, hold, hold] } }
  - { id: locks, driver: waveshare-relay, bus: west, unit: 1, locks: [1], options: { channels: 8, inputs: 0, rest: [off, hold, off, off, off, off, off, off] } }
  - { id: air, driver: louver-box, bus: east, unit: 4, options: { reg_503: pm2_5 } }
  - { id: push, driver: gpio-contact, bus: pi, lines: { contact: { line: GPIO6 } } }
doors: [{ id: gate, type: door, lock: { device: locks, channel: 1 } }]
supplies: [{ id: power, relay: locks, channel: 8 }]
schedules: [{ id: evening, spans: [{ days: [mon], from: '18:00', to: '23:00' }] }]
loads:
  - ${load}
${more}
`;

async function told(text: string, severity: 'error' | 'warning' = 'error') {
  const { problems } = await loadSite(text, {
    library: (profiles) => openLibrary(profiles),
    readText: () => undefined,
    derivedPoints,
  });
  return problems
    .filter((one) => one.severity === severity)
    .map(({ path, message, remedy }) => `${path}: ${message}. ${remedy}`);
}

const yard = (relays: string, more = '') => `{ id: yard-lights, relays: [${relays}]${more} }`;
const LAMP = '{ device: lamps, channel: 1 }';

describe('a load in the site file', () => {
  it('that is right is told nothing', async () => {
    const more = ', schedule: evening, switch: { device: push, point: active }, stagger_ms: 250, name: 院子';

    const said = await told(
      site(yard(`${LAMP}, { device: lamps, channel: 2, contact: normally-closed }`, more)),
    );

    expect(said).toEqual([]);
  });

  it.each([
    ['no relays', yard(''), 'relays', 'at least 1'],
    ['a board that is none', yard('{ device: lamp }'), 'no device lamp', 'Did you mean lamps?'],
    ['a device without relays', yard('{ device: air }'), 'has no relays', 'Name a relay board.'],
    [
      'a relay beyond its board',
      yard('{ device: lamps, channel: 9 }'),
      'has 8 relays; there is no 9',
      'from 1',
    ],
    ['the lock of a door', yard('{ device: locks, channel: 1 }'), 'moves the door gate', 'free'],
    ['a supply', yard('{ device: locks, channel: 8 }'), 'is the supply power', 'free'],
    ['a relay twice', yard(`${LAMP}, ${LAMP}`), 'is part of the load yard-lights already', 'once'],
    [
      'a schedule that is none',
      yard(LAMP, ', schedule: evenings'),
      'no schedule evenings',
      'Did you mean evening?',
    ],
    [
      'a switch that is no flag',
      yard(LAMP, ', switch: { device: air, point: pm2_5 }'),
      'a flag is needed',
      '',
    ],
    ['the id of a device', `{ id: lamps, relays: [${LAMP}] }`, 'the id lamps is taken already', 'own id'],
    [
      'a relay that would go out when the gateway ends',
      yard('{ device: lamps, channel: 4 }'),
      'rests off, and its load is to stay as it is',
      'on_stop: rest',
    ],
    [
      'a relay that would stay on when the gateway ends',
      yard(LAMP, ', on_stop: rest'),
      'its load is to go to its safe state',
      'on_stop: hold',
    ],
  ])('with %s is refused, with a remedy', async (_, load, message, remedy) => {
    const said = await told(site(load));

    expect(said).toHaveLength(1);
    expect(said[0]).toContain(message);
    expect(said[0]).toContain(remedy);
  });

  it('goes to its safe state where that is wanted', async () => {
    const said = await told(site(yard('{ device: lamps, channel: 4 }', ', on_stop: rest')));

    expect(said).toEqual([]);
  });

  it.each([
    ['{ target: yard-lights, command: on, args: { for_s: 60 } }', undefined],
    ['{ target: yard-lights, command: auto }', undefined],
    ['{ target: yard-lights, command: onn }', 'no command of loads onn. Did you mean on?'],
    ['{ target: yard-lights, command: on, args: { ms: 60 } }', 'on takes no ms'],
    ['{ target: yard-lights, command: on, args: { for_s: 0 } }', 'for_s is 0; 1 to 604800 is expected'],
    ['{ target: lamps, command: on, args: { channel: 1 } }', 'is part of the load yard-lights'],
    ['{ target: lamps, command: on, args: { channel: 2 } }', undefined],
  ])('is acted on by rules: %s', async (action, message) => {
    const rule = `rules: [{ id: late, when: { type: state, device: push, point: active }, do: [${action}] }]`;

    const said = await told(site(yard(LAMP), rule));

    if (message === undefined) expect(said).toEqual([]);
    else expect(said).toEqual([expect.stringContaining(message)]);
  });

  it('that a rule switches by what the load itself moves is a loop', async () => {
    const rule =
      'rules: [{ id: echo, when: { type: state, device: lamps, point: relay-1 }, do: [{ target: yard-lights, command: off }] }]';

    const said = await told(site(yard(LAMP), rule));

    expect(said).toEqual([expect.stringContaining('echo sets itself off')]);
  });

  it('may be named where commands are permitted, with or without a signature', async () => {
    const key = '{ kid: k, public_key: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo }';
    const trust = (target: string) =>
      `trust: { issuers: [{ name: desk, keys: [${key}], may: [{ targets: [${target}], commands: ['*'] }] }] }\ncommands: { unsigned: [${target}] }`;

    const right = await told(site(yard(LAMP), trust('yard-lights')));
    const wrong = await told(site(yard(LAMP), trust('yard-light')));

    expect(right).toEqual([]);
    expect(wrong).toEqual([
      expect.stringContaining('Did you mean yard-lights?'),
      expect.stringContaining('Did you mean yard-lights?'),
    ]);
  });
});
