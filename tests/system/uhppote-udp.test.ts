import { createSocket } from 'node:dgram';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { openBus, openPorts } from '../../src/buses/index.ts';
import { systemClock } from '../../src/clock/index.ts';
import { Roster } from '../../src/devices/index.ts';
import type { EventEntry, Reading } from '../../src/model/index.ts';
import { listenTcp, openPty, openSimulatedSite } from '../../src/simulate/index.ts';
import { freeUdpPort } from '../support/ports.ts';
import { dice, healthNotes, quietLog } from '../support/quiet.ts';
import { until } from '../support/until.ts';

const HOST = '127.0.0.1';
const SERIALS = [423_187_757, 201_020_304];

/** Two simulated controllers behind one real port of loopback, and the gateway's side of it. */
async function doors() {
  const clock = systemClock('boot');
  const library = await openLibrary();
  const driver = await library.load('uhppote');
  const [port, listen_port] = [await freeUdpPort(), await freeUdpPort()];
  const devices = SERIALS.map((serial) => ({
    id: `c-${serial}`,
    driver: 'uhppote',
    bus: 'doors',
    options: { serial },
  }));
  const site = await openSimulatedSite(
    { buses: [{ id: 'doors', type: 'udp', host: HOST, port }], devices },
    { library, openPty, listenTcp, clock, random: dice(1), log: quietLog, unixMillis: () => 0 },
  );
  const health = healthNotes();
  const bus = openBus(
    { id: 'doors', type: 'udp', host: HOST, port, bind: HOST, listen_port },
    { ports: openPorts(), clock, health, log: quietLog, random: dice(2) },
  );
  const readings: Reading[] = [];
  const events: EventEntry[] = [];
  const entries = devices.map(({ id, options }) => ({
    settings: {
      ...{ id, name: undefined, zone: undefined, bus: 'doors', unit: undefined, driver },
      ...{ options: driver.options.parse(options), poll_ms: 60_000, simulated: true, rest_at_start: false },
    },
    wire: { unit: 1, timeout_ms: 2000, gap_ms: 0, reply_delay_ms: 0 },
  }));
  const intake = {
    readings: (more: readonly Reading[]) => void readings.push(...more),
    event: async (event: EventEntry) => events.push(event) > 0,
  };
  const roster = Roster.open(entries, new Map([['doors', bus]]), { clock, health, log: quietLog, intake });
  roster.start();
  onTestFinished(async () => {
    await roster.close();
    await bus.close();
    await site.close();
  });
  await until('the bus is up', () => bus.stats().state === 'up');
  // By itself the second would be looked at half a minute later.
  for (const host of roster.all()) await host.read();
  return { site, roster, events, readings, listen_port };
}

describe('controllers on a real network', () => {
  it('tell what happens long before their next look, each for itself', async () => {
    const { site, events } = await doors();
    // Until the listener stands, a live event may find nobody.
    await until('live events come', () => {
      for (const serial of SERIALS) site.set(`c-${serial}`, { 'card-1': serial % 1000 });
      return SERIALS.every((serial) =>
        events.some(({ subject, name }) => subject === `c-${serial}` && name === 'swipe'),
      );
    });

    for (const serial of SERIALS) {
      const own = events.filter(({ subject, name }) => subject === `c-${serial}` && name === 'swipe');
      expect(own.map(({ fields }) => fields.card)).toContain(serial % 1000);
      expect(new Set(own.map(({ fields }) => fields.index)).size).toBe(own.length);
    }
  });

  it('open the door that was meant, of the controller that was meant', async () => {
    const { site, roster, readings } = await doors();
    const [first = 0, second = 0] = SERIALS;

    const outcome = await roster.find(`c-${second}`).act('open', { door: 3, ms: 60_000 });
    await until('it is seen', () =>
      readings.some(
        ({ device, point, value }) => device === `c-${second}` && point === 'unlocked-3' && value === true,
      ),
    );
    await roster.find(`c-${first}`).read();

    expect(outcome).toEqual({ result: 'done', facts: { effective_ms: 60_000 } });
    expect(site.said()[`c-${second}`]).toMatchObject({ 'unlocked-3': true, 'unlocked-1': false });
    expect(site.said()[`c-${first}`]).toMatchObject({ 'unlocked-3': false });
  });

  it('are not disturbed by datagrams of strangers at the listening port', async () => {
    const { roster, events, listen_port } = await doors();
    const stranger = createSocket('udp4');
    onTestFinished(() => void stranger.close());
    for (const size of [0, 1, 63, 64, 65, 1400])
      for (const first of [0x17, 0x19, 0xff])
        stranger.send(new Uint8Array(size).fill(first), listen_port, HOST);

    await roster.find(`c-${SERIALS[0]}`).read();

    expect(events.filter(({ name }) => name !== 'device-up')).toEqual([]);
    expect(roster.all().map((host) => host.view().status)).toEqual(['online', 'online']);
  });
});
