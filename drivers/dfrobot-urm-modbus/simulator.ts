import { registerSimulator } from '#kit';
import { device } from './device.ts';

/** Its own side of the wire. Any of its points can be set to a fixed value. */
export default registerSimulator(device, {
  shapes: {
    distance: { from: 2380, min: 900, max: 2400, step: 300 },
    temperature: { from: 18.5, min: -9, max: 60, step: 0.4 },
  },
});
