import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { cutFrames, openModbus, readRequest, rtuFrame } from '../../src/kit/index.ts';
import type { JsonObject } from '../../src/model/index.ts';
import { rtuRequests } from '../../src/simulate/requests.ts';

/** A relay that went on or off, by the board's own clock. */
export interface RelayTurn {
  readonly relay: number;
  readonly on: boolean;
  readonly at_ms: number;
}

const RELAYS = 8;
const TICK_MS = 10;

/**
 * A relay board behind a serial server on loopback, in this process: it has a clock of its own, which goes on whatever becomes of who asks it.
 */
export async function timedBoard(driver: string) {
  const library = await openLibrary();
  const definition = await library.load(driver);
  const options = definition.options.parse({ channels: RELAYS });
  const far = (await library.simulator(driver)).open(options, 1);
  if (far.kind !== 'modbus') throw new Error(`${driver} is no Modbus board`);
  const turns: RelayTurn[] = [];
  const writes: Uint8Array[] = [];
  let before: readonly boolean[] = Array(RELAYS).fill(false);
  const look = readRequest({ table: 'coil', at: 0, count: RELAYS });
  const tick = () => {
    const at_ms = performance.now();
    const reply = far.respond(look, at_ms);
    const now = Array.from({ length: RELAYS }, (_, at) => (((reply?.[2] ?? 0) >> at) & 1) === 1);
    for (const [at, on] of now.entries()) if (on !== before[at]) turns.push({ relay: at + 1, on, at_ms });
    before = now;
  };
  const timer = setInterval(tick, TICK_MS);
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    let unread: Uint8Array = new Uint8Array();
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      unread = Uint8Array.from([...unread, ...chunk]);
      const { frames, used } = cutFrames(unread, rtuRequests);
      unread = unread.slice(used);
      for (const frame of frames) {
        const { unit, pdu } = openModbus(frame);
        if (unit !== 1) continue;
        tick();
        if ((pdu[0] ?? 0) > 4) writes.push(pdu.slice());
        const reply = far.respond(pdu, performance.now());
        tick();
        if (reply) socket.write(rtuFrame(unit, reply));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    /** What a relay did so far. */
    turns: (relay: number) => turns.filter((turn) => turn.relay === relay),
    /** What stands at its inputs. */
    set: (values: JsonObject) => far.set(values),
    isOn: (relay: number) => before[relay - 1] === true,
    /** What it was told, but for questions. */
    writes: (): readonly Uint8Array[] => writes,
  };
}
