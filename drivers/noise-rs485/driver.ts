import { type Decoded, defineDriver, readModbus } from '#kit';
import { mapFor, type Options, options } from './map.ts';

export default defineDriver({
  id: 'noise-rs485',
  aliases: ['rs485-noise-transmitter', 'taidacent-decibel-meter', 'm1405-noise-sensor', 'm1495-noise-sensor'],
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
  decode: (frame, chosen, request) => decodeFrame(frame, chosen, request),
  cost: (chosen) => mapFor(chosen).cost,
  open: (link, chosen) => {
    const map = mapFor(chosen);
    return { sample: (call) => map.read(link, call) };
  },
});

/** Some masters ask for two registers from the level on; what the second holds is not published. */
function decodeFrame(frame: Uint8Array, chosen: Options, request: Uint8Array | undefined): Decoded {
  const map = mapFor(chosen);
  const said = readModbus(frame, request);
  if (said.kind !== 'values' || said.at !== undefined || said.values.length !== 2)
    return map.decodeFrame(frame, request);
  return { points: { ...map.decodeRange({ table: said.table, at: chosen.register }, said.values) } };
}
