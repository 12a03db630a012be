import {
  type ActResult,
  type Call,
  Fault,
  type GivenFile,
  type HttpLink,
  hasNothingThere,
  MOST_PICTURE_BYTES,
  moveOnce,
  needOutput,
  needPicture,
  type Sample,
  type XmlNode,
} from '#kit';
import * as onvif from './codec.ts';
import type { Options } from './options.ts';
import type { Points } from './points.ts';

/** What is known of a camera, learned once and again when it no longer holds. */
export function openCamera(link: HttpLink, options: Options) {
  const { service, other_host } = options;
  /** Its clock against the monotonic one of this machine. */
  let ahead_ms: number | undefined;
  let picture: string | undefined;
  let relay: string | undefined;

  const body = (reply: Parameters<typeof onvif.readSoap>[0], path: string): XmlNode => {
    const said = onvif.readSoap(reply, path);
    if (said === 'refused') throw link.refused();
    return said;
  };
  /** The only question that every camera answers to anybody. */
  const time = async (call: Call): Promise<onvif.CameraTime> => {
    const request = onvif.soapRequest(onvif.GET_TIME, service);
    let sent_up = 0;
    const asked = {
      ...request,
      body: (...given: Parameters<Extract<typeof request.body, (...args: never) => string>>) => {
        [, sent_up] = given;
        return typeof request.body === 'function' ? request.body(...given) : '';
      },
    };
    const told = onvif.readTime(body(await link.exchange(asked, call), service));
    ahead_ms = told.unix_ms - sent_up;
    return told;
  };
  const created = (up: number) => onvif.createdText((ahead_ms ?? 0) + up);
  const ask = async (question: onvif.Question, path: string, call: Call): Promise<XmlNode> => {
    if (ahead_ms === undefined) await time(call);
    return body(await link.exchange(onvif.soapRequest(question, path, created), call), path);
  };

  const discover = async (call: Call): Promise<string> => {
    const place = onvif.mediaAddress(await ask(onvif.GET_CAPABILITIES, service, call));
    // What the camera says of its own address matters for pictures; its services are where it was asked.
    const media = place === undefined ? service : onvif.pathAt(place, link.host, 'rewrite');
    const profile =
      options.profile ??
      onvif.chosenProfile(onvif.readProfiles(await ask(onvif.GET_PROFILES, media, call)), options);
    const uri = onvif.readUri(await ask(onvif.getSnapshotUri(profile), media, call));
    return onvif.pathAt(uri, link.host, other_host);
  };
  const take = async (path: string, call: Call): Promise<GivenFile> =>
    needPicture(await link.exchange({ method: 'GET', path, max_bytes: MOST_PICTURE_BYTES }, call), path);

  const token = async (call: Call): Promise<string> => {
    const { output } = options;
    if (typeof output === 'string') return output;
    if (relay !== undefined) return relay;
    const number = needOutput('output', output);
    const all = onvif.readRelays(await ask(onvif.GET_RELAYS, service, call));
    const found = all[number - 1];
    if (found === undefined)
      throw new Fault('http.bad-message', { reason: `it has ${all.length} relay outputs, and no ${number}` });
    relay = found;
    return found;
  };

  return {
    /** Its clock, and what a command will want to know of it. */
    async look(call: Call): Promise<Sample<Points>> {
      const before = call.unixMillis?.();
      const { source, unix_ms } = await time(call);
      const after = call.unixMillis?.();
      if (options.output !== undefined && relay === undefined) await token(call);
      if (before === undefined || after === undefined) return { clock_source: source };
      // It tells whole seconds, half a second too little in the mean.
      return { clock_source: source, clock_drift: Math.round((unix_ms + 500 - (before + after) / 2) / 1000) };
    },
    /** From the place that is known, else from where it says that its pictures are. */
    async snapshot(call: Call): Promise<GivenFile> {
      if (picture !== undefined) {
        try {
          return await take(picture, call);
        } catch (error) {
          if (!hasNothingThere(error)) throw error;
          // Addresses of some hold for a while only.
          picture = undefined;
        }
      }
      const path = await discover(call);
      const taken = await take(path, call);
      picture = path;
      return taken;
    },
    async move(on: boolean, call: Call): Promise<ActResult> {
      let request: ReturnType<typeof onvif.soapRequest>;
      try {
        const output = await token(call);
        if (ahead_ms === undefined) await time(call);
        request = onvif.soapRequest(onvif.setRelay(output, on), service, created);
      } catch (error) {
        if (!(error instanceof Fault) || error.code === 'command.bad-args') throw error;
        // Nothing that moves has been sent.
        return { result: 'failed', facts: { fault: error.code, text: error.message, sent: false } };
      }
      return moveOnce(link, request, call, (reply) => {
        const said = body(reply, service);
        if (said.name !== 'SetRelayOutputStateResponse')
          throw new Fault('http.bad-message', { reason: 'the answer is to another question' });
        return { result: 'done', facts: {} };
      });
    },
  };
}
