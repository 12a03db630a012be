import {
  defineSimulator,
  type HttpAsked,
  type HttpFarEnd,
  type HttpSaid,
  passwordDigest,
  readXml,
  settable,
  testPicture,
  type Value,
  type XmlNode,
  xmlFind,
  xmlText,
} from '#kit';
import type { Options } from './options.ts';

type Answer = (inside: XmlNode, asked: { readonly up: number; readonly host: string }) => HttpSaid;

const MEDIA = '/onvif/media_service';
/** Its clock when it is switched on: 2026-11-25T02:00:00Z. */
const BEGAN_MS = 1_795_572_000_000;
/** A login that is older than this it does not take. */
const FRESH_MS = 10_000;
const SOURCES = ['VideoSource_1', 'VideoSource_2'];
const RELAYS = ['AlarmOut_0', 'AlarmOut_1'];

/**
 * A camera with two video sources, two profiles each, and two relays. Settings: `clock-source` (`ntp`, `manual`); `ahead` (so many seconds is its clock
 * ahead); `host` (the address it believes to have); `moved` (true: pictures are elsewhere than before).
 */
export default defineSimulator<Options>({
  driver: 'onvif-camera',
  open({ service }: Options): HttpFarEnd {
    const fixed = settable(['clock-source', 'ahead', 'host', 'moved']);
    const told: Record<string, Value> = {};
    const relays = new Map<string, boolean>();
    const used = new Set<string>();
    const clock = (up: number) => BEGAN_MS + up + 1000 * Number(fixed.get('ahead') ?? 0);
    const address = (host: string, path: string) => `http://${fixed.get('host') ?? host}${path}`;
    const folder = () => (fixed.get('moved') === true ? '/snap2' : '/snap');

    const lets = (root: XmlNode, { login }: HttpAsked, up: number): boolean => {
      if (!login) return true;
      const read = (name: string) => xmlText(root, 'UsernameToken', name) ?? '';
      const [nonce, created] = [read('Nonce'), read('Created')];
      const age_ms = Math.abs(clock(up) - Date.parse(created));
      if (read('Username') !== login.user || used.has(nonce) || !(age_ms <= FRESH_MS)) return false;
      used.add(nonce);
      return read('Password') === passwordDigest(Buffer.from(nonce, 'base64'), created, login.password);
    };
    const answers: Readonly<Record<string, Answer>> = {
      GetSystemDateAndTime: (_, { up }) => {
        const source = fixed.get('clock-source') ?? 'ntp';
        told.clock_source = source;
        return soap(
          'GetSystemDateAndTimeResponse',
          `<tds:SystemDateAndTime><tt:DateTimeType>${source === 'ntp' ? 'NTP' : 'Manual'}</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>${utc(clock(up))}</tds:SystemDateAndTime>`,
        );
      },
      GetCapabilities: (_, { host }) =>
        soap(
          'GetCapabilitiesResponse',
          `<tds:Capabilities><tt:Media><tt:XAddr>${address(host, MEDIA)}</tt:XAddr></tt:Media></tds:Capabilities>`,
        ),
      GetProfiles: () =>
        soap(
          'GetProfilesResponse',
          SOURCES.flatMap((source, at) =>
            ['main', 'sub'].map(
              (stream) =>
                `<trt:Profiles token="profile_${at + 1}_${stream}" fixed="true"><tt:Name>${stream}</tt:Name><tt:VideoSourceConfiguration token="vsc_${at + 1}"><tt:SourceToken>${source}</tt:SourceToken></tt:VideoSourceConfiguration></trt:Profiles>`,
            ),
          ).join(''),
        ),
      GetSnapshotUri: (inside, { host }) => {
        const uri = address(host, `${folder()}/${xmlText(inside, 'ProfileToken')}.jpg`);
        return soap('GetSnapshotUriResponse', `<trt:MediaUri><tt:Uri>${uri}</tt:Uri></trt:MediaUri>`);
      },
      GetRelayOutputs: () =>
        soap(
          'GetRelayOutputsResponse',
          RELAYS.map((token) => `<tds:RelayOutputs token="${token}"/>`).join(''),
        ),
      SetRelayOutputState: (inside) => {
        const token = xmlText(inside, 'RelayOutputToken') ?? '';
        if (!RELAYS.includes(token)) return fault('ter:RelayToken', 'Unknown relay token');
        relays.set(token, xmlText(inside, 'LogicalState') === 'active');
        told.output = relays.get(token) === true;
        return soap('SetRelayOutputStateResponse', '');
      },
    };

    return {
      kind: 'http',
      said: () => told,
      set: fixed.set,
      // Logins of its services stand in the messages; pictures want that of HTTP.
      open: ({ path }) => path === service || path === MEDIA,
      answer(asked, up) {
        const { method, path } = asked;
        if (method === 'GET') {
          if (!path.startsWith(`${folder()}/profile_`)) return undefined;
          return { status: 200, type: 'image/jpeg', body: testPicture(path, up) };
        }
        if (method !== 'POST' || (path !== service && path !== MEDIA)) return undefined;
        const root = readXml(Buffer.from(asked.body).toString('utf8'));
        const inside = xmlFind(root, 'Body')?.children[0];
        const answer = inside && answers[inside.name];
        if (!inside || !answer) return fault('ter:ActionNotSupported', 'Optional Action Not Implemented');
        if (inside.name !== 'GetSystemDateAndTime' && !lets(root, asked, up))
          return fault('ter:NotAuthorized', 'Sender not authorized');
        return answer(inside, { up, host: asked.host });
      },
    };
  },
});

const HEAD =
  '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:ter="http://www.onvif.org/ver10/error"><s:Body>';

function soap(name: string, inside: string): HttpSaid {
  const space = /Profiles|Snapshot/.test(name) ? 'trt' : 'tds';
  const body = `${HEAD}<${space}:${name}>${inside}</${space}:${name}></s:Body></s:Envelope>`;
  return { status: 200, type: 'application/soap+xml; charset=utf-8', body: Buffer.from(body) };
}

function fault(code: string, reason: string): HttpSaid {
  const body = `${HEAD}<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>${code}</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">${reason}</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>`;
  return { status: 400, type: 'application/soap+xml; charset=utf-8', body: Buffer.from(body) };
}

function utc(unix_ms: number): string {
  const date = new Date(unix_ms);
  const time = `<tt:Time><tt:Hour>${date.getUTCHours()}</tt:Hour><tt:Minute>${date.getUTCMinutes()}</tt:Minute><tt:Second>${date.getUTCSeconds()}</tt:Second></tt:Time>`;
  const day = `<tt:Date><tt:Year>${date.getUTCFullYear()}</tt:Year><tt:Month>${date.getUTCMonth() + 1}</tt:Month><tt:Day>${date.getUTCDate()}</tt:Day></tt:Date>`;
  return `<tt:UTCDateTime>${time}${day}</tt:UTCDateTime>`;
}
