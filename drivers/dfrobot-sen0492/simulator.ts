import { registerSimulator } from '#kit';
import { device } from './device.ts';

/** The sensor over a bay; `distance` can be set (mm). */
export default registerSimulator(device, {
  shapes: { distance: { from: 2380, min: 600, max: 2400, step: 400 } },
});
