import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { systemClock } from '../../src/clock/index.ts';
import { loadSite, resolveText } from '../../src/config/index.ts';
import type { Log, PipeOpener } from '../../src/contracts/index.ts';
import { connectControl } from '../../src/control/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { derivedPoints } from '../../src/gateway/derived-plan.ts';
import { resolvedOptions } from '../../src/gateway/secret-options.ts';
import { Gateway } from '../../src/gateway.ts';
import { machineId } from '../../src/identity/index.ts';
import type { StoredRecord, Value } from '../../src/model/index.ts';
import { openSimulatedSite, type Said } from '../../src/simulate/site.ts';
import { openMqttPipe } from '../../src/uplink/index.ts';
import type { World } from '../../src/world.ts';
import { memoryNet } from './memory-net.ts';
import { memoryWires } from './memory-wire.ts';
import { dice, quietLog } from './quiet.ts';
import { countedBytes, openTestStore } from './store-world.ts';
import { tempFolder } from './temp.ts';
import { until } from './until.ts';
import { VirtualClock } from './virtual-clock.ts';

type ReadText = (path: string) => string | undefined;

async function load(text: string, readText: ReadText, library: typeof openLibrary) {
  const loaded = await loadSite(text, { library, readText, derivedPoints });
  const { site } = loaded;
  if (!site) throw new Error(JSON.stringify(loaded.problems, undefined, 1));
  return { loaded, site };
}

/** In virtual time the platform is out of reach: a broker lives in real time. */
const outOfReach: PipeOpener = async ({ url }) => {
  throw new Fault('uplink.unreachable', { url, reason: 'it is another time here' });
};

/**
 * A whole gateway in this process and in virtual time: the site file is checked and run as the daemon runs it, its buses talk bytes with the
 * simulated far ends, its store is SQLite in a folder of its own. Only the wires are memory.
 */
export async function gatewayWorld(
  text: string,
  start: {
    readonly unix_ms?: number;
    readonly boot?: string;
    readonly up?: number;
    /** Nobody has told this machine the time. */
    readonly unsynced?: true;
    /** Nothing real happens while time passes: it may pass quicker. */
    readonly in_memory?: true;
    /** Files that the site names: profiles and secrets. */
    readonly readText?: ReadText;
    /** A platform that keeps virtual time too; else it is out of reach. */
    readonly pipe?: PipeOpener;
    /** Takes what the far ends say, in place of keeping all of it. */
    readonly onSaid?: (row: Said) => void;
    /** Drivers, when others are needed than there are. */
    readonly library?: typeof openLibrary;
    /** Hears what is logged. */
    readonly log?: Log;
    /** Hears what leaves on a wire, with its path or port. */
    readonly onSent?: (place: string, bytes: Uint8Array) => void;
  } = {},
) {
  const folder = tempFolder();
  let clock = new VirtualClock(start);
  if (start.unsynced) clock.step(0, 'unsynced');
  const readText = start.readText ?? (() => undefined);
  const drivers = start.library ?? openLibrary;
  let { loaded, site } = await load(text, readText, drivers);
  const library = await drivers(loaded.profiles);

  const wires = memoryWires(start.onSent);
  const net = memoryNet();
  const said: Said[] = [];
  // The far ends live on, whatever becomes of the gateway: their clock is the one that is now.
  const now = {
    now: () => clock.now(),
    sleep: (...given: Parameters<VirtualClock['sleep']>) => clock.sleep(...given),
  };
  // Simulated units have the keys of the site.
  const units = site.devices.map((device) => ({
    ...device,
    options: resolvedOptions(device.options, { env: {}, readText }),
  }));
  const far = await openSimulatedSite(
    { ...site, devices: units },
    {
      library,
      openPty: ({ link }) => wires.openPty(link === undefined ? {} : { link }),
      listenTcp: wires.listenTcp,
      listenSocket: wires.listenSocket,
      listenUdp: net.listenUdp,
      clock: now,
      random: dice(7),
      log: quietLog,
      unixMillis: () => clock.read().unix_ms,
      secret: (reference) => resolveText(reference, { env: {}, readText }),
      root: folder,
      onSaid: start.onSaid ?? ((row) => void said.push(row)),
    },
  );

  let gateway: Gateway | undefined;
  const openIn = (time: Pick<World, 'clock' | 'wall' | 'pipe'>) =>
    Gateway.open({
      site,
      loaded,
      root: folder,
      log: start.log ?? quietLog,
      version: '0.0.0',
      world: {
        ...time,
        random: dice(11),
        randomBytes: countedBytes,
        ports: { ...wires.ports, ...net.ports },
        readText,
        env: {},
        notify: () => {},
        loopDelay: () => 0,
        storeWorker: undefined,
      },
    });
  const open = async () => {
    const opening = openIn({ clock, wall: clock, pipe: start.pipe ?? outOfReach });
    let opened = false;
    opening.then(
      () => {
        opened = true;
      },
      () => {
        opened = true;
      },
    );
    while (!opened) await clock.advance(100);
    gateway = await opening;
  };
  const close = async () => {
    const closing = gateway?.close();
    gateway = undefined;
    let closed = false;
    closing?.finally(() => {
      closed = true;
    });
    while (closing && !closed) await clock.advance(100);
    await closing;
  };
  await open();
  onTestFinished(async () => {
    await close();
    await far.close();
  });

  return {
    far,
    said,
    /** What the gateway keeps is below it. */
    folder,
    clock: () => clock,
    /** Lets time pass, up to a minute at a time. */
    pass: async (ms: number, each: () => void = () => {}, step = 60_000) => {
      for (let left = ms; left > 0; left -= step) {
        each();
        await clock.advance(Math.min(left, step));
      }
    },
    gateway: () => {
      if (!gateway) throw new Error('the gateway is closed');
      return gateway;
    },
    control: () => connectControl(join(folder, 'control.sock')),
    /** Newest value of each point of a device, as the control socket shows it. */
    values: async (device: string): Promise<Readonly<Record<string, Value | null>>> => {
      const control = connectControl(join(folder, 'control.sock'));
      const found = (await control.devices()).find(({ id }) => id === device);
      return Object.fromEntries((found?.last ?? []).map(({ point, value }) => [point, value]));
    },
    stop: close,
    /** Started again: by itself, or with the machine when `boot` names a new boot. */
    restart: async (away_ms: number, boot?: string, changed?: string) => {
      await close();
      if (changed) ({ loaded, site } = await load(changed, readText, drivers));
      await clock.advance(away_ms);
      if (boot) {
        const before = clock.read();
        clock = new VirtualClock({ ...start, boot, up: 20_000, unix_ms: before.unix_ms });
      }
      await open();
    },
    /** All that waits is brought to the platform, in real time; true from `arrived`: it has it. */
    deliver: async (arrived: () => boolean) => {
      await close();
      const wall = { unix_ms: clock.read().unix_ms, state: 'synced', error_ms: 1, source: 'real' } as const;
      const real = await openIn({
        clock: systemClock('boot-real'),
        wall: { read: () => wall },
        pipe: openMqttPipe,
      });
      await until('the platform has it all', arrived, 60_000);
      await real.close();
    },
    /** All that was stored; the gateway is closed for it. */
    records: async (): Promise<readonly StoredRecord[]> => {
      await close();
      const store = await openTestStore({
        file: join(folder, 'state/store.sqlite'),
        clock,
        uplinks: [],
        machine: machineId(() => undefined),
      });
      const all: StoredRecord[] = [];
      for (const lane of ['a', 'b', 'c'] as const) {
        for (let seq = 0; ; ) {
          const some = await store.outbox.read(lane, { epoch: store.outbox.epoch, seq }, 10_000);
          all.push(...some);
          const last = some.at(-1);
          if (!last) break;
          seq = last.seq + 1;
        }
      }
      await store.outbox.close();
      return all.sort((x, y) => x.seq - y.seq);
    },
  };
}
