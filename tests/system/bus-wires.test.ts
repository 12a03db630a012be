import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type BusSettings, openBus, openPorts } from '../../src/buses/index.ts';
import { systemClock } from '../../src/clock/index.ts';
import type { Bus, BytePort } from '../../src/contracts/index.ts';
import { isFault } from '../../src/faults/index.ts';
import { openModbus, rtuFrame, tcpFrame } from '../../src/kit/index.ts';
import { openPty } from '../../src/simulate/pty.ts';
import { call, parrot } from '../support/bus-world.ts';
import { freePort } from '../support/ports.ts';
import { dice, healthNotes, quietLog } from '../support/quiet.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const clock = systemClock('test');
const LINE = { baud: 115_200, parity: 'none', data_bits: 8, stop_bits: 1 } as const;
const RANGE = { table: 'holding', at: 7, count: 2 } as const;
const UNIT = { unit: 1, timeout_ms: 2000, gap_ms: 0, reply_delay_ms: 0 } as const;

function open(settings: BusSettings) {
  const health = healthNotes();
  const bus = openBus(settings, { ports: openPorts(), clock, health, log: quietLog, random: dice(3) });
  onTestFinished(() => bus.close());
  return { bus, health };
}
const rtu = (id: string, path: string) =>
  open({ id, type: 'modbus-rtu', path, ...LINE, echo: 'none', turnaround_ms: 50, max_hole: 8 });

/** A unit that answers every read, at the end of a wire with that name. */
function unitAt(link: string) {
  const pty = openPty({ link, clock });
  onTestFinished(() => pty.close());
  pty.onData((chunk) => {
    const { unit, pdu } = openModbus(chunk);
    void pty.write(rtuFrame(unit, parrot(pdu)));
  });
  return pty;
}

/** Reads for ever, one after the other; counts. */
function poll(bus: Bus) {
  const link = bus.modbus('dut', UNIT);
  const told = { good: 0, faults: 0 };
  let running = true;
  onTestFinished(() => {
    running = false;
  });
  void (async () => {
    while (running) {
      try {
        await link.read(RANGE, call('field'));
        told.good += 1;
      } catch {
        told.faults += 1;
        await clock.sleep('poll', 10);
      }
    }
  })();
  return told;
}

describe('a vanished port comes back by itself; other buses do not notice (BU-5)', () => {
  it('when the pty is closed and opened again, several times over', async () => {
    const folder = tempFolder();
    const [path, elsewhere] = [join(folder, 'a'), join(folder, 'b')];
    let pty = unitAt(path);
    unitAt(elsewhere);
    const { bus, health } = rtu('a', path);
    const { bus: other } = rtu('b', elsewhere);
    const told = poll(bus);
    const toldOther = poll(other);
    await until('both are polled', () => told.good > 3 && toldOther.good > 3);
    toldOther.faults = 0;

    for (let round = 0; round < 3; round += 1) {
      pty.close();
      await until('it is seen to be down', () => bus.stats().state === 'down');
      expect(health.raised).toContain('bus-down a');
      const meanwhile = toldOther.good;
      await until('the other is polled on', () => toldOther.good > meanwhile + 20);
      pty = unitAt(path);
      const before = told.good;
      await until('it is polled again', () => told.good > before + 3);
    }

    expect(health.raised).not.toContain('bus-down a');
    expect(toldOther.faults).toBe(0);
    expect(other.stats()).toMatchObject({ state: 'up', timeouts: 0 });
  });

  it('when it vanishes in the middle of an exchange, and the caller is told at once', async () => {
    const path = join(tempFolder(), 'a');
    const pty = openPty({ link: path, clock });
    let asked = false;
    pty.onData(() => {
      asked = true;
    });
    const { bus } = rtu('a', path);
    await until('the bus is up', () => bus.stats().state === 'up');
    const began = clock.now().up;
    const read = bus.modbus('dut', { ...UNIT, timeout_ms: 60_000 }).read(RANGE, call());
    read.catch(() => {});
    await until('it is asked', () => asked);

    pty.close();

    await expect(read).rejects.toMatchObject({ code: 'bus.down', facts: { sent: true } });
    expect(clock.now().up - began).toBeLessThan(60_000);
  });
});

describe('a process that was held up', () => {
  it('hears what has come before it calls a unit mute', async () => {
    const pty = openPty({ clock });
    onTestFinished(() => pty.close());
    pty.onData(async (chunk) => {
      const { unit, pdu } = openModbus(chunk);
      await pty.write(rtuFrame(unit, parrot(pdu)));
      // The reply is in the system's buffer; now nothing turns until the timeout has passed several times over.
      for (const end = clock.now().up + 500; clock.now().up < end; );
    });
    const { bus } = rtu('a', pty.path);
    await until('the bus is up', () => bus.stats().state === 'up');

    const values = await bus.modbus('dut', { ...UNIT, timeout_ms: 100 }).read(RANGE, call());

    expect(values).toEqual([7, 8]);
  });
});

describe('serial ports of this machine', () => {
  const opening = (path: string) => openPorts().serial({ path, ...LINE });

  it('that are not there are told as missing', async () => {
    await expect(opening(join(tempFolder(), 'nothing'))).rejects.toMatchObject({ code: 'bus.port-missing' });
  });

  it('that another opener holds are told as busy', async () => {
    const pty = openPty({ clock });
    onTestFinished(() => pty.close());
    const first = await opening(pty.path);

    const second = opening(pty.path);

    await expect(second).rejects.toMatchObject({ code: 'bus.port-busy' });
    await first.close();
    await (await opening(pty.path)).close();
  });

  it('that are no serial ports are told as failed, and say why', async () => {
    const refused = opening('/dev/null');

    await expect(refused).rejects.toSatisfy((error) => isFault(error, 'bus.port-failed', 'bus.rs485'));
  });

  it('that know no direction control by the kernel say what to do', async () => {
    const pty = openPty({ clock });
    onTestFinished(() => pty.close());
    const rs485 = { rts_on_send: true, delay_before_ms: 0, delay_after_ms: 0 };

    const refused = openPorts().serial({ path: pty.path, ...LINE, rs485 });

    await expect(refused).rejects.toMatchObject({ code: 'bus.rs485' });
    await (await opening(pty.path)).close();
  });

  it('take bytes in order, also more than the system holds at once', async () => {
    const pty = openPty({ clock });
    onTestFinished(() => pty.close());
    const port = await opening(pty.path);
    onTestFinished(() => port.close());
    const big = Uint8Array.from({ length: 50_000 }, (_, index) => index % 251);
    const heard: Buffer[] = [];
    const writes = [port.write(big), port.write(Uint8Array.of(1, 2, 3))];
    pty.onData((chunk) => heard.push(Buffer.from(chunk)));

    await Promise.all(writes);
    await until('all of it came', () => Buffer.concat(heard).length >= big.length + 3);

    expect(Buffer.concat(heard)).toEqual(Buffer.concat([big, Uint8Array.of(1, 2, 3)]));
  });

  it('closed with what has not left dropped end at once, though nobody reads', async () => {
    const pty = openPty({ clock });
    onTestFinished(() => pty.close());
    const port = await opening(pty.path);
    const stuck = port.write(new Uint8Array(100_000)).then(
      () => 'taken',
      () => 'dropped',
    );

    await port.close(true);

    expect(await stuck).toBe('dropped');
  });
});

describe('TCP ports', () => {
  async function listen(connected: (socket: Socket) => void) {
    const server = createServer(connected);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    if (typeof address !== 'object' || !address) throw new Error('no port to listen on');
    return address.port;
  }

  it('nobody listens at are told as unreachable', async () => {
    const port = await freePort();

    const refused = openPorts().tcp('127.0.0.1', port, 1000);

    await expect(refused).rejects.toMatchObject({ code: 'bus.unreachable', facts: { port } });
  });

  it('that do not answer are given up after the time to connect, or when they are not wanted any more', async () => {
    const stop = new AbortController();
    // 192.0.2.0/24 is set aside for documents: nobody answers there, or the network says so at once.
    const timed = openPorts().tcp('192.0.2.1', 502, 50);
    const unwanted = openPorts().tcp('192.0.2.1', 502, 60_000, stop.signal);

    stop.abort();
    const ended = await Promise.allSettled([timed, unwanted]);

    expect(ended.map((it) => it.status === 'rejected' && it.reason.code)).toEqual([
      'bus.unreachable',
      'bus.unreachable',
    ]);
  });

  it('give bytes in order, tell when the other side hangs up, and say nothing after they were closed', async () => {
    const sockets: Socket[] = [];
    const port = await listen((socket) => sockets.push(socket));
    const listenTo = (opened: BytePort) => {
      const seen = { bytes: Buffer.alloc(0), lost: '' };
      opened.onData((chunk) => {
        seen.bytes = Buffer.concat([seen.bytes, chunk]);
      });
      opened.onLost((error) => {
        seen.lost = error.message;
      });
      return seen;
    };
    const first = listenTo(await openPorts().tcp('127.0.0.1', port, 5000));
    const closed = await openPorts().tcp('127.0.0.1', port, 5000);
    const second = listenTo(closed);
    await until('both are connected', () => sockets.length === 2);
    const big = Buffer.from(Uint8Array.from({ length: 20_000 }, (_, index) => index % 251));

    sockets[0]?.write(big);
    await until('all of it came', () => first.bytes.length === big.length);
    sockets[0]?.end();
    await closed.close();
    sockets[1]?.destroy();
    await until('the loss is told', () => first.lost !== '');

    expect(first.bytes.equals(big)).toBe(true);
    expect(first.lost).toMatch(/closed/);
    expect(second.lost).toBe('');
  });

  it('closed with what has not left dropped are reset, closed otherwise they deliver', async () => {
    const ends: string[] = [];
    const port = await listen((socket) => {
      let heard = '';
      socket.on('data', (chunk) => {
        heard += chunk;
      });
      socket.on('error', (error) => ends.push(`reset (${'code' in error ? error.code : ''})`));
      socket.on('end', () => ends.push(`heard ${heard}`));
    });

    const orderly = await openPorts().tcp('127.0.0.1', port, 5000);
    await orderly.write(Buffer.from('rest'));
    await orderly.close();
    await until('it ended', () => ends.length === 1);
    const dropped = await openPorts().tcp('127.0.0.1', port, 5000);
    await dropped.close(true);
    await until('both ended', () => ends.length === 2);

    expect(ends).toEqual(['heard rest', 'reset (ECONNRESET)']);
  });

  it('of a unit that closes the connection after every reply serve one poll after the other', async () => {
    const port = await listen((socket) => {
      socket.on('error', () => {});
      socket.once('data', (request: Buffer) => {
        socket.end(tcpFrame(request.readUInt16BE(0), request[6] ?? 0, parrot(request.subarray(7))));
      });
    });
    const place = { host: '127.0.0.1', port, connect_timeout_ms: 5000 };
    const { bus, health } = open({ id: 'tcp', type: 'modbus-tcp', ...place, in_flight: 1, max_hole: 8 });
    await until('the bus is up', () => bus.stats().state === 'up');
    const told = poll(bus);

    await until('it was polled ten times', () => told.good >= 10);

    expect(health.ever.size).toBe(0);
  });
});
