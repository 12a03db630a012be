import { registerSimulator } from '#kit';
import { device } from './device.ts';

/** A sensor that is not fitted reads zero; its register is there all the same. */
const REGISTERS = Array.from({ length: 8 }, (_, offset) => ({ at: 500 + offset, word: 0 }));

/** The box's own side: wandering weather. Any sensor can be set to a fixed value. */
export default registerSimulator(device, {
  also: [255],
  registers: REGISTERS,
  shapes: {
    humidity: { from: 65.8, min: 10, max: 99, step: 0.4 },
    temperature: { from: 18.3, min: -30, max: 45, step: 0.2 },
    noise: { from: 54.3, min: 34, max: 96, step: 2.5 },
    pm2_5: { from: 15, min: 1, max: 250, step: 2 },
    co2: { from: 520, min: 400, max: 2000, step: 9 },
    pm10: { from: 28, min: 2, max: 300, step: 3 },
    pressure: { from: 101.3, min: 95, max: 106, step: 0.1 },
    illuminance: { from: 40_000, min: 0, max: 120_000, step: 5000 },
  },
});
