import { describe, expect, it } from 'vitest';
import { isFault } from '../../src/faults/index.ts';
import { answerFromBank, wordBank } from '../../src/kit/index.ts';
import {
  busWorld,
  call,
  outcome,
  parrot,
  rtuUnits,
  tcpUnits,
  type Units,
  unit,
} from '../support/bus-world.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';

/** 9600 baud, 8N1. */
const PACE = { char_ms: 10 / 9.6, gap_ms: 4.01 };
const RANGE = { table: 'holding', at: 0, count: 10 } as const;
const MINUTE_MS = 60_000;
const LONG = process.env.GATELODGE_LONG !== undefined;
const MINUTES = LONG ? 60 : 1;

describe('one mute unit costs the others nothing after back-off (BU-2)', () => {
  it(`the cycle of the rest is at most 1.1 times the cycle without it, in ${MINUTES} minutes`, async () => {
    const without = await cyclesPerMinute({ mute: false, from_min: 0, minutes: 1 });

    const withMute = await cyclesPerMinute({ mute: true, from_min: 2, minutes: MINUTES });

    expect(without / withMute).toBeLessThanOrEqual(1.1);
    expect(without).toBeGreaterThan(100);
    if (LONG) console.log(`BU-2: cycle of the rest × ${(without / withMute).toFixed(4)}`);
  });

  it('finds the unit again within a minute of its return, and polls it as before', async () => {
    let silent = true;
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    rtuUnits(wire, { 1: (pdu) => (silent ? undefined : parrot(pdu)) }, PACE);
    const link = bus.modbus('dut', unit(1));
    const answers: boolean[] = [];
    const poll = pollFor(
      clock,
      1000,
      () => link.read(RANGE, call()),
      (good) => answers.push(good),
    );
    await clock.advance(5 * MINUTE_MS);
    silent = false;
    answers.length = 0;

    await clock.advance(2 * MINUTE_MS);

    poll.stop();
    expect(answers.indexOf(true)).toBeGreaterThanOrEqual(0);
    expect(answers.indexOf(true)).toBeLessThanOrEqual(61);
    expect(answers.slice(answers.indexOf(true))).not.toContain(false);
  });

  it('tells polls of it at once that they are not sent, also those that waited already', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    const requests = rtuUnits(wire, {}, PACE);
    const link = bus.modbus('dut', unit(9));

    const asked = Array.from({ length: 8 }, () => outcome(link.read(RANGE, call())));
    await clock.advance(4000);
    const later = outcome(link.read(RANGE, call()));
    await clock.advance(1);

    expect(requests).toHaveLength(3);
    expect(asked.map(({ fault }) => fault?.code)).toEqual([
      ...Array(3).fill('bus.no-reply'),
      ...Array(5).fill('bus.unit-off'),
    ]);
    expect(later.fault).toMatchObject({ code: 'bus.unit-off', facts: { sent: false } });
  });

  it('sends a command to it all the same, for somebody waits for the truth', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    const requests = rtuUnits(wire, {}, PACE);
    const link = bus.modbus('dut', unit(9));
    for (let count = 0; count < 3; count += 1) {
      outcome(link.read(RANGE, call()));
      await clock.advance(1000);
    }

    const command = outcome(link.write({ fn: 5, at: 0, values: [0xff00] }, call('command')));
    await clock.advance(1000);

    expect(requests.at(-1)?.pdu[0]).toBe(5);
    expect(command.fault).toMatchObject({ code: 'bus.no-reply', facts: { sent: true } });
  });
});

/** Rounds a minute that four units make while a fifth is mute, or not there at all. */
async function cyclesPerMinute(span: {
  readonly mute: boolean;
  readonly from_min: number;
  readonly minutes: number;
}): Promise<number> {
  const { bus, wire, clock } = await busWorld('modbus-rtu');
  const ids = [1, 2, 3, 4];
  const units: Units = Object.fromEntries(ids.map((id) => [id, parrot]));
  rtuUnits(wire, units, PACE);
  const links = ids.map((id) => bus.modbus(`d${id}`, unit(id, { timeout_ms: 500 })));
  const mute = bus.modbus('mute', unit(10, { timeout_ms: 500 }));
  let cycles = 0;
  let running = true;
  const rest = (async () => {
    while (running) {
      await Promise.all(links.map((link) => link.read(RANGE, call())));
      cycles += 1;
    }
  })().catch(() => {});
  const poll = span.mute ? pollFor(clock, 1000, () => mute.read(RANGE, call())) : undefined;
  await clock.advance(span.from_min * MINUTE_MS);
  const before = cycles;
  await clock.advance(span.minutes * MINUTE_MS);
  const made = cycles - before;
  running = false;
  poll?.stop();
  await Promise.all([rest, clock.advance(1000)]);
  return made / span.minutes;
}

function pollFor(
  clock: VirtualClock,
  every_ms: number,
  work: () => Promise<unknown>,
  tell: (good: boolean) => void = () => {},
) {
  const stop = new AbortController();
  const run = async () => {
    while (!stop.signal.aborted) {
      await work().then(
        () => tell(true),
        () => tell(false),
      );
      await clock.sleep('poll', every_ms, stop.signal);
    }
  };
  run().catch(() => {});
  return { stop: () => stop.abort() };
}

describe('neighbours are read together, around learned holes (BU-3)', () => {
  const WANTS = [
    { table: 'holding', at: 0, count: 2 },
    { table: 'holding', at: 2, count: 4 },
    { table: 'holding', at: 9, count: 3 },
    { table: 'holding', at: 14, count: 1 },
  ] as const;

  async function site(missing: readonly number[]) {
    const { bus, wire, clock, health } = await busWorld('modbus-rtu');
    const bank = wordBank();
    for (let at = 0; at < 20; at += 1) if (!missing.includes(at)) bank.set('holding', at, 100 + at);
    const requests = rtuUnits(wire, { 1: (pdu) => answerFromBank(bank, pdu) }, PACE);
    const link = bus.modbus('meter', unit(1));
    const readAll = async () => {
      requests.length = 0;
      const result = outcome(link.readAll(WANTS, call()));
      await clock.advance(3000);
      const asked = requests.map(({ pdu }) => [pdu[2], pdu[4]]);
      return { asked, given: result.value };
    };
    return { readAll, health };
  }
  const VALUES = WANTS.map(({ at, count }) => Array.from({ length: count }, (_, index) => 100 + at + index));

  it('reads everything at once when the unit bears it', async () => {
    const { readAll, health } = await site([]);

    const { asked, given } = await readAll();

    expect(asked).toEqual([[0, 15]]);
    expect(given).toEqual(VALUES);
    expect(health.ever).not.toContain('register-hole meter');
  });

  it('splits a block for good where registers are missing, and says so', async () => {
    const { readAll, health } = await site([6, 7, 8]);

    const first = await readAll();
    const second = await readAll();

    expect(first.asked).toEqual([
      [0, 15],
      [0, 6],
      [9, 6],
    ]);
    expect(first.given).toEqual(VALUES);
    expect(second.asked).toEqual([
      [0, 6],
      [9, 6],
    ]);
    expect(second.given).toEqual(VALUES);
    expect(health.raised).toContain('register-hole meter');
  });

  it('gives what is there when a wanted register is missing, and a fault for that one alone', async () => {
    const { readAll } = await site([14]);

    await readAll();
    await readAll();
    const { asked, given } = await readAll();

    expect(asked).toEqual([
      [0, 12],
      [14, 1],
    ]);
    expect(given?.slice(0, 3)).toEqual(VALUES.slice(0, 3));
    expect(isFault(given?.[3], 'bus.exception')).toBe(true);
  });

  it('reads in pieces too when the unit gives fewer registers at once than Modbus allows', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    const bank = wordBank();
    for (let at = 0; at < 20; at += 1) bank.set('holding', at, 100 + at);
    const requests = rtuUnits(wire, { 1: (pdu) => answerFromBank(bank, pdu, { most: 8 }) }, PACE);
    const link = bus.modbus('meter', unit(1));
    outcome(link.readAll(WANTS, call()));
    await clock.advance(3000);
    requests.length = 0;

    const again = outcome(link.readAll(WANTS, call()));
    await clock.advance(3000);

    expect(again.value).toEqual(VALUES);
    expect(requests).toHaveLength(2);
  });

  it('learns nothing from a refusal that has another cause', async () => {
    const { bus, wire, clock, health } = await busWorld('modbus-rtu');
    let busy = true;
    const answer = (pdu: Uint8Array) => (busy ? Uint8Array.of(0x83, 6) : parrot(pdu));
    const requests = rtuUnits(wire, { 1: answer }, PACE);
    const link = bus.modbus('meter', unit(1));
    const refused = outcome(link.readAll(WANTS, call()));
    await clock.advance(1000);
    busy = false;
    requests.length = 0;

    outcome(link.readAll(WANTS, call()));
    await clock.advance(1000);

    expect(refused.fault).toMatchObject({ code: 'bus.exception', facts: { exception: 6 } });
    expect(requests).toHaveLength(1);
    expect(health.ever).not.toContain('register-hole meter');
  });
});

describe('a command passes every queued poll (BU-6)', () => {
  it.each([
    1, 5, 30, 44,
  ])('on a serial line, %i ms after an exchange began, it is the next one', async (at_ms) => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    const requests = rtuUnits(wire, { 1: parrot, 2: parrot, 3: parrot }, PACE);
    for (let index = 0; index < 60; index += 1)
      outcome(bus.modbus('d', unit(1 + (index % 2))).read(RANGE, call()));
    outcome(bus.modbus('d', unit(2)).read(RANGE, call('field')));
    await clock.advance(at_ms);
    const before = requests.length;

    const command = outcome(
      bus.modbus('door', unit(3)).write({ fn: 5, at: 0, values: [0xff00] }, call('command')),
    );
    await clock.advance(100);

    expect(requests.slice(before).map(({ unit: id }) => id)[0]).toBe(3);
    expect(command).toMatchObject({ done: true });
    expect(command.fault).toBeUndefined();
  });

  it('and the end of a pulse passes every queued command', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    const requests = rtuUnits(wire, { 1: parrot, 3: parrot }, PACE);
    for (let index = 0; index < 20; index += 1)
      outcome(bus.modbus('d', unit(1)).write({ fn: 5, at: index, values: [0xff00] }, call('command')));
    await clock.advance(10);
    const before = requests.length;

    outcome(bus.modbus('door', unit(3)).write({ fn: 5, at: 0, values: [0] }, call('urgent')));
    await clock.advance(100);

    expect(requests.slice(before).map(({ unit: id }) => id)[0]).toBe(3);
  });

  it('waits for at most the exchange in flight, also when that is with a mute unit', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    rtuUnits(wire, { 3: parrot }, PACE);
    for (let index = 0; index < 20; index += 1)
      outcome(bus.modbus('d', unit(10 + index, { timeout_ms: 300 })).read(RANGE, call()));
    await clock.advance(10);
    const asked_up = clock.now().up;

    outcome(bus.modbus('door', unit(3)).write({ fn: 5, at: 0, values: [0xff00] }, call('command')));
    await clock.advance(2000);

    const sent = wire.written.find(({ bytes }) => bytes[0] === 3);
    const worst_ms = 300 + 8 * PACE.char_ms;
    expect((sent?.up ?? Number.NaN) - asked_up).toBeLessThanOrEqual(worst_ms);
  });

  it('goes to a unit at once whose last poll was not answered, since their replies cannot be confused', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    rtuUnits(wire, {}, PACE);
    const link = bus.modbus('door', unit(3, { timeout_ms: 300 }));
    const poll = outcome(link.read(RANGE, call()));
    await clock.advance(310);
    const asked_up = clock.now().up;

    outcome(link.write({ fn: 5, at: 0, values: [0xff00] }, call('command')));
    await clock.advance(20);

    expect(poll.fault?.code).toBe('bus.no-reply');
    expect(wire.written.at(-1)?.bytes[1]).toBe(5);
    expect((wire.written.at(-1)?.up ?? Number.NaN) - asked_up).toBeLessThanOrEqual(10);
  });

  it('over Modbus TCP, it is the next one as soon as one of those in flight has ended', async () => {
    const { bus, wire, clock } = await busWorld('modbus-tcp', { in_flight: 2 });
    const requests = tcpUnits(wire, { 1: parrot, 3: parrot }, 20);
    for (let index = 0; index < 30; index += 1) outcome(bus.modbus('d', unit(1)).read(RANGE, call()));
    await clock.advance(5);
    const before = requests.length;

    const command = outcome(
      bus.modbus('door', unit(3)).write({ fn: 5, at: 0, values: [0xff00] }, call('command')),
    );
    await clock.advance(45);

    expect(before).toBe(2);
    expect(requests[before]?.unit).toBe(3);
    expect(command.done && command.fault === undefined).toBe(true);
  });

  it('keeps the order of commands, and lets field reads go before polls', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    const requests = rtuUnits(wire, { 1: parrot }, PACE);
    const link = bus.modbus('d', unit(1));
    for (let at = 0; at < 3; at += 1) outcome(link.read({ ...RANGE, at }, call()));
    await clock.advance(1);
    outcome(link.read({ ...RANGE, at: 100 }, call('field')));
    for (let at = 0; at < 3; at += 1) outcome(link.write({ fn: 6, at, values: [7] }, call('command')));

    await clock.advance(2000);

    expect(requests.map(({ pdu }) => `${pdu[0]} at ${pdu[2]}`)).toEqual([
      '3 at 0',
      '6 at 0',
      '6 at 1',
      '6 at 2',
      '3 at 100',
      '3 at 1',
      '3 at 2',
    ]);
  });
});
