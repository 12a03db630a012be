import type { PointSpecs } from '#kit';

export const points = {
  clock_source: {
    kind: 'state',
    about: 'Where the camera has its time from.',
    values: ['ntp', 'manual'],
    privacy: 'plain',
  },
  clock_drift: {
    kind: 'number',
    about:
      'So far its clock is ahead of this gateway; not told while the gateway does not know the time itself.',
    unit: 's',
    min: -4_000_000_000,
    max: 4_000_000_000,
    privacy: 'plain',
  },
} as const satisfies PointSpecs;
export type Points = typeof points;
