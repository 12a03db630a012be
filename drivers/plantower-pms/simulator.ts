import {
  answerFrames,
  defineSimulator,
  encodeWords,
  seededRandom,
  settable,
  type Value,
  wandering,
} from '#kit';
import { type Command, commandFrame, commandOf, encodeAck, encodeCommand, NAME } from './codec.ts';
import type { Options } from './driver.ts';

/**
 * The sensor's own side. Settings: any mass point, `temperature`, `humidity`, `formaldehyde`, and `warming` (true: all-zero
 * frames). A frame comes every 800 ms in active mode; asleep it is silent.
 */
export default defineSimulator<Options>({
  driver: NAME,
  open({ variant, mode, details }, seed) {
    const random = seededRandom(seed);
    const climate = variant === '5003t' || variant === '5003st';
    const gas = variant === '5003s' || variant === '5003st';
    const fixed = settable(['pm1_0', 'pm2_5', 'pm10', 'temperature', 'humidity', 'formaldehyde', 'warming']);
    const wander = {
      pm1_0: wandering(random, { from: 9, min: 1, max: 150, step: 3, decimals: 0 }),
      pm2_5: wandering(random, { from: 17, min: 2, max: 220, step: 4, decimals: 0 }),
      pm10: wandering(random, { from: 26, min: 3, max: 300, step: 6, decimals: 0 }),
      temperature: wandering(random, { from: 21.4, min: -15, max: 60, step: 0.3, decimals: 1 }),
      humidity: wandering(random, { from: 46.2, min: 5, max: 95, step: 0.5, decimals: 1 }),
      formaldehyde: wandering(random, { from: 30, min: 0, max: 200, step: 5, decimals: 0 }),
    };
    let told: Record<string, Value | null> = {};
    let active = mode === 'active';
    let awake = true;

    const valueNow = (name: keyof typeof wander): number => {
      const set = fixed.get(name);
      return typeof set === 'number' ? set : wander[name]();
    };
    const frame = (): Uint8Array => {
      const warming = fixed.get('warming') === true;
      const masses = [valueNow('pm1_0'), valueNow('pm2_5'), valueNow('pm10')];
      const counts = [4210, 1290, 310, 42, 9, 2].map((count) => Math.round(count * (0.5 + random())));
      const inside = climate ? [valueNow('temperature'), valueNow('humidity')] : [];
      const [hcho] = gas ? [valueNow('formaldehyde')] : [];
      const tenths = inside.map((value) => Math.round(value * 10) & 0xffff);
      const words =
        variant === '5003st'
          ? [...masses, ...masses, ...counts, hcho ?? 0, ...tenths, 0]
          : variant === '5003t'
            ? [...masses, ...masses, ...counts.slice(0, 4), ...tenths]
            : [...masses, ...masses, ...counts];
      const last = variant === '5003s' ? (hcho ?? 0) : 0x9700;
      const said = {
        ...named(['pm1_0', 'pm2_5', 'pm10'], masses),
        ...named(['temperature', 'humidity'], inside),
        ...(hcho === undefined ? {} : { formaldehyde: hcho }),
        ...(details && {
          ...named(['pm1_0_cf1', 'pm2_5_cf1', 'pm10_cf1'], masses),
          ...named(
            ['count_0_3', 'count_0_5', 'count_1_0', 'count_2_5', 'count_5_0', 'count_10'].slice(
              0,
              variant === '5003t' ? 4 : 6,
            ),
            counts,
          ),
        }),
      };
      told = warming ? Object.fromEntries(Object.keys(said).map((name) => [name, null])) : said;
      return encodeWords(
        warming ? [...words.map(() => 0), variant === '5003s' ? 0 : last] : [...words, last],
      );
    };
    const obey = (command: Command | undefined): Uint8Array => {
      if (command === 'sleep' || command === 'wake') awake = command === 'wake';
      if (!awake || !command) return new Uint8Array();
      if (command === 'read') return frame();
      if (command === 'wake') return new Uint8Array();
      active = command === 'active';
      const sent = encodeCommand(command);
      return encodeAck(sent[2] ?? 0, sent[4] ?? 0);
    };

    return {
      kind: 'bytes',
      said: () => told,
      set: fixed.set,
      receive: answerFrames(commandFrame, (request) => obey(commandOf(request))),
      speak: () => (active && awake ? { bytes: frame(), next_ms: 800 } : undefined),
    };
  },
});

const named = (names: readonly string[], values: readonly number[]): Record<string, number> =>
  Object.fromEntries(
    names.flatMap((name, index) => (values[index] === undefined ? [] : [[name, values[index]]])),
  );
