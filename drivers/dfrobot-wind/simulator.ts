import { registerSimulator } from '#kit';
import { device } from './device.ts';

/** Its own side of the wire. Any of its points can be set to a fixed value. */
export default registerSimulator(device, {
  shapes: {
    wind_speed: { from: 3.2, min: 0, max: 20, step: 1 },
    wind_direction: { from: 180, min: 0, max: 359, step: 20 },
    wind_sector: { from: 8, min: 0, max: 15, step: 1 },
  },
});
