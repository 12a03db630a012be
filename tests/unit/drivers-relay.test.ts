import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AnyDriver, Fault, fromHex, toHex, u16be } from '#kit';
import { openLibrary } from '../../drivers/index.ts';
import { memoryModbus } from '../support/memory-links.ts';

const call = { signal: new AbortController().signal, priority: 'command' as const };

async function board(given: object = {}) {
  const library = await openLibrary();
  const driver: AnyDriver = await library.load('waveshare-relay');
  const options = driver.options.parse(given);
  const far = (await library.simulator('waveshare-relay')).open(options, 1);
  if (far.kind !== 'modbus') throw new Error('the board is a Modbus unit');
  const link = memoryModbus(far);
  // The link is the Modbus one that the driver names.
  const session = driver.open(link as never, options);
  const relays = async () => {
    const sample = (await session.sample?.(call)) ?? {};
    return Object.entries(sample).flatMap(([name, on]) =>
      name.startsWith('relay-') && on === true ? [Number(name.slice(6))] : [],
    );
  };
  return { driver, options, far, link, session, relays };
}

describe('a pulse', () => {
  it('never puts FF00 at 0x0200 and above, whatever is asked for, and is never shorter than that', async () => {
    const { driver, options } = await board({ channels: 32 });
    const wish = fc.record({
      channel: fc.integer({ min: 1, max: 32 }),
      ms: fc.integer({ min: 1, max: 3_276_700 }),
    });
    fc.assert(
      fc.property(fc.constantFrom('pulse', 'off-pulse'), wish, (name, args) => {
        const frame = driver.encode?.(name, args, options, 1) ?? new Uint8Array();
        expect(u16be(frame, 2) & 0xff).toBe(args.channel - 1);
        const steps = u16be(frame, 4);
        expect(steps).not.toBe(0xff00);
        expect(steps).toBeLessThanOrEqual(0x7fff);
        expect(steps * 100).toBeGreaterThanOrEqual(args.ms);
        expect(steps * 100 - args.ms).toBeLessThan(100);
      }),
    );
  });

  it('tells how long it really is, and ends by the board', async () => {
    const { session, link, relays } = await board();

    const result = await session.act?.('pulse', { channel: 2, ms: 650 }, call);

    expect(result).toEqual({ result: 'done', facts: { effective_ms: 700 } });
    expect(toHex(link.sent.at(-1) ?? new Uint8Array())).toMatch(/^01 05 02 01 00 07/);
    expect(await relays()).toEqual([2]);
    link.up += 700;
    expect(await relays()).toEqual([]);
  });

  it.each([
    [{ channel: 9, ms: 100 }, /the board has 8/],
    [{ channel: 0, ms: 100 }, /channel/],
    [{ channel: 1, ms: 0 }, /ms/],
    [{ channel: 1, ms: 3_276_701 }, /ms/],
    [{ channel: 1, ms: 100.5 }, /ms/],
    [{ channel: 1 }, /ms/],
    [{ channel: 1, ms: 100, force: true }, /force/],
  ])('with %j is refused before anything is sent', async (args, why) => {
    const { session, link } = await board();
    await expect(session.act?.('pulse', args, call)).rejects.toThrow(why);
    expect(link.sent).toEqual([]);
  });

  it('without a reply is unknown, unless the relay was seen to change', async () => {
    const { session, link } = await board();
    const write = link.write;
    // The board acts, but its reply is lost.
    link.write = async (wish, about) => {
      await write(wish, about);
      throw new Fault('bus.no-reply', { sent: true });
    };

    expect((await session.act?.('pulse', { channel: 1, ms: 500 }, call))?.result).toBe('unknown');
    link.up += 10_000;
    await session.sample?.(call);
    expect(await session.act?.('pulse', { channel: 1, ms: 500 }, call)).toEqual({
      result: 'done',
      facts: { evidence: 'read-back', effective_ms: 500 },
    });
    // It is on already: that it is still on proves nothing.
    await session.sample?.(call);
    expect((await session.act?.('pulse', { channel: 1, ms: 500 }, call))?.result).toBe('unknown');
    expect((await session.act?.('on', { channel: 1 }, call))?.facts).toEqual({ evidence: 'read-back' });
  });
});

describe('a look that was under way when a pulse was sent', () => {
  it('proves nothing about the next one: it tells the state before', async () => {
    const { session, link } = await board();
    const readAll = link.readAll;
    let goOn = () => {};
    // The look has been answered, but its answer is not delivered yet.
    link.readAll = async (ranges, about) => {
      const answers = await readAll(ranges, about);
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      return answers;
    };
    const look = session.sample?.(call);
    await Promise.resolve();
    await session.act?.('pulse', { channel: 1, ms: 5000 }, call);
    goOn();
    await look;

    link.write = async () => Promise.reject(new Fault('bus.no-reply', { sent: true }));
    expect((await session.act?.('pulse', { channel: 1, ms: 5000 }, call))?.result).toBe('unknown');
  });
});

describe('resting', () => {
  it.each([
    ['off', [1, 2, 8], []],
    ['on', [3], [1, 2, 3, 4, 5, 6, 7, 8]],
    ['hold', [3, 5], [3, 5]],
    [
      ['on', 'hold', 'off'],
      [2, 3, 4],
      [1, 2],
    ],
  ])('to %j goes from %j to %j, twice', async (rest, before, after) => {
    const { session, relays } = await board({ rest });
    for (const channel of before) await session.act?.('on', { channel }, call);

    for (let turn = 0; turn < 2; turn += 1) {
      await session.rest?.(call);
      expect(await relays()).toEqual(after);
    }
  });

  it('leaves a relay that holds untouched, even one that is in a pulse', async () => {
    const { session, link } = await board({
      rest: ['hold', 'off', 'off', 'off', 'off', 'off', 'off', 'off'],
    });
    await session.act?.('pulse', { channel: 1, ms: 1000 }, call);
    const from = link.sent.length;
    await session.rest?.(call);
    expect(link.sent.slice(from).map((frame) => u16be(frame, 2))).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});

describe('resting a relay whose write fails', () => {
  it('still brings the others to rest, and tells the failure', async () => {
    const { session, link, relays } = await board({ rest: ['off', 'hold', 'off'], channels: 3, inputs: 0 });
    for (const channel of [1, 2, 3]) await session.act?.('on', { channel }, call);
    const write = link.write;
    link.write = async (wish, about) => {
      if (wish.at === 0) throw new Fault('bus.no-reply', { sent: true });
      return write(wish, about);
    };

    await expect(session.rest?.(call)).rejects.toMatchObject({ code: 'bus.no-reply' });
    expect(await relays()).toEqual([1, 2]);
  });
});

describe('a board without inputs', () => {
  it('still shows its relays when it refuses to read inputs', async () => {
    const { session, link } = await board();
    const readAll = link.readAll;
    link.readAll = async (ranges, about) =>
      (await readAll(ranges, about)).map((values, index) =>
        ranges[index]?.table === 'discrete' ? new Fault('bus.exception', { exception: 1 }) : values,
      );
    const sample = await session.sample?.(call);
    expect(Object.keys(sample ?? {})).toHaveLength(8);
  });
});

describe('commissioning', () => {
  it('reads the version and the address, and refuses a baud the firmware does not know', async () => {
    const { session, far } = await board({ baud_table: 'stm8' });
    far.set({ 'register-32768': 201 });
    expect((await session.act?.('version', {}, call))?.facts).toEqual({ version: 2.01 });
    expect((await session.act?.('address', {}, call))?.facts).toEqual({ address: 1 });
    await expect(session.act?.('set-uart', { baud: 4800 }, call)).rejects.toThrow(/4800 is none of 9600/);
  });

  it('never speaks to everybody in a session: all boards of the bus would take the address', async () => {
    const { session, link } = await board();
    await session.act?.('set-address', { address: 7 }, call);
    expect(link.sent[0]?.[0]).toBe(1);
  });
});

describe('the simulated board', () => {
  it('refuses what the real one refuses', async () => {
    const { far } = await board();
    if (far.kind !== 'modbus') return;
    const ask = (hex: string) => toHex(far.respond(fromHex(hex), 0) ?? new Uint8Array());
    expect(ask('05 02 00 FF 00')).toBe('85 03');
    expect(ask('05 02 08 00 01')).toBe('85 02');
    expect(ask('05 00 00 12 34')).toBe('85 03');
    expect(ask('01 00 00 00 09')).toBe('81 02');
    expect(ask('2B 0E 01 00')).toBe('AB 01');
  });
});
