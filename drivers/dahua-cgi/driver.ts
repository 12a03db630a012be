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
import * as dahua from './codec.ts';
import { type Options, options } from './options.ts';
import { watchEvents } from './watch.ts';

const moves = { timing: 'none', actuates: true, on_process_end: 'hold', args: noArgs } as const;
const commands = {
  snapshot: takePicture,
  'output-on': { ...moves, about: 'Switches its alarm output on.' },
  'output-off': { ...moves, about: 'Switches its alarm output off, whatever its own events say.' },
  'output-auto': { ...moves, about: 'Leaves its alarm output to its own events again.' },
} satisfies Record<string, CommandSpec>;

export default defineDriver({
  id: 'dahua-cgi',
  aliases: ['dahua', 'dahua-camera', 'dahua-nvr', 'amcrest-camera'],
  about: 'Cameras and recorders of Dahua and its brands (CGI): pictures, events, alarm output.',
  category: 'camera',
  link: 'http',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 5000, gap_ms: 0 },
  poll_ms: { default: 5000, min: 2000 },
  options,
  points: cameraFlags,
  events: {},
  commands,
  decode: (frame) => decodeCamera(frame, dahua.readBody),
  encode: (name, _args, chosen) => encodeHttp(requestOf(name, chosen)),
  open: (link, chosen) => {
    const picture = firstPicture(link, dahua.pictureRequests(chosen));
    return {
      watch: (call) => watchEvents(link, chosen, call),
      act: async (name, _args, call): Promise<ActResult> => {
        if (name === 'snapshot') return pictureGiven(await picture(call));
        return move(link, requestOf(name, chosen), call);
      },
      rest: async (call) => {
        if (chosen.output === undefined || chosen.rest === 'hold') return;
        needRest(await move(link, dahua.outputRequest(chosen.output, chosen.rest), call));
      },
    };
  },
});

const MODES = { 'output-on': 'on', 'output-off': 'off', 'output-auto': 'auto' } as const;

function requestOf(name: string, chosen: Options): HttpRequest {
  const [first] = dahua.pictureRequests(chosen);
  if (name === 'snapshot' && first) return first;
  return dahua.outputRequest(needOutput(name, chosen.output), MODES[name as keyof typeof MODES]);
}

const move = (link: HttpLink, request: HttpRequest, call: Call): Promise<ActResult> =>
  moveOnce(link, request, call, (reply) => dahua.resultOf(reply, request.path));
