import {
  type ActResult,
  type Decoded,
  Fault,
  type HttpReply,
  type HttpRequest,
  MOST_PICTURE_BYTES,
  needOk,
  readXml,
  xmlText,
} from '#kit';
import type { Options } from './options.ts';

/** Messages of ISAPI, the HTTP interface of Hikvision (and of the many brands that are made by it). */
export const STREAM: HttpRequest = { method: 'GET', path: '/ISAPI/Event/notification/alertStream' };

/** Where a picture may be, the usual place first: firmwares differ. */
export const picturePaths = ({ channel, stream }: Options): readonly string[] => {
  const id = `${channel}0${stream === 'main' ? 1 : 2}`;
  return [
    `/ISAPI/Streaming/channels/${id}/picture`,
    `/ISAPI/Streaming/channels/${channel}/picture`,
    `/Streaming/channels/${id}/picture`,
  ];
};
export const pictureRequest = (path: string): HttpRequest => ({
  method: 'GET',
  path,
  max_bytes: MOST_PICTURE_BYTES,
});

export type OutputState = 'high' | 'low' | 'pulse';

export const outputRequest = (output: number, state: OutputState): HttpRequest => ({
  method: 'PUT',
  path: `/ISAPI/System/IO/outputs/${output}/trigger`,
  type: 'application/xml',
  body: `<?xml version="1.0" encoding="UTF-8"?><IOPortData version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema"><outputState>${state}</outputState></IOPortData>`,
});

/** What a camera watches for, by the points that show it. */
export const PERCEIVED = {
  motion: ['VMD'],
  tamper: ['shelteralarm', 'tamperdetection', 'scenechangedetection'],
  video_loss: ['videoloss'],
  intrusion: ['linedetection', 'fielddetection', 'regionEntrance', 'regionExiting'],
  alarm_input: ['IO'],
} as const;
export type Perceived = keyof typeof PERCEIVED;
export const POINTS = Object.keys(PERCEIVED) as readonly Perceived[];

export interface Alert {
  /** undefined: nothing that a point shows. */
  readonly point: Perceived | undefined;
  readonly type: string;
  readonly active: boolean;
  /** undefined: it does not say. */
  readonly channel: number | undefined;
  /** Seconds on the camera's own clock, for differences only. */
  readonly at_s: number | undefined;
}

/** One message of the stream of events. A `videoloss` that is inactive, or a `heartBeat`, is how it shows that it lives. Fault http.bad-message. */
export function readAlert(body: Uint8Array): Alert {
  const root = readXml(Buffer.from(body).toString('utf8'));
  const type = xmlText(root, 'eventType');
  const state = xmlText(root, 'eventState');
  if (root.name !== 'EventNotificationAlert' || !type || !/^[A-Za-z]{1,40}$/.test(type))
    throw bad('no EventNotificationAlert with a type');
  if (state !== 'active' && state !== 'inactive') throw bad('an event is neither active nor inactive');
  const channel = xmlText(root, 'channelID') ?? xmlText(root, 'dynChannelID');
  return {
    point: POINTS.find((point) => PERCEIVED[point].some((name) => name.toLowerCase() === type.toLowerCase())),
    type,
    active: state === 'active',
    channel: channel !== undefined && /^\d{1,5}$/.test(channel) ? Number(channel) : undefined,
    at_s: secondsOf(xmlText(root, 'dateTime') ?? ''),
  };
}

/** `2026-11-25T10:00:00+08:00`. The zone does not matter: only differences are looked at. */
function secondsOf(text: string): number | undefined {
  const parts = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)/.exec(text)?.slice(1).map(Number);
  if (!parts) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}

/** What a command came to. Faults http.status, http.bad-message. */
export function resultOf(reply: HttpReply, path: string): ActResult {
  const root = statusOf(needOk(reply, path));
  if (root.code === 1 || root.code === 0) return { result: 'done', facts: {} };
  return { result: 'failed', facts: { status_code: root.code, text: root.text } };
}

function statusOf({ body }: HttpReply): { readonly code: number; readonly text: string } {
  const root = readXml(Buffer.from(body).toString('utf8'));
  const code = xmlText(root, 'statusCode');
  if (root.name !== 'ResponseStatus' || code === undefined || !/^\d{1,3}$/.test(code))
    throw bad('no ResponseStatus with a code');
  const text = xmlText(root, 'subStatusCode') ?? xmlText(root, 'statusString') ?? '';
  return { code: Number(code), text: text.slice(0, 60) };
}

/** A body in XML as people see it. */
export function readBody(body: Uint8Array): Decoded {
  const { name } = readXml(Buffer.from(body).toString('utf8'));
  if (name === 'ResponseStatus') {
    const { code, text } = statusOf({ status: 200, type: '', body });
    return { points: {}, note: `answers a command with ${code} ${text}`.trim() };
  }
  const alert = readAlert(body);
  const where = alert.channel === undefined ? '' : ` of channel ${alert.channel}`;
  const note = `${alert.type}${where} is ${alert.active ? 'active' : 'inactive'}`;
  return { points: alert.point ? { [alert.point]: alert.active } : {}, note };
}

const bad = (reason: string): Fault => new Fault('http.bad-message', { reason });
