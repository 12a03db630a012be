import { MAINS, registerSimulator } from '#kit';
import { device } from './device.ts';

/** Its own side of the wire. Any of its points can be set to a fixed value; its energy is in watt hours. */
export default registerSimulator(device, {
  shapes: { ...MAINS, energy: { from: 20_481, min: 20_481, max: 900_000, step: 5 } },
});
