import { describe, expect, it } from 'vitest';
import { Fault, type FaultCode, type JsonObject, type ModbusLink, writeOnce } from '#kit';

const call = () => ({ signal: new AbortController().signal, priority: 'command' as const });
const write = { fn: 5, at: 0x200, values: [7] } as const;

function link(outcome?: [FaultCode, JsonObject]) {
  const writes: unknown[] = [];
  const fake: ModbusLink = {
    read: async () => [1],
    readAll: async () => [],
    write: async (wish) => {
      writes.push(wish);
      if (outcome) throw new Fault(...outcome);
    },
  };
  return { fake, writes };
}

describe('writing once', () => {
  it.each<[string, [FaultCode, JsonObject] | undefined, boolean | undefined, object]>([
    ['an acknowledgement is done', undefined, undefined, { result: 'done', facts: {} }],
    [
      'no reply, and nothing to read back, is unknown',
      ['bus.no-reply', { sent: true }],
      undefined,
      { result: 'unknown', facts: { fault: 'bus.no-reply' } },
    ],
    [
      'no reply, but it reads as wished, is done by read-back',
      ['bus.no-reply', { sent: true }],
      true,
      { result: 'done', facts: { evidence: 'read-back' } },
    ],
    [
      'no reply, and it reads otherwise, is unknown',
      ['bus.no-reply', { sent: true }],
      false,
      { result: 'unknown' },
    ],
    ['a reply that does not fit is unknown', ['bus.bad-reply', {}], undefined, { result: 'unknown' }],
    ['a port lost in the middle is unknown', ['bus.down', { sent: true }], undefined, { result: 'unknown' }],
    [
      'a refusal of the unit has failed',
      ['bus.exception', { exception: 3 }],
      true,
      { result: 'failed', facts: { fault: 'bus.exception', exception: 3 } },
    ],
    [
      'what never left has failed',
      ['bus.down', { sent: false }],
      true,
      { result: 'failed', facts: { sent: false } },
    ],
    [
      'a mute unit that was not asked has failed',
      ['bus.unit-off', {}],
      true,
      { result: 'failed', facts: { sent: false } },
    ],
  ])('%s', async (_, outcome, readsBack, expected) => {
    const { fake, writes } = link(outcome);
    const result = await writeOnce(
      fake,
      write,
      call(),
      readsBack === undefined ? undefined : async () => readsBack,
    );
    expect(result).toMatchObject(expected);
    expect(writes).toEqual([write]);
  });

  it('sends nothing for a call that is already over', async () => {
    const { fake, writes } = link();
    const over = { signal: AbortSignal.abort(new Error('too late')), priority: 'command' as const };
    await expect(writeOnce(fake, write, over)).rejects.toThrow('too late');
    expect(writes).toEqual([]);
  });

  it('a read-back that fails leaves it unknown', async () => {
    const { fake } = link(['bus.no-reply', { sent: true }]);
    const result = await writeOnce(fake, write, call(), async () =>
      Promise.reject(new Fault('bus.no-reply', {})),
    );
    expect(result.result).toBe('unknown');
  });
});
