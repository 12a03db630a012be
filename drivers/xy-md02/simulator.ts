import { registerSimulator } from '#kit';
import { device } from './device.ts';

/** A room. `temperature` and `humidity` can be set. */
export default registerSimulator(device, {
  shapes: {
    temperature: { from: 21.4, min: -20, max: 45, step: 0.2 },
    humidity: { from: 46.2, min: 10, max: 95, step: 0.4 },
  },
});
