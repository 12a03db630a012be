import { afterEach, describe, expect, it } from 'vitest';
import { fromHex, openModbus, readModbus, readRequest, rtuFrame, tcpFrame, toHex } from '#kit';
import { openLibrary } from '../../drivers/index.ts';
import type { FarPort } from '../../src/simulate/far-port.ts';
import { openSimulatedSite, type Said, type SimulatedSite } from '../../src/simulate/site.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

/** A host's end of a port in memory. */
interface HostEnd {
  readonly heard: string[];
  say(bytes: Uint8Array): void;
  readonly closed: boolean;
}

const SITE = {
  buses: [
    { id: 'rs485', type: 'modbus-rtu', path: '/nowhere/rs485', baud: 4800, parity: 'none' },
    { id: 'net', type: 'modbus-tcp', host: '127.0.0.1', port: 502 },
    { id: 'air', type: 'serial', path: '/nowhere/air', baud: 9600 },
  ],
  devices: [
    { id: 'noise-1', driver: 'noise-rs485', bus: 'rs485', unit: 3 },
    { id: 'box-1', driver: 'louver-box', bus: 'rs485', unit: 4, options: { reg_503: 'co2' } },
    { id: 'relay-1', driver: 'waveshare-relay', bus: 'net', unit: 1 },
    { id: 'pms-1', driver: 'plantower-pms', bus: 'air' },
  ],
};
const ASK_NOISE = rtuFrame(3, readRequest({ table: 'holding', at: 0, count: 1 }));

let site: SimulatedSite | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});

async function world(more: { faults?: string[]; paced?: boolean } = {}) {
  const clock = new VirtualClock();
  const ends: Record<string, HostEnd[]> = {};
  const said: Said[] = [];
  const farPort = (name: string): FarPort => {
    const listeners: ((chunk: Uint8Array) => void)[] = [];
    const end = {
      heard: [] as string[],
      closed: false,
      say: (bytes: Uint8Array) => {
        for (const listener of listeners) listener(bytes);
      },
    };
    ends[name] = [...(ends[name] ?? []), end];
    return {
      write: async (bytes) => void end.heard.push(toHex(bytes)),
      onData: (listener) => void listeners.push(listener),
      close: () => {
        end.closed = true;
      },
    };
  };
  const ptys = ['rs485', 'air'];
  const opened: string[] = [];
  site = await openSimulatedSite(SITE, {
    library: await openLibrary(),
    openPty: () => {
      const name = ptys[opened.length] ?? 'rs485';
      opened.push(name);
      return { ...farPort(name), path: `pty-${name}` };
    },
    listenTcp: async (_host, port, onPort) => {
      onPort(farPort('net'));
      return { port, close: async () => {} };
    },
    clock,
    random: () => 0.4,
    log: quiet,
    unixMillis: () => 1_800_000_000_000 + clock.now().up,
    root: '/elsewhere',
    onSaid: (row) => said.push(row),
    ...more,
  });
  const end = (name: string): HostEnd => {
    const last = ends[name]?.at(-1);
    if (!last) throw new Error(`no port ${name}`);
    return last;
  };
  return { site, clock, said, end };
}

describe('a simulated site', () => {
  it('answers each unit of a bus with its own values, and logs what was said', async () => {
    const { clock, said: all, end } = await world();

    end('rs485').say(ASK_NOISE);
    end('rs485').say(rtuFrame(4, readRequest({ table: 'holding', at: 503, count: 1 })));
    end('rs485').say(rtuFrame(9, readRequest({ table: 'holding', at: 0, count: 1 })));
    await clock.advance(10);

    const said = all.filter(({ device }) => device !== 'pms-1');
    const [noise = '', co2 = '', ...rest] = end('rs485').heard;
    expect(rest).toEqual([]);
    const first = readModbus(fromHex(noise), ASK_NOISE);
    expect(first).toMatchObject({ kind: 'values', values: [Math.round(Number(said[0]?.values.noise) * 10)] });
    expect(openModbus(fromHex(co2)).unit).toBe(4);
    expect(said.map(({ device, up }) => [device, up])).toEqual([
      ['noise-1', 1000],
      ['box-1', 1000],
    ]);
    expect(said[1]?.values).toEqual({ co2: expect.any(Number) });
  });

  it('finds a request in any pieces and behind garbage', async () => {
    const { clock, end } = await world();

    end('rs485').say(Uint8Array.of(0x55, 0x01, 0x10));
    for (const byte of ASK_NOISE) end('rs485').say(Uint8Array.of(byte));
    await clock.advance(10);

    expect(end('rs485').heard).toHaveLength(1);
  });

  it('speaks Modbus TCP where the bus does, with the transaction it was asked under', async () => {
    const { clock, end } = await world();

    end('net').say(tcpFrame(0x1234, 1, readRequest({ table: 'coil', at: 0, count: 8 })));
    await clock.advance(10);

    expect(end('net').heard).toEqual(['12 34 00 00 00 04 01 01 01 00']);
  });

  it('ends a pulse by the board when the host is gone', async () => {
    const { clock, end } = await world();
    const look = tcpFrame(2, 1, readRequest({ table: 'coil', at: 0, count: 8 }));

    end('net').say(tcpFrame(1, 1, fromHex('05 02 00 00 07')));
    await clock.advance(699);
    end('net').say(look);
    await clock.advance(1);
    end('net').say(look);
    await clock.advance(1);

    expect(end('net').heard.map((hex) => hex.slice(-2))).toEqual(['07', '01', '00']);
  });

  it('lets devices speak that speak first', async () => {
    const { clock, said, end } = await world();

    await clock.advance(1700);

    expect(end('air').heard.length).toBe(3);
    expect(said.at(-1)).toMatchObject({ device: 'pms-1', values: { pm2_5: expect.any(Number) } });
  });

  it('takes the time that the wire takes when it is paced', async () => {
    const { clock, end } = await world({ paced: true });

    end('rs485').say(ASK_NOISE);
    // 8 + 7 bytes of 10 bits at 4800 baud.
    await clock.advance(31);
    expect(end('rs485').heard).toEqual([]);
    await clock.advance(1);

    expect(end('rs485').heard).toHaveLength(1);
  });
});

describe('faults on demand', () => {
  const ask = async (fault: string) => {
    const it = await world({ faults: [fault] });
    it.end('rs485').say(ASK_NOISE);
    await it.clock.advance(50);
    return { ...it, heard: it.end('rs485').heard };
  };

  it('mute: nothing is said, and nothing is logged as said', async () => {
    const { heard, said } = await ask('noise-1=mute');
    expect(heard).toEqual([]);
    expect(said.filter(({ device }) => device === 'noise-1')).toEqual([]);
  });

  it('a fault on a bus concerns every device of it; on a device only that one', async () => {
    const { heard, end, clock } = await ask('box-1=mute');
    expect(heard).toHaveLength(1);
    site?.faults.apply('rs485=mute');
    end('rs485').say(ASK_NOISE);
    await clock.advance(50);
    expect(end('rs485').heard).toHaveLength(1);
  });

  it('late: the reply comes after so many ms, and does not hold up the others', async () => {
    const { clock, end } = await world({ faults: ['noise-1=late:300'] });
    end('rs485').say(ASK_NOISE);
    end('rs485').say(rtuFrame(4, readRequest({ table: 'holding', at: 500, count: 1 })));
    await clock.advance(299);
    expect(end('rs485').heard.map((hex) => hex.slice(0, 2))).toEqual(['04']);
    await clock.advance(1);
    expect(end('rs485').heard.map((hex) => hex.slice(0, 2))).toEqual(['04', '03']);
  });

  it('noise: random bytes stand in front of a whole reply', async () => {
    const { heard } = await ask('noise-1=noise');
    const bytes = fromHex(heard[0] ?? '');
    expect(bytes.length).toBeGreaterThan(7);
    expect(openModbus(bytes.slice(-7)).unit).toBe(3);
  });

  it('wrong-unit: a good frame from another address', async () => {
    const { heard } = await ask('noise-1=wrong-unit');
    expect(openModbus(fromHex(heard[0] ?? '')).unit).toBe(4);
  });

  it('split: the reply comes in two pieces', async () => {
    const { heard } = await ask('noise-1=split:20');
    expect(heard).toHaveLength(2);
    expect(openModbus(fromHex(heard.join(' '))).unit).toBe(3);
  });

  it('crc: the frame does not hold together', async () => {
    const { heard } = await ask('noise-1=crc');
    expect(() => openModbus(fromHex(heard[0] ?? ''))).toThrow();
  });

  it('duplicate and echo: the same reply twice, the host’s own bytes in front', async () => {
    const twice = (await ask('noise-1=duplicate')).heard;
    expect(twice).toHaveLength(2);
    expect(twice[0]).toBe(twice[1]);
    await site?.close();
    expect((await ask('rs485=echo')).heard[0]).toBe(toHex(ASK_NOISE));
  });

  it('stuck: the same words for the same question, until it is well again', async () => {
    const { heard, end, clock } = await ask('noise-1=stuck');
    const more = async () => {
      for (let turn = 0; turn < 5; turn += 1) end('rs485').say(ASK_NOISE);
      await clock.advance(10);
    };
    await more();
    expect(new Set(heard).size).toBe(1);
    site?.faults.apply('noise-1=ok');
    await more();
    expect(new Set(heard).size).toBeGreaterThan(1);
  });

  it('unplug: the port goes away and comes back', async () => {
    const { end, clock, site: opened } = await world();
    const before = end('rs485');
    opened.faults.set('rs485', 'unplug');
    await clock.advance(1);
    expect(before.closed).toBe(true);
    opened.faults.clear('rs485', 'unplug');
    await clock.advance(1);
    end('rs485').say(ASK_NOISE);
    await clock.advance(1);
    expect(end('rs485')).not.toBe(before);
    expect(end('rs485').heard).toHaveLength(1);
  });

  it('refuses what is no fault and who is no device, naming what was meant', async () => {
    const { site: opened } = await world();
    expect(() => opened.faults.apply('noise-2=mute')).toThrow(/nearest is noise-1/);
    expect(() => opened.faults.apply('noise-1=mutes')).toThrow(
      /KIND one of mute, hung, lost, late, noise, garbage/,
    );
    expect(() => opened.set('noise-1', { nois: 3 })).toThrow(/it has noise/);
  });
});
