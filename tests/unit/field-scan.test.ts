import { describe, expect, it } from 'vitest';
import type { LineSetting, ModbusLink, ScanReport } from '../../src/contracts/index.ts';
import { ProbeLink } from '../../src/field/probe-link.ts';
import { Survey } from '../../src/field/survey.ts';
import { rtuFrame } from '../../src/kit/index.ts';
import { fieldWorld } from '../support/field-world.ts';
import { dice } from '../support/quiet.ts';

const AT_9600: LineSetting = { baud: 9600, parity: 'none' };
const AT_4800: LineSetting = { baud: 4800, parity: 'none' };

/** `7 at 9600: waveshare-relay`, as a person would say it. */
const names = ({ found }: ScanReport): readonly string[] =>
  found.map(
    ({ unit, setting, looks_like }) =>
      `${unit} at ${setting.baud} ${setting.parity}: ${looks_like[0]?.driver ?? 'unknown'}`,
  );

describe('a scan of a wire', () => {
  it('finds units at any speed, parity and address, and tells what each looks like by its own registers', async () => {
    const world = await fieldWorld();
    await world.bus.add('louver-box', { unit: 1, baud: 4800 });
    await world.bus.add('waveshare-relay', { unit: 7, baud: 9600 });
    await world.bus.add('xy-md02', { unit: 112, baud: 9600 });
    await world.bus.add('eletechsup-ryn4', { unit: 11, baud: 19_200, parity: 'even' });

    const report = await world.scan();

    expect(names(report).toSorted()).toEqual([
      '1 at 4800 none: louver-box',
      '11 at 19200 even: eletechsup-ryn4',
      '112 at 9600 none: xy-md02',
      '7 at 9600 none: waveshare-relay',
    ]);
    for (const { looks_like } of report.found) expect(looks_like[0]?.certainty).toBe('strong');
    const box = report.found.find(({ unit }) => unit === 1);
    expect(box?.looks_like[0]?.evidence[0]).toBe('register 2000 (0x07D0) holds its address, 1');
  });

  it('only ever reads: no unit is sent a function that could change it', async () => {
    const world = await fieldWorld();
    for (const [driver, unit] of [
      ['waveshare-relay', 1],
      ['lc-tech-relay', 255],
      ['sensirion-scd30', 97],
      ['stm8-relay', 3],
    ] as const)
      await world.bus.add(driver, { unit, baud: driver === 'sensirion-scd30' ? 19_200 : 9600 });

    const report = await world.scan();

    expect(report.found.length).toBe(4);
    expect(new Set(world.bus.heard.map(({ pdu }) => pdu[0]))).toEqual(new Set([1, 2, 3, 4, 43]));
    expect(world.bus.heard.every(({ pdu }) => pdu[0] !== 43 || pdu[1] === 14)).toBe(true);
  });

  it('lets no driver write while its unit is asked what it is', async () => {
    const { bus, bench, watch } = await fieldWorld();
    const survey = new Survey(bench, watch, { wait_ms: 100, anyway: false });
    const link: ModbusLink = new ProbeLink(survey, { unit: 1, setting: AT_9600, most: 5 });

    const call = { signal: watch.signal, priority: 'field' } as const;
    const writing = link.write({ fn: 6, at: 0, values: [1] }, call);

    await expect(writing).rejects.toMatchObject({ code: 'bus.bad-request' });
    expect(bus.heard).toEqual([]);
  });

  it('hears a unit that answers too late for its turn, and waits for it from then on', async () => {
    const world = await fieldWorld();
    await world.bus.add('noise-rs485', { unit: 30, baud: 4800, delay_ms: 420 });

    const report = await world.scan({ settings: [AT_4800] });

    expect(names(report)).toEqual(['30 at 4800 none: noise-rs485']);
    expect(report.found[0]).toMatchObject({ shared: false, answers: 'reply' });
    expect(report.found[0]?.answer_ms).toBeGreaterThan(390);
  });

  it('takes a refusal for what it is: somebody is there', async () => {
    const world = await fieldWorld();
    await world.bus.add('waveshare-relay', { unit: 5, baud: 9600 });

    const report = await world.scan({ settings: [AT_9600], units: [4, 5, 6], identify: false });

    expect(report.found.map(({ unit, answers }) => [unit, answers])).toEqual([[5, 'exception']]);
  });

  it.each([
    ['one after the other', false],
    ['at once', true],
  ])('tells two units with one address that answer %s', async (_, collide) => {
    const world = await fieldWorld({ collide });
    await world.bus.add('xy-md02', { unit: 4, baud: 9600 });
    await world.bus.add('louver-box', { unit: 4, baud: 9600, delay_ms: 12 });
    await world.bus.add('xy-md02', { unit: 6, baud: 9600 });

    const report = await world.scan({ settings: [AT_9600] });

    expect(report.found.map(({ unit, shared }) => [unit, shared])).toEqual([
      [4, true],
      [6, false],
    ]);
  });

  it('is not misled by an adapter that hears itself, and says so', async () => {
    const world = await fieldWorld({ echo: true });
    await world.bus.add('waveshare-relay', { unit: 2, baud: 9600 });

    const report = await world.scan({ settings: [AT_9600] });

    expect(report.echo).toBe(true);
    expect(names(report)).toEqual(['2 at 9600 none: waveshare-relay']);
    expect(report.heard).toEqual([]);
  });

  it('of a silent wire says what was tried, and that it was silent', async () => {
    const world = await fieldWorld();

    const report = await world.scan();

    expect(report.found).toEqual([]);
    expect(report.heard).toEqual([]);
    const swept = report.tried.filter(({ how }) => how === 'swept');
    expect(swept.map(({ setting, units, answered }) => [setting.baud, units, answered])).toEqual([
      [9600, [[1, 247]], 0],
      [4800, [[1, 247]], 0],
    ]);
    expect(report.tried.filter(({ how }) => how === 'likely')).toHaveLength(11);
    // Nobody spoke at the first speed, so nobody speaks by himself at another.
    expect(report.tried.filter(({ how }) => how === 'listened')).toHaveLength(1);
  });

  it('says nothing where another master speaks, and names whom it asks', async () => {
    const world = await fieldWorld();
    const asking = (async () => {
      for (let unit = 1; unit <= 8; unit += 1) {
        await world.clock.sleep('the other master', 300);
        world.bus.say(rtuFrame(unit, Uint8Array.of(3, 0, 0, 0, 1)), AT_9600);
        world.bus.say(rtuFrame(unit, Uint8Array.of(3, 2, 0, unit)), AT_9600);
      }
    })();

    const report = await world.scan();
    await asking;

    expect(report.heard).toEqual([
      { setting: AT_9600, what: 'master', bytes: 0, units: [1, 2, 3, 4, 5, 6, 7, 8] },
    ]);
    expect(report.asked).toBe(0);
    expect(world.bus.heard).toEqual([]);
    expect(report.not_tried).toEqual([expect.stringContaining('another master')]);
  });

  it.each([
    ['plantower-pms', 9600, 'none', 'pm2_5'],
    ['nova-sds011', 9600, 'none', 'pm2_5'],
    ['a02yyuw', 9600, 'none', 'distance'],
    ['maxbotix-hrxl', 9600, 'none', 'distance'],
    ['winsen-ze', 9600, 'none', 'co'],
    ['panasonic-sn-gcja5', 9600, 'even', 'pm2_5'],
  ] as const)('recognises %s, which speaks by itself, at its speed, and asks nobody then', async (id, baud, parity, point) => {
    const world = await fieldWorld();
    const driver = await world.library.load(id);
    const far = (await world.library.simulator(id)).open(driver.options.parse({}), 3);
    if (far.kind !== 'bytes') throw new Error('it has bytes of its own');
    const stop = new AbortController();
    void world.bus.stream(far, { baud, parity }, stop.signal);

    const report = await world.scan();
    stop.abort();

    expect(report.streams[0]).toMatchObject({ driver: id, setting: { baud, parity } });
    expect(Object.keys(report.streams[0]?.values ?? {}).join(' ')).toContain(point);
    expect(report.asked).toBe(0);
  });

  it('of a line that is never silent says so, and does not ask for hours', async () => {
    const world = await fieldWorld();
    await world.bus.add('waveshare-relay', { unit: 7, baud: 9600 });
    const stop = new AbortController();
    const random = dice(9);
    const babble = async () => {
      while (!stop.signal.aborted) {
        await world.clock.sleep('noise', 30, stop.signal).catch(() => {});
        world.bus.say(
          Uint8Array.from({ length: 8 }, () => random() * 256),
          AT_9600,
        );
      }
    };
    void babble();

    const report = await world.scan();
    stop.abort();

    expect(report.streams).toEqual([]);
    expect(report.heard.some(({ what }) => what === 'noise')).toBe(true);
    expect(report.not_tried).toEqual([expect.stringContaining('never silent')]);
    expect(report.tried.some(({ how }) => how === 'swept')).toBe(false);
    // The relay board is heard through the noise.
    expect(report.found.map(({ unit }) => unit)).toEqual([7]);
  });

  it('asks devices of the site file as their drivers do, and names those that are silent', async () => {
    const world = await fieldWorld({ own: AT_4800 });
    await world.bus.add('noise-rs485', { unit: 200, baud: 4800 });
    const site = [
      await world.site('noise-1', 'noise-rs485', 200),
      await world.site('noise-2', 'noise-rs485', 201),
    ];

    const report = await world.scan({ depth: 'quick' }, site);

    expect(report.found.map(({ unit, device }) => [unit, device])).toEqual([[200, 'noise-1']]);
    expect(report.silent).toEqual(['noise-2']);
  });

  it('reports how far it is and how long it takes, and the end comes as was said', async () => {
    const world = await fieldWorld();

    const began = world.clock.now().up;
    await world.scan({ settings: [AT_9600], depth: 'usual' });

    const sweep = world.progress.filter(({ stage }) => stage === 'sweep');
    const [first] = sweep;
    expect([first?.done, first?.of]).toEqual([0, 247]);
    // 247 × (8 characters + 150 ms + 3.5 characters) at 9600 baud.
    expect(first?.left_ms).toBeGreaterThan(39_000);
    expect(first?.left_ms).toBeLessThan(41_000);
    expect(sweep.at(-1)?.left_ms).toBeLessThan(200);
    expect(world.clock.now().up - began).toBeLessThan(52_000);
  });

  it('ends at once when the technician has had enough, with the port closed behind it', async () => {
    const world = await fieldWorld();
    const scanning = world.scan();

    await world.through(world.clock.sleep('a while', 5000));
    world.stop.abort(new Error('Ctrl-C'));

    await expect(scanning).rejects.toThrow('Ctrl-C');
    const before = world.bus.heard.length;
    await world.clock.advance(5000);
    expect(world.bus.heard).toHaveLength(before);
  });

  it('ends with the fault of the wire when the adapter is pulled out', async () => {
    const world = await fieldWorld();
    const scanning = world.scan();
    scanning.catch(() => {});

    await world.through(world.clock.sleep('a while', 4000));
    world.pull();

    await expect(scanning).rejects.toMatchObject({ code: 'bus.down' });
  });
});
