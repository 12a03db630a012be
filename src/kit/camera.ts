import type { ActResult, CommandSpec, Decoded } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import { pictureNote, pointsAsFlags, readCaptured, requestNote } from './http-device.ts';
import { noArgs } from './relay-commands.ts';

/** The command `snapshot` of every camera. */
export const takePicture = {
  about: 'Takes a picture, which the gateway keeps.',
  ...{ args: noArgs, timing: 'none', actuates: false, on_process_end: 'hold', gives: 'file' },
} as const satisfies CommandSpec;

/** What cameras and recorders notice by themselves. */
export const cameraFlags = () =>
  pointsAsFlags({
    motion: 'Something moves in the picture.',
    tamper: 'The camera is covered or has been turned.',
    video_loss: 'A recorder gets no picture from this camera.',
    intrusion: 'Somebody crossed a line or is in an area that the camera watches.',
    alarm_input: 'An alarm input of the camera is active.',
  });

/** After an output was told to rest. Fault http.bad-message when it does not. */
export function needRest({ result, facts }: ActResult): void {
  if (result === 'done') return;
  throw new Fault('http.bad-message', { reason: `the output does not rest: ${facts.text ?? facts.fault}` });
}

/** A captured request, an answer that is a picture, or another one, whose body is for `read`. Faults http.status, http.bad-message. */
export function decodeCamera(frame: Uint8Array, read: (body: Uint8Array) => Decoded): Decoded {
  const request = requestNote(frame);
  if (request) return request;
  const reply = readCaptured(frame);
  return pictureNote(reply) ?? read(reply.body);
}
