import {
  defineSimulator,
  type HttpAsked,
  type HttpFarEnd,
  type HttpSaid,
  seededRandom,
  settable,
  testPicture,
} from '#kit';
import { PERCEIVED, type Perceived, POINTS } from './codec.ts';
import type { Options } from './options.ts';

const HEARTBEAT_MS = 2000;
/** As long as something goes on it is told again and again. */
const AGAIN_MS = 1000;
/** Its clock stands at the beginning of an autumn day when it is switched on. */
const SECONDS_OF_DAY = 36_000;

/**
 * A camera, or a recorder of which one channel is told about. Settings: its points (`motion`, `tamper`, …) as they are perceived; `old` (true: an older
 * firmware, with its pictures elsewhere); `silent-end` (true: it does not say that something is over); `refuses` (true: commands fail).
 */
export default defineSimulator<Options>({
  driver: 'hikvision-isapi',
  open({ channel, output }: Options, seed): HttpFarEnd {
    const random = seededRandom(seed);
    const fixed = settable([...POINTS, 'old', 'silent-end', 'refuses']);
    const told: Record<string, boolean> = Object.fromEntries(POINTS.map((point) => [point, false]));
    let output_on = false;
    let goesOn: Perceived | undefined;
    let until_up = 0;

    const perceives = (point: Perceived): boolean => {
      const set = fixed.get(point);
      return set === undefined ? goesOn === point : set === true;
    };
    const alert = (type: string, active: boolean, up: number) =>
      Buffer.from(
        `<EventNotificationAlert version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema"><ipAddress>192.168.1.64</ipAddress><channelID>${channel}</channelID><dateTime>${clockOf(up)}</dateTime><activePostCount>${active ? 1 : 0}</activePostCount><eventType>${type}</eventType><eventState>${active ? 'active' : 'inactive'}</eventState><eventDescription>${type} alarm</eventDescription></EventNotificationAlert>`,
      );
    const next = (up: number) => {
      if (up >= until_up) {
        goesOn = random() < 0.3 ? POINTS[Math.floor(random() * POINTS.length)] : undefined;
        until_up = up + 4000 + Math.floor(random() * 6000);
      }
      const silently = fixed.get('silent-end') === true;
      const begun = POINTS.find((point) => perceives(point) && !told[point]);
      const over = POINTS.find((point) => !perceives(point) && told[point]);
      if (over && silently) told[over] = false;
      const changed = begun ?? (silently ? undefined : over);
      const going = POINTS.find(perceives);
      const said = changed ?? going;
      if (said) told[said] = perceives(said);
      const type = said ? (PERCEIVED[said][0] ?? '') : 'videoloss';
      return {
        type: 'application/xml; charset="UTF-8"',
        body: alert(type, said ? (told[said] ?? false) : false, up),
        next_ms: changed ? 50 : going ? AGAIN_MS : HEARTBEAT_MS,
      };
    };

    return {
      kind: 'http',
      said: () => ({ ...told, ...(output !== undefined && { output: output_on }) }),
      set: fixed.set,
      answer({ method, path, body }: HttpAsked, up): HttpSaid | undefined {
        if (method === 'GET' && path === '/ISAPI/Event/notification/alertStream')
          return { status: 200, type: '', body: NOTHING, parts: next };
        const wanted =
          fixed.get('old') === true ? `channels/${channel}/picture` : `channels/${channel}01/picture`;
        const small = `channels/${channel}02/picture`;
        if (
          method === 'GET' &&
          (path === `/ISAPI/Streaming/${wanted}` || path === `/ISAPI/Streaming/${small}`)
        )
          return { status: 200, type: 'image/jpeg', body: testPicture(path, up) };
        if (method !== 'PUT' || path !== `/ISAPI/System/IO/outputs/${output}/trigger`) return undefined;
        const [, state] =
          /<outputState>(high|low|pulse)<\/outputState>/.exec(Buffer.from(body).toString()) ?? [];
        if (fixed.get('refuses') === true || state === undefined)
          return status(4, 'Invalid Operation', 'notSupport');
        output_on = state !== 'low';
        return status(1, 'OK', 'ok');
      },
    };
  },
});

const NOTHING = new Uint8Array();

function status(code: number, text: string, sub: string): HttpSaid {
  const body = `<?xml version="1.0" encoding="UTF-8"?><ResponseStatus version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema"><requestURL>/ISAPI/System/IO/outputs/1/trigger</requestURL><statusCode>${code}</statusCode><statusString>${text}</statusString><subStatusCode>${sub}</subStatusCode></ResponseStatus>`;
  return { status: 200, type: 'application/xml', body: Buffer.from(body) };
}

function clockOf(up: number): string {
  const seconds = (SECONDS_OF_DAY + Math.floor(up / 1000)) % 86_400;
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `2026-11-25T${parts.map((part) => String(part).padStart(2, '0')).join(':')}+08:00`;
}
