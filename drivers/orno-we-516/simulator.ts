import { registerSimulator } from '#kit';
import { device } from './device.ts';

/** Its own side of the wire. Any of its points can be set to a fixed value. */
export default registerSimulator(device, {
  shapes: {
    voltage_l1: { from: 230, min: 207, max: 253, step: 1.5 },
    voltage_l2: { from: 230, min: 207, max: 253, step: 1.5 },
    voltage_l3: { from: 230, min: 207, max: 253, step: 1.5 },
    frequency: { from: 50, min: 49.8, max: 50.2, step: 0.03 },
    current_l1: { from: 4.2, min: 0.1, max: 40, step: 0.8 },
    current_l2: { from: 4.2, min: 0.1, max: 40, step: 0.8 },
    current_l3: { from: 4.2, min: 0.1, max: 40, step: 0.8 },
    power: { from: 950, min: -2000, max: 9000, step: 150 },
    power_l1: { from: 950, min: -2000, max: 9000, step: 150 },
    power_l2: { from: 950, min: -2000, max: 9000, step: 150 },
    power_l3: { from: 950, min: -2000, max: 9000, step: 150 },
    total: { from: 20481, min: 20481, max: 90000, step: 1 },
    import: { from: 20481, min: 20481, max: 90000, step: 1 },
    export: { from: 20481, min: 20481, max: 90000, step: 1 },
  },
});
