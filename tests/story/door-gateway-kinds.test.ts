import { describe, expect, it } from 'vitest';
import { ANN, doorSite, listPages, streetDoor, YARD } from '../support/door-site.ts';
import { gatewayWorld } from '../support/gateway-world.ts';

/** A barrier, a turnstile, a lift and an air lock, all on one board. */
const SITE = `${YARD}
buses:
  - { id: pi, type: gpio, chip: 'sim:wires/pi.sock' }
  - { id: relays, type: modbus-rtu, path: wires/relays, baud: 9600, echo: none }
devices:
  - { id: lift-reader, driver: wiegand-reader, bus: pi, lines: { d0: { line: GPIO23 }, d1: { line: GPIO24 } } }
  - { id: loop, driver: gpio-contact, bus: pi, lines: { contact: { line: GPIO6 } } }
  - { id: outer-contact, driver: gpio-contact, bus: pi, options: { normally: closed }, lines: { contact: { line: GPIO13 } } }
  - { id: board, driver: waveshare-relay, bus: relays, unit: 1, poll_ms: 1000, locks: [1, 2, 3, 4, 5, 6, 7, 8], options: { channels: 8, inputs: 0 } }
doors:
  - { id: ramp, type: barrier, open: { device: board, channel: 1 }, close: { device: board, channel: 2 }, presence: { device: loop, point: active } }
  - { id: turn, type: turnstile, lock_in: { device: board, channel: 3 }, lock_out: { device: board, channel: 4 } }
  - { id: lift, type: lift, floors: { f1: { device: board, channel: 5 }, f2: { device: board, channel: 6 } }, readers: { in: { device: lift-reader } } }
  - { id: outer, type: door, lock: { device: board, channel: 7 }, contacts: { in: { device: outer-contact, point: active } }, interlock: lock }
  - { id: inner, type: door, lock: { device: board, channel: 8 }, interlock: lock }
`;

async function doors() {
  const world = await gatewayWorld(SITE);
  const { far, pass } = world;
  far.set('loop', { closed: false });
  far.set('outer-contact', { closed: true });
  far.set('lift-reader', { card: null });
  await pass(15_000);
  const order = async (target: string, name: string, args = {}) => {
    const ending = world.control().submit({ target, name, args, user: 'pi' });
    let ended = false;
    const over = () => {
      ended = true;
    };
    ending.then(over, over);
    for (let left = 400; left > 0 && !ended; left -= 50) await world.clock().advance(50);
    return ending;
  };
  return {
    ...world,
    order,
    /** Relays that have power. */
    on: () =>
      Array.from({ length: 8 }, (_, index) => index + 1).filter(
        (relay) => far.said().board?.[`relay-${relay}`] === true,
      ),
    /** How often that relay got power since. */
    impulses: (relay: number, from: number) => {
      const levels = world.said
        .slice(from)
        .filter(({ device }) => device === 'board')
        .map(({ values }) => values[`relay-${relay}`] === true);
      return levels.filter((level, index) => level && !levels[index - 1]).length;
    },
  };
}

describe('a gateway moves', { timeout: 60_000 }, () => {
  it('one way of a turnstile, and not the other', async () => {
    const { order, on } = await doors();

    const outcome = await order('turn', 'unlock', { gates: ['out'] });

    expect(outcome).toMatchObject({ result: 'done', facts: { evidence: 'none' } });
    expect(on()).toEqual([4]);
  });

  it('the floors of a lift that a card opens, and no others', async () => {
    const { gateway, far, pass, on } = await doors();
    const content = {
      groups: [{ id: 'f2', rights: [{ door: 'lift', floors: ['f2'] }], keep: false, without_clock: false }],
    };
    for (const page of await listPages([{ id: 'ann', card: ANN, groups: ['f2'] }], {}, content))
      gateway().takeAccess(page);

    far.set('lift-reader', { card: ANN });
    await pass(1500, () => {}, 50);

    expect(on()).toEqual([6]);
  });

  it('a barrier up by an impulse, and down only when nothing stands below', async () => {
    const { order, far, pass, said, impulses } = await doors();
    const from = said.length;
    far.set('loop', { closed: true });
    await pass(500);

    const opened = await order('ramp', 'open');
    await pass(30_000);
    const before = impulses(2, from);
    far.set('loop', { closed: false });
    await pass(10_000);

    expect(opened).toMatchObject({ result: 'done' });
    expect(impulses(1, from)).toBe(1);
    expect([before, impulses(2, from)]).toEqual([0, 1]);
  });

  it('one door of an air lock at a time', async () => {
    const { order, on, far, pass } = await doors();
    far.set('outer-contact', { closed: false });
    await pass(1000);

    const refused = await order('inner', 'unlock');
    far.set('outer-contact', { closed: true });
    await pass(10_000);
    const outcome = await order('inner', 'unlock');

    expect(refused).toMatchObject({ result: 'refused', facts: { reason: 'interlock' } });
    expect(outcome).toMatchObject({ result: 'done' });
    expect(on()).toEqual([8]);
  });
});

describe('a door of a gateway that ends', { timeout: 60_000 }, () => {
  it('is locked by it in the middle of a card, though its relay rests as it is', async () => {
    const door = await streetDoor();
    await door.card(ANN);
    const before = door.unlocked();

    await door.restart(100, undefined, WITHOUT_DOORS);
    await door.pass(2000);

    expect([before, door.unlocked()]).toEqual([true, false]);
  });

  it('stays open where somebody held it open, and its relay rests as it is', async () => {
    const door = await streetDoor();
    await door.order('hold-open');

    await door.restart(5000, undefined, WITHOUT_DOORS);
    await door.pass(2000);

    expect(door.unlocked()).toBe(true);
  });
});

/** The same devices, of which nobody moves one by itself: so one sees what the run before has left. */
const WITHOUT_DOORS = doorSite().split('\ndoors:')[0];
