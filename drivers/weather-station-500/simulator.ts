import { registerSimulator } from '#kit';
import { device } from './device.ts';

/** The whole map exists, whatever is fitted: sensors that are not read zero. */
const REGISTERS = Array.from({ length: 16 }, (_, offset) => ({ at: 500 + offset, word: 0 }));

/** A station on a roof. Every point can be set. */
export default registerSimulator(device, {
  also: [255],
  registers: REGISTERS,
  shapes: {
    wind_speed: { from: 2.4, min: 0, max: 22, step: 0.6 },
    wind_force: { from: 2, min: 0, max: 9, step: 1 },
    wind_angle: { from: 225, min: 0, max: 360, step: 8 },
    humidity: { from: 65.8, min: 10, max: 99, step: 0.4 },
    temperature: { from: 18.3, min: -30, max: 45, step: 0.2 },
    noise: { from: 54.3, min: 34, max: 96, step: 2.5 },
    pm2_5: { from: 15, min: 1, max: 250, step: 2 },
    co2: { from: 520, min: 400, max: 2000, step: 9 },
    pm10: { from: 28, min: 2, max: 300, step: 3 },
    pressure: { from: 101.3, min: 95, max: 106, step: 0.1 },
    illuminance: { from: 40_000, min: 0, max: 120_000, step: 5000 },
    rain: { from: 0.4, min: 0, max: 90, step: 0.1 },
    compass: { from: 3.25, min: 0, max: 20, step: 0.05 },
    solar: { from: 320, min: 0, max: 1200, step: 30 },
  },
});
