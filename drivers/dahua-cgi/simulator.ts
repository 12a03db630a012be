import {
  defineSimulator,
  type HttpAsked,
  type HttpFarEnd,
  type HttpSaid,
  seededRandom,
  settable,
  testPicture,
} from '#kit';
import { HEARTBEAT_S, PERCEIVED, type Perceived, POINTS, STREAM } from './codec.ts';
import type { Options } from './options.ts';

/**
 * A camera, or a recorder of which one channel is told about. Settings: its points (`motion`, `tamper`, …) as they are perceived; `from-0` (true: an older
 * firmware, which counts channels of pictures from 0 and knows no other); `refuses` (true: commands fail).
 */
export default defineSimulator<Options>({
  driver: 'dahua-cgi',
  open({ channel, output, counted_from }: Options, seed): HttpFarEnd {
    const random = seededRandom(seed);
    const fixed = settable([...POINTS, 'from-0', 'refuses']);
    const told: Record<string, boolean> = Object.fromEntries(POINTS.map((point) => [point, false]));
    let mode = 0;
    let goesOn: Perceived | undefined;
    let until_up = 0;

    const perceives = (point: Perceived): boolean => {
      const set = fixed.get(point);
      return set === undefined ? goesOn === point : set === true;
    };
    const next = (up: number) => {
      if (up >= until_up) {
        goesOn = random() < 0.3 ? POINTS[Math.floor(random() * POINTS.length)] : undefined;
        until_up = up + 4000 + Math.floor(random() * 6000);
      }
      const changed = POINTS.find((point) => perceives(point) !== told[point]);
      if (!changed)
        return { type: 'text/plain', body: Buffer.from('Heartbeat'), next_ms: HEARTBEAT_S * 1000 };
      told[changed] = perceives(changed);
      const line = `Code=${PERCEIVED[changed][0]};action=${told[changed] ? 'Start' : 'Stop'};index=${channel - 1}`;
      return { type: 'text/plain', body: Buffer.from(line), next_ms: 50 };
    };

    return {
      kind: 'http',
      said: () => ({ ...told, ...(output !== undefined && { output: mode === 1 }) }),
      set: fixed.set,
      answer({ method, path }: HttpAsked, up): HttpSaid | undefined {
        if (method !== 'GET') return undefined;
        if (path === STREAM.path) {
          // Whoever listens anew hears what goes on from its beginning.
          for (const point of POINTS) told[point] = false;
          return { status: 200, type: '', body: NOTHING, parts: next };
        }
        const [, asked] = /^\/cgi-bin\/snapshot\.cgi\?channel=(\d+)(?:&subtype=1)?$/.exec(path) ?? [];
        const first = fixed.get('from-0') === true || counted_from === 0 ? 0 : 1;
        if (asked !== undefined && Number(asked) === channel - 1 + first)
          return { status: 200, type: 'image/jpeg', body: testPicture(path, up) };
        if (asked !== undefined) return text(400, 'Error\r\nBad Request!\r\n');
        const [, at, wanted] = /\?action=setConfig&AlarmOut\[(\d+)\]\.Mode=([012])$/.exec(path) ?? [];
        if (wanted === undefined || Number(at) + 1 !== output) return undefined;
        if (fixed.get('refuses') === true) return text(200, 'Error: No Authority\r\n');
        mode = Number(wanted);
        return text(200, 'OK');
      },
    };
  },
});

const NOTHING = new Uint8Array();
const text = (status: number, body: string): HttpSaid => ({
  status,
  type: 'text/plain',
  body: Buffer.from(body),
});
