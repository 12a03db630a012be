import { describe, expect, it } from 'vitest';
import type { LineSetting } from '../../src/contracts/index.ts';
import { rtuFrame } from '../../src/kit/index.ts';
import { fieldWorld } from '../support/field-world.ts';

const AT_4800: LineSetting = { baud: 4800, parity: 'none' };
const AT_9600: LineSetting = { baud: 9600, parity: 'none' };
const WRITES = [5, 6, 15, 16];

type World = Awaited<ReturnType<typeof fieldWorld>>;

/** What was written, to whom: `1: 6 2000`. */
const writes = ({ bus }: World): readonly string[] =>
  bus.heard
    .filter(({ pdu }) => WRITES.includes(pdu[0] ?? 0))
    .map(({ unit, pdu }) => `${unit}: ${pdu[0]} ${((pdu[1] ?? 0) << 8) | (pdu[2] ?? 0)}`);

describe('another address for a unit', () => {
  it('is told once, and the unit is found at its new place and no longer at its old one', async () => {
    const world = await fieldWorld();
    const unit = await world.bus.add('louver-box', { unit: 1, baud: 4800 });
    const neighbour = await world.bus.add('noise-rs485', { unit: 2, baud: 4800 });

    const report = await world.readdress({ driver: 'louver-box', from: 1, to: 5 });

    expect([unit.unit, neighbour.unit]).toEqual([5, 2]);
    expect(writes(world)).toEqual(['1: 6 2000']);
    expect(report).toMatchObject({
      state: 'moved',
      from: { unit: 1, setting: AT_4800 },
      to: { unit: 5, setting: AT_4800 },
    });
    expect(report.evidence).toEqual([
      'unit 1 at 4800 8N1 answered, alone',
      'register 2000 (0x07D0) holds its address, 1',
      'nobody answered as unit 5 at 4800 8N1',
      'it was told, and acknowledged',
      'unit 5 at 4800 8N1 answers',
      'nobody answers as unit 1 at 4800 8N1',
    ]);
    expect(report.next).toEqual([expect.stringContaining('unit: 5')]);
  });

  it.each([
    ['waveshare-relay', 1, 9600],
    ['lc-tech-relay', 255, 9600],
    ['stm8-relay', 1, 9600],
    ['dyp-modbus-ultrasonic', 1, 115_200],
    ['weather-station-500', 1, 4800],
  ] as const)('works for %s as it leaves the factory', async (driver, from, baud) => {
    const world = await fieldWorld();
    const unit = await world.bus.add(driver, { unit: from, baud });

    const { state } = await world.readdress({ driver, from, to: 33 });

    expect([state, unit.unit]).toEqual(['moved', 33]);
    expect(writes(world)).toHaveLength(1);
  });

  it('is given to a sensor with bytes of its own, whose address is an option of its driver', async () => {
    const world = await fieldWorld();
    const far = (await world.library.simulator('dfrobot-urm-uart')).open(
      (await world.library.load('dfrobot-urm-uart')).options.parse({}),
      3,
    );
    if (far.kind !== 'bytes') throw new Error('it has bytes of its own');
    world.bus.talkers.push({ far, setting: { baud: 19_200, parity: 'none' } });

    const report = await world.readdress({ driver: 'dfrobot-urm-uart', from: 17, to: 18 });

    expect(report.state).toBe('moved');
    expect(report.next[0]).toContain('address: 18');
    await expect(world.readdress({ driver: 'dfrobot-urm-uart', from: 17, to: 19 })).rejects.toMatchObject({
      code: 'field.silent',
    });
  });

  it('is seen through although its acknowledgement is lost', async () => {
    const world = await fieldWorld();
    const unit = await world.bus.add('louver-box', { unit: 1, baud: 4800 });
    unit.quirk = (pdu) => {
      if (pdu[0] !== 6) return 'usual';
      unit.far.respond(pdu, 0);
      unit.power();
      return undefined;
    };

    const report = await world.readdress({ driver: 'louver-box', from: 1, to: 5 });

    expect(report.state).toBe('moved');
    expect(report.evidence).toContain('it was told');
  });

  it('names the device of the site file that the unit becomes', async () => {
    const world = await fieldWorld({ own: AT_4800 });
    await world.bus.add('louver-box', { unit: 1, baud: 4800 });
    const site = [await world.site('air-1', 'louver-box', 5)];

    const report = await world.readdress({ driver: 'louver-box', from: 1, to: 5 }, site);

    expect(report.device).toBe('air-1');
    expect(report.next).toEqual(['The site file has it as air-1 already.']);
  });
});

describe('another address is refused, and nothing is written,', () => {
  const refused = async (
    world: World,
    wish: Parameters<World['readdress']>[0],
    site: Parameters<World['readdress']>[1] = [],
  ): Promise<unknown> => {
    const error = await world.readdress(wish, site).catch((reason: unknown) => reason);
    expect(writes(world)).toEqual([]);
    return error;
  };

  it('when somebody answers there, even by refusing', async () => {
    const world = await fieldWorld();
    await world.bus.add('louver-box', { unit: 1, baud: 4800 });
    const there = await world.bus.add('noise-rs485', { unit: 5, baud: 4800 });
    there.quirk = (pdu) => Uint8Array.of(0x80 | (pdu[0] ?? 0), 1);

    expect(await refused(world, { driver: 'louver-box', from: 1, to: 5 })).toMatchObject({
      code: 'field.taken',
      message: expect.stringContaining('unit 5 at 4800 8N1'),
    });
  });

  it('when two units have the old one: both would take the new one', async () => {
    const world = await fieldWorld();
    await world.bus.add('louver-box', { unit: 1, baud: 4800 });
    await world.bus.add('louver-box', { unit: 1, baud: 4800, delay_ms: 14 });

    expect(await refused(world, { driver: 'louver-box', from: 1, to: 5 })).toMatchObject({
      code: 'field.shared',
    });
  });

  it('when what answers is no unit of that driver', async () => {
    const world = await fieldWorld();
    await world.bus.add('weather-station-500', { unit: 1, baud: 4800 });
    const one = await world.bus.add('xy-md02', { unit: 3, baud: 4800 });

    expect(await refused(world, { driver: 'louver-box', from: 3, to: 5 })).toMatchObject({
      code: 'driver.wrong-device',
    });
    expect(one.unit).toBe(3);
  });

  it.each([
    ['tells another address', Uint8Array.of(3, 2, 0, 9), 'holds 9, not the address 1'],
    ['has no register for it', Uint8Array.of(0x83, 2), 'it has no register 2000'],
  ])('when the unit %s, whatever its values say', async (_, answer, evidence) => {
    const world = await fieldWorld();
    const unit = await world.bus.add('louver-box', { unit: 1, baud: 4800 });
    unit.quirk = (pdu) => (pdu[0] === 3 && pdu[1] === 0x07 && pdu[2] === 0xd0 ? answer : 'usual');

    expect(await refused(world, { driver: 'louver-box', from: 1, to: 5 })).toMatchObject({
      code: 'driver.wrong-device',
      message: expect.stringContaining(evidence),
    });
  });

  it('when nobody answers; that it may have moved before is said where it has', async () => {
    const world = await fieldWorld();
    await world.bus.add('louver-box', { unit: 5, baud: 4800 });

    const gone = await refused(world, { driver: 'louver-box', from: 1, to: 6 });
    const moved = await refused(world, { driver: 'louver-box', from: 1, to: 5 });

    expect(gone).toMatchObject({ code: 'field.silent', facts: { hint: '' } });
    expect(moved).toMatchObject({
      code: 'field.silent',
      message: expect.stringContaining('may have moved before'),
    });
  });

  it('when the site file has given it to another kind of device', async () => {
    const world = await fieldWorld({ own: AT_4800 });
    await world.bus.add('louver-box', { unit: 1, baud: 4800 });
    const site = [await world.site('noise-1', 'noise-rs485', 5)];

    expect(await refused(world, { driver: 'louver-box', from: 1, to: 5 }, site)).toMatchObject({
      code: 'field.reserved',
      facts: { device: 'noise-1' },
    });
  });

  it('when another master speaks on the wire', async () => {
    const world = await fieldWorld();
    await world.bus.add('louver-box', { unit: 1, baud: 4800 });
    void (async () => {
      for (let unit = 1; unit <= 8; unit += 1) {
        await world.clock.sleep('the other master', 250);
        world.bus.say(rtuFrame(unit, Uint8Array.of(3, 0, 0, 0, 1)), AT_4800);
      }
    })();

    expect(await refused(world, { driver: 'louver-box', from: 1, to: 5 })).toMatchObject({
      code: 'field.other-master',
    });
  });

  it.each([
    ['an address that no unit can have', { driver: 'louver-box', from: 1, to: 300 }, 'command.bad-args'],
    ['the address that it has', { driver: 'louver-box', from: 4, to: 4 }, 'usage'],
    [
      'a driver whose address no command changes',
      { driver: 'coil-relay', from: 1, to: 2 },
      'field.not-settable',
    ],
    ['a driver that hangs on no wire', { driver: 'gpio-relay', from: 1, to: 2 }, 'field.not-settable'],
    ['a driver that there is not', { driver: 'louver-bx', from: 1, to: 2 }, 'driver.unknown'],
  ] as const)('for %s, before a byte is sent', async (_, wish, code) => {
    const world = await fieldWorld();

    expect(await refused(world, wish)).toMatchObject({ code });
    expect(world.bus.heard).toEqual([]);
  });
});

describe('what may become of a unit that was told another address', () => {
  it('it refuses: then nothing has changed, and that is said', async () => {
    const world = await fieldWorld();
    const unit = await world.bus.add('louver-box', { unit: 1, baud: 4800 });
    unit.quirk = (pdu) => (pdu[0] === 6 ? Uint8Array.of(0x86, 4) : 'usual');

    await expect(world.readdress({ driver: 'louver-box', from: 1, to: 5 })).rejects.toMatchObject({
      code: 'field.refused',
      message: expect.stringContaining('exception 4'),
    });
  });

  it('it acknowledges and forgets: that it still answers where it was is found', async () => {
    const world = await fieldWorld();
    const unit = await world.bus.add('louver-box', { unit: 1, baud: 4800 });
    unit.quirk = (pdu) => (pdu[0] === 6 ? pdu.slice() : 'usual');

    await expect(world.readdress({ driver: 'louver-box', from: 1, to: 5 })).rejects.toMatchObject({
      code: 'field.not-taken',
    });
  });

  it('it falls silent: what to do next is said, and no second write is made', async () => {
    const world = await fieldWorld();
    const unit = await world.bus.add('louver-box', { unit: 1, baud: 4800 });
    unit.quirk = (pdu) => {
      if (pdu[0] === 6) unit.mute = true;
      return 'usual';
    };

    await expect(world.readdress({ driver: 'louver-box', from: 1, to: 5 })).rejects.toMatchObject({
      code: 'field.lost',
      remedy: expect.stringContaining('bus scan'),
    });
    expect(writes(world)).toHaveLength(1);
  });

  it('its register says so and it answers where it was: it waits for a new start', async () => {
    const world = await fieldWorld();
    const unit = await world.bus.add('louver-box', { unit: 1, baud: 4800 });
    let word = 1;
    unit.quirk = (pdu) => {
      if (pdu[0] === 6) {
        word = pdu[4] ?? 0;
        return pdu.slice();
      }
      const asksAddress = pdu[0] === 3 && pdu[1] === 0x07 && pdu[2] === 0xd0;
      return asksAddress ? Uint8Array.of(3, 2, 0, word) : 'usual';
    };

    const report = await world.readdress({ driver: 'louver-box', from: 1, to: 5 });

    expect(report.state).toBe('pending');
    expect(report.next[0]).toContain('Switch it off and on');
  });

  it('a second unit had the old address all along, and is heard now', async () => {
    const world = await fieldWorld();
    const unit = await world.bus.add('louver-box', { unit: 1, baud: 4800 });
    const other = await world.bus.add('louver-box', { unit: 1, baud: 4800 });
    other.mute = true;
    unit.quirk = (pdu) => {
      if (pdu[0] === 6) other.mute = false;
      return 'usual';
    };

    await expect(world.readdress({ driver: 'louver-box', from: 1, to: 5 })).rejects.toMatchObject({
      code: 'field.doubled',
    });
  });

  it('hands have to do it: what they have to do is said until it has been done', async () => {
    const world = await fieldWorld();
    const unit = await world.bus.add('eletechsup-ryn4', { unit: 1, baud: 9600 });
    void world.clock.sleep('a person', 20_000).then(() => {
      unit.unit = 5;
    });

    const report = await world.readdress({ driver: 'eletechsup-ryn4', from: 1, to: 5, wait_ms: 60_000 });

    expect(report.state).toBe('moved');
    expect(writes(world)).toEqual([]);
    const waiting = world.progress.filter(({ stage }) => stage === 'wait');
    expect(waiting[0]?.please).toContain('switches A0 to A5');
    expect(waiting.at(-1)?.left_ms).toBeLessThan(45_000);
  });
});

describe('another speed for a unit', () => {
  it('is told once, with its parity, and the unit answers at it', async () => {
    const world = await fieldWorld();
    const unit = await world.bus.add('waveshare-relay', { unit: 7, baud: 9600 });

    const to = { baud: 19_200, parity: 'even' as const };
    const report = await world.rebaud({ driver: 'waveshare-relay', unit: 7, to });

    expect(unit.setting).toEqual(to);
    expect(report).toMatchObject({ state: 'moved', from: { setting: AT_9600 }, to: { setting: to } });
    expect(writes(world)).toHaveLength(1);
    expect(world.opened.at(-1)).toEqual(AT_9600);
    expect(report.next.at(-1)).toContain('19200 8E1');
  });

  it('of a unit that takes it with its next start is waited for', async () => {
    const world = await fieldWorld();
    const unit = await world.bus.add('louver-box', { unit: 7, baud: 4800 });
    void world.clock.sleep('a person', 15_000).then(() => unit.power());

    const report = await world.rebaud({
      driver: 'louver-box',
      unit: 7,
      to: { baud: 9600 },
      wait_ms: 60_000,
    });

    expect(report.state).toBe('moved');
    expect(unit.setting.baud).toBe(9600);
    expect(world.progress.find(({ stage }) => stage === 'wait')?.please).toBe('Switch it off and on.');
  });

  it('of such a unit is pending when nobody waits, and its own register says that it was taken', async () => {
    const world = await fieldWorld();
    await world.bus.add('louver-box', { unit: 7, baud: 4800 });

    const report = await world.rebaud({ driver: 'louver-box', unit: 7, to: { baud: 9600 } });

    expect(report.state).toBe('pending');
    expect(report.evidence).toContain('its own setting says so');
    expect(report.next[0]).toContain('Switch it off and on');
  });

  it.each([
    ['a speed that it has not', { driver: 'louver-box', unit: 7, to: { baud: 250_000 } }, 'command.bad-args'],
    [
      'a parity where only the speed can be told',
      { driver: 'louver-box', unit: 7, to: { baud: 9600, parity: 'even' } },
      'field.not-settable',
    ],
    ['the speed that it has', { driver: 'louver-box', unit: 7, to: { baud: 4800 } }, 'usage'],
    ['a driver with one speed', { driver: 'stm8-relay', unit: 7, to: { baud: 4800 } }, 'field.not-settable'],
  ] as const)('is refused for %s, before a byte is sent', async (_, wish, code) => {
    const world = await fieldWorld();

    await expect(world.rebaud(wish)).rejects.toMatchObject({ code });
    expect(world.bus.heard).toEqual([]);
  });

  it('is refused when a unit of that address answers at that speed already', async () => {
    const world = await fieldWorld();
    await world.bus.add('louver-box', { unit: 7, baud: 4800 });
    await world.bus.add('xy-md02', { unit: 7, baud: 9600 });

    await expect(world.rebaud({ driver: 'louver-box', unit: 7, to: { baud: 9600 } })).rejects.toMatchObject({
      code: 'field.taken',
    });
    expect(writes(world)).toEqual([]);
  });
});
