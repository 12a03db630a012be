import {
  Fault,
  type HttpReply,
  type HttpRequest,
  type HttpUser,
  randomBlock,
  readXml,
  shownPath,
  usernameToken,
  type XmlNode,
  xmlEscaped,
  xmlFind,
  xmlText,
} from '#kit';

/** SOAP messages of ONVIF (Core and Media, version 1.0): only those few that are needed, made and read by hand. */
const DEVICE = 'http://www.onvif.org/ver10/device/wsdl';
const MEDIA = 'http://www.onvif.org/ver10/media/wsdl';
const ENVELOPE = 'http://www.w3.org/2003/05/soap-envelope';

/** A question: its service and what stands in its body. */
export interface Question {
  readonly name: string;
  readonly space: typeof DEVICE | typeof MEDIA;
  readonly inside: string;
}
const question = (name: string, space: Question['space'], inside = ''): Question => ({ name, space, inside });

export const GET_TIME = question('GetSystemDateAndTime', DEVICE);
export const GET_CAPABILITIES = question('GetCapabilities', DEVICE, '<Category>Media</Category>');
export const GET_PROFILES = question('GetProfiles', MEDIA);
export const GET_RELAYS = question('GetRelayOutputs', DEVICE);
export const getSnapshotUri = (profile: string): Question =>
  question('GetSnapshotUri', MEDIA, `<ProfileToken>${xmlEscaped(profile)}</ProfileToken>`);
export const setRelay = (token: string, on: boolean): Question =>
  question(
    'SetRelayOutputState',
    DEVICE,
    `<RelayOutputToken>${xmlEscaped(token)}</RelayOutputToken><LogicalState>${on ? 'active' : 'inactive'}</LogicalState>`,
  );

/** A question as a request. `created`: the camera's own time when it is sent, for its login; left out: it is asked without one. */
export function soapRequest(
  { name, space, inside }: Question,
  path: string,
  created?: (up: number) => string,
): HttpRequest {
  const body = `<s:Body><${name} xmlns="${space}">${inside}</${name}></s:Body>`;
  const header = (login: HttpUser | undefined, up: number) =>
    login && created
      ? `<s:Header>${usernameToken(login, { nonce: randomBlock(16), created: created(up) })}</s:Header>`
      : '';
  return {
    method: 'POST',
    path,
    type: `application/soap+xml; charset=utf-8; action="${space}/${name}"`,
    body: (login, up) =>
      `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="${ENVELOPE}">${header(login, up)}${body}</s:Envelope>`,
  };
}

/** What stands in the body of an answer; `refused`: the login was not taken. Faults http.status, http.bad-message. */
export function readSoap(reply: HttpReply, path: string): XmlNode | 'refused' {
  const { status, body } = reply;
  const shown = shownPath(path);
  let root: XmlNode;
  try {
    root = readXml(Buffer.from(body).toString('utf8'));
  } catch (error) {
    // A page of text is how most servers say that there is no such service.
    if (status === 200) throw error;
    throw new Fault('http.status', { status, path: shown, reason: 'no ONVIF service there' });
  }
  const inside = xmlFind(root, 'Body')?.children[0];
  if (root.name !== 'Envelope' || !inside) throw bad('no SOAP envelope with a body');
  if (inside.name !== 'Fault') {
    if (status !== 200)
      throw new Fault('http.status', { status, path: shown, reason: inside.name.slice(0, 100) });
    return inside;
  }
  const codes = [xmlText(inside, 'Subcode', 'Subcode', 'Value'), xmlText(inside, 'Subcode', 'Value')];
  if (codes.some((code) => /NotAuthorized|FailedAuthentication/i.test(code ?? ''))) return 'refused';
  const reason = (xmlText(inside, 'Reason', 'Text') ?? xmlText(inside, 'faultstring') ?? '').replace(
    /\s+/g,
    ' ',
  );
  throw new Fault('http.status', { status, path: shown, reason: reason.slice(0, 100) || 'a SOAP fault' });
}

export interface CameraTime {
  readonly source: 'ntp' | 'manual';
  /** Whole seconds, in UTC. */
  readonly unix_ms: number;
}

/** Fault http.bad-message. */
export function readTime(body: XmlNode): CameraTime {
  const source = xmlText(body, 'DateTimeType');
  const utc = xmlFind(body, 'UTCDateTime');
  if (source !== 'NTP' && source !== 'Manual') throw bad('it does not say where it has its time from');
  const parts = ['Year', 'Month', 'Day', 'Hour', 'Minute', 'Second'].map((name) => {
    const text = utc && xmlText(utc, name);
    if (text === undefined || !/^\d{1,4}$/.test(text)) throw bad('it does not tell its time in UTC');
    return Number(text);
  });
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts;
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
    throw bad('its time is none');
  return {
    source: source === 'NTP' ? 'ntp' : 'manual',
    unix_ms: Date.UTC(year, month - 1, day, hour, minute, second),
  };
}

/** `2026-11-25T02:00:00Z`, as a login has it. */
export const createdText = (unix_ms: number): string =>
  new Date(unix_ms).toISOString().replace(/\.\d+Z$/, 'Z');

/** Where the media service is: the path of its address; undefined: the camera does not say. */
export const mediaAddress = (body: XmlNode): string | undefined => xmlText(body, 'Media', 'XAddr');

export interface Profile {
  readonly token: string;
  /** Token of the video source; '' when it does not say. */
  readonly source: string;
}

/** Fault http.bad-message when there is none. */
export function readProfiles(body: XmlNode): readonly Profile[] {
  const profiles = body.children.flatMap((node): Profile[] => {
    const { token } = node.attributes;
    if (node.name !== 'Profiles' || !token) return [];
    return [{ token, source: xmlText(node, 'VideoSourceConfiguration', 'SourceToken') ?? '' }];
  });
  if (body.name !== 'GetProfilesResponse' || profiles.length === 0) throw bad('it has no profiles');
  return profiles;
}

/** The profile of a channel and stream; a source with one profile has one picture. Fault http.bad-message. */
export function chosenProfile(
  profiles: readonly Profile[],
  { channel, stream }: { readonly channel: number; readonly stream: 'main' | 'sub' },
): string {
  const sources = [...new Set(profiles.map(({ source }) => source))];
  const source = sources[channel - 1];
  const [main, sub] = profiles.filter((profile) => profile.source === source);
  const found = stream === 'sub' ? (sub ?? main) : main;
  if (!found) throw bad(`it has ${sources.length} video sources, and no channel ${channel}`);
  return found.token;
}

/** Address of a picture. Fault http.bad-message. */
export function readUri(body: XmlNode): string {
  const uri = xmlText(body, 'MediaUri', 'Uri');
  if (!uri) throw bad('it names no address for its pictures');
  return uri;
}

/** Tokens of its relay outputs. */
export const readRelays = (body: XmlNode): readonly string[] =>
  body.children.flatMap(({ name, attributes }) =>
    name === 'RelayOutputs' && attributes.token ? [attributes.token] : [],
  );

const LONGEST_ADDRESS = 2048;
const ADDRESS = /^\d{1,3}(\.\d{1,3}){3}$/;

/**
 * The path of an address that a camera gives, to be asked of the host of the bus: a login is never taken elsewhere. What the address says of user and
 * password is left out. When both are addresses and differ, it is refused, unless the site says that there is a router between. Fault http.bad-message.
 */
export function pathAt(uri: string, host: string, other: 'refuse' | 'rewrite'): string {
  if (uri.length > LONGEST_ADDRESS)
    throw bad(`it gives an address that is longer than ${LONGEST_ADDRESS} characters`);
  const [, authority, path = '/'] = /^https?:\/\/([^/?#\s]*)([/?][^#\s]*)?/i.exec(uri) ?? [];
  if (authority === undefined) throw bad('it gives an address that is none of HTTP');
  const there = authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d+$/, '');
  if (other === 'refuse' && ADDRESS.test(there) && ADDRESS.test(host) && there !== host)
    throw bad(
      `it names another host (${there}) than that of the bus; other_host: rewrite asks the bus's own all the same`,
    );
  return path.startsWith('/') ? path : `/${path}`;
}

const bad = (reason: string): Fault => new Fault('http.bad-message', { reason });
