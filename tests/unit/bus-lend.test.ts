import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/faults/index.ts';
import { busWorld, call, outcome, parrot, rtuUnits, unit } from '../support/bus-world.ts';

const RANGE = { table: 'holding', at: 7, count: 2 } as const;
const PACE = { char_ms: 1, gap_ms: 4 };

describe('a bus that is lent', () => {
  it('has closed its port and sends nothing until it comes back; then it goes on as before', async () => {
    const { bus, wire, clock, health } = await busWorld('modbus-rtu');
    rtuUnits(wire, { 1: parrot }, PACE);
    const lending = bus.lend();
    await clock.advance(10);
    const back = await lending;
    const { openings, closings } = wire;

    const refused = outcome(bus.modbus('a', unit(1)).read(RANGE, call()));
    await clock.advance(600_000);

    expect(closings).toHaveLength(1);
    expect(wire.openings).toBe(openings);
    expect(wire.written).toEqual([]);
    expect(refused.fault).toMatchObject({ code: 'bus.down', message: expect.stringContaining('lent') });
    expect([bus.stats().state, health.raised.has('bus-down bus')]).toEqual(['down', true]);
    back();
    await clock.advance(10);
    const read = outcome(bus.modbus('a', unit(1)).read(RANGE, call()));
    await clock.advance(200);
    expect(read.value).toEqual([7, 8]);
    expect(health.raised).not.toContain('bus-down bus');
  });

  it('can be had although its port is away just now, and is not opened meanwhile', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    wire.refusal = new Fault('bus.port-missing', { path: '/wire' });
    wire.pull();
    await clock.advance(60_000);

    const lending = bus.lend();
    await clock.advance(100);
    await lending;
    const tries = wire.openings;
    await clock.advance(60_000);

    expect(wire.openings).toBe(tries);
  });

  it('is lent to one at a time', async () => {
    const { bus, clock } = await busWorld('modbus-rtu');
    const lending = bus.lend();
    await clock.advance(10);
    const back = await lending;

    await expect(bus.lend()).rejects.toMatchObject({ code: 'bus.lent' });
    back();
    await clock.advance(10);
    const again = bus.lend();
    await clock.advance(10);
    expect(await again).toBeTypeOf('function');
  });

  it('closes while it is lent, and opens no port for it', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    const lending = bus.lend();
    await clock.advance(10);
    const back = await lending;
    const { openings } = wire;

    await bus.close();
    back();
    await clock.advance(60_000);

    expect(wire.openings).toBe(openings);
    await expect(bus.lend()).rejects.toMatchObject({ code: 'bus.closed' });
  });
});
