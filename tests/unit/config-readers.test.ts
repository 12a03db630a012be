import { describe, expect, it, onTestFinished } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { loadSite } from '../../src/config/index.ts';
import type { Bus, BytesLink } from '../../src/contracts/index.ts';
import { Roster } from '../../src/devices/index.ts';
import { derivedPoints } from '../../src/gateway/derived-plan.ts';
import { rosterEntry } from '../../src/gateway/plan.ts';
import { healthNotes, quietLog } from '../support/quiet.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const KEY = '00112233445566778899AABBCCDDEEFF';
const FILE = '/etc/gatelodge/gate.key';
const library = openLibrary();

/** A site of so many readers on one wire, each as it is written; `here`: on the machine that runs it, with these files. */
async function load(readers: readonly string[], here?: { readonly files: Readonly<Record<string, string>> }) {
  const text = `
version: 1
site: { id: yard, name: Yard, time_zone: Asia/Shanghai }
buses: [{ id: readers, type: serial, path: ports/readers, baud: 9600 }]
devices:
${readers.map((reader, at) => `  - { id: reader-${at}, bus: readers, ${reader} }`).join('\n')}
`;
  const secrets = here && {
    secrets: { here: true, env: {}, readText: (path: string) => here.files[path] },
  };
  return loadSite(text, {
    library: () => library,
    readText: () => undefined,
    derivedPoints,
    ...secrets,
  });
}
const osdp = (address: number, more = 'channel: clear') =>
  `driver: osdp-reader, options: { address: ${address}, ${more} }`;
const withKey = `key: '\${file:${FILE}}'`;
const told = (loaded: Awaited<ReturnType<typeof load>>): string[] =>
  loaded.problems.map(({ message }) => message);

describe('readers on one serial line', () => {
  it('share it by their addresses', async () => {
    const loaded = await load([osdp(0), osdp(1), osdp(2)]);

    expect(told(loaded)).toEqual([]);
    expect(loaded.budgets[0]).toMatchObject({ devices: 3 });
    expect(loaded.budgets[0]?.use).toBeGreaterThan(0);
  });

  it('have an address each', async () => {
    expect(told(await load([osdp(4), osdp(4)]))).toEqual([
      'address 4 on readers is that of reader-0 already',
    ]);
  });

  it('share it with nobody who speaks unasked, whoever stands first in the file', async () => {
    const scanner = 'driver: line-scanner';
    const expected = 'readers carries reader-0 already; a byte stream has one device';
    expect(told(await load([osdp(0), scanner]))).toEqual([expected]);
    expect(told(await load([scanner, osdp(0)]))).toEqual([expected]);
  });
});

describe('the key of a reader', () => {
  it('is asked for when it is missing, and the other way is named', async () => {
    expect(told(await load(['driver: osdp-reader']))).toEqual([
      expect.stringContaining('key is missing: give the key of its secure channel by reference'),
    ]);
  });

  it('is refused in the clear, and not shown', async () => {
    const loaded = await load([osdp(0, `key: '${KEY}'`)]);

    expect(told(loaded)).toEqual(['key stands here in the clear']);
    expect(JSON.stringify(loaded.problems.map(({ message, remedy }) => [message, remedy]))).not.toContain(
      KEY,
    );
  });

  it('must lead somewhere on the machine that runs the site', async () => {
    expect(told(await load([osdp(0, withKey)], { files: {} }))).toEqual([
      `key leads nowhere: the file ${FILE} cannot be read or is empty`,
    ]);
    expect(told(await load([osdp(0, withKey)], { files: { [FILE]: KEY } }))).toEqual([]);
  });

  it('reaches the reader, and one that leads nowhere stops that reader alone', async () => {
    const { devices } = await load([osdp(0, withKey), osdp(1, withKey.replace(FILE, '/nowhere'))]);
    const clock = new VirtualClock();
    const files: Record<string, string> = { [FILE]: `${KEY}\n` };
    const sources = { env: {}, readText: (path: string) => files[path] };
    const asked: BytesLink = {
      exchange: () => new Promise(() => {}),
      send: async () => {},
      frames: async function* () {},
    };
    // Only its link is asked for here.
    const bus = { bytes: () => asked } as unknown as Bus;

    const roster = Roster.open(
      devices.map((device) => rosterEntry(device, false, sources)),
      new Map([['readers', bus]]),
      { clock, log: quietLog, health: healthNotes(), intake: { readings: () => {}, event: () => undefined } },
    );
    onTestFinished(async () => {
      const closed = roster.close();
      await clock.advance(10_000);
      await closed;
    });

    expect(roster.all().map(({ settings }) => settings.options)).toMatchObject([{ key: KEY }]);
    expect(() => roster.find('reader-1')).toThrow(expect.objectContaining({ code: 'config.secret-missing' }));
  });
});
