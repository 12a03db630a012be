import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeRelays,
  Fault,
  fromHex,
  type ModbusWrite,
  type RelayBoard,
  type RelayFarEndShape,
  relayFarEnd,
  relayPoints,
  relaySession,
  restStates,
  stepsOf,
} from '#kit';
import { memoryModbus } from '../support/memory-links.ts';
import { loseReplies } from '../support/relay-world.ts';

const call = { signal: new AbortController().signal, priority: 'command' as const };
const relays = { table: 'coil', at: 0, count: 4 } as const;

/** A board of four relays, a session that moves it, and what was written to it. */
function world(given: Partial<RelayBoard> = {}, far: Partial<RelayFarEndShape> = {}) {
  const board: RelayBoard = {
    id: 'test-relay',
    channels: 4,
    rest: 'off',
    relays: { range: relays, count: 4 },
    turn: (channel, on) => ({ fn: 5, at: channel - 1, values: [on ? 0xff00 : 0] }),
    timer: {
      step_ms: 100,
      max_ms: 6000,
      write: (channel, steps) => ({ fn: 6, at: channel, values: [steps] }),
    },
    ...given,
  };
  const end = relayFarEnd({
    relays,
    registers: { 1: 0, 2: 0, 3: 0, 4: 0 },
    onWrite: ({ fn, at, values }, outputs, up) => {
      const [value = 0] = values;
      if (fn === 6) outputs.pulse(at, true, up + value * 100);
      else if (fn === 15)
        values.forEach((bit, index) => {
          outputs.set(at + index + 1, bit === 1);
        });
      else if (at < outputs.count) outputs.set(at + 1, value !== 0);
      return true;
    },
    ...far,
  });
  const link = memoryModbus(end);
  const written: ModbusWrite[] = [];
  const { write } = link;
  link.write = async (wish, about) => {
    written.push(wish);
    await write(wish, about);
  };
  const session = relaySession(link, board);
  const energised = async () =>
    Object.entries(await session.sample(call)).flatMap(([name, on]) => (on === true ? [name] : []));
  return { board, link, end, session, written, energised };
}

describe('the steps of a timer', () => {
  it('are never too few, never a step too many, and at least one', () => {
    const timer = fc.record({
      step_ms: fc.integer({ min: 1, max: 2000 }),
      steps: fc.integer({ min: 1, max: 500 }),
    });
    fc.assert(
      fc.property(timer, fc.double({ min: 0, max: 1, noNaN: true }), ({ step_ms, steps }, share) => {
        const max_ms = step_ms * steps;
        const ms = Math.ceil(share * max_ms);
        const found = stepsOf(ms, { step_ms, max_ms });
        expect(found).toBeGreaterThanOrEqual(1);
        expect(found * step_ms).toBeGreaterThanOrEqual(ms);
        expect((found - 1) * step_ms).toBeLessThanOrEqual(Math.max(0, ms - 1));
      }),
    );
  });
});

describe('a board of relays', () => {
  it('shows its relays, and its inputs where it has them', () => {
    const { board } = world({ inputs: { range: { table: 'discrete', at: 0, count: 8 }, count: 2 } });
    expect(Object.keys(relayPoints(board))).toEqual([
      'relay-1',
      'relay-2',
      'relay-3',
      'relay-4',
      'input-1',
      'input-2',
    ]);
  });

  it('leaves out a relay whose word is no state', async () => {
    const { session, link } = world({ relays: { range: { table: 'holding', at: 1, count: 4 }, count: 4 } });
    link.readAll = async () => [[1, 0, 7, 1]];
    expect(await session.sample(call)).toEqual({ 'relay-1': true, 'relay-2': false, 'relay-4': true });
  });

  it('goes on with off where its list of safe states ends', () => {
    expect(restStates(['on', 'hold'], 4)).toEqual(['on', 'hold', 'off', 'off']);
    expect(restStates('hold', 2)).toEqual(['hold', 'hold']);
  });

  it('refuses a relay it has not, before anything is sent', () => {
    const { session, link } = world();
    expect(() => session.act('on', { channel: 5 }, call)).toThrow(/the board has 4/);
    expect(link.sent).toEqual([]);
  });

  it('leaves commands of others to the driver, and all-off where no write does it', () => {
    const { session } = world();
    expect(session.act('version', {}, call)).toBeUndefined();
    expect(session.act('all-off', {}, call)).toBeUndefined();
  });
});

describe('a lost reply', () => {
  it('to a switch is made good by a look; to a pulse only when the change was seen', async () => {
    const { session, link } = world();
    loseReplies(link);
    expect(await session.act('on', { channel: 2 }, call)).toEqual({
      result: 'done',
      facts: { evidence: 'read-back' },
    });
    expect(await session.act('pulse', { channel: 1, ms: 450 }, call)).toMatchObject({
      result: 'unknown',
      facts: { effective_ms: 500 },
    });
    link.up += 1000;
    await session.sample(call);
    expect(await session.act('pulse', { channel: 1, ms: 450 }, call)).toEqual({
      result: 'done',
      facts: { evidence: 'read-back', effective_ms: 500 },
    });
  });

  it('stays unknown where the board does not tell how its relays stand', async () => {
    const { session, link } = world({ relays: undefined });
    link.write = async () => Promise.reject(new Fault('bus.no-reply', { sent: true }));
    expect((await session.act('on', { channel: 2 }, call))?.result).toBe('unknown');
  });
});

describe('a board whose acknowledgement proves little', () => {
  it('is looked at after each write, a few times: some show it late', async () => {
    const { session, link } = world({ doubtful: true });
    const { read } = link;
    let looks = 0;
    link.read = async (range, about) => {
      looks += 1;
      return looks < 3 ? [0, 0, 0, 0] : read(range, about);
    };
    expect(await session.act('on', { channel: 3 }, call)).toEqual({
      result: 'done',
      facts: { evidence: 'read-back' },
    });
  });

  it('has failed when its relays say so, and is unknown when they cannot be seen', async () => {
    const deaf = world({ doubtful: true }, { onWrite: () => true });
    expect(await deaf.session.act('on', { channel: 3 }, call)).toEqual({
      result: 'failed',
      facts: { fault: 'driver.value', evidence: 'read-back' },
    });
    expect(deaf.written).toHaveLength(1);

    const { session, link } = world({ doubtful: true });
    link.read = async () => Promise.reject(new Fault('bus.no-reply', {}));
    expect(await session.act('on', { channel: 3 }, call)).toEqual({
      result: 'unknown',
      facts: { fault: 'bus.no-reply' },
    });
  });

  it('gets what it missed once more on its way to the safe state, and is told when that did not help', async () => {
    let missed = 1;
    const { session, written, energised } = world(
      { doubtful: true, rest: ['on', 'off', 'hold', 'off'] },
      {
        onWrite: ({ at, values }, outputs) => {
          if (at === 0 && missed-- > 0) return true;
          outputs.set(at + 1, values[0] !== 0);
          return true;
        },
      },
    );
    await session.rest(call);
    expect(written.map(({ at }) => at)).toEqual([0, 1, 3, 0]);
    expect(await energised()).toEqual(['relay-1']);

    const stuck = world({ doubtful: true, rest: 'on' }, { onWrite: () => true });
    await expect(stuck.session.rest(call)).rejects.toMatchObject({
      code: 'driver.value',
      facts: { point: 'relay-1', got: false },
    });
  });
});

describe('a board that must be recognised', () => {
  const stranger = () => Promise.reject(new Fault('driver.wrong-device', { expected: 'x', evidence: 'y' }));

  it('is neither looked at, nor moved, nor brought to rest while it is another one', async () => {
    const { session, link } = world({ recognise: stranger });
    await expect(session.sample(call)).rejects.toMatchObject({ code: 'driver.wrong-device' });
    await expect(session.rest(call)).rejects.toMatchObject({ code: 'driver.wrong-device' });
    expect(await session.act('on', { channel: 1 }, call)).toMatchObject({
      result: 'failed',
      facts: { fault: 'driver.wrong-device', sent: false },
    });
    expect(link.sent).toEqual([]);
  });

  it('is asked once, and again after it was away', async () => {
    let asked = 0;
    const { session, link } = world({
      recognise: async () => {
        asked += 1;
      },
    });
    await session.act('on', { channel: 1 }, call);
    await session.sample(call);
    expect(asked).toBe(1);

    link.wire = 'mute';
    await expect(session.sample(call)).rejects.toMatchObject({ code: 'bus.no-reply' });
    link.wire = 'whole';
    await session.act('off', { channel: 1 }, call);
    expect(asked).toBe(2);
  });

  it('is not forgotten because a technician pushed a look aside', async () => {
    let asked = 0;
    const { session, link } = world({
      recognise: async () => {
        asked += 1;
      },
    });
    await session.sample(call);
    const { readAll } = link;
    link.readAll = async () => Promise.reject(new Error('made room'));
    await expect(session.sample(call)).rejects.toThrow('made room');
    link.readAll = readAll;
    await session.sample(call);
    expect(asked).toBe(1);
  });
});

describe('the way to the safe state', () => {
  it('reaches the other relays when one write fails, and tells of it', async () => {
    const { session, link, written, energised } = world({ rest: ['on', 'hold', 'on', 'on'] });
    const { write } = link;
    link.write = async (wish, about) => {
      if (wish.at === 0) throw new Fault('bus.no-reply', { sent: true });
      await write(wish, about);
    };
    await expect(session.rest(call)).rejects.toMatchObject({ code: 'bus.no-reply' });
    expect(written.map(({ at }) => at)).toEqual([2, 3]);
    expect(await energised()).toEqual(['relay-3', 'relay-4']);
  });

  it('is one write where the board has one and nothing holds', async () => {
    const { session, written } = world({
      rest: ['on', 'off'],
      turnAll: (on) => ({ fn: 15, at: 0, values: on.map(Number) }),
    });
    await session.rest(call);
    expect(written).toEqual([{ fn: 15, at: 0, values: [1, 0, 0, 0] }]);
  });
});

describe('a sniffed frame', () => {
  const { board } = world({ relays: { range: { table: 'holding', at: 1, count: 4 }, count: 4 } });

  it.each([
    [
      'two relays, from the first on',
      '01 03 04 00 01 00 01 6A 33',
      undefined,
      { 'relay-1': true, 'relay-2': true },
    ],
    [
      'one, when it is known whose it is',
      '01 03 02 00 01 79 84',
      '01 03 00 03 00 01 74 0A',
      { 'relay-3': true },
    ],
    ['one, of somebody', '01 03 02 00 00 B8 44', undefined, { relay: false }],
    [
      'bits of a relative',
      '01 01 01 06 D1 8A',
      undefined,
      { 'relay-1': false, 'relay-2': true, 'relay-3': true, 'relay-4': false },
    ],
  ])('shows %s', (_, hex, request, points) => {
    const decoded = decodeRelays(board, fromHex(hex), request === undefined ? undefined : fromHex(request));
    expect(decoded).toMatchObject({ points });
  });

  it('with a word that is no state of a relay is a fault', () => {
    expect(() => decodeRelays(board, fromHex('01 03 04 00 01 00 09 6B F5'))).toThrow(
      expect.objectContaining({ code: 'driver.value' }),
    );
  });
});
