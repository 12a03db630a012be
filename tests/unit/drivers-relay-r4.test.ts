import { describe, expect, it } from 'vitest';
import { toHex } from '#kit';
import { relayWorld } from '../support/relay-world.ts';

const R421 = 'eletechsup-r421a08';
const RYN4 = 'eletechsup-ryn4';

describe('the wrong one of two boards that obey the same bytes', () => {
  it.each([
    [R421, RYN4, {}],
    [RYN4, R421, {}],
    [RYN4, R421, { 'mute-elsewhere': true }],
    [RYN4, R421, { 'zeros-elsewhere': true }],
  ])('is told by %s at a %s (%j), and never moved', async (driver, at, quirks) => {
    const world = await relayWorld(driver, { at, quirks });

    await expect(world.sample()).rejects.toMatchObject({ code: 'driver.wrong-device' });
    for (const name of ['on', 'off', 'pulse', 'all-off']) {
      const args = name === 'all-off' ? {} : name === 'pulse' ? { channel: 2, ms: 1000 } : { channel: 2 };
      expect(await world.act(name, args)).toMatchObject({
        result: 'failed',
        facts: { fault: 'driver.wrong-device', sent: false },
      });
    }
    await expect(world.rest()).rejects.toMatchObject({ code: 'driver.wrong-device' });
    expect(world.writes()).toEqual([]);
  });

  it.each([
    [{}],
    [{ 'mute-elsewhere': true }],
    [{ 'zeros-elsewhere': true }],
  ])('is not seen in an R421A08 that answers %j to what it has not', async (quirks) => {
    const { act, relays } = await relayWorld(R421, { quirks });
    await act('on', { channel: 2 });
    expect(await relays()).toEqual([2]);
  });

  it('is found after a board was exchanged while the gateway ran', async () => {
    const world = await relayWorld(RYN4);
    await world.sample();
    world.link.wire = 'mute';
    await expect(world.sample()).rejects.toMatchObject({ code: 'bus.no-reply' });
    world.link.wire = 'whole';
    // Its own address is 0 now: what answers tells no settings of a RYN4.
    world.far.set({ 'register-253': 0 });

    expect(await world.act('pulse', { channel: 1, ms: 1000 })).toMatchObject({ result: 'failed' });
    expect(world.writes()).toEqual([]);
  });

  it.each([R421, RYN4])('is not blamed when %s is simply not there', async (driver) => {
    const world = await relayWorld(driver);
    world.link.wire = 'mute';
    await expect(world.sample()).rejects.toMatchObject({ code: 'bus.no-reply' });
    expect(await world.act('on', { channel: 1 })).toMatchObject({
      result: 'failed',
      facts: { fault: 'bus.no-reply', sent: false },
    });
    expect(world.writes()).toEqual([]);
  });

  it.each([R421, RYN4])('is not seen by %s because one reply got lost', async (driver) => {
    const world = await relayWorld(driver);
    const { read } = world.link;
    let lost = 0;
    world.link.read = async (range, about) => {
      if (range.at === 0xf0 && lost++ === 0) world.link.wire = 'mute';
      try {
        return await read(range, about);
      } finally {
        world.link.wire = 'whole';
      }
    };
    expect((await world.act('on', { channel: 1 })).result).toBe('done');
  });
});

describe('a pulse in whole seconds', () => {
  it.each([
    [R421, 1, 1],
    [R421, 1000, 1],
    [RYN4, 1001, 2],
    [RYN4, 255_000, 255],
  ])('of %s for %d ms lasts %d s, and ends by the board', async (driver, ms, seconds) => {
    const { act, relays, link } = await relayWorld(driver);

    expect(await act('pulse', { channel: 4, ms })).toEqual({
      result: 'done',
      facts: { evidence: 'read-back', effective_ms: seconds * 1000 },
    });
    expect(await relays()).toEqual([4]);
    link.up += seconds * 1000;
    expect(await relays()).toEqual([]);
  });

  it('longer than the board can count is refused', async () => {
    const { act } = await relayWorld(RYN4);
    await expect(act('pulse', { channel: 1, ms: 255_001 })).rejects.toThrow(/ms/);
  });
});

describe('a RYN4 whose timer runs', () => {
  it('does not obey its own command for off, so off ends the timer', async () => {
    const { act, relays, link, far } = await relayWorld(RYN4);
    await act('pulse', { channel: 3, ms: 60_000 });
    if (far.kind === 'modbus') far.respond(Uint8Array.of(6, 0, 2, 2, 0), link.up);
    expect(await relays()).toEqual([3]);

    expect(await act('off', { channel: 3 })).toMatchObject({ result: 'done' });
    expect(await relays()).toEqual([]);
  });

  it('is off after all-off and at rest', async () => {
    const world = await relayWorld(RYN4, { options: { rest: ['off', 'hold'] } });
    await world.act('pulse', { channel: 1, ms: 60_000 });
    await world.act('pulse', { channel: 8, ms: 60_000 });
    await world.act('on', { channel: 2 });
    await world.rest();
    expect(await world.relays()).toEqual([2]);

    await world.act('pulse', { channel: 8, ms: 60_000 });
    expect(await world.act('all-off')).toMatchObject({ result: 'done' });
    expect(await world.relays()).toEqual([]);
  });

  it('goes off at the end though it was told to stay on: that is how the board is', async () => {
    const { act, relays, link } = await relayWorld(RYN4);
    await act('pulse', { channel: 1, ms: 1000 });
    await act('on', { channel: 1 });
    link.up += 1000;
    expect(await relays()).toEqual([]);
  });
});

describe('the register of relay 1', () => {
  it.each([
    [R421, '01 06 00 01 01 00'],
    [RYN4, '01 06 00 00 01 00'],
  ])('of %s is in %s', async (driver, frame) => {
    const { act, writes } = await relayWorld(driver);
    await act('on', { channel: 1 });
    expect(writes().map((bytes) => toHex(bytes.subarray(0, 6)))).toEqual([frame]);
  });

  it('of a board with four relays ends at the fourth', async () => {
    const { act, writes } = await relayWorld(RYN4, { options: { channels: 4 } });
    await expect(act('on', { channel: 5 })).rejects.toThrow(/the board has 4/);
    expect(writes()).toEqual([]);
  });
});
