import { z } from 'zod';
import {
  type CommandSpec,
  type Decoded,
  defineDriver,
  encodeHttp,
  type HttpRequest,
  MOST_PICTURE_BYTES,
  needPicture,
  pictureGiven,
  readCaptured,
  requestNote,
  takePicture,
} from '#kit';

export const options = z.strictObject({
  path: z
    .string()
    .regex(/^\/[\x21-\x7e]*$/, 'a path that begins with / and has no blanks')
    .refine((path) => !/[?&](user|usr|username|pass|passwd|password|pwd)=/i.test(path), {
      error: 'a path without user and password: those are options of the bus',
    })
    .default('/snap.jpg')
    .describe('Where the picture is, from the root of the host on, with its query'),
});
export type Options = z.infer<typeof options>;

const commands = {
  snapshot: takePicture,
} satisfies Record<string, CommandSpec>;

/** Any camera that gives a picture at a path (XiongMai `/snap.jpg`, Yoosee `/snapshot`, many more). */
export default defineDriver({
  id: 'http-snapshot',
  aliases: ['xiongmai-camera', 'yoosee-camera'],
  about: 'Any camera that gives a picture at a path.',
  category: 'camera',
  link: 'http',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 5000, gap_ms: 0 },
  poll_ms: { default: 60_000, min: 5000 },
  options,
  points: () => ({
    picture_size: {
      kind: 'number',
      about: 'Size of the picture it gave last. A lens that is covered gives a small one.',
      unit: 'By',
      min: 0,
      max: MOST_PICTURE_BYTES,
      privacy: 'plain',
    },
  }),
  events: {},
  commands,
  decode,
  encode: (_name, _args, { path }) => encodeHttp(requestOf(path)),
  cost: () => [{ request_bytes: 700, reply_bytes: 400_000 }],
  open: (link, { path }) => {
    const request = requestOf(path);
    return {
      sample: async (call) => {
        const { bytes } = needPicture(await link.exchange(request, call), path);
        return { picture_size: bytes.length };
      },
      act: async (_name, _args, call) => pictureGiven(needPicture(await link.exchange(request, call), path)),
      // It has no outputs.
      rest: async () => {},
    };
  },
});

const requestOf = (path: string): HttpRequest => ({ method: 'GET', path, max_bytes: MOST_PICTURE_BYTES });

function decode(frame: Uint8Array): Decoded {
  const request = requestNote(frame);
  if (request) return request;
  const { bytes, type } = needPicture(readCaptured(frame), 'what was asked');
  return { points: { picture_size: bytes.length }, note: `a picture (${type})` };
}
