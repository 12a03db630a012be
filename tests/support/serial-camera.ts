import { z } from 'zod';
import { openLibrary } from '../../drivers/index.ts';
import type { BytesFarEnd, Call, DriverLibrary, FrameRule } from '../../src/contracts/index.ts';
import { anyDriver, anySimulator, defineDriver, defineSimulator, Fault } from '../../src/kit/index.ts';
import type { JsonObject } from '../../src/model/index.ts';
import { picture } from './snapshot-ring.ts';

/** Bytes of a picture in one answer. */
const BLOCK = 1024;
const TAKE = 0x54;
const READ = 0x52;

/** A number in four bytes. */
const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
/** An answer: its length in two bytes, then itself. */
const counted: FrameRule = (bytes) => {
  if (bytes.length < 2) return 'more';
  const length = 2 + Buffer.from(bytes).readUInt16BE(0);
  return bytes.length < length ? 'more' : { take: length };
};

/** A camera on a serial line, as there were many: it takes a picture, says how long it is, and is read block by block. */
const driver = defineDriver({
  id: 'serial-camera',
  aliases: [],
  about: 'A camera on a serial line, for tests.',
  category: 'camera',
  link: 'bytes',
  evidence: 'simulated',
  wire: { baud: 115_200, parity: 'none', timeout_ms: 500, gap_ms: 0 },
  poll_ms: { default: 60_000, min: 1000 },
  options: z.strictObject({}),
  points: () => ({}),
  events: {},
  commands: {
    snapshot: {
      about: 'Takes a picture.',
      args: z.strictObject({}),
      ...{ timing: 'none', actuates: false, on_process_end: 'hold', gives: 'file' },
    },
  },
  decode: () => ({ points: {} }),
  open: (link) => {
    const ask = async (request: Uint8Array, call: Call) =>
      (await link.exchange(request, counted, call)).subarray(2);
    return {
      rest: async () => {},
      act: async (_name, _args, call) => {
        const length = Buffer.from(await ask(Uint8Array.of(TAKE), call)).readUInt32BE(0);
        if (length === 0) return { result: 'failed', facts: { fault: 'driver.refused', text: 'it is dark' } };
        const blocks: Uint8Array[] = [];
        for (let at = 0; at < length; at += BLOCK)
          blocks.push(await ask(Buffer.concat([Uint8Array.of(READ), word(at)]), call));
        return { result: 'done', facts: {}, file: { type: 'image/jpeg', bytes: Buffer.concat(blocks) } };
      },
    };
  },
});

/** Every picture is another one; `bytes`: how long they are, 0: it refuses. */
const simulator = defineSimulator({
  driver: 'serial-camera',
  open(): BytesFarEnd {
    let taken = 0;
    let bytes = 3000;
    let shot = Buffer.alloc(0);
    const answer = (body: Uint8Array) => {
      const head = Buffer.alloc(2);
      head.writeUInt16BE(body.length);
      return Buffer.concat([head, body]);
    };
    return {
      kind: 'bytes',
      said: () => ({ taken }),
      set: (values: JsonObject) => {
        if (typeof values.bytes !== 'number') throw new Fault('usage', { text: 'it has bytes' });
        bytes = values.bytes;
      },
      speak: () => undefined,
      receive: (request) => {
        if (request[0] === READ) {
          const at = Buffer.from(request).readUInt32BE(1);
          return answer(shot.subarray(at, at + BLOCK));
        }
        if (request[0] !== TAKE) return new Uint8Array();
        taken += 1;
        shot = Buffer.from(picture(taken, bytes).bytes);
        return answer(word(bytes));
      },
    };
  },
});

/** The drivers there are, and this one. */
export async function libraryWithCamera(profiles: readonly unknown[] = []): Promise<DriverLibrary> {
  const library = await openLibrary(profiles);
  const own = driver.id;
  return {
    ...library,
    ids: [...library.ids, own],
    load: async (name) => (name === own ? anyDriver(driver) : library.load(name)),
    simulator: async (name) => (name === own ? anySimulator(simulator) : library.simulator(name)),
  };
}
