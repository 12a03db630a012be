import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/faults/index.ts';
import { rtuFrame } from '../../src/kit/index.ts';
import { busWorld, call, outcome, parrot, rtuUnits, tcpUnits, unit } from '../support/bus-world.ts';

const RANGE = { table: 'holding', at: 7, count: 2 } as const;
const PACE = { char_ms: 1, gap_ms: 4 };

describe('a port that goes away', () => {
  it('rejects what is on the wire as sent and what waits as not sent, and tells', async () => {
    const { bus, wire, clock, health } = await busWorld('modbus-rtu');
    const first = outcome(bus.modbus('a', unit(1)).read(RANGE, call()));
    const second = outcome(bus.modbus('b', unit(2)).read(RANGE, call()));
    await clock.advance(5);

    wire.refusal = new Fault('bus.port-missing', { path: '/wire' });
    wire.pull();
    await clock.advance(5);

    expect(first.fault).toMatchObject({ code: 'bus.down', facts: { sent: true } });
    expect(second.fault).toMatchObject({ code: 'bus.down', facts: { sent: false } });
    expect(bus.stats().state).toBe('down');
    expect(health.raised).toContain('bus-down bus');
  });

  it('is opened again by itself, ever more seldom up to 15 s, and for ever', async () => {
    const { bus, wire, clock, health } = await busWorld('modbus-rtu');
    wire.refusal = new Fault('bus.port-missing', { path: '/wire' });
    wire.pull();
    await clock.advance(3_600_000);
    const tries = wire.openings;
    rtuUnits(wire, { 1: parrot }, PACE);

    wire.refusal = undefined;
    await clock.advance(15_000);
    const read = outcome(bus.modbus('a', unit(1)).read(RANGE, call()));
    await clock.advance(200);

    expect(tries).toBeGreaterThan(3600 / 15);
    expect(tries).toBeLessThan(3600);
    expect(read.value).toEqual([7, 8]);
    expect(bus.stats().state).toBe('up');
    expect(health.raised).not.toContain('bus-down bus');
  });

  it('and had been of use is opened again at once and without a word; who waits, waits on', async () => {
    const { bus, wire, clock, health } = await busWorld('modbus-tcp');
    tcpUnits(wire, { 1: parrot });
    const link = bus.modbus('dut', unit(1));
    outcome(link.read(RANGE, call()));
    await clock.advance(10);
    wire.hear = () => {
      tcpUnits(wire, { 1: parrot });
      wire.pull('the other side closed the connection');
    };

    const cut = outcome(link.read(RANGE, call()));
    const waiting = outcome(link.read(RANGE, call()));
    await clock.advance(10);

    expect(cut.fault).toMatchObject({ code: 'bus.down', facts: { sent: true } });
    expect(waiting.value).toEqual([7, 8]);
    expect(wire.openings).toBe(2);
    expect(health.ever.size).toBe(0);
  });

  it('and never was of use does not make a storm: a server that hangs up on everybody is asked ever more seldom', async () => {
    const { wire, clock, health } = await busWorld('modbus-tcp');
    const hangUp = async () => {
      for (;;) {
        await clock.sleep('hang up', 100);
        wire.pull('the other side closed the connection');
      }
    };
    void hangUp();

    await clock.advance(600_000);

    expect(wire.openings).toBeLessThan(600 / 5);
    expect(health.ever).toContain('bus-down bus');
  });

  it('is not asked for when somebody wants the bus anew: that is at once', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    const reading = outcome(bus.modbus('a', unit(1)).read(RANGE, call()));
    await clock.advance(5);

    await bus.restart();
    await clock.advance(0);

    expect(reading.fault?.code).toBe('bus.down');
    expect(wire.openings).toBe(2);
    expect(bus.stats()).toMatchObject({ state: 'up', restarts: 1 });
  });

  it('that cannot be opened is tried at once when somebody asks for it', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    wire.refusal = new Fault('bus.port-busy', { path: '/wire' });
    wire.pull();
    await clock.advance(60_000);
    wire.refusal = undefined;

    await bus.restart();
    await clock.advance(0);

    expect(bus.stats().state).toBe('up');
  });

  it('leaves a late reply behind that still comes through the new one: it is not taken for the next', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu-tcp');
    rtuUnits(wire, { 2: parrot }, PACE);
    outcome(bus.modbus('other', unit(2)).read(RANGE, call()));
    await clock.advance(50);
    const link = bus.modbus('dut', unit(1, { timeout_ms: 300 }));
    const lost = outcome(link.read(RANGE, call()));
    await clock.advance(20);
    wire.pull('the other side closed the connection');
    await clock.advance(5);
    const next = outcome(link.read(RANGE, call()));
    await clock.advance(20);

    wire.hear = () => wire.say(rtuFrame(1, Uint8Array.of(3, 4, 0, 7, 0, 8)), 30);
    wire.say(rtuFrame(1, Uint8Array.of(3, 4, 9, 9, 9, 9)));
    await clock.advance(500);

    expect(lost.fault).toMatchObject({ code: 'bus.down', facts: { sent: true } });
    expect(next.value).toEqual([7, 8]);
  });
});

describe('closing a bus', () => {
  it.each([
    'modbus-rtu',
    'modbus-rtu-tcp',
    'modbus-tcp',
  ] as const)('rejects everything with bus.closed, and nothing is heard after it (%s)', async (type) => {
    const { bus, wire, clock, beats } = await busWorld(type);
    const link = bus.modbus('dut', unit(1));
    const pending = [outcome(link.read(RANGE, call())), outcome(link.read(RANGE, call()))];
    await clock.advance(5);

    await bus.close();
    wire.say(Uint8Array.of(1, 2, 3));
    const after = outcome(link.read(RANGE, call()));
    const openings = wire.openings;
    await clock.advance(60_000);

    expect(pending.map(({ fault }) => [fault?.code, fault?.facts.sent])).toEqual([
      ['bus.closed', true],
      ['bus.closed', false],
    ]);
    expect(after.fault?.code).toBe('bus.closed');
    expect(bus.stats()).toMatchObject({ state: 'closed', bytes_in: 0 });
    expect(wire.openings).toBe(openings);
    expect(clock.sleepers()).toEqual([]);
    expect([...beats.values()].every((due) => due === Number.POSITIVE_INFINITY)).toBe(true);
  });

  it('twice is as good as once, and while it waits to open again too', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    wire.refusal = new Fault('bus.port-missing', { path: '/wire' });
    wire.pull();
    await clock.advance(10_000);

    await Promise.all([bus.close(), bus.close()]);

    expect(clock.sleepers()).toEqual([]);
  });
});
