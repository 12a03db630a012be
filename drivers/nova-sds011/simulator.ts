import { answerFrames, defineSimulator, seededRandom, settable, type Value, wandering } from '#kit';
import { CODES, type Command, commandFrame, commandOf, encodeData, encodeReply } from './codec.ts';
import type { Options } from './driver.ts';

const ID = 'A160';
const WORK_MS = 30_000;
/** Bytes that a sleeping sensor loses while it wakes up. */
const LOST_ASLEEP = 3;

/**
 * The sensor's own side. Settings: `pm2_5`, `pm10`, `pm100`, and `warming` (true: all-zero frames). Asleep it loses the first bytes it
 * hears and obeys nothing but `wake`; with a working period it rests, deaf to questions, all but 30 s of it.
 */
export default defineSimulator<Options>({
  driver: 'nova-sds011',
  open({ model, mode }, seed) {
    const random = seededRandom(seed);
    const fixed = settable(['pm2_5', 'pm10', 'pm100', 'warming']);
    const wander = {
      pm2_5: wandering(random, { from: 17.3, min: 1, max: 250, step: 3, decimals: 1 }),
      pm10: wandering(random, { from: 26.8, min: 2, max: 400, step: 5, decimals: 1 }),
      pm100: wandering(random, { from: 40, min: 4, max: 900, step: 7, decimals: 0 }),
    };
    let told: Record<string, Value | null> = {};
    let active = mode === 'active';
    let awake = true;
    /** Bytes it will not hear, since it is only waking up. */
    let deaf = 0;
    let period = { minutes: 0, since: 0 };
    let now = 0;

    const valueNow = (name: keyof typeof wander): number => {
      const set = fixed.get(name);
      return typeof set === 'number' ? set : wander[name]();
    };
    const frame = (): Uint8Array => {
      const warming = fixed.get('warming') === true;
      if (model === 'sds198') {
        const pm100 = valueNow('pm100');
        told = { pm100: warming ? null : pm100 };
        return encodeData(warming ? [0, 0] : [pm100, pm100], ID, model);
      }
      const [pm2_5, pm10] = [valueNow('pm2_5'), valueNow('pm10')];
      told = warming ? { pm2_5: null, pm10: null } : { pm2_5, pm10 };
      return encodeData(warming ? [0, 0] : [Math.round(10 * pm2_5), Math.round(10 * pm10)], ID, model);
    };
    const resting = (): boolean =>
      period.minutes > 0 && (now - period.since) % (60_000 * period.minutes) >= WORK_MS;
    const obey = (command: Command | undefined): Uint8Array => {
      const wakes = command?.code === CODES.work && command.sets && command.value === 1;
      if (!command || (!awake && !wakes) || (resting() && !command.sets)) return new Uint8Array();
      if (command.code === CODES.data) return frame();
      if (command.code === CODES.firmware) return encodeReply([CODES.firmware, 15, 7, 10], ID);
      if (command.sets && command.code === CODES.mode) active = command.value === 0;
      if (command.sets && command.code === CODES.work) {
        awake = command.value === 1;
        deaf = awake ? 0 : LOST_ASLEEP;
      }
      if (command.sets && command.code === CODES.period) period = { minutes: command.value, since: now };
      return encodeReply([command.code, Number(command.sets), command.value, 0], ID);
    };
    const hear = answerFrames(commandFrame, (request) => obey(commandOf(request)));

    return {
      kind: 'bytes',
      said: () => told,
      set: fixed.set,
      receive(bytes, up) {
        now = up;
        const lost = Math.min(deaf, bytes.length);
        deaf -= lost;
        return hear(bytes.subarray(lost));
      },
      speak(up) {
        now = up;
        if (!active || !awake) return undefined;
        return { bytes: frame(), next_ms: period.minutes ? 60_000 * period.minutes : 1000 };
      },
    };
  },
});
