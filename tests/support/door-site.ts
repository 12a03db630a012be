import { type ListContent, type ListedCredential, makePages } from '../../src/access/index.ts';
import type { LocalWish } from '../../src/contracts/index.ts';
import type { JsonObject } from '../../src/model/index.ts';
import { keyPair, signed } from './command-world.ts';
import { gatewayWorld } from './gateway-world.ts';

export const PLATFORM = keyPair('platform-1');

/** A card that the simulated reader shows, as it tells it. */
export const ANN = '760643';
export const BOB = '760644';

/** How the sites of these doors begin. */
export const YARD = `
version: 1
site: { id: yard, name: Yard, time_zone: Asia/Shanghai }
gateway: { id: gate-1, state_dir: state }
control: { socket: control.sock }
trust:
  lists: [{ kid: ${PLATFORM.kid}, public_key: ${PLATFORM.key} }]`;

/** A street door: reader and contact on GPIO, its lock on a board that times its pulses, the fire panel beside it. */
export const doorSite = (door = '', more = '') => `${YARD}
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
  - { id: board, driver: waveshare-relay, bus: relays, unit: 1, poll_ms: 1000, locks: [1, 2], options: { channels: 8, inputs: 0, rest: [hold, hold, off, off, off, off, off, off] } }
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

/** Residents, for every door of these sites. */
export async function listPages(
  credentials: readonly (Partial<ListedCredential> & { readonly id: string })[],
  {
    version = 1,
    revoked = [] as readonly string[],
    doors = ['gate'] as readonly string[],
    gateway = 'gate-1',
  } = {},
  more: Partial<ListContent> = {},
  key = PLATFORM,
): Promise<string[]> {
  const rows = credentials.map(
    ({ id, ...row }): ListedCredential => ({
      ...{ id, who: `p-${id}`, groups: ['residents'], visitor: false, extended: false, override: false },
      ...row,
    }),
  );
  const groups = [
    { id: 'residents', rights: doors.map((door) => ({ door })), keep: false, without_clock: false },
  ];
  const content = { groups, credentials: rows, ...more };
  const pages = makePages({ gateway, version, revoked }, content);
  return Promise.all(pages.map((page) => signed(page, key, { typ: 'gl-list' })));
}

/** A street door that is shut and locked, all its inputs read, and a list in which Ann's card stands. */
export async function streetDoor(
  text = doorSite(),
  how: Parameters<typeof gatewayWorld>[1] & {
    readonly list?: false;
    /** How the simulated reader is told that nobody is there. */
    readonly nobody?: JsonObject;
  } = {},
) {
  const world = await gatewayWorld(text, how);
  const { far, pass } = world;
  far.set('contact', { closed: true });
  far.set('button', { closed: false });
  far.set('panel', { closed: true });
  far.set('reader', how.nobody ?? { card: null });
  await pass(6000);
  if (how.list !== false)
    for (const page of await listPages([{ id: 'ann', card: ANN }])) world.gateway().takeAccess(page);
  return {
    ...world,
    /** Whether power is on the lock. */
    unlocked: (relay = 1) => far.said().board?.[`relay-${relay}`] === true,
    /** The simulated reader sends a card within a second. */
    card: async (card: string, ms = 1500) => {
      far.set('reader', { card });
      await pass(ms, () => {}, 50);
    },
    push: (open: boolean) => far.set('contact', { closed: !open }),
    fire: (on: boolean) => far.set('panel', { closed: !on }),
    /** Somebody at this machine. */
    order: async (name: string, args: JsonObject = {}, ms = 500, wish: Partial<LocalWish> = {}) => {
      const ending = world.control().submit({ target: 'gate', name, args, user: 'pi', ...wish });
      let ended = false;
      const over = () => {
        ended = true;
      };
      ending.then(over, over);
      for (let left = ms; left > 0 && !ended; left -= 50) await world.clock().advance(50);
      return { outcome: ending };
    },
    /** All that was told of a door, in the order of its time; the gateway is closed for it. */
    told: async (door = 'gate') =>
      (await world.records()).flatMap((record) =>
        record.kind !== 'reading' && record.subject === door
          ? [{ kind: record.kind, name: record.name, up: record.stamp.up, fields: record.fields }]
          : [],
      ),
  };
}
