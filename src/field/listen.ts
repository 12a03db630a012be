import type { Clock, DriverLibrary, FoundStream, LineSetting, Tried } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';
import { factoryOf, knownDrivers } from './drivers.ts';
import { framesIn } from './frames.ts';
import { distinct } from './settings.ts';
import { recogniseStream } from './streams.ts';
import type { Survey } from './survey.ts';

/** The slowest sensor that speaks by itself says something every 2.3 s (Plantower, when the air is steady). */
const LISTEN_MS: Millis = 2600;

/**
 * Listens before anything is said: a device that speaks by itself, or another master. Bytes come at any speed where somebody speaks, so a line that is
 * silent at one is silent at all.
 */
export async function listen(
  survey: Survey,
  settings: readonly LineSetting[],
  how: {
    readonly library: DriverLibrary;
    readonly clock: Clock;
    /** No other settings than these. */
    readonly only: boolean;
  },
): Promise<{ readonly streams: readonly FoundStream[]; readonly tried: readonly Tried[] }> {
  const bytes = how.only ? [] : (await knownDrivers(how.library, 'bytes')).map(factoryOf);
  const all = distinct([...settings, ...bytes]);
  const tried: Tried[] = [];
  for (const setting of all) {
    survey.tell('listen', setting, { done: 0, of: 1, each_ms: LISTEN_MS });
    const heard = await survey.listen(setting, LISTEN_MS);
    tried.push({ setting, how: 'listened', units: [], asked: 0, answered: 0, ms: LISTEN_MS });
    if (heard.length === 0) break;
    const { frames, stray } = framesIn(heard);
    survey.attribute(frames, setting, undefined);
    if (survey.stopped) break;
    const streams = await recogniseStream(heard, setting, how.library);
    if (streams.length > 0) return { streams, tried };
    if (stray > 0) survey.note(setting, 'noise', stray);
  }
  return { streams: [], tried };
}
