// The far ends of a gateway with five doors, in this process, on loopback: a relay board and a tag reader for each door, the board of the fire
// panel, and a bus that takes every byte and never answers. Each notes when the first byte of something arrived, or left.
import { once } from 'node:events';
import { createServer } from 'node:net';

const dist = new URL(process.env.GATELODGE_DIST ?? '../../dist/', import.meta.url);
const load = (path) => import(new URL(path, dist).href);
const { openLibrary } = await load('drivers/index.js');
const { encodeCard } = await load('drivers/rdm6300/codec.js');
const { cutFrames, openModbus, readRequest, rtuFrame } = await load('src/kit/index.js');
const { rtuRequests } = await load('src/simulate/requests.js');

export const DOORS = 5;
const FIRST_WRITE = 5;
const LOOK = readRequest({ table: 'coil', at: 0, count: 8 });

export async function openWires() {
  const library = await openLibrary();
  const boards = [];
  const readers = [];
  const open = [];
  const serve = async (onSocket) => {
    const server = createServer({ noDelay: true }, onSocket).listen(0, '127.0.0.1');
    await once(server, 'listening');
    open.push(server);
    return server.address().port;
  };
  const board = async () => {
    const definition = await library.load('waveshare-relay');
    const far = (await library.simulator('waveshare-relay')).open(
      definition.options.parse({ channels: 8 }),
      1,
    );
    const isOn = () => (far.respond(LOOK, performance.now())[2] & 1) === 1;
    const one = { far, isOn, port: 0, onWrite: () => {} };
    one.port = await serve((socket) => {
      let unread = new Uint8Array();
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        const at = performance.now();
        unread = Uint8Array.from([...unread, ...chunk]);
        const { frames, used } = cutFrames(unread, rtuRequests);
        unread = unread.slice(used);
        for (const frame of frames) {
          const { unit, pdu } = openModbus(frame);
          if (pdu[0] >= FIRST_WRITE) one.onWrite(at, pdu);
          const reply = far.respond(pdu, performance.now());
          if (reply) socket.write(rtuFrame(unit, reply));
        }
      });
    });
    return one;
  };
  const reader = async () => {
    const one = { socket: undefined, port: 0 };
    one.port = await serve((socket) => {
      one.socket = socket.on('error', () => {});
    });
    return one;
  };
  for (let door = 0; door < DOORS; door += 1) {
    boards.push(await board());
    readers.push(await reader());
  }
  return {
    boards,
    readers,
    panel: await board(),
    jammed: await serve((socket) => socket.on('error', () => {}).resume()),
    /** Says when the tag was sent. */
    show: (door, tag) => {
      readers[door].socket.write(encodeCard(tag));
      return performance.now();
    },
    close: () => {
      for (const server of open) server.close();
    },
  };
}
