import {
  type CommandSpec,
  type Decoded,
  defineDriver,
  encodeHttp,
  Fault,
  needRest,
  noArgs,
  pictureGiven,
  pictureNote,
  readCapturedAny,
  requestNote,
  takePicture,
} from '#kit';
import { openCamera } from './camera.ts';
import * as onvif from './codec.ts';
import { type Options, options } from './options.ts';
import { points } from './points.ts';

const moves = { timing: 'none', actuates: true, on_process_end: 'hold', args: noArgs } as const;
const commands = {
  snapshot: takePicture,
  'output-on': {
    ...moves,
    about: 'Switches its relay output on; one that is set to monostable goes off again by itself.',
  },
  'output-off': { ...moves, about: 'Switches its relay output off.' },
} satisfies Record<string, CommandSpec>;

export default defineDriver({
  id: 'onvif-camera',
  aliases: ['onvif'],
  about: 'Any camera with ONVIF (profile S): pictures, relay output, how its clock stands.',
  category: 'camera',
  link: 'http',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 5000, gap_ms: 0 },
  poll_ms: { default: 30_000, min: 5000 },
  options,
  points: () => points,
  events: {},
  commands,
  decode,
  encode: (name, _args, chosen) => encodeHttp(requestOf(name, chosen)),
  cost: () => [{ request_bytes: 1200, reply_bytes: 3000 }],
  open: (link, chosen) => {
    const camera = openCamera(link, chosen);
    return {
      sample: (call) => camera.look(call),
      act: async (name, _args, call) =>
        name === 'snapshot'
          ? pictureGiven(await camera.snapshot(call))
          : camera.move(name === 'output-on', call),
      rest: async (call) => {
        if (chosen.output === undefined || chosen.rest === 'hold') return;
        needRest(await camera.move(false, call));
      },
    };
  },
});

/** As it is sent without a login; of a picture the first question. Which profile and relay there are, the camera must tell first. */
function requestOf(name: string, { output, service }: Options) {
  if (name === 'snapshot') return onvif.soapRequest(onvif.GET_CAPABILITIES, service);
  if (typeof output === 'string')
    return onvif.soapRequest(onvif.setRelay(output, name === 'output-on'), service);
  throw new Fault('command.bad-args', {
    ...{ target: 'onvif-camera', name },
    text: 'give the token of the output as the option output: its number is known by the camera alone',
  });
}

function decode(frame: Uint8Array): Decoded {
  const request = requestNote(frame);
  if (request) return request;
  const reply = readCapturedAny(frame);
  const picture = reply.status === 200 ? pictureNote(reply) : undefined;
  if (picture) return picture;
  const said = onvif.readSoap(reply, 'what was asked');
  if (said === 'refused') return { points: {}, note: 'refuses the login' };
  if (said.name !== 'GetSystemDateAndTimeResponse') return { points: {}, note: said.name };
  const { source, unix_ms } = onvif.readTime(said);
  return { points: { clock_source: source }, note: `its clock says ${onvif.createdText(unix_ms)}` };
}
