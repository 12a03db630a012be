import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { openBench, openPorts } from '../../src/buses/index.ts';
import { systemClock } from '../../src/clock/index.ts';
import type { LineSetting } from '../../src/contracts/index.ts';
import { openField } from '../../src/field/index.ts';
import { listenTcp, openPty } from '../../src/simulate/index.ts';
import { cli } from './cli.ts';
import { FarBus } from './far-bus.ts';
import { tempFolder } from './temp.ts';
import { until } from './until.ts';

/** The command line in this process, on the real ports of this machine, where no gateway runs. */
export function busCli(...argv: string[]) {
  const clock = systemClock('boot-of-test');
  const world = { ports: openPorts(), clock };
  const said = { out: '', err: '' };
  const stop = new AbortController();
  const ended = cli(['bus', ...argv, '--socket', join(tempFolder(), 'nobody.sock')], {
    field: ({ place, ...more }) => openField({ bench: openBench(place, world), clock, ...more }),
    signal: stop.signal,
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
  });
  onTestFinished(() => stop.abort());
  return {
    ended: async () => (await ended).code,
    stdout: () => said.out,
    stderr: () => said.err,
    line: (text: string) => until(`it says ${text}`, () => said.err.includes(text), 30_000),
  };
}

/** An RS-485 wire on a pseudo-terminal, with units of any speed: they hear at the speed that whoever opened the port has set. */
export function ptyWire() {
  const clock = systemClock('boot-of-test');
  const folder = tempFolder();
  const port = join(folder, 'wire');
  const pty = openPty({ link: port, clock });
  const stop = new AbortController();
  onTestFinished(() => {
    stop.abort();
    pty.close();
  });
  const bus = new FarBus({
    clock,
    tell: (bytes) => void pty.write(bytes).catch(() => {}),
    // A pseudo-terminal forgets the parity.
    setting: () => ({ baud: pty.baud(), parity: 'none' }),
  });
  pty.onData((chunk) => bus.hear(chunk));
  return {
    folder,
    port,
    bus,
    /** A device that speaks by itself, from now on. */
    push: async (driver: string, setting: LineSetting): Promise<void> => {
      const library = await openLibrary();
      const options = (await library.load(driver)).options.parse({});
      const far = (await library.simulator(driver)).open(options, 7);
      if (far.kind !== 'bytes') throw new Error(`${driver} has no bytes of its own`);
      void bus.stream(far, setting, stop.signal);
    },
  };
}

/** The same behind a serial server on loopback, which has one speed. */
export async function serialServer(setting: LineSetting) {
  const clock = systemClock('boot-of-test');
  let tell: (bytes: Uint8Array) => void = () => {};
  const bus = new FarBus({ clock, tell: (bytes) => tell(bytes), setting: () => setting });
  const server = await listenTcp('127.0.0.1', 0, (port) => {
    tell = (bytes) => void port.write(bytes);
    port.onData((chunk) => bus.hear(chunk));
  });
  onTestFinished(() => server.close());
  return { bus, address: `127.0.0.1:${server.port}` };
}
