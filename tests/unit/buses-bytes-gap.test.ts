import { describe, expect, it } from 'vitest';
import { fixedFrame } from '#kit';
import { openBus } from '../../src/buses/index.ts';
import { memoryWires } from '../support/memory-wire.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const call = () => ({ signal: new AbortController().signal, priority: 'command' as const });

/** A device on a serial port that repeats what it hears, and when each piece came. */
async function world(gap_ms: number) {
  const clock = new VirtualClock();
  const wires = memoryWires();
  const far = wires.openPty({ link: '/wires/a' });
  const came: number[] = [];
  far.onData((bytes) => {
    came.push(clock.now().up);
    void far.write(bytes);
  });
  const line = { baud: 9600, parity: 'none', data_bits: 8, stop_bits: 1 } as const;
  const health = { raise() {}, clear() {} };
  const bus = openBus(
    { id: 'a', type: 'serial', path: '/wires/a', ...line },
    { ports: wires.ports, clock, health, log: quiet, random: () => 0.5 },
  );
  await clock.advance(100);
  const link = bus.bytes('dut', { unit: 1, timeout_ms: 100, gap_ms, reply_delay_ms: 0 });
  return { clock, bus, link, came };
}

describe('a device on a stream of its own that needs silence', () => {
  it('gets it between any two things that are said to it', async () => {
    const { clock, bus, link, came } = await world(10);

    const all = Promise.all([
      link.send(Uint8Array.of(1), call()),
      link.exchange(Uint8Array.of(2), fixedFrame({ header: [2], length: 1 }), call()),
      link.send(Uint8Array.of(3), call()),
    ]);
    await clock.advance(100);
    await all;

    expect(came.map((up) => up - (came[0] ?? 0))).toEqual([0, 10, 20]);
    await bus.close();
  });

  it('costs nothing where none is needed', async () => {
    const { clock, bus, link, came } = await world(0);
    const all = Promise.all([link.send(Uint8Array.of(1), call()), link.send(Uint8Array.of(2), call())]);
    await clock.advance(0);
    await all;
    expect(came.map((up) => up - (came[0] ?? 0))).toEqual([0, 0]);
    await bus.close();
  });

  it('is told nothing any more when its caller went away while waiting', async () => {
    const { clock, bus, link, came } = await world(1000);
    const gone = new AbortController();
    const first = link.send(Uint8Array.of(1), call());
    const second = link.send(Uint8Array.of(2), { signal: gone.signal, priority: 'command' });
    const ended = second.catch((reason: unknown) => reason);
    await clock.advance(10);
    gone.abort('enough');
    await first;
    expect(await ended).toBe('enough');
    await clock.advance(5000);
    expect(came).toHaveLength(1);
    await bus.close();
  });
});
