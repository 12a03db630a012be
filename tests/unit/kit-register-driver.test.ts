import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineRegisterDriver, fromHex, type RegisterDevice, registerSimulator, toHex } from '#kit';
import { memoryModbus } from '../support/memory-links.ts';

const call = { signal: new AbortController().signal, priority: 'command' as const };
type Options = { readonly humid: boolean };

const probe: RegisterDevice<Options> = {
  id: 'probe',
  aliases: [],
  about: 'A probe for tests.',
  category: 'climate',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 300, gap_ms: 0, unit: 1 },
  poll_ms: { default: 1000, min: 100 },
  options: z.strictObject({ humid: z.boolean().default(true) }),
  table: ({ humid }) => ({
    level: { kind: 'number', at: 0, unit: 'mm', min: 0, max: 500, about: 'Level.', privacy: 'plain' },
    ...(humid && {
      humidity: { kind: 'number', at: 1, unit: '%', min: 0, max: 100, about: 'Damp.', privacy: 'plain' },
    }),
  }),
  settings: {
    address: { about: 'unit address', at: 100, values: { min: 1, max: 247 }, factory: 1, moves: true },
    baud: { about: 'baud', at: 101, values: { codes: { 0: 2400, 2: 9600 } }, factory: 9600, moves: true },
    damping: { about: 'damping', at: 102, fn: 16, values: { min: 0, max: 9 }, factory: 3 },
  },
};

function world(device: RegisterDevice<Options> = probe, options: Options = { humid: true }) {
  const driver = defineRegisterDriver(device);
  const far = registerSimulator(device, { also: [255] }).open(options, 1);
  if (far.kind !== 'modbus') throw new Error('it is a Modbus unit');
  const link = memoryModbus(far);
  return { driver, far, link, options, session: driver.open(link, options) };
}
const sent = ({ link }: ReturnType<typeof world>) => link.sent.map(toHex);

describe('a driver that is data alone', () => {
  it('reads neighbours together, and each place by itself where the device begins anew for every question', async () => {
    const together = world();
    const single = world({ ...probe, one_by_one: true });

    await together.session.sample?.(call);
    await single.session.sample?.(call);

    expect(together.driver.cost?.(together.options)).toHaveLength(1);
    expect(single.driver.cost?.(single.options)).toHaveLength(2);
    expect(sent(single)).toEqual(['01 03 00 00 00 01 84 0A', '01 03 00 01 00 01 D5 CA']);
  });

  it('leaves out what the unit refuses, and fails only when everything was refused', async () => {
    const bare = { ...probe, one_by_one: true as const };
    const device = defineRegisterDriver(bare);
    const far = registerSimulator(bare).open({ humid: false }, 1);
    if (far.kind !== 'modbus') throw new Error('it is a Modbus unit');

    const some = device.open(memoryModbus(far), { humid: true });
    const none = device.open(memoryModbus({ ...far, respond: () => Uint8Array.of(0x83, 2) }), {
      humid: true,
    });

    expect(Object.keys((await some.sample?.(call)) ?? {})).toEqual(['level']);
    await expect(none.sample?.(call)).rejects.toHaveProperty('code', 'bus.exception');
  });

  it('has only those points that its options ask for', () => {
    const { driver } = world();

    expect(Object.keys(driver.points({ humid: false }))).toEqual(['level']);
    expect(Object.keys(driver.points({ humid: true }))).toEqual(['level', 'humidity']);
  });
});

describe('a setting of a unit', () => {
  it('is read, written by its value and read back by its value', async () => {
    const { session } = world();

    const before = await session.act?.('baud', {}, call);
    const result = await session.act?.('set-baud', { baud: 2400 }, call);
    const after = await session.act?.('baud', {}, call);

    expect(before).toEqual({ result: 'done', facts: { baud: 9600 } });
    expect(result).toEqual({ result: 'done', facts: {} });
    expect(after).toEqual({ result: 'done', facts: { baud: 2400 } });
  });

  it('is written with the function the unit wants', async () => {
    const { driver, options } = world();

    const damping = driver.encode?.('set-damping', { damping: 4 }, options, 7) ?? new Uint8Array();
    const address = driver.encode?.('set-address', { address: 5 }, options, 7) ?? new Uint8Array();

    expect(toHex(damping)).toMatch(/^07 10 00 66 00 01 02 00 04/);
    expect(toHex(address)).toMatch(/^07 06 00 64 00 05/);
  });

  it.each([
    ['a value the table does not know', 'set-baud', { baud: 115_200 }, 'command.bad-args'],
    ['a value out of its range', 'set-damping', { damping: 10 }, 'command.bad-args'],
    ['a setting it has not', 'set-colour', { colour: 1 }, 'command.unknown'],
  ])('is not written with %s', async (_, name, args, code) => {
    const unit = world();

    await expect(unit.session.act?.(name, args, call)).rejects.toHaveProperty('code', code);

    expect(sent(unit)).toEqual([]);
  });

  it('is looked at again when its reply was lost, unless the unit has moved away by then', async () => {
    const { driver, far, options } = world();
    if (far.kind !== 'modbus') throw new Error('it is a Modbus unit');
    /** Does what it is told, and says so only to questions. */
    const silent = (pdu: Uint8Array, up: number) => {
      const answer = far.respond(pdu, up);
      return pdu[0] === 3 ? answer : undefined;
    };
    const session = driver.open(memoryModbus({ ...far, respond: silent }), options);

    const damping = await session.act?.('set-damping', { damping: 8 }, call);
    const address = await session.act?.('set-address', { address: 9 }, call);

    expect(damping).toEqual({ result: 'done', facts: { evidence: 'read-back' } });
    expect(address).toEqual({ result: 'unknown', facts: { fault: 'bus.no-reply' } });
  });

  it('is told from a measurement by its question; a code without meaning is no value', () => {
    const { driver, options } = world();
    const told = (reply: string) =>
      driver.decode(fromHex(reply), options, fromHex('01 03 00 65 00 01 94 15')).points;

    expect(told('01 03 02 00 02 39 85')).toEqual({ baud: 9600 });
    expect(told('01 03 02 00 05 78 47')).toEqual({ baud: null });
  });
});
