import { describe, expect, it } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { loadSite } from '../../src/config/index.ts';
import { derivedPoints } from '../../src/gateway/derived-plan.ts';

const BOARD = '{ id: board, driver: waveshare-relay, bus: wire, unit: 1, timeout_ms: 250, locks: [1, 2, 3] }';
const DOOR =
  '{ id: gate, type: door, lock: { device: board }, contacts: { in: { device: button, point: active } } }';

/** What `check` makes of one door, on a wire with what the test puts there. */
async function checked({
  devices = [BOARD],
  door = DOOR,
  wire = 'type: modbus-rtu, path: /dev/ttyUSB0, baud: 9600',
} = {}) {
  const lines = 'lines: { contact: { line: GPIO5 } }';
  const site = [
    'version: 1',
    'site: { id: yard, name: Yard, time_zone: Asia/Shanghai }',
    `buses: [{ id: wire, ${wire} }, { id: header, type: gpio, chip: pinctrl-bcm2711 }]`,
    `devices: [{ id: button, driver: gpio-contact, bus: header, ${lines} }, ${devices.join(', ')}]`,
    `doors: [${door}]`,
  ];
  const library = await openLibrary();
  const { doors, problems } = await loadSite(site.join('\n'), {
    library: async () => library,
    readText: () => undefined,
    derivedPoints,
  });
  const told = problems.filter(({ message }) => message.includes('after it is told to'));
  return { wait: doors[0]?.wait, told: told.map(({ severity }) => severity), problems };
}

const slow = (timeout_ms: number) =>
  `{ id: slow, driver: xy-md02, bus: wire, unit: 7, poll_ms: 30000, timeout_ms: ${timeout_ms} }`;

describe('how long a door may wait for its relay', () => {
  it('is what the gateway needs and the one exchange that may be on its wire', async () => {
    const { wait, told } = await checked();

    expect(wait).toMatchObject({ bound_ms: 300, gateway_ms: 50, in_flight_ms: 250, behind: 'board' });
    expect(told).toEqual([]);
  });

  it.each([
    [200, 300, []],
    [251, 301, ['warning']],
    [1950, 2000, ['warning']],
  ])('behind a unit with a timeout of %i ms is %i ms, told as %j', async (timeout_ms, bound_ms, severity) => {
    const { wait, told } = await checked({ devices: [BOARD, slow(timeout_ms)] });

    expect(wait?.bound_ms).toBe(bound_ms);
    expect(told).toEqual(severity);
  });

  it('is refused beyond two seconds', async () => {
    const { wait, told } = await checked({ devices: [BOARD, slow(1951)] });

    expect([wait, told]).toEqual([undefined, ['error']]);
  });

  it('counts a unit that is never polled, but may be told something', async () => {
    const sign = '{ id: sign, driver: armfly-led-485, bus: wire, unit: 9, timeout_ms: 900 }';

    const { wait } = await checked({ devices: [BOARD, sign] });

    expect(wait).toMatchObject({ bound_ms: 950, behind: 'sign' });
  });

  it('counts the time a unit is known to need before it answers', async () => {
    const ceiling = slow(400).replace('timeout_ms', 'reply_delay_ms: 300, timeout_ms');

    const { wait } = await checked({ devices: [BOARD, ceiling] });

    expect(wait?.bound_ms).toBe(750);
  });

  it('is nothing on a line of the chip, which is set at once', async () => {
    const relay =
      '{ id: board, driver: gpio-relay, bus: header, locks: [1], lines: { relay: { line: GPIO6 } } }';

    const { wait } = await checked({ devices: [relay] });

    expect(wait).toMatchObject({ bound_ms: 50, in_flight_ms: 0, behind: '' });
  });

  it('is that of the slowest of its relays', async () => {
    const lift =
      '{ id: lift, type: lift, floors: { f1: { device: board, channel: 1 }, f2: { device: line } } }';
    const line =
      '{ id: line, driver: gpio-relay, bus: header, locks: [1], lines: { relay: { line: GPIO6 } } }';

    const { wait } = await checked({ devices: [line, BOARD], door: lift });

    expect(wait).toMatchObject({ relay: 'board', channel: 1, bound_ms: 300 });
  });
});

describe('who ends the unlock of a door', () => {
  it.each([
    ['a board with a timer of its own', BOARD, DOOR, 'board'],
    ['a board without one', BOARD.replace('waveshare-relay', 'coil-relay'), DOOR, 'gateway'],
    [
      'a barrier with an impulse each way',
      BOARD,
      '{ id: bar, type: barrier, open: { device: board }, close: { device: board, channel: 2 } }',
      'board',
    ],
    [
      'a barrier that stands open while its relay is on',
      BOARD,
      '{ id: bar, type: barrier, open: { device: board } }',
      'gateway',
    ],
  ])('%s', async (_what, board, door, ends_by) => {
    const { wait, problems } = await checked({ devices: [board], door });

    expect(wait?.ends_by, JSON.stringify(problems)).toBe(ends_by);
  });
});
