import { defineDriver } from '#kit';
import { options, pointsOf, rawMap, statesOf } from './bays.ts';

export default defineDriver({
  id: 'bay-register',
  aliases: ['bay-detector-modbus'],
  about: 'Any bay detector or collector on Modbus that says in a bit or register whether a vehicle is there.',
  category: 'parking',
  link: 'modbus',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 0, unit: 1 },
  poll_ms: { default: 2000, min: 200 },
  options,
  points: pointsOf,
  events: {},
  commands: {},
  decode: (frame, chosen, request) => {
    const { points, note } = rawMap(chosen).decodeFrame(frame, request);
    const states = statesOf(points, chosen);
    const told = Object.entries(points).map(([name, value]) => `${name} ${value}`);
    if (Object.keys(states).length || told.length === 0)
      return { points: states, ...(note !== undefined && { note }) };
    return { points: {}, note: told.join(', ') };
  },
  cost: (chosen) => rawMap(chosen).cost,
  open: (link, chosen) => {
    const map = rawMap(chosen);
    return { sample: async (call) => statesOf(await map.read(link, call), chosen) };
  },
});
