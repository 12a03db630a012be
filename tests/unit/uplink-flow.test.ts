import { describe, expect, it } from 'vitest';
import { Flow, type Ready, Shares } from '../../src/uplink/flow.ts';

const batch = (lane: Ready['lane'], head: Ready['head']): Ready => ({ lane, head });

describe('whose turn it is', () => {
  it('goes to class a first, to live before backlog', () => {
    const shares = new Shares();
    const all = [batch('c', 'backlog'), batch('c', 'live'), batch('a', 'live')];
    expect(shares.choose(all)).toEqual(batch('a', 'live'));
    expect(shares.choose(all.slice(0, 2))).toEqual(batch('c', 'live'));
    expect(shares.choose([])).toBeUndefined();
  });

  it.each([
    500, 5000, 100_000,
  ])('gives the backlog at least a fifth of the bytes however much is live (live batches of %i bytes)', (bytes) => {
    const shares = new Shares();
    const sums = { live: 0, backlog: 0 };
    for (let round = 0; round < 2000; round += 1) {
      const next = shares.choose([batch('b', 'live'), batch('c', 'backlog')]);
      if (!next) throw new Error('nobody was chosen');
      const size = next.head === 'live' ? bytes : 20_000;
      shares.sent(next, size);
      sums[next.head] += size;
    }
    const share = sums.backlog / (sums.live + sums.backlog);
    expect(share).toBeGreaterThanOrEqual(0.19);
    expect(share).toBeLessThan(bytes < 20_000 ? 0.45 : 0.25);
  });

  it('does not pay a backlog for the time when there was none', () => {
    const shares = new Shares();
    for (let round = 0; round < 100; round += 1) {
      shares.choose([batch('c', 'live')]);
      shares.sent(batch('c', 'live'), 10_000);
    }
    shares.choose([batch('c', 'live')]);
    expect(shares.choose([batch('c', 'live'), batch('c', 'backlog')])?.head).toBe('live');
  });
});

describe('how many batches may be on their way to the platform', () => {
  const backlog = batch('c', 'backlog');

  it('grows while the limit is what holds it up', () => {
    const flow = new Flow();
    for (let ack = 0; ack < 10; ack += 1) {
      flow.allows(backlog, 10_000);
      flow.acked(20);
    }
    expect(flow.limit).toBe(256);
  });

  it('shrinks when batches queue up at the platform, so that an alarm does not wait behind them', () => {
    const flow = new Flow();
    flow.acked(20);
    for (let ack = 0; ack < 20; ack += 1) flow.acked(1200);
    expect(flow.limit).toBe(8);
    expect(flow.allows(backlog, 8)).toBe(false);
    expect(flow.allows(batch('a', 'live'), 8)).toBe(true);
  });

  it('does not take the pause between two acks for a queue', () => {
    const flow = new Flow();
    flow.acked(5);
    for (let ack = 0; ack < 20; ack += 1) {
      flow.allows(backlog, 10_000);
      flow.acked(510);
    }
    expect(flow.limit).toBe(256);
  });

  it('takes a long way for a long way and not for a queue', () => {
    const flow = new Flow();
    for (let ack = 0; ack < 20; ack += 1) {
      flow.allows(backlog, 10_000);
      flow.acked(900);
    }
    expect(flow.limit).toBe(256);
  });
});
