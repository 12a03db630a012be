import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { openKernelChip } from '../../src/buses/gpio/chip.ts';
import { openBus } from '../../src/buses/index.ts';
import { loadSite } from '../../src/config/index.ts';
import type { Intake } from '../../src/contracts/index.ts';
import { Roster } from '../../src/devices/index.ts';
import { derivedPoints } from '../../src/gateway/derived-plan.ts';
import { busSettings, rosterEntry } from '../../src/gateway/plan.ts';
import { bitsOfText, cardBits } from '../../src/kit/index.ts';
import type { EventEntry, JsonObject, Reading } from '../../src/model/index.ts';
import { fakeKernel } from '../support/fake-kernel.ts';
import { noChips } from '../support/no-chips.ts';
import { healthNotes, quietLog } from '../support/quiet.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const RUNS = process.env.GATELODGE_LONG ? 2000 : 20;
const CHIP = 'pinctrl-bcm2711';
const D0 = 23;
const D1 = 24;
const LED = 5;
/** HID H10301: facility 118, card 1603. */
const CARD = bitsOfText('10111011000000110010000110');
const HEARD = { card: '760643', format: '26-bit', bits: 26, facility: 118, number: 1603 };

const siteOf = (options: string, type: string, more: string) => `
version: 1
site: { id: yard, name: Yard, time_zone: Asia/Shanghai }
buses: [{ id: pi, type: ${type}, chip: ${CHIP} }]
devices:
  - id: gate
    driver: wiegand-reader
    bus: pi
    options: ${options}
    lines: { d0: { line: GPIO23${more} }, d1: { line: GPIO24${more} }${
      options.includes('led') ? ', led: { line: GPIO5, active_low: true }' : ''
    } }
`;

const loaded = async (options: string, type = 'gpio', more = '') => {
  const library = await openLibrary();
  return loadSite(siteOf(options, type, more), {
    library: async () => library,
    readText: () => undefined,
    derivedPoints,
  });
};

/** A reader on the lines of a chip: the kernel's side in bytes, real bus, real device host, virtual time. */
async function reader(options = '{}', more = '') {
  const { site, devices, problems } = await loaded(options, 'gpio', more);
  if (!site) throw new Error(JSON.stringify(problems));
  const clock = new VirtualClock();
  const chip = fakeKernel(CHIP);
  const ports = { ...noChips, serial: none, tcp: none, chip: () => openKernelChip(chip.kernel, CHIP) };
  const health = healthNotes();
  const common = { clock, health, log: quietLog };
  const buses = new Map(
    site.buses.map((bus) => [
      bus.id,
      openBus(busSettings(bus, '/'), { ...common, ports, random: () => 0.5 }),
    ]),
  );
  const readings: Reading[] = [];
  const events: EventEntry[] = [];
  const passed: EventEntry[] = [];
  const intake: Intake = {
    readings: (some) => void readings.push(...some),
    event: (event) => void events.push(event),
    pass: (event) => void passed.push(event),
  };
  const roster = Roster.open(
    devices.map((device) => rosterEntry(device, false)),
    buses,
    { ...common, intake },
  );
  roster.start();
  onTestFinished(async () => {
    const closed = roster.close();
    await clock.advance(10_000);
    await closed;
    for (const bus of buses.values()) await bus.close();
  });
  await clock.advance(1500);
  /** Bits on the lines, so far apart, each at its own time. */
  const send = async (bits: Iterable<number>, interval: () => number = () => 1) => {
    for (const bit of bits) {
      await clock.advance(interval());
      chip.falls(bit ? D1 : D0, clock.now().up);
    }
  };
  const fieldsOf = (name: string): JsonObject[] =>
    events.filter((event) => event.name === name).map(({ fields }) => fields);
  return { clock, chip, roster, readings, events, passed, send, fieldsOf };
}

const none = () => Promise.reject(new Error('no ports here'));

/** Intervals that a reader may have, repeatably at random. */
const jitter = (seed: number): (() => number) => {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return 0.2 + (state / 2 ** 32) * 19.7;
  };
};

describe('a card on Wiegand lines', () => {
  it('is told when its bits have been followed by a silence, by the time of its last bit', async () => {
    const { clock, send, events, fieldsOf } = await reader();

    await send(CARD);
    const last_up = clock.now().up;
    await clock.advance(39);
    const before = fieldsOf('card').length;
    await clock.advance(2);

    expect(before).toBe(0);
    expect(fieldsOf('card')).toEqual([HEARD]);
    expect(events.at(-1)?.stamp.up).toBeCloseTo(last_up, 2);
  });

  it('is the same however its bits jitter between 0.2 and 20 ms', async () => {
    const world = await reader();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 24 - 1 }), fc.integer(), async (number, seed) => {
        const before = world.fieldsOf('card').length;
        const bits = cardBits(bitsOfText(number.toString(2).padStart(24, '0')), '26-bit');

        await world.send(bits, jitter(seed));
        await world.clock.advance(60);

        const heard = world.fieldsOf('card').slice(before);
        expect(heard).toEqual([expect.objectContaining({ card: hexOf(number) })]);
      }),
      { numRuns: RUNS },
    );
    expect(world.fieldsOf('misread')).toEqual([]);
  });

  it('with a bit missing, wherever, is misread by its count', async () => {
    const { clock, send, fieldsOf } = await reader();

    for (let gone = 0; gone < CARD.length; gone += 1) {
      await send(CARD.filter((_, at) => at !== gone));
      await clock.advance(60);
    }

    expect(fieldsOf('card')).toEqual([]);
    expect(fieldsOf('misread')).toEqual(Array(26).fill({ reason: 'bit-count', bits: 25 }));
  });

  it('with a bit too many, wherever, is misread by its count', async () => {
    const { clock, send, fieldsOf } = await reader();

    for (let at = 0; at <= CARD.length; at += 1) {
      await send([...CARD.slice(0, at), at % 2, ...CARD.slice(at)]);
      await clock.advance(60);
    }

    expect(fieldsOf('card')).toEqual([]);
    expect(fieldsOf('misread')).toEqual(Array(27).fill({ reason: 'bit-count', bits: 27 }));
  });

  it('with any bit turned round is misread by its parity', async () => {
    const { clock, send, fieldsOf } = await reader();

    for (let wrong = 0; wrong < CARD.length; wrong += 1) {
      await send(CARD.map((bit, at) => (at === wrong ? 1 - bit : bit)));
      await clock.advance(60);
    }

    expect(fieldsOf('card')).toEqual([]);
    expect(fieldsOf('misread')).toEqual(Array(26).fill({ reason: 'parity', bits: 26 }));
  });

  it('is one of two when they come back to back, 45 ms apart', async () => {
    const { clock, send, fieldsOf } = await reader();

    await send(CARD);
    await clock.advance(44);
    await send(CARD);
    await clock.advance(60);

    expect(fieldsOf('card')).toEqual([HEARD, HEARD]);
    expect(fieldsOf('misread')).toEqual([]);
  });

  it('is whole when the process was held up for the time of two cards: their silence is in the times of the kernel', async () => {
    const { clock, chip, fieldsOf } = await reader();
    const began = clock.now().up;

    chip.stall();
    for (const [nth, bit] of [...CARD, ...CARD].entries())
      chip.falls(bit ? D1 : D0, began + nth + (nth < CARD.length ? 0 : 50));
    await clock.advance(500);
    chip.go();
    await clock.advance(60);

    expect(fieldsOf('card')).toEqual([HEARD, HEARD]);
    expect(fieldsOf('misread')).toEqual([]);
  });

  it('of which the chip had to drop edges is misread, whatever is left of it, and the next one is whole', async () => {
    const { clock, chip, send, fieldsOf } = await reader();
    const began = clock.now().up;

    // More than the kernel keeps: the oldest go, and the last 26 are a card by themselves.
    chip.stall();
    for (let nth = 0; nth < 1000; nth += 1) chip.falls(D0, began + nth / 10);
    for (const [nth, bit] of CARD.entries()) chip.falls(bit ? D1 : D0, began + 100 + nth);
    chip.go();
    await clock.advance(200);
    await send(CARD);
    await clock.advance(60);

    expect(fieldsOf('misread')).toEqual([expect.objectContaining({ reason: 'lost-edges' })]);
    expect(fieldsOf('card')).toEqual([HEARD]);
  });

  it('is heard through a shifter that turns the lines round', async () => {
    const { clock, chip, send, fieldsOf, readings } = await reader('{}', ', active_low: true');
    chip.high[D0] = false;
    chip.high[D1] = false;
    await clock.advance(3000);

    await send(CARD);
    await clock.advance(60);

    expect(fieldsOf('card')).toEqual([HEARD]);
    expect(readings.at(-1)).toMatchObject({ point: 'wired', value: true });
  });

  it('of 34 or 37 bits is another card than one of 26, and refused where only 26 are taken', async () => {
    const open = await reader();
    const strict = await reader('{ card: 26-bit }');
    const long = cardBits(bitsOfText('11011110101011011011111011101111'), '34-bit');

    for (const { send, clock } of [open, strict]) {
      await send(long);
      await clock.advance(60);
    }

    expect(open.fieldsOf('card')).toEqual([
      { card: 'DEADBEEF', format: '34-bit', bits: 34, facility: 0xdead, number: 0xbeef },
    ]);
    expect(strict.fieldsOf('card')).toEqual([]);
    expect(strict.fieldsOf('misread')).toEqual([{ reason: 'bit-count', bits: 34 }]);
  });
});

describe('a keypad on Wiegand lines', () => {
  const press = async (world: Awaited<ReturnType<typeof reader>>, keys: string, apart_ms = 300) => {
    for (const key of keys) {
      const value = '0123456789*#'.indexOf(key);
      await world.send(bitsOfText(value.toString(2).padStart(4, '0')));
      await world.clock.advance(apart_ms);
    }
  };

  it('gives a PIN at #, to whoever acts on it and to nobody else', async () => {
    const world = await reader('{ keypad: 4-bit }');

    await press(world, '4711#');

    expect(world.passed).toMatchObject([{ subject: 'gate', name: 'pin', fields: { pin: '4711' } }]);
    expect(world.events.filter(({ name }) => name !== 'device-up')).toEqual([]);
    expect(JSON.stringify([world.readings, world.events, world.roster.views()])).not.toContain('4711');
  });

  it('begins anew at *, and forgets what was left unfinished', async () => {
    const world = await reader('{ keypad: 4-bit }');

    await press(world, '12*34#');
    await press(world, '99');
    await world.clock.advance(6500);
    await press(world, '56#');

    expect(world.passed.map(({ fields }) => fields.pin)).toEqual(['34', '56']);
  });

  it('gives what a silence has ended where that counts', async () => {
    const world = await reader('{ keypad: 4-bit, pin_ends: hash-or-silence }');

    await press(world, '2580');
    await world.clock.advance(6500);

    expect(world.passed.map(({ fields }) => fields.pin)).toEqual(['2580']);
  });

  it('gives no PIN of more than sixteen digits, nor a part of it', async () => {
    const world = await reader('{ keypad: 4-bit }');

    await press(world, '12345678901234567#77#', 50);

    expect(world.passed.map(({ fields }) => fields.pin)).toEqual(['77']);
  });

  it('misreads a key whose two halves do not belong together', async () => {
    const world = await reader('{ keypad: 8-bit }');

    for (const bits of ['11100001', '11100011', '10110100']) {
      await world.send(bitsOfText(bits));
      await world.clock.advance(60);
    }
    await world.send(bitsOfText('01001011'));
    await world.clock.advance(60);

    expect(world.passed.map(({ fields }) => fields.pin)).toEqual(['14']);
    expect(world.fieldsOf('misread')).toEqual([{ reason: 'key', bits: 8 }]);
  });
});

describe('the other lines of a Wiegand reader', () => {
  it('light its LED for as long as they are told, and rest dark', async () => {
    const { clock, chip, roster } = await reader('{ led: true }');
    const dark = chip.high[LED];

    const lit = roster.find('gate').act('led', { ms: 500 });
    await clock.advance(100);
    const meanwhile = chip.high[LED];
    await clock.advance(600);

    expect([dark, meanwhile, chip.high[LED]]).toEqual([true, false, true]);
    expect(await lit).toMatchObject({ result: 'done', facts: { effective_ms: 500 } });
  });

  it('refuse a buzzer that is not wired', async () => {
    const { clock, roster } = await reader('{ led: true }');

    const refused = roster.find('gate').act('buzzer-on', {});
    refused.catch(() => {});
    await clock.advance(100);

    await expect(refused).rejects.toMatchObject({ code: 'command.bad-args' });
  });

  it('show that it is unplugged when both stay low, and not when a look falls into a pulse', async () => {
    const { clock, chip, readings } = await reader();
    const wired = () => readings.at(-1)?.value;

    chip.high[D0] = false;
    await clock.advance(1000);
    chip.high[D0] = true;
    await clock.advance(2000);
    const pulsed = readings.every(({ value }) => value === true);
    chip.high[D0] = false;
    chip.high[D1] = false;
    await clock.advance(3500);
    const unplugged = wired();
    chip.high[D0] = true;
    chip.high[D1] = true;
    await clock.advance(1500);

    expect([pulsed, unplugged, wired()]).toEqual([true, false, true]);
  });
});

describe('a Wiegand reader on sysfs', () => {
  it('is refused by check, which says what to do', async () => {
    const { site, problems } = await loaded('{}', 'gpio-sysfs');

    expect(site).toBeUndefined();
    expect(problems).toContainEqual(
      expect.objectContaining({
        message: expect.stringContaining('loses bursts'),
        remedy: 'Use type: gpio.',
      }),
    );
  });

  it('is refused by the bus as well, and never half heard', async () => {
    const clock = new VirtualClock();
    const request = () => {
      throw new Error('its lines were taken');
    };
    const old = { label: CHIP, stamps: false, debounces: false, request, close: () => {} };
    const ports = { ...noChips, serial: none, tcp: none, legacyChip: () => old };
    const common = { clock, health: healthNotes(), log: quietLog, ports, random: () => 0.5 };
    const bus = openBus({ id: 'pi', type: 'gpio-sysfs', chip: CHIP }, common);
    onTestFinished(() => bus.close());
    const driver = await (await openLibrary()).load('wiegand-reader');
    const wish = { line: 'GPIO23', active_low: false, bias: 'as-is' } as const;
    const lines = Object.entries(driver.lines?.(driver.options.parse({})) ?? {});
    const link = bus.lines(
      'gate',
      Object.fromEntries(lines.map(([name, spec]) => [name, { ...spec, ...wish }])),
    );
    await clock.advance(10);

    await expect(
      link.get('d0', { signal: new AbortController().signal, priority: 'poll' }),
    ).rejects.toMatchObject({ code: 'gpio.unable' });
  });
});

const hexOf = (number: number): string => number.toString(16).toUpperCase().padStart(6, '0');
