import { registerSimulator } from '#kit';
import { device } from './device.ts';

/** Its own side of the wire. Any of its points can be set to a fixed value. */
export default registerSimulator(device, {
  shapes: {
    moisture: { from: 24, min: 3, max: 55, step: 0.6 },
    temperature: { from: 14, min: -3, max: 32, step: 0.2 },
    conductivity: { from: 320, min: 20, max: 1800, step: 20 },
  },
});
