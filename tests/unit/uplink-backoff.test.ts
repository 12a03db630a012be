import { describe, expect, it } from 'vitest';
import type { PipeOpener } from '../../src/contracts/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { openUplink, type UplinkSettings } from '../../src/uplink/index.ts';
import { MemoryOutbox } from '../support/memory-outbox.ts';
import { type MemoryPipe, memoryPipe } from '../support/memory-pipe.ts';
import { dice } from '../support/quiet.ts';
import { INVENTORY, PlainHealth, quiet } from '../support/uplink-world.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const GATEWAYS = 500;
const SEEDS = process.env.GATELODGE_LONG ? [1, 2, 3, 4, 5] : [1];

/** An uplink with the spans of the contract, in virtual time. */
function uplinkOf(
  clock: VirtualClock,
  pipe: PipeOpener,
  random: () => number,
  more: Partial<UplinkSettings> = {},
) {
  const health = new PlainHealth();
  const uplink = openUplink(
    { id: 'town', type: 'native', url: 'mqtt://broker', ...more },
    {
      identity: { gateway: 'gate-1', site: 'riverside' },
      outbox: new MemoryOutbox(),
      clock,
      wall: clock,
      health,
      healthView: health,
      log: quiet,
      random,
      randomBytes: (count) => new Uint8Array(count),
      pipe,
      inventory: () => INVENTORY,
      status: () => ({ versions: {} }),
      commands: () => {},
    },
  );
  return { uplink, health };
}

const unreachable = () => new Fault('uplink.unreachable', { url: 'mqtt://broker', reason: 'ECONNREFUSED' });
const never = (signal: AbortSignal) =>
  new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );

describe('500 gateways after an outage of their broker (MQ-3)', () => {
  it.each(
    SEEDS.flatMap((seed) => [1, 5, 20, 300].map((outage_s) => [outage_s, seed])),
  )('of %i s never come with more than 60 connects a second, and all are back in 4 minutes (seed %i)', async (outage_s, seed) => {
    const clock = new VirtualClock({ up: 0 });
    const random = dice(seed);
    const back: number[] = [];
    const pipe: PipeOpener = async (_, signal) => {
      if (clock.now().up < outage_s * 1000) throw unreachable();
      back.push(clock.now().up / 1000);
      // A connection that holds: nothing of it matters here.
      return never(signal);
    };
    // They lost a connection that had been stable, all at one moment: as at a start, the first delay is the next.
    const uplinks = Array.from({ length: GATEWAYS }, () => uplinkOf(clock, pipe, random).uplink);

    await clock.advance((outage_s + 240) * 1000);
    await Promise.all(uplinks.map((uplink) => uplink.close()));

    expect(back).toHaveLength(GATEWAYS);
    expect(busiestSecond(back)).toBeLessThanOrEqual(60);
  });

  it('would come all at once without jitter: the measure sees it', () => {
    const together = Array.from({ length: GATEWAYS }, (_, index) => 15 + index / 1000);
    expect(busiestSecond(together)).toBe(GATEWAYS);
  });
});

describe('the delays of one gateway', () => {
  /** Chance at its highest, so that each delay is its ceiling. */
  const most = () => 1 - Number.EPSILON;

  it('grow to their cap, each random from nothing on', async () => {
    for (const [random, gaps] of [
      [most, [20, 15, 30, 60, 120, 120]],
      [() => 0, [0, 0, 0, 0, 0, 0]],
    ] as const) {
      const clock = new VirtualClock({ up: 0 });
      const attempts: number[] = [];
      const pipe: PipeOpener = async (_, signal) => {
        attempts.push(Math.round(clock.now().up / 1000));
        if (attempts.length === gaps.length) return never(signal);
        throw unreachable();
      };
      const { uplink } = uplinkOf(clock, pipe, random);
      await clock.advance(400_000);
      await uplink.close();
      expect(attempts.map((at, index) => at - (attempts[index - 1] ?? 0))).toEqual(gaps);
    }
  });

  it('begin anew after a connection that held for 60 s, and not after a shorter one', async () => {
    const clock = new VirtualClock({ up: 0 });
    const attempts: number[] = [];
    let pipe: MemoryPipe | undefined;
    const { uplink } = uplinkOf(
      clock,
      async () => {
        attempts.push(Math.round(clock.now().up / 1000));
        pipe = memoryPipe();
        return pipe;
      },
      most,
    );
    await clock.advance(20_000);
    expect(attempts).toEqual([20]);

    await clock.advance(59_000);
    pipe?.lose();
    await clock.advance(15_000);
    expect(attempts).toEqual([20, 20 + 59 + 15]);

    await clock.advance(61_000);
    pipe?.lose();
    await clock.advance(20_000);
    expect(attempts).toEqual([20, 94, 94 + 61 + 20]);
    await close(clock, uplink);
  });

  it.each([
    [0x8e, 'session taken over', 'uplink-taken-over'],
    [0x97, 'quota exceeded', undefined],
    [0x8a, 'banned', undefined],
  ])('are long after a DISCONNECT with %i', async (reason_code, reason, fact) => {
    const clock = new VirtualClock({ up: 0 });
    const attempts: number[] = [];
    let pipe: MemoryPipe | undefined;
    const { uplink, health } = uplinkOf(
      clock,
      async () => {
        attempts.push(clock.now().up);
        pipe = memoryPipe();
        return pipe;
      },
      () => 0,
    );
    await clock.advance(1000);
    pipe?.lose(new Fault('uplink.refused', { reason, reason_code }));
    await clock.advance(149_000);
    expect(attempts).toHaveLength(1);
    await clock.advance(2000);
    expect(attempts).toHaveLength(2);
    expect(health.ever.filter((one) => one.startsWith('uplink-taken-over'))).toHaveLength(fact ? 1 : 0);
    await close(clock, uplink);
  });
});

/** A goodbye sleeps too. */
async function close(clock: VirtualClock, uplink: { close(): Promise<void> }): Promise<void> {
  const closed = uplink.close();
  await clock.advance(2000);
  await closed;
}

/** Most connects within any one second. */
function busiestSecond(times: readonly number[]): number {
  const sorted = [...times].sort((x, y) => x - y);
  return Math.max(...sorted.map((from) => sorted.filter((at) => at >= from && at < from + 1).length));
}
