import { describe, expect, it } from 'vitest';
import { u8, u16be } from '#kit';
import { loseReplies, relayWorld } from '../support/relay-world.ts';

const STM8 = 'stm8-relay';

describe('a board that acknowledges what it cannot do', () => {
  it('is not believed: a relay that does not move makes the command fail, sent once', async () => {
    const world = await relayWorld(STM8, { quirks: { 'echo-only': true } });

    expect(await world.act('on', { channel: 1 })).toEqual({
      result: 'failed',
      facts: { fault: 'driver.value', evidence: 'read-back' },
    });
    expect(world.writes()).toHaveLength(1);
  });

  it('is not asked for a coil it has not', async () => {
    const { act, writes } = await relayWorld(STM8);
    await expect(act('on', { channel: 5 })).rejects.toThrow(/the board has 4/);
    expect(writes()).toEqual([]);
  });

  it('has done what its relays show, with and without an acknowledgement', async () => {
    const { act, link, relays } = await relayWorld(STM8);
    const done = { result: 'done', facts: { evidence: 'read-back' } };
    expect(await act('on', { channel: 4 })).toEqual(done);
    loseReplies(link);
    expect(await act('on', { channel: 2 })).toEqual(done);
    expect(await relays()).toEqual([2, 4]);
    expect(await act('all-off')).toEqual(done);
  });

  it('is told when its relays do not reach their safe state', async () => {
    const world = await relayWorld(STM8, { options: { rest: 'on' }, quirks: { 'echo-only': true } });
    await expect(world.rest()).rejects.toMatchObject({ code: 'driver.value' });
  });
});

describe('the version', () => {
  it('is read one register at a time: together they come out wrong', async () => {
    const { act, link } = await relayWorld(STM8);

    expect(await act('version')).toEqual({
      result: 'done',
      facts: { firmware: 'Ap 2018 14:59', hardware: '006A' },
    });
    expect(link.sent.map((frame) => [u8(frame, 1), u16be(frame, 2), u16be(frame, 4)])).toEqual([
      [3, 4, 1],
      [3, 8, 1],
      [3, 16, 1],
      [3, 32, 1],
    ]);
  });
});
