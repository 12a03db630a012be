import { registerSimulator } from '#kit';
import { device } from './device.ts';

/** Its own side of the wire. Any of its points can be set to a fixed value. */
export default registerSimulator(device, {
  shapes: {
    voltage: { from: 230, min: 207, max: 253, step: 1.5 },
    current: { from: 4.2, min: 0.1, max: 40, step: 0.8 },
    power: { from: 950, min: -2000, max: 9000, step: 150 },
    reactive: { from: 60, min: -400, max: 400, step: 20 },
    power_factor: { from: 0.95, min: 0.2, max: 1, step: 0.02 },
    frequency: { from: 50, min: 49.8, max: 50.2, step: 0.03 },
    import: { from: 20481, min: 20481, max: 90000, step: 1 },
    export: { from: 20481, min: 20481, max: 90000, step: 1 },
  },
});
