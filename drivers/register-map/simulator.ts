import { type AnySimulator, anySimulator, defineSimulator, type FarEnd, mapFarEnd } from '#kit';
import type { Options } from './driver.ts';
import { mapOf, type Profile, tableOf } from './profile.ts';

/** Any register map's own side: numbers wander within their range, what can be written stays as written. */
export default defineSimulator<Options>({
  driver: 'register-map',
  open: ({ profile }, seed) => farEnd(profile, seed),
});

export const simulatorFromProfile = (profile: Profile): AnySimulator =>
  anySimulator(
    defineSimulator({ driver: profile.id, open: (_options: unknown, seed) => farEnd(profile, seed) }),
  );

const farEnd = (profile: Profile, seed: number): FarEnd =>
  mapFarEnd(mapOf(profile), tableOf(profile), { seed });
