import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock/index.ts';
import { loadSite } from '../../src/config/index.ts';
import { connectControl } from '../../src/control/index.ts';
import { derivedPoints } from '../../src/gateway/derived-plan.ts';
import { Gateway } from '../../src/gateway.ts';
import { openSimulatedSite } from '../../src/simulate/site.ts';
import { openMqttPipe } from '../../src/uplink/index.ts';
import { memoryNet } from './memory-net.ts';
import { memoryWires } from './memory-wire.ts';
import { quietLog } from './quiet.ts';
import { libraryWithCamera } from './serial-camera.ts';
import { tempFolder } from './temp.ts';

/** A whole gateway in this process and in real time, with real brokers: for what a built daemon has no driver for. Its wires are memory. */
export async function liveGateway(text: string) {
  const folder = tempFolder();
  const clock = systemClock('boot-live');
  const unixMillis = () => Date.now();
  const wall = {
    read: () => ({ unix_ms: unixMillis(), state: 'synced', error_ms: 1, source: 'test' }) as const,
  };
  const readText = () => undefined;
  const loaded = await loadSite(text, { library: libraryWithCamera, readText, derivedPoints });
  const { site } = loaded;
  if (!site) throw new Error(JSON.stringify(loaded.problems, undefined, 1));
  const wires = memoryWires();
  const net = memoryNet();
  const far = await openSimulatedSite(site, {
    library: await libraryWithCamera(loaded.profiles),
    openPty: ({ link }) => wires.openPty(link === undefined ? {} : { link }),
    listenTcp: wires.listenTcp,
    listenSocket: wires.listenSocket,
    listenUdp: net.listenUdp,
    ...{ clock, random: Math.random, log: quietLog, unixMillis, root: folder },
  });
  const gateway = await Gateway.open({
    ...{ site, loaded, root: folder, log: quietLog, version: '0.0.0' },
    world: {
      ...{ clock, wall, pipe: openMqttPipe, random: Math.random, readText, env: {} },
      randomBytes: (count) => randomBytes(count),
      ports: { ...wires.ports, ...net.ports },
      notify: () => {},
      loopDelay: () => 0,
      storeWorker: undefined,
    },
  });
  onTestFinished(async () => {
    await gateway.close();
    await far.close();
  });
  return { folder, far, gateway, control: connectControl(join(folder, 'control.sock')) };
}
