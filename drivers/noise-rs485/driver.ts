import { defineDriver } from '#kit';
import { mapFor, options } from './map.ts';

export default defineDriver({
  id: 'noise-rs485',
  aliases: ['rs485-noise-transmitter', 'taidacent-decibel-meter'],
  about: 'RS485 noise transmitter: one register, sound level in tenths of a decibel.',
  category: 'noise',
  link: 'modbus',
  evidence: 'simulated',
  // It answers within 2 s, and asked again sooner than 100 ms after a reply it falls silent.
  wire: { baud: 4800, parity: 'none', timeout_ms: 2000, gap_ms: 100, unit: 1 },
  poll_ms: { default: 1000, min: 200 },
  options,
  points: (chosen) => mapFor(chosen).points,
  events: {},
  commands: {},
  decode: (frame, chosen, request) => mapFor(chosen).decodeFrame(frame, request),
  cost: (chosen) => mapFor(chosen).cost,
  open: (link, chosen) => {
    const map = mapFor(chosen);
    return { sample: (call) => map.read(link, call) };
  },
});
