import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { concat, openModbus, readModbus, readRequest, rtuFrame, tcpFrame, toHex } from '#kit';
import { openLibrary } from '../../drivers/index.ts';
import type { FarPort } from '../../src/simulate/far-port.ts';
import { KINDS } from '../../src/simulate/mischief.ts';
import { openSimulatedSite } from '../../src/simulate/site.ts';
import { dice, quietLog } from '../support/quiet.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const READ = readRequest({ table: 'holding', at: 0, count: 1 });
const UNIT = 3;

interface Wire {
  readonly type: string;
  readonly driver: string;
  readonly options?: object;
  readonly place: { readonly path: string } | { readonly host: string; readonly port: number };
  /** What a host says to get an answer; nothing for a device that speaks by itself. */
  readonly question?: Uint8Array;
}
const pty = { path: '/nowhere/wire' };
const net = { host: '127.0.0.1', port: 4001 };
const noise = { driver: 'noise-rs485' };
const rtu = { ...noise, question: rtuFrame(UNIT, READ) };
const asked = { driver: 'a02yyuw', options: { trigger: true }, question: Uint8Array.of(0x55) };

const WIRES: Readonly<Record<string, Wire>> = {
  'Modbus RTU on a pty': { type: 'modbus-rtu', place: pty, ...rtu },
  'Modbus RTU over TCP': { type: 'modbus-rtu-tcp', place: net, ...rtu },
  'Modbus TCP': { type: 'modbus-tcp', place: net, ...noise, question: tcpFrame(0x1234, UNIT, READ) },
  'a device that is asked on a pty': { type: 'serial', place: pty, ...asked },
  'a device that is asked over TCP': { type: 'serial-tcp', place: net, ...asked },
  'a device that speaks on a pty': { type: 'serial', place: pty, driver: 'plantower-pms' },
  'a device that speaks over TCP': { type: 'serial-tcp', place: net, driver: 'plantower-pms' },
};

/** A site of one wire and one device, and a host's end of that wire. */
async function world({ type, place, driver, options, question }: Wire, faults: readonly string[] = []) {
  const clock = new VirtualClock();
  const library = await openLibrary();
  const heard: { readonly up: number; readonly bytes: Uint8Array }[] = [];
  const ends: { say: (bytes: Uint8Array) => void; closed: boolean }[] = [];
  let said = 0;
  const farPort = (): FarPort => {
    const listeners: ((chunk: Uint8Array) => void)[] = [];
    const end = {
      closed: false,
      say: (bytes: Uint8Array) => listeners.forEach((listener) => void listener(bytes)),
    };
    ends.push(end);
    return {
      write: async (bytes) => void heard.push({ up: clock.now().up, bytes: bytes.slice() }),
      onData: (listener) => void listeners.push(listener),
      close: () => {
        end.closed = true;
      },
    };
  };
  const site = await openSimulatedSite(
    {
      buses: [{ id: 'wire', type, baud: 9600, ...place }],
      devices: [{ id: 'dut', driver, bus: 'wire', unit: UNIT, options }],
    },
    {
      library,
      openPty: () => ({ ...farPort(), path: 'pty' }),
      listenTcp: async (_host, port, onPort) => {
        onPort(farPort());
        return { port, close: async () => {} };
      },
      clock,
      random: dice(3),
      log: quietLog,
      unixMillis: () => 0,
      root: '/elsewhere',
      faults,
      onSaid: () => {
        said += 1;
      },
    },
  );
  onTestFinished(() => site.close());
  const decoder = await library.load(driver);
  /** Throws when these bytes are no whole, sound answer. */
  const understand = (bytes: Uint8Array) => {
    if (question && bytes.length > 1 && decoder.link === 'modbus') return readModbus(bytes, question);
    return decoder.decode(bytes, decoder.options.parse(options ?? {}));
  };
  let given = 0;
  /** Asks (or just waits), and gives what has come within so many ms and was not given yet. */
  const answer = async (ms = 150): Promise<readonly Uint8Array[]> => {
    const from = given;
    if (question) ends.at(-1)?.say(question);
    await clock.advance(ms);
    given = heard.length;
    return heard.slice(from).map(({ bytes }) => bytes);
  };
  return { site, clock, ends, heard, understand, answer, told: () => said, type };
}

describe.each(Object.entries(WIRES))('faults on demand on %s', (_, wire) => {
  /** The first whole answer under a fault that was there from the start; a device that speaks is given its time. */
  const under = async (...faults: string[]) => {
    const it = await world(wire, faults);
    return { ...it, came: await it.answer(wire.question ? 150 : 1) };
  };

  it('none: a sound answer, as often as it was told', async () => {
    const { came, understand, told } = await under();
    expect(came).toHaveLength(1);
    expect(() => understand(concat(...came))).not.toThrow();
    expect(told()).toBe(1);
  });

  it.each([
    'dut=mute',
    'wire=mute',
    'dut=unplug',
  ])('%s: nothing is said, and nothing was told', async (fault) => {
    const { came, told } = await under(fault);
    expect(came).toEqual([]);
    expect(told()).toBe(0);
  });

  it('lost: it has told, and nothing arrives', async () => {
    const { came, told } = await under('dut=lost');
    expect(came).toEqual([]);
    expect(told()).toBe(1);
  });

  it('late: the same, so much later', async () => {
    const { came, answer, heard, understand } = await under('dut=late:300');
    expect(came).toEqual([]);
    await answer(1000);
    const [first] = heard;
    expect(first?.up).toBe(1300);
    expect(() => understand(first?.bytes ?? new Uint8Array())).not.toThrow();
  });

  it('noise: bytes in front of a sound answer', async () => {
    const sound = concat(...(await under()).came);
    const { came, understand } = await under('dut=noise');
    const bytes = concat(...came);
    expect(bytes.length).toBeGreaterThan(sound.length);
    expect(() => understand(bytes.slice(-sound.length))).not.toThrow();
  });

  it('garbage: as many bytes, and no sense', async () => {
    const sound = concat(...(await under()).came);
    const { came, understand } = await under('dut=garbage');
    expect(concat(...came)).toHaveLength(sound.length);
    expect(() => understand(concat(...came))).toThrow();
  });

  it('split: two pieces of one sound answer', async () => {
    const it = await world(wire, ['dut=split:40']);
    const came = await it.answer(wire.question ? 150 : 41);
    const [first, second] = it.heard;
    expect(came).toHaveLength(2);
    expect((second?.up ?? 0) - (first?.up ?? 0)).toBe(40);
    expect(() => it.understand(concat(...came))).not.toThrow();
  });

  it('crc: an answer that does not hold together, and never another value', async () => {
    const { came, understand } = await under('dut=crc');
    expect(came).toHaveLength(1);
    expect(() => understand(concat(...came))).toThrow();
  });

  it('duplicate: the same twice', async () => {
    const { came } = await under('dut=duplicate');
    expect(came.map(toHex)).toHaveLength(2);
    expect(toHex(came[0] ?? new Uint8Array())).toBe(toHex(came[1] ?? new Uint8Array()));
  });

  it('echo: the host hears itself first', async () => {
    const it = await world(wire, ['wire=echo']);
    it.ends.at(-1)?.say(Uint8Array.of(7, 7, 7));
    await it.clock.advance(1);
    expect(it.heard.map(({ bytes }) => toHex(bytes))).toContain('07 07 07');
  });

  it('stuck: its last words, over and over, until it is well again', async () => {
    const it = await world(wire);
    const several = async () => {
      const words = new Set<string>();
      for (let turn = 0; turn < 12; turn += 1)
        for (const bytes of await it.answer(1000)) words.add(toHex(bytes));
      return words.size;
    };
    expect(await several()).toBeGreaterThan(1);
    it.site.faults.apply('dut=stuck');
    expect(await several()).toBe(1);
    it.site.faults.apply('dut=ok');
    expect(await several()).toBeGreaterThan(1);
  });

  it('unplug: the port is gone, and another one comes back with a sound answer', async () => {
    const it = await world(wire);
    await it.answer();
    it.site.faults.apply('wire=unplug');
    await it.clock.advance(1);
    expect(it.ends[0]?.closed).toBe(true);
    expect(await it.answer(1000)).toEqual([]);

    it.site.faults.apply('wire=ok');
    await it.clock.advance(1);
    const came = await it.answer(1000);
    expect(it.ends).toHaveLength(2);
    expect(() => it.understand(came[0] ?? new Uint8Array())).not.toThrow();
  });

  it('one in so many: a share of the answers only', async () => {
    const it = await world(wire, ['dut=lost@0.5']);
    for (let turn = 0; turn < 40; turn += 1) await it.answer(1000);
    expect(it.told()).toBeGreaterThanOrEqual(40);
    expect(it.heard.length).toBeGreaterThan(it.told() / 4);
    expect(it.heard.length).toBeLessThan((3 * it.told()) / 4);
  });
});

describe.each(
  Object.entries(WIRES).filter(([, { type }]) => type.startsWith('modbus')),
)('the wrong unit on %s', (_, wire) => {
  it('answers with a sound frame that is not the answer', async () => {
    const { answer, understand } = await world(wire, ['dut=wrong-unit']);
    const bytes = concat(...(await answer()));
    expect(openModbus(bytes).unit).toBe(UNIT + 1);
    expect(() => understand(bytes)).toThrow(/does not answer unit 3/);
  });
});

describe('the README of the simulation', () => {
  it('says of every kind what it does', () => {
    const text = readFileSync('src/simulate/README.md', 'utf8');
    for (const kind of Object.keys(KINDS)) expect(text).toMatch(new RegExp(`^\\| \`${kind}\``, 'm'));
  });
});
