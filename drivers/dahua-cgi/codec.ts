import {
  type ActResult,
  type Decoded,
  Fault,
  type HttpReply,
  type HttpRequest,
  MOST_PICTURE_BYTES,
  needOk,
} from '#kit';
import type { Options } from './options.ts';

/** The CGI of Dahua (and Amcrest, Lorex, Imou and others that are made by it). */
export const HEARTBEAT_S = 5;
export const STREAM: HttpRequest = {
  method: 'GET',
  path: `/cgi-bin/eventManager.cgi?action=attach&codes=[All]&heartbeat=${HEARTBEAT_S}`,
};

/** Most count channels from 1 there, older ones from 0: both, the likelier first. */
export function pictureRequests({ channel, stream, counted_from }: Options): readonly HttpRequest[] {
  const numbers = counted_from === 'auto' ? [channel, channel - 1] : [channel - 1 + counted_from];
  const small = stream === 'sub' ? '&subtype=1' : '';
  return numbers.map((number) => ({
    method: 'GET',
    path: `/cgi-bin/snapshot.cgi?channel=${number}${small}`,
    max_bytes: MOST_PICTURE_BYTES,
  }));
}

/** 0 leaves the output to the events of the camera. */
const MODES = { auto: 0, on: 1, off: 2 } as const;
export type OutputMode = keyof typeof MODES;

/** Outputs are counted from 0 there. It asks for nothing and still is a GET. */
export const outputRequest = (output: number, mode: OutputMode): HttpRequest => ({
  method: 'GET',
  path: `/cgi-bin/configManager.cgi?action=setConfig&AlarmOut[${output - 1}].Mode=${MODES[mode]}`,
});

/** What a camera watches for, by the points that show it. */
export const PERCEIVED = {
  motion: ['VideoMotion', 'SmartMotionHuman', 'SmartMotionVehicle'],
  tamper: ['VideoBlind', 'SceneChange'],
  video_loss: ['VideoLoss'],
  intrusion: ['CrossLineDetection', 'CrossRegionDetection'],
  alarm_input: ['AlarmLocal'],
} as const;
export type Perceived = keyof typeof PERCEIVED;
export const POINTS = Object.keys(PERCEIVED) as readonly Perceived[];

export interface DahuaEvent {
  /** undefined: nothing that a point shows. */
  readonly point: Perceived | undefined;
  readonly code: string;
  /** `pulse` begins and is over at once. */
  readonly action: 'start' | 'stop' | 'pulse' | 'other';
  /** Channel (of an alarm: input), counted from 0; undefined: it does not say. */
  readonly index: number | undefined;
}

/** One part of the stream: an event, or `alive`. What stands behind the first line (data in JSON) is not looked at. Fault http.bad-message. */
export function readPart(body: Uint8Array): DahuaEvent | 'alive' {
  const [line = ''] = Buffer.from(body)
    .toString('latin1')
    .trimStart()
    .split(/[\r\n]/, 1);
  if (line.trim() === 'Heartbeat') return 'alive';
  const [, code, action = '', rest = ''] = /^Code=(\w{1,64});action=(\w{1,16})((?:;.*)?)$/.exec(line) ?? [];
  if (code === undefined) throw bad('a part of the stream is neither an event nor a heartbeat');
  const [, index, other] = /^;index=(?:(\d{1,4})(?=;|\s*$)|(.*))/.exec(rest) ?? [];
  if (other !== undefined) throw bad('the index of an event is no number');
  if (code === 'Heartbeat') return 'alive';
  const known = (['start', 'stop', 'pulse'] as const).find((name) => name === action.toLowerCase());
  return {
    point: POINTS.find((point) => PERCEIVED[point].some((name) => name === code)),
    code,
    action: known ?? 'other',
    index: index === undefined ? undefined : Number(index),
  };
}

/** What a command came to: OK, or Error and something. Faults http.status, http.bad-message. */
export function resultOf(reply: HttpReply, path: string): ActResult {
  const text = textOf(needOk(reply, path).body);
  if (text === 'OK') return { result: 'done', facts: {} };
  if (!/^Error\b/.test(text)) throw bad('the answer to a command is neither OK nor Error');
  return { result: 'failed', facts: { text: text.replace(/\s+/g, ' ').slice(0, 80) } };
}

/** A body in text as people see it. */
export function readBody(body: Uint8Array): Decoded {
  const text = textOf(body);
  if (text === 'OK') return { points: {}, note: 'answers a command with OK' };
  if (/^Error\b/.test(text))
    return { points: {}, note: `answers: ${text.replace(/\s+/g, ' ').slice(0, 80)}` };
  const part = readPart(body);
  if (part === 'alive') return { points: {}, note: 'a heartbeat' };
  const { point, code, action, index } = part;
  const note = `${code} ${action}${index === undefined ? '' : `, index ${index}`}`;
  return { points: point && action !== 'other' ? { [point]: action !== 'stop' } : {}, note };
}

const textOf = (body: Uint8Array): string => Buffer.from(body).toString('latin1').trim();
const bad = (reason: string): Fault => new Fault('http.bad-message', { reason });
