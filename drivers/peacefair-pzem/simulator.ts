import { registerSimulator } from '#kit';
import { device } from './device.ts';

/** Its own side of the wire. Any of its points can be set to a fixed value. */
export default registerSimulator(device, {
  shapes: {
    voltage: { from: 230, min: 207, max: 253, step: 1.5 },
    current: { from: 4.2, min: 0.1, max: 40, step: 0.8 },
    power: { from: 950, min: 5, max: 9000, step: 150 },
    energy: { from: 20481, min: 20481, max: 900000, step: 5 },
    frequency: { from: 50, min: 49.8, max: 50.2, step: 0.1 },
    power_factor: { from: 0.95, min: 0.2, max: 1, step: 0.02 },
  },
});
