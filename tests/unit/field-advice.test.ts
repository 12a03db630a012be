import { describe, expect, it } from 'vitest';
import type { LineSetting, ScanReport } from '../../src/contracts/index.ts';
import { fieldWorld } from '../support/field-world.ts';

const AT_9600: LineSetting = { baud: 9600, parity: 'none' };

/** `exchanged: gate, air`. */
const codes = ({ advice }: ScanReport): readonly string[] =>
  advice.map(({ code, devices, units }) => `${code}: ${[...devices, ...units].join(', ')}`);

describe('what a scan says of a wire and its site file', () => {
  it('nothing where all is as it should be', async () => {
    const world = await fieldWorld({ own: AT_9600 });
    await world.bus.add('louver-box', { unit: 3, baud: 9600 });
    await world.bus.add('waveshare-relay', { unit: 4, baud: 9600 });
    const site = [await world.site('air', 'louver-box', 3), await world.site('gate', 'waveshare-relay', 4)];

    const report = await world.scan({ settings: [AT_9600] }, site);

    expect(report.found.map(({ device }) => device).toSorted()).toEqual(['air', 'gate']);
    expect(codes(report)).toEqual([]);
  });

  it('two devices answer, each at the address of the other: once, not twice', async () => {
    const world = await fieldWorld({ own: AT_9600 });
    await world.bus.add('waveshare-relay', { unit: 3, baud: 9600 });
    await world.bus.add('louver-box', { unit: 4, baud: 9600 });
    const site = [await world.site('air', 'louver-box', 3), await world.site('gate', 'waveshare-relay', 4)];

    const report = await world.scan({ settings: [AT_9600] }, site);

    expect(codes(report)).toEqual(['exchanged: air, gate, 3, 4']);
  });

  it('a relay board of the kind that counts from 0 where the site file has one that counts from 1', async () => {
    const world = await fieldWorld({ own: AT_9600 });
    await world.bus.add('eletechsup-ryn4', { unit: 3, baud: 9600 });
    await world.bus.add('eletechsup-r421a08', { unit: 4, baud: 9600 });
    const site = [
      await world.site('gate', 'eletechsup-r421a08', 3),
      await world.site('lamps', 'eletechsup-ryn4', 4),
      await world.site('pump', 'eletechsup-ryn4', 5),
    ];

    const report = await world.scan({ settings: [AT_9600] }, site);
    const alone = await world.scan({ settings: [AT_9600], units: [3] }, site.slice(0, 1));

    expect(report.found.map(({ unit, looks_like }) => [unit, looks_like[0]?.driver])).toEqual([
      [3, 'eletechsup-ryn4'],
      [4, 'eletechsup-r421a08'],
    ]);
    expect(codes(report)).toEqual(['exchanged: gate, lamps, 3, 4', 'nowhere: pump, 5']);
    expect(codes(alone)).toEqual(['other-relays: gate, 3']);
    expect(alone.advice[0]?.remedy).toContain('before anything is switched');
  });

  it('something that is no relay board where another device should be', async () => {
    const world = await fieldWorld({ own: AT_9600 });
    await world.bus.add('louver-box', { unit: 3, baud: 9600 });
    const site = [await world.site('probe', 'noise-rs485', 3)];

    expect(codes(await world.scan({ settings: [AT_9600] }, site))).toEqual(['other-driver: probe, 3']);
  });

  it.each([
    ['another parity', { baud: 9600, parity: 'even' }, 'other-parity: air, 3'],
    ['another speed', { baud: 4800, parity: 'none' }, 'other-speed: air, 3'],
  ] as const)('a device that answers at %s', async (_, setting, code) => {
    const world = await fieldWorld({ own: AT_9600 });
    await world.bus.add('louver-box', { unit: 3, ...setting });
    const site = [await world.site('air', 'louver-box', 3)];

    const report = await world.scan({ depth: 'quick' }, site);

    expect(codes(report)).toEqual([code]);
    expect(report.silent).toEqual(['air']);
  });

  it('a device that is silent, and a stranger that looks like it', async () => {
    const world = await fieldWorld({ own: AT_9600 });
    await world.bus.add('louver-box', { unit: 1, baud: 9600 });
    const site = [await world.site('air', 'louver-box', 3)];

    const report = await world.scan({ settings: [AT_9600] }, site);

    expect(codes(report)).toEqual(['other-address: air, 3, 1']);
    expect(report.advice[0]?.remedy).toContain('bus readdress --from 1 --to 3');
  });

  it('units at two speeds, where nobody has said which is that of the wire', async () => {
    const world = await fieldWorld();
    await world.bus.add('louver-box', { unit: 1, baud: 4800 });
    await world.bus.add('waveshare-relay', { unit: 2, baud: 9600 });

    expect(codes(await world.scan({ depth: 'quick' }))).toEqual(['mixed-speeds: 2, 1']);
  });

  it('a stranger at another speed than the wire has', async () => {
    const world = await fieldWorld({ own: AT_9600 });
    await world.bus.add('louver-box', { unit: 1, baud: 4800 });

    expect(codes(await world.scan({ depth: 'quick' }))).toEqual(['other-speed: 1']);
  });

  it('two units with one address, and an adapter that hears itself, the graver first', async () => {
    const world = await fieldWorld({ echo: true });
    await world.bus.add('louver-box', { unit: 4, baud: 9600 });
    await world.bus.add('louver-box', { unit: 4, baud: 9600, delay_ms: 14 });

    expect(codes(await world.scan({ settings: [AT_9600] }))).toEqual(['shared-address: 4', 'echo: ']);
  });

  it('of a device with bytes of its own: silent where it speaks unasked, else left to its driver', async () => {
    const world = await fieldWorld({ own: AT_9600 });
    const site = [
      await world.site('dust', 'plantower-pms', 0),
      await world.site('bay', 'dfrobot-urm-uart', 17),
    ];

    const report = await world.scan({ settings: [AT_9600], depth: 'quick' }, site);

    expect(codes(report)).toEqual(['nowhere: dust, 0']);
    expect(report.not_tried).toContainEqual(expect.stringContaining('bay (dfrobot-urm-uart)'));
  });
});
