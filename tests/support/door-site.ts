import { sign } from 'node:crypto';
import { type ListedCredential, makePages } from '../../src/access/index.ts';
import type { EventEntry } from '../../src/model/index.ts';
import { keyPair } from './command-world.ts';
import { gatewayWorld } from './gateway-world.ts';

export const PLATFORM = keyPair('platform-1');

/** A card that the simulated reader shows, as it tells it. */
export const ANN = '760643';
export const BOB = '760644';

/** A street door: reader and contact on GPIO, its lock on a board that times its pulses, the fire panel beside it. */
export const doorSite = (door = '', more = '') => `
version: 1
site: { id: yard, name: Yard, time_zone: Asia/Shanghai }
gateway: { id: gate-1, state_dir: state }
control: { socket: control.sock }
trust:
  lists: [{ kid: ${PLATFORM.kid}, public_key: ${PLATFORM.key} }]
buses:
  - { id: pi, type: gpio, chip: 'sim:wires/pi.sock' }
  - { id: relays, type: modbus-rtu, path: wires/relays, baud: 9600, echo: none }
devices:
  - id: reader
    driver: wiegand-reader
    bus: pi
    options: { led: true }
    lines: { d0: { line: GPIO23 }, d1: { line: GPIO24 }, led: { line: GPIO5 } }
  - { id: contact, driver: gpio-contact, bus: pi, options: { normally: closed }, lines: { contact: { line: GPIO6 } } }
  - { id: button, driver: gpio-contact, bus: pi, lines: { contact: { line: GPIO13 } } }
  - { id: panel, driver: gpio-contact, bus: pi, options: { normally: closed }, lines: { contact: { line: GPIO19 } } }
  - { id: board, driver: waveshare-relay, bus: relays, unit: 1, poll_ms: 1000, locks: [1, 2], options: { channels: 8, inputs: 0, rest: { 1: hold, 2: hold } } }
fire_inputs: [{ id: fire, device: panel, point: active }]
doors:
  - id: gate
    type: door
    lock: { device: board, channel: 1 }
    readers: { in: { device: reader } }
    contacts: { in: { device: contact, point: active } }
    exits: { out: { device: button, point: active } }
    fire: { inputs: [fire] }
    ${door}
${more}
`;
