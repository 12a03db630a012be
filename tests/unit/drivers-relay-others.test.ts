import { describe, expect, it } from 'vitest';
import { fromHex, toHex, u16be } from '#kit';
import { loseReplies, relayWorld } from '../support/relay-world.ts';

const sentBy = (frames: readonly Uint8Array[]) => frames.map((frame) => toHex(frame.subarray(1, -2)));

describe('a board of LC-Tech', () => {
  it('ends its pulses by itself, in steps of 100 ms, on and off', async () => {
    const { act, relays, link } = await relayWorld('lc-tech-relay', { options: { rest: 'off' } });
    await act('on', { channel: 2 });

    expect((await act('pulse', { channel: 1, ms: 1950 })).facts).toEqual({ effective_ms: 2000 });
    expect((await act('off-pulse', { channel: 2, ms: 3000 })).facts).toEqual({ effective_ms: 3000 });
    expect(await relays()).toEqual([1]);
    link.up += 2000;
    expect(await relays()).toEqual([]);
    link.up += 1000;
    expect(await relays()).toEqual([2]);
  });

  it('keeps the timer of relay 8 at 0x0026, and is told no other time than one that fits', async () => {
    const { act, writes } = await relayWorld('lc-tech-relay');
    await act('pulse', { channel: 8, ms: 6_553_500 });
    expect(sentBy(writes())).toEqual(['10 00 26 00 02 04 00 04 FF FF']);
    await expect(act('pulse', { channel: 8, ms: 6_553_501 })).rejects.toThrow(/ms/);
  });

  it('is read eight flags at a time, however few it has', async () => {
    const { sample, link, act, rest, writes } = await relayWorld('lc-tech-relay', {
      options: { channels: 2, inputs: 2, rest: 'on' },
    });
    expect(Object.keys(await sample())).toEqual(['relay-1', 'relay-2', 'input-1', 'input-2']);
    expect(link.sent.map((frame) => u16be(frame, 4))).toEqual([8, 8]);
    await rest();
    expect(sentBy(writes())).toEqual(['0F 00 00 00 08 01 03']);
    await expect(act('on', { channel: 3 })).rejects.toThrow(/the board has 2/);
  });

  it('shows address and baud, refuses a baud it has not, and answers a new address with the whole question', async () => {
    const { act, far } = await relayWorld('lc-tech-relay');
    expect((await act('address')).facts).toEqual({ address: 255 });
    expect((await act('set-baud', { baud: 19200 })).result).toBe('done');
    expect((await act('baud')).facts).toEqual({ baud: 19200 });
    await expect(act('set-baud', { baud: 1200 })).rejects.toThrow(/1200 is none of 4800, 9600, 19200/);
    const question = fromHex('10 00 00 00 01 02 00 07');
    expect(far.kind === 'modbus' && far.respond(question, 0)).toEqual(question);
    expect((await act('address')).facts).toEqual({ address: 7 });
  });

  it('leaves a pulse unknown when its reply is lost and the relay was on before', async () => {
    const { act, link, sample } = await relayWorld('lc-tech-relay');
    await act('on', { channel: 1 });
    await sample();
    loseReplies(link);
    expect((await act('pulse', { channel: 1, ms: 500 })).result).toBe('unknown');
    expect((await act('pulse', { channel: 2, ms: 500 })).result).toBe('unknown');
    await sample();
    expect((await act('pulse', { channel: 3, ms: 500 })).facts).toEqual({
      evidence: 'read-back',
      effective_ms: 500,
    });
  });
});

describe('a board of Corx', () => {
  it('counts pulses in milliseconds, and has a fixed one of two seconds', async () => {
    const { act, relays, link } = await relayWorld('corx-cx-5104e');
    expect((await act('pulse', { channel: 1, ms: 1234 })).facts).toEqual({ effective_ms: 1234 });
    expect((await act('pulse-2s', { channel: 4 })).facts).toEqual({ effective_ms: 2000 });
    link.up += 1234;
    expect(await relays()).toEqual([4]);
    link.up += 800;
    expect(await relays()).toEqual([]);
  });

  it.each([
    'eletechsup-r421a08',
    'wellpro-wp8025',
    'waveshare-relay',
    'stm8-relay',
  ])('is told from a %s before it is moved: there the milliseconds would be a command', async (at) => {
    const { act, rest, writes } = await relayWorld('corx-cx-5104e', { at });
    expect(await act('pulse', { channel: 1, ms: 0x0100 })).toMatchObject({
      result: 'failed',
      facts: { fault: 'bus.exception', sent: false },
    });
    await expect(rest()).rejects.toMatchObject({ code: 'bus.exception' });
    expect(writes()).toEqual([]);
  });

  it('goes to rest in one write when all are alike, else one by one', async () => {
    const alike = await relayWorld('corx-cx-5104e', { options: { rest: 'on' } });
    await alike.rest();
    expect(sentBy(alike.writes())).toEqual(['05 00 32 00 00']);
    expect(await alike.relays()).toEqual([1, 2, 3, 4]);

    const mixed = await relayWorld('corx-cx-5104e', { options: { rest: ['on', 'hold', 'off'] } });
    await mixed.rest();
    expect(sentBy(mixed.writes())).toEqual(['05 00 00 FF 00', '05 00 02 00 00', '05 00 03 00 00']);
  });
});

describe('a WP8025', () => {
  it('has its relays, its address and its UART setting where its manual says', async () => {
    const { act, relays, writes } = await relayWorld('wellpro-wp8025');
    await act('on', { channel: 8 });
    expect(await relays()).toEqual([8]);
    expect((await act('set-uart', { baud: 38400, parity: 'even' })).result).toBe('done');
    expect((await act('uart')).facts).toEqual({ baud: 38400, parity: 'even' });
    expect((await act('address')).facts).toEqual({ address: 1 });
    await act('all-off');
    expect(sentBy(writes())).toEqual(['05 00 07 FF 00', '06 00 65 00 08', '0F 00 00 00 08 01 00']);
    await expect(act('set-uart', { baud: 115200 })).rejects.toThrow(/115200 is none of/);
  });
});

describe('a board that is only described', () => {
  const registers = {
    channels: 4,
    base: 1,
    write: 'register',
    on_value: 256,
    off_value: 512,
    read: 'holding',
  };

  it.each([
    [{}, ['05 00 02 FF 00', '05 00 02 00 00']],
    [{ write: 'multiple-coils', base: 16 }, ['0F 00 12 00 01 01 01', '0F 00 12 00 01 01 00']],
    [registers, ['06 00 03 01 00', '06 00 03 02 00']],
    [{ on_value: 0x0100, base: 1, channels: 4 }, ['05 00 03 01 00', '05 00 03 00 00']],
    [{ read: 'discrete', read_base: 8, inverted: true }, ['05 00 02 FF 00', '05 00 02 00 00']],
    [{ read: 'input', inverted: true, write: 'register' }, ['06 00 02 00 01', '06 00 02 00 00']],
  ])('as %j is switched and read back that way', async (options, frames) => {
    const { act, relays, writes } = await relayWorld('coil-relay', { options });
    const done = { result: 'done', facts: { evidence: 'read-back' } };

    expect(await act('on', { channel: 3 })).toEqual(done);
    expect(await relays()).toEqual([3]);
    expect(await act('off', { channel: 3 })).toEqual(done);
    expect(await relays()).toEqual([]);
    expect(sentBy(writes())).toEqual(frames);
  });

  it('is not believed when its relays do not follow', async () => {
    const { act } = await relayWorld('coil-relay', { quirks: { 'echo-only': true } });
    expect((await act('on', { channel: 1 })).result).toBe('failed');
  });

  it('that cannot be read is believed, has no points, and is unknown after a lost reply', async () => {
    const { act, session, driver, chosen, link } = await relayWorld('coil-relay', {
      options: { read: 'none' },
    });
    expect(session.sample).toBeUndefined();
    expect(driver.points(chosen)).toEqual({});
    expect(await act('on', { channel: 1 })).toEqual({ result: 'done', facts: {} });
    loseReplies(link);
    expect((await act('on', { channel: 1 })).result).toBe('unknown');
  });

  it('goes to rest in one write with function 15', async () => {
    const { rest, writes } = await relayWorld('coil-relay', {
      options: { write: 'multiple-coils', channels: 3, rest: ['on', 'off', 'on'] },
    });
    await rest();
    expect(sentBy(writes())).toEqual(['0F 00 00 00 03 01 05']);
  });

  it('cannot reach beyond the last address', async () => {
    const { driver } = await relayWorld('coil-relay');
    expect(driver.options.safeParse({ base: 65_530, channels: 6 }).success).toBe(true);
    expect(driver.options.safeParse({ base: 65_530, channels: 7 }).success).toBe(false);
    expect(driver.options.safeParse({ read_base: 65_530, channels: 7 }).success).toBe(false);
  });
});
