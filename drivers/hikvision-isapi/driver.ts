import {
  type ActResult,
  type Call,
  type CommandSpec,
  type Decoded,
  defineDriver,
  encodeHttp,
  Fault,
  firstPicture,
  type HttpLink,
  type HttpRequest,
  moveOnce,
  needOutput,
  noArgs,
  pictureGiven,
  pictureNote,
  pointsAsFlags,
  readCaptured,
  requestNote,
} from '#kit';
import * as isapi from './codec.ts';
import { type Options, options } from './options.ts';
import { watchAlerts } from './watch.ts';

const moves = { timing: 'none', actuates: true, args: noArgs } as const;
const commands = {
  snapshot: {
    about: 'Takes a picture, which the gateway keeps.',
    ...{ args: noArgs, timing: 'none', actuates: false, on_process_end: 'hold', gives: 'file' },
  },
  'output-on': { ...moves, on_process_end: 'hold', about: 'Switches its alarm output on.' },
  'output-off': { ...moves, on_process_end: 'hold', about: 'Switches its alarm output off.' },
  'output-pulse': {
    ...moves,
    on_process_end: 'timed',
    about: 'Switches its alarm output on for the time that is set in the camera.',
  },
} satisfies Record<string, CommandSpec>;

export default defineDriver({
  id: 'hikvision-isapi',
  aliases: ['hikvision', 'hikvision-camera', 'hikvision-nvr'],
  about: 'Cameras and recorders of Hikvision and its brands (ISAPI): pictures, events, alarm output.',
  category: 'camera',
  link: 'http',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 5000, gap_ms: 0 },
  poll_ms: { default: 10_000, min: 2000 },
  options,
  points: () =>
    pointsAsFlags({
      motion: 'Something moves in the picture.',
      tamper: 'The camera is covered or has been turned.',
      video_loss: 'A recorder gets no picture from this camera.',
      intrusion: 'Somebody crossed a line or is in an area that the camera watches.',
      alarm_input: 'An alarm input of the camera is active.',
    }),
  events: {},
  commands,
  decode,
  encode: (name, _args, chosen) => encodeHttp(requestOf(name, chosen)),
  open: (link, chosen) => {
    const places = isapi.picturePaths(chosen).map(isapi.pictureRequest);
    const picture = firstPicture(link, places);
    return {
      watch: (call) => watchAlerts(link, chosen, call),
      act: async (name, _args, call): Promise<ActResult> => {
        if (name === 'snapshot') return pictureGiven(await picture(call));
        return move(link, requestOf(name, chosen), call);
      },
      rest: async (call) => {
        if (chosen.output === undefined || chosen.rest === 'hold') return;
        const { result, facts } = await move(link, isapi.outputRequest(chosen.output, 'low'), call);
        if (result !== 'done')
          throw new Fault('http.bad-message', {
            reason: `the output does not rest: ${facts.text ?? facts.fault}`,
          });
      },
    };
  },
});

const STATES = { 'output-on': 'high', 'output-off': 'low', 'output-pulse': 'pulse' } as const;

function requestOf(name: string, chosen: Options): HttpRequest {
  if (name === 'snapshot') return isapi.pictureRequest(isapi.picturePaths(chosen)[0] ?? '');
  const output = needOutput(name, chosen.output);
  return isapi.outputRequest(output, STATES[name as keyof typeof STATES]);
}

const move = (link: HttpLink, request: HttpRequest, call: Call): Promise<ActResult> =>
  moveOnce(link, request, call, (reply) => isapi.resultOf(reply, request.path));

function decode(frame: Uint8Array): Decoded {
  const request = requestNote(frame);
  if (request) return request;
  const reply = readCaptured(frame);
  return pictureNote(reply) ?? isapi.readBody(reply.body);
}
