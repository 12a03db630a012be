import { describe, expect, it } from 'vitest';
import type { Acknowledged, CommandContext, IncomingCommand, OutMessage } from '../../src/contracts/index.ts';
import { inbox } from '../../src/uplink/inbox.ts';
import type { UplinkWorld } from '../../src/uplink/index.ts';
import { DEFAULT_PREFIX, topicsOf } from '../../src/uplink/topics.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const EPOCH = '00112233445566aa';
const topics = topicsOf(DEFAULT_PREFIX, { site: 'riverside', gateway: 'gate-1' });
/** Nobody here asks whether it is true. */
const signed = (payload: object) => `e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.AA`;
const command = { id: 'c-1', target: 'gate', name: 'open', issuer: 'desk' };

function world() {
  const acked: Acknowledged[] = [];
  const replayed: object[] = [];
  const bad: string[] = [];
  const said: OutMessage[] = [];
  const commands: { readonly incoming: IncomingCommand; readonly came: CommandContext }[] = [];
  const pages: string[] = [];
  const parts = {
    access: {
      receive: (page: string, uplink: string) => void pages.push(`${uplink} ${page}`),
      state: () => ({ version: 0, count: 0, standing: 'good' as const }),
    },
    identity: { gateway: 'gate-1', site: 'riverside' },
    clock: new VirtualClock({ up: 5000 }),
    commands: (incoming: IncomingCommand, came: CommandContext) => void commands.push({ incoming, came }),
  };
  const hear = inbox({
    uplink: 'town',
    // All that the inbox looks at.
    world: parts as Partial<UplinkWorld> as UplinkWorld,
    topics,
    pump: {
      acknowledged: (ack) => void acked.push(ack),
      replay: async (wish) => {
        replayed.push(wish);
      },
    },
    beats: () => ['n3', 'n2', 'n1'],
    say: async (message) => void said.push(message),
    bad: (fault) => void bad.push(String(fault.facts.reason)),
  });
  const come = (topic: string, message: unknown, retain = false) =>
    hear(topic, Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)), { retain });
  const answers = () =>
    said.map(({ topic, payload }) => ({ topic, ...JSON.parse(Buffer.from(payload).toString()) }));
  return { acked, replayed, bad, commands, come, answers, pages };
}

describe('an acknowledgement', () => {
  it('settles ranges and refuses single records; a wish for a replay is passed on', () => {
    const { acked, replayed, bad, come } = world();
    come(topics.ack, {
      epoch: EPOCH,
      lane: 'c',
      ranges: [[1, 9]],
      nacks: [{ seq: 10, reason: 'no' }],
      note: 'new',
    });
    come(topics.ack, { v: 1, epoch: EPOCH, lane: 'a', ranges: [], replay: [[3, 4]] });
    expect(acked).toEqual([
      { epoch: EPOCH, lane: 'c', ranges: [[1, 9]], nacks: [{ seq: 10, reason: 'no' }] },
    ]);
    expect(replayed).toEqual([{ epoch: EPOCH, lane: 'a', ranges: [[3, 4]] }]);
    expect(bad).toEqual([]);
  });

  it.each([
    ['a retained one', { epoch: EPOCH, lane: 'c', ranges: [[1, 9]] }, true, 'retained'],
    [
      'a range that ends before it begins',
      { epoch: EPOCH, lane: 'c', ranges: [[9, 1]] },
      false,
      'before it begins',
    ],
    [
      'a replay that does',
      { epoch: EPOCH, lane: 'c', ranges: [], replay: [[9, 1]] },
      false,
      'before it begins',
    ],
    ['a seq below 1', { epoch: EPOCH, lane: 'c', ranges: [[0, 1]] }, false, '>=1'],
    ['half a number', { epoch: EPOCH, lane: 'c', ranges: [[1, 1.5]] }, false, 'int'],
    ['an unknown lane', { epoch: EPOCH, lane: 'z', ranges: [] }, false, 'lane'],
    ['no JSON', 'ok', false, 'JSON'],
    ['more than any platform has to say', JSON.stringify('x'.repeat(300_000)), false, 'bytes'],
  ])('is counted and settles nothing: %s', (_what, message, retain, reason) => {
    const { acked, replayed, bad, come } = world();
    come(topics.ack, message, retain);
    expect(bad).toEqual([expect.stringContaining(reason)]);
    expect([acked, replayed]).toEqual([[], []]);
  });

  it('for another gateway, or on another topic, is not even looked at', () => {
    const { acked, bad, come } = world();
    come('gl/1/riverside/gate-2/ack', { epoch: EPOCH, lane: 'c', ranges: [[1, 9]] });
    come(`${topics.ack}/x`, 'nonsense');
    expect([acked, bad]).toEqual([[], []]);
  });
});

describe('a command', () => {
  it('in clear reaches whoever takes commands, with what it says and how it came', async () => {
    const { commands, answers, come } = world();
    come(topics.cmd, { ...command, gateway: 'gate-1', beat: 'n3', reason: 'a visitor', note: 'new' }, true);
    await commands[0]?.incoming.answer({ id: 'c-1', result: 'refused', facts: { reason: 'retained' } });

    const claims = {
      ...command,
      gateway: 'gate-1',
      beat: 'n3',
      args: {},
      ttl_ms: 10_000,
      reason: 'a visitor',
    };
    const came = { uplink: 'town', received: { up: 5000 }, retained: true, beats: ['n3', 'n2', 'n1'] };
    expect(commands).toMatchObject([{ incoming: { claims, jws: undefined }, came }]);
    expect(answers()).toEqual([
      { topic: topics.result, v: 1, id: 'c-1', result: 'refused', facts: { reason: 'retained' } },
    ]);
  });

  it('that is signed is told by its payload, and handed on as it was signed', () => {
    const { commands, come } = world();
    const jws = signed({ ...command, gateway: 'gate-1', issued_at: 1_790_000_000_000 });
    come(topics.cmd, { v: 1, jws });

    const claims = { ...command, gateway: 'gate-1', issued_ms: 1_790_000_000_000 };
    expect(commands).toMatchObject([{ incoming: { claims, jws } }]);
  });

  it.each([
    ['without an id', { ...command, id: undefined }],
    ['with a ttl of an hour and more', { ...command, ttl_ms: 3_600_001 }],
    ['with arguments that are no object', { ...command, args: [1] }],
    ['signed, but nothing that can be read', { v: 1, jws: 'a.b.c' }],
    ['signed, but without an id', { v: 1, jws: signed({ ...command, id: undefined }) }],
  ])('is counted and goes nowhere: %s', (_what, message) => {
    const { bad, commands, answers, come } = world();
    come(topics.cmd, message);
    expect([bad.length, commands, answers()]).toEqual([1, [], []]);
  });
});

describe('a page of a list of credentials', () => {
  it('is handed on as it was signed, kept by the broker or not; one that was taken back is nothing', () => {
    const { pages, bad, come } = world();

    come(topics.access, { v: 1, jws: 'a.b.c' });
    come(topics.access, { v: 1, jws: 'd.e.f', later: true }, true);
    come(topics.access, '', true);

    expect(pages).toEqual(['town a.b.c', 'town d.e.f']);
    expect(bad).toEqual([]);
  });

  it.each([
    ['no JSON', '{', 'JSON'],
    ['a page that is not signed', { v: 1, page: 0 }, 'jws'],
    ['one of another version', { v: 2, jws: 'a.b.c' }, '"v"'],
    ['an empty one', { v: 1, jws: '' }, '>=1'],
    ['one that is too large', { v: 1, jws: 'x'.repeat(65_537) }, '<=65536'],
  ])('is counted and dropped when it is %s', (_, message, reason) => {
    const { pages, bad, come } = world();

    come(topics.access, message);

    expect(pages).toEqual([]);
    expect(bad).toEqual([expect.stringContaining(reason)]);
  });
});
