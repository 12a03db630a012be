import { defineSimulator, type HttpFarEnd, settable, testPicture } from '#kit';
import type { Options } from './driver.ts';

/** A camera with one picture. Setting: `covered` (true: it gives the smallest picture there is). */
export default defineSimulator<Options>({
  driver: 'http-snapshot',
  open({ path }: Options, seed): HttpFarEnd {
    const fixed = settable(['covered']);
    const told: Record<string, number> = {};
    return {
      kind: 'http',
      said: () => told,
      set: fixed.set,
      answer({ method, path: asked }, up) {
        if (method !== 'GET' || asked !== path) return undefined;
        const body = testPicture(fixed.get('covered') === true ? '' : `picture ${seed} of ${path}`, up);
        told.picture_size = body.length;
        return { status: 200, type: 'image/jpeg', body };
      },
    };
  },
});
