import { describe, expect, it } from 'vitest';
import { Counters } from '../../src/buses/counters.ts';
import { type Breaker, closedBreaker, heard, mayPoll, unheard } from '../../src/buses/modbus/breaker.ts';
import { Echo } from '../../src/buses/modbus/echo.ts';
import { NoiseWatch } from '../../src/buses/modbus/noise.ts';
import { readRequest, valuesOf, writeRequest } from '../../src/buses/modbus/pdu.ts';
import { gapMillis, Silence } from '../../src/buses/modbus/silence.ts';
import { rs485Struct } from '../../src/buses/rs485.ts';
import { bitsPerCharacter } from '../../src/buses/settings.ts';
import {
  readRequest as kitReadRequest,
  writeRequest as kitWriteRequest,
  parseRequest,
} from '../../src/kit/index.ts';

describe('the circuit breaker of a unit', () => {
  const muteFor = (times: number, chance = 0): Breaker => {
    let breaker = closedBreaker;
    for (let count = 0; count < times; count += 1) breaker = unheard(breaker, 1000, chance);
    return breaker;
  };

  it('lets polls through until the third silence in a row', () => {
    const after = [0, 1, 2, 3].map((times) => mayPoll(muteFor(times), 1000));

    expect(after).toEqual([true, true, true, false]);
  });

  it('probes after 5 s, then after twice as long, up to a minute', () => {
    const pauses = [3, 4, 5, 6, 7, 8, 20].map((times) => (muteFor(times).probe_up ?? 0) - 1000);

    expect(pauses).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
  });

  it('spreads the probes by up to a quarter, so that mute units are not probed together', () => {
    const pauses = [0, 0.5, 1].map((chance) => (muteFor(3, chance).probe_up ?? 0) - 1000);

    expect(pauses).toEqual([5000, 4375, 3750]);
  });

  it('closes with the first answer, and begins anew then', () => {
    const again = unheard(unheard(heard(), 1000, 0), 1000, 0);

    expect(heard()).toEqual(closedBreaker);
    expect(mayPoll(again, 1000)).toBe(true);
  });
});

describe('characters and silences', () => {
  it.each([
    { data_bits: 8, parity: 'none', stop_bits: 1, bits: 10 },
    { data_bits: 8, parity: 'even', stop_bits: 1, bits: 11 },
    { data_bits: 8, parity: 'none', stop_bits: 2, bits: 11 },
    { data_bits: 7, parity: 'odd', stop_bits: 1, bits: 10 },
  ] as const)('$data_bits data bits, parity $parity, $stop_bits stop bits: $bits bits a character', ({
    bits,
    ...line
  }) => {
    expect(bitsPerCharacter(line)).toBe(bits);
  });

  it.each([
    [1200, 32.083],
    [2400, 16.042],
    [4800, 8.021],
    [9600, 4.01],
    [19_200, 2.005],
    [38_400, 1.75],
    [115_200, 1.75],
  ])('t3.5 at %i baud is %f ms, in characters of eleven bits whatever the parity', (baud, ms) => {
    expect(gapMillis(baud, 10)).toBeCloseTo(ms, 2);
    expect(gapMillis(baud, 11)).toBeCloseTo(ms, 2);
  });

  it('a line is free t3.5 after the last byte, and not before the gap of the unit has passed', () => {
    const silence = new Silence(9600, 10);
    silence.spoke(100);
    silence.heard(120);
    silence.ended(121, { gap_ms: 30, distrust: false });

    const free = [silence.freeBy(121), silence.freeBy(151)];

    expect(free).toEqual([151, 151]);
  });

  it('a line that is never silent is free all the same after the time of the longest frame and a tenth of a second', () => {
    const silence = new Silence(9600, 10);
    let now = 1000;
    const asked = now;
    while (silence.freeBy(now) > now || now === asked) {
      now += 1;
      silence.heard(now);
      if (now > 5000) break;
    }

    expect(now - asked).toBeGreaterThanOrEqual(256 * (10 / 9.6));
    expect(now - asked).toBeLessThanOrEqual(256 * (10 / 9.6) + 110);
  });
});

describe('patience with a line that is not silent', () => {
  it('begins anew with each silence', () => {
    const silence = new Silence(9600, 10);
    silence.heard(1000);
    silence.freeBy(1001);
    silence.freeBy(2000);
    silence.heard(3000);

    const free = silence.freeBy(3001);

    expect(free).toBeCloseTo(3004.01, 2);
  });
});

describe('RS-485 direction control by the kernel', () => {
  it('is told as struct serial_rs485 of linux/serial.h: flags, delays in ms, and zeros', () => {
    const high = rs485Struct({ rts_on_send: true, delay_before_ms: 1, delay_after_ms: 300 });
    const low = rs485Struct({ rts_on_send: false, delay_before_ms: 0, delay_after_ms: 0 });
    const short = rs485Struct({ rts_on_send: true, delay_before_ms: 1, delay_after_ms: 0 });

    // SER_RS485_ENABLED 1, RTS_ON_SEND 2, RTS_AFTER_SEND 4; RX_DURING_TX (16) stays off.
    expect(high.toString('hex')).toBe(['03000000', '01000000', '2c010000', '0'.repeat(40)].join(''));
    expect(low.toString('hex')).toBe(`05000000${'0'.repeat(56)}`);
    expect(short.toString('hex')).toBe(`0300000001000000${'0'.repeat(48)}`);
    expect([high.length, low.length, short.length]).toEqual([32, 32, 32]);
  });
});

describe('noise on a bus', () => {
  const watch = (damaged: readonly boolean[]) => {
    const told: boolean[] = [];
    const noise = new NoiseWatch((noisy) => told.push(noisy));
    for (const it of damaged) noise.note(it);
    return told;
  };
  const times = (count: number, damaged: boolean) => Array<boolean>(count).fill(damaged);

  it('is told once when five of the last fifty exchanges were damaged', () => {
    expect(watch(times(4, true))).toEqual([]);
    expect(watch(times(20, true))).toEqual([true]);
    expect(watch([...times(4, true), ...times(49, false), true])).toEqual([]);
  });

  it('has ended after fifty clean ones', () => {
    expect(watch([...times(5, true), ...times(49, false)])).toEqual([true]);
    expect(watch([...times(5, true), ...times(50, false)])).toEqual([true, false]);
  });
});

describe('what is known about an echo', () => {
  const READ = { pdu: Uint8Array.of(3, 0, 0, 0, 1), whole: false };
  const WRITE = { pdu: Uint8Array.of(6, 0, 0, 0, 1), whole: false };
  const REPEATED = { pdu: Uint8Array.of(16, 0, 0, 0, 1, 2, 0, 7), whole: true };

  it('is nothing at first, and a write is not risked on that', () => {
    const echo = new Echo('auto');

    expect([WRITE, REPEATED, READ].map((request) => echo.mustLearnBefore(request))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('is not given up for a single read without one, since noise may have eaten it', () => {
    const echo = new Echo('auto');
    echo.heard();

    echo.missed(READ);
    const doubted = echo.absent;
    echo.missed(READ);
    echo.missed(READ);

    expect([doubted, echo.absent]).toEqual([false, true]);
  });

  it('is learned from nothing but what can show it', () => {
    const echo = new Echo('auto');

    echo.missed(WRITE);

    expect(echo.mustLearnBefore(WRITE)).toBe(true);
  });

  it('is what the settings say where they say it', () => {
    const drop = new Echo('drop');
    const none = new Echo('none');
    for (let count = 0; count < 5; count += 1) drop.missed(READ);

    expect([drop.absent, none.absent, none.mayFollow(READ)]).toEqual([false, true, false]);
  });
});

describe('PDUs by node-modbus', () => {
  it('are those of our own kit, which decodes and simulates', () => {
    const ranges = [
      { table: 'coil', at: 0, count: 2000 },
      { table: 'discrete', at: 65_535, count: 1 },
      { table: 'holding', at: 0x1234, count: 125 },
      { table: 'input', at: 1, count: 1 },
    ] as const;
    const writes = [
      { fn: 5, at: 0x0203, values: [7] },
      { fn: 6, at: 65_535, values: [65_535] },
      { fn: 15, at: 19, values: [1, 0, 1, 1, 0, 0, 1, 1, 1, 0] },
      { fn: 16, at: 1, values: [10, 258] },
    ] as const;

    expect(ranges.map((range) => [...readRequest(range)])).toEqual(
      ranges.map((range) => [...kitReadRequest(range)]),
    );
    expect(writes.map((write) => [...writeRequest(write)])).toEqual(
      writes.map((write) => [...kitWriteRequest(write)]),
    );
    expect(writes.map((write) => parseRequest(writeRequest(write)))).toEqual(writes);
  });

  it('decode bits to 0 and 1 and as many as were asked for, registers to words', () => {
    const bits = valuesOf({ table: 'coil', at: 0, count: 10 }, Uint8Array.of(1, 2, 0b1000_0001, 0b11));
    const words = valuesOf({ table: 'input', at: 0, count: 2 }, Uint8Array.of(4, 4, 0xff, 0xfe, 0, 1));

    expect(bits).toEqual([1, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
    expect(words).toEqual([0xfffe, 1]);
  });
});

describe('the use of a bus', () => {
  it('is the share of the last minute in which the wire was in use', () => {
    const counters = new Counters();
    for (let second = 1; second <= 120; second += 1) counters.used(second * 1000, second <= 60 ? 1000 : 250);

    const { use } = counters.stats('up', 120_000, {});

    expect(use).toBeCloseTo(0.25, 1);
  });
});
