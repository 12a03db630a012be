import {
  type ActResult,
  type Call,
  type CommandSpec,
  cameraFlags,
  decodeCamera,
  defineDriver,
  encodeHttp,
  firstPicture,
  type HttpLink,
  type HttpRequest,
  moveOnce,
  needOutput,
  needRest,
  noArgs,
  pictureGiven,
  takePicture,
} from '#kit';
import * as isapi from './codec.ts';
import { type Options, options } from './options.ts';
import { watchAlerts } from './watch.ts';

const moves = { timing: 'none', actuates: true, args: noArgs } as const;
const commands = {
  snapshot: takePicture,
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
  points: cameraFlags,
  events: {},
  commands,
  decode: (frame) => decodeCamera(frame, isapi.readBody),
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
        needRest(await move(link, isapi.outputRequest(chosen.output, 'low'), call));
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
