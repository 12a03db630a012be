import {
  concat,
  cutFrames,
  defineSimulator,
  Fault,
  seededRandom,
  settable,
  u8,
  type Value,
  wandering,
} from '#kit';
import * as urm from './codec.ts';
import type { Options } from './driver.ts';

/**
 * A sensor over a bay. Settings: `distance` (in its own unit; null: nothing in reach), `temperature`, and `stubborn` (true: it refuses
 * a new address). It answers to its address and to everybody's.
 */
export default defineSimulator<Options>({
  driver: 'dfrobot-urm-uart',
  open({ counts, address: first }, seed) {
    const random = seededRandom(seed);
    const far =
      counts === 'cm'
        ? { from: 238, min: 60, max: 240, step: 40 }
        : { from: 2380, min: 600, max: 2400, step: 400 };
    const wander = {
      distance: wandering(random, { ...far, decimals: 0 }),
      temperature: wandering(random, { from: 18.5, min: -9, max: 60, step: 0.4, decimals: 1 }),
    };
    const fixed = settable(['distance', 'temperature', 'stubborn']);
    const told: Record<string, Value | null> = {};
    let address = first;
    let unread: Uint8Array = new Uint8Array();

    const now = (name: keyof typeof wander): number | null => {
      const set = fixed.get(name);
      const value = set === undefined ? wander[name]() : set;
      if (typeof value !== 'number' && value !== null)
        throw new Fault('usage', { text: `${name} is a number` });
      told[name] = value;
      return value;
    };
    const obey = ({ address: to, command, data }: urm.Told): Uint8Array => {
      if (to !== address && to !== urm.EVERYBODY) return new Uint8Array();
      if (command === urm.COMMANDS.distance) return urm.encodeWord(address, command, now('distance'));
      if (command === urm.COMMANDS.temperature) {
        const value = now('temperature');
        return urm.encodeWord(address, command, value === null ? null : Math.round(10 * value) & 0xffff);
      }
      if (command !== urm.COMMANDS['set-address'] || data.length !== 1) return new Uint8Array();
      const stubborn = fixed.get('stubborn') === true;
      if (!stubborn) address = u8(data, 0);
      return urm.encodeFrame(u8(data, 0), command, [stubborn ? urm.REFUSED : urm.ACCEPTED]);
    };

    return {
      kind: 'bytes',
      said: () => told,
      set: fixed.set,
      receive(bytes) {
        unread = concat(unread, bytes);
        const { frames, used } = cutFrames(unread, urm.frameRule);
        unread = unread.slice(used);
        return concat(...frames.map((frame) => obey(urm.openFrame(frame))));
      },
      speak: () => undefined,
    };
  },
});
