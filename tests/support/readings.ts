import type { PointSpec, Quality, Reading, Value } from '../../src/model/index.ts';

export const NUMBER: PointSpec = {
  kind: 'number',
  about: 'A number.',
  privacy: 'plain',
  unit: '1',
  min: -1000,
  max: 1000,
};
export const FLAG: PointSpec = { kind: 'flag', about: 'A flag.', privacy: 'plain' };
export const STATE: PointSpec = {
  kind: 'state',
  about: 'A state.',
  privacy: 'plain',
  values: ['free', 'taken'],
};

/** A reading of air-1/pm at so many seconds since boot. */
export const at = (s: number, value: Value | null, quality: Quality = 'good', point = 'pm'): Reading => ({
  device: 'air-1',
  point,
  value,
  quality,
  stamp: { boot: 'boot-1', up: s * 1000 },
});
