import { describe, expect, it } from 'vitest';
import { ANN, listPages, YARD } from '../support/door-site.ts';
import { gatewayWorld } from '../support/gateway-world.ts';
import { dice } from '../support/quiet.ts';

const LONG = Boolean(process.env.GATELODGE_LONG);
const FIRES = LONG ? 300 : 12;
/** AC-9. */
const RELEASED_MS = 200;

/** Five doors, each with a lock on a wire of its own, and one panel. The magnet has power when it is locked; the last two boards have no timer. */
const SITE = `${YARD}
buses:
  - { id: pi, type: gpio, chip: 'sim:wires/pi.sock' }
  - { id: one, type: modbus-rtu, path: wires/one, baud: 9600, echo: none }
  - { id: two, type: modbus-rtu, path: wires/two, baud: 19200, echo: none }
  - { id: three, type: modbus-tcp, host: 192.168.1.3, port: 502 }
  - { id: four, type: modbus-rtu-tcp, host: 192.168.1.4, port: 4001, baud: 9600 }
devices:
  - { id: reader, driver: wiegand-reader, bus: pi, lines: { d0: { line: GPIO23 }, d1: { line: GPIO24 } } }
  - { id: panel, driver: gpio-contact, bus: pi, options: { normally: closed }, lines: { contact: { line: GPIO19, debounce_ms: 50 } } }
  - { id: contact, driver: gpio-contact, bus: pi, options: { normally: closed }, lines: { contact: { line: GPIO6 } } }
  - { id: line, driver: gpio-relay, bus: pi, lines: { relay: { line: GPIO26 } }, locks: [1] }
  - { id: strike, driver: waveshare-relay, bus: one, unit: 1, poll_ms: 250, timeout_ms: 120, locks: [1], options: { channels: 8, inputs: 0, rest: hold } }
  - { id: magnet, driver: waveshare-relay, bus: two, unit: 1, poll_ms: 250, timeout_ms: 120, locks: [1], options: { channels: 8, inputs: 0, rest: hold } }
  - { id: tcp, driver: waveshare-relay, bus: three, unit: 1, poll_ms: 250, timeout_ms: 120, locks: [1], options: { channels: 8, inputs: 0, rest: hold } }
  - { id: coil, driver: coil-relay, bus: four, unit: 1, poll_ms: 250, timeout_ms: 120, locks: [1], options: { channels: 8, rest: hold } }
fire_inputs: [{ id: fire, device: panel, point: active }]
doors:
  - { id: strike-door, type: door, lock: { device: strike }, readers: { in: { device: reader } }, contacts: { in: { device: contact, point: active } }, fire: { inputs: [fire] } }
  - { id: magnet-door, type: door, lock: { device: magnet, wiring: fail-safe }, interlock: sluice, fire: { inputs: [fire] } }
  - { id: tcp-door, type: door, lock: { device: tcp }, interlock: sluice, fire: { inputs: [fire] } }
  - { id: coil-door, type: door, lock: { device: coil }, fire: { inputs: [fire] } }
  - { id: line-door, type: door, lock: { device: line }, fire: { inputs: [fire] } }
`;
const DOORS = ['strike', 'magnet', 'tcp', 'coil', 'line'] as const;

/** Boards by the place their wire leaves at. */
const PLACES: Readonly<Record<string, Exclude<(typeof DOORS)[number], 'line'>>> = {
  'wires/one': 'strike',
  'wires/two': 'magnet',
  'tcp 502': 'tcp',
  'tcp 4001': 'coil',
};

/** A write of relay 1 that takes power from a magnet, or gives it to a strike. */
function isRelease(board: string, bytes: Uint8Array): boolean {
  const pdu = board === 'tcp' ? bytes.subarray(7) : bytes.subarray(1);
  return pdu[0] === 5 && pdu[1] === 0 && pdu[2] === 0 && pdu[3] === (board === 'magnet' ? 0 : 0xff);
}

/** All shut, locked and in lockdown. */
async function inLockdown() {
  /** When the release of each door left. */
  const releases = new Map<string, number>();
  const note = (id: string) => {
    if (!releases.has(id)) releases.set(id, world.clock().now().up);
  };
  const world = await gatewayWorld(SITE, {
    onSent: (place, bytes) => {
      const board = PLACES[place.split('/').slice(-2).join('/')];
      if (board && isRelease(board, bytes)) note(board);
    },
    onSaid: ({ device, values }) => {
      if (device === 'line' && values.relay === true) note('line');
    },
  });
  const { far, pass, control, clock } = world;
  far.set('panel', { closed: true });
  far.set('contact', { closed: true });
  far.set('reader', { card: null });
  await pass(6000, () => {}, 1000);
  for (const page of await listPages([{ id: 'ann', card: ANN }], { doors: DOORS.map((id) => `${id}-door`) }))
    world.gateway().takeAccess(page);
  const order = async (door: string, name: string) => {
    const ending = control().submit({ target: `${door}-door`, name, args: {}, user: 'pi' });
    let ended = false;
    const over = () => {
      ended = true;
    };
    ending.then(over, over);
    for (let left = 1000; left > 0 && !ended; left -= 10) await clock().advance(10);
    return ending;
  };
  for (const door of DOORS) await order(door, 'lockdown');
  /** Power on the lock, or none on a magnet. */
  const released = (id: (typeof DOORS)[number]): boolean => {
    const said = far.said()[id] ?? {};
    const on = id === 'line' ? said.relay === true : said['relay-1'] === true;
    return id === 'magnet' ? !on : on;
  };
  return { ...world, order, releases, locked: () => DOORS.filter((id) => !released(id)) };
}

describe('a fire (AC-9)', { timeout: LONG ? 1_800_000 : 120_000 }, () => {
  it(`has the release of every door on its wire within ${RELEASED_MS} ms, in a lockdown too, whatever is on the wires just then`, async () => {
    const { far, pass, clock, locked, releases } = await inLockdown();
    // The boards think for nearly as long as they may: a poll is on the wire for a good part of the time.
    for (const id of ['strike', 'magnet', 'tcp', 'coil']) far.faults.set(id, 'late', { ms: 100 });
    const random = dice(3);
    const took: (readonly [string, number])[] = [];

    for (let fire = 0; fire < FIRES; fire += 1) {
      await pass(2000 + Math.round(1000 * random()), () => {}, 50);
      expect(locked()).toEqual([...DOORS]);
      releases.clear();
      const { up } = clock().now();
      far.set('panel', { closed: false });
      await pass(1000, () => {}, 10);
      for (const id of DOORS) took.push([id, (releases.get(id) ?? Number.POSITIVE_INFINITY) - up]);
      far.set('panel', { closed: true });
    }

    expect(took.filter(([, ms]) => ms > RELEASED_MS)).toEqual([]);
    const longest = Math.max(...took.map(([, ms]) => ms));
    console.log(
      `${FIRES} fires: the last of five doors was released after ${Math.round(longest)} ms at most`,
    );
  });

  it('locks no door while it burns: not by lockdown, order, card, contact, schedule, restart, or a board that comes back', async () => {
    const { far, pass, order, locked, restart } = await inLockdown();
    const relocked: string[] = [];
    const watch = async (what: string, ms = 3000) => {
      for (let left = ms; left > 0; left -= 50) {
        await pass(50, () => {}, 50);
        for (const id of locked()) relocked.push(`${id}: ${what}`);
      }
    };
    far.set('panel', { closed: false });
    await pass(500, () => {}, 50);
    const released = locked();

    await watch('at first');
    for (const door of DOORS) {
      for (const name of ['lock', 'lockdown', 'end-lockdown', 'unlock', 'end-hold']) await order(door, name);
      await watch(`orders to ${door}`, 1000);
    }
    far.set('reader', { card: ANN });
    await watch('a card', 8000);
    for (const closed of [false, true, false, true]) {
      far.set('contact', { closed });
      await watch('the contact moves', 1500);
    }
    await watch('an hour', 60_000);
    // A line falls when its process ends, and is taken again with its rest: so the line door is not among those that hold over a restart.
    await restart(3000);
    await pass(3000, () => {}, 100);
    await watch('a restart', 10_000);
    far.faults.set('strike', 'mute');
    await watch('a board is away', 10_000);
    far.faults.clear('strike', 'mute');
    await watch('a board is back', 10_000);

    expect(released).toEqual([]);
    expect([...new Set(relocked)]).toEqual([]);
  });

  it('that is over leaves the doors to the lockdown they were in', async () => {
    const { far, pass, locked } = await inLockdown();

    far.set('panel', { closed: false });
    await pass(60_000, () => {}, 1000);
    const during = locked();
    far.set('panel', { closed: true });
    await pass(2000, () => {}, 100);

    expect([during, locked()]).toEqual([[], [...DOORS]]);
  });
});
