import { describe, expect, it } from 'vitest';
import { gatewayWorld } from '../support/gateway-world.ts';

const siteOf = (more = '') => `
version: 1
site: { id: yard, name: Yard, time_zone: Asia/Shanghai }
gateway: { id: gate-1, state_dir: state }
control: { socket: control.sock }
buses:
  - { id: garden, type: modbus-rtu, path: wires/garden, baud: 9600, echo: none }
devices:
  - { id: mic, driver: noise-rs485, bus: garden, unit: 1, poll_ms: 1000 }
${more}`;
const BOX = '  - { id: box, driver: louver-box, bus: garden, unit: 2 }';

describe('the inventory of a gateway', () => {
  it('is stored before anything that is heard of its devices, also when it has changed since the run before', async () => {
    const world = await gatewayWorld(siteOf());
    await world.pass(10_000);

    await world.restart(1000, undefined, siteOf(BOX));
    await world.pass(60_000);

    const records = await world.records();
    const inventories = records.flatMap((record) => (record.kind === 'inventory' ? [record] : []));
    expect(inventories.map(({ fields }) => fields.added)).toEqual([['mic'], ['box']]);
    const first = (id: string) =>
      records.find((one) =>
        one.kind === 'reading' ? one.device === id : one.kind === 'event' && one.subject === id,
      );
    for (const [index, id] of ['mic', 'box'].entries()) {
      expect(first(id)?.seq).toBeGreaterThan(inventories[index]?.seq ?? Number.POSITIVE_INFINITY);
    }
  });
});
