import { describe, expect, it } from 'vitest';
import { gatewayWorld } from '../support/gateway-world.ts';

const SITE = `
version: 1
site: { id: yard, name: Yard, time_zone: Asia/Shanghai }
gateway: { id: gate-1, state_dir: state }
control: { socket: control.sock }
buses:
  - { id: garage, type: modbus-rtu, path: wires/garage, baud: 9600, echo: none }
  - { id: gate, type: serial, path: wires/gate, baud: 9600 }
devices:
  - { id: bays, driver: bay-register, bus: garage, unit: 2, poll_ms: 1000, options: { bays: 8 } }
  - { id: panel, driver: armfly-led-485, bus: garage, unit: 3, options: { full: FULL } }
  - { id: board, driver: sunpn-parking-count-sign, bus: gate }
derived:
  - { id: parking, type: parking, bays: [{ device: bays, point: occupied-*, id: p-* }] }
signs:
  - { device: panel, parking: [parking] }
  - { device: board, parking: [parking], few: 2 }
`;

async function garage() {
  const world = await gatewayWorld(SITE);
  const { far, said } = world;
  const fill = (taken: number) =>
    far.set(
      'bays',
      Object.fromEntries(
        Array.from({ length: 8 }, (_, bay) => [`occupied-${bay + 1}`, bay < taken ? 'occupied' : 'free']),
      ),
    );
  return {
    ...world,
    fill,
    /** What stands on both. */
    shown: () => [far.said().panel?.shown, far.said().board?.count, far.said().board?.colour],
    /** How often each was written. */
    writes: () => ['panel', 'board'].map((sign) => said.filter(({ device }) => device === sign).length),
  };
}

describe('count signs of a garage', { timeout: 120_000 }, () => {
  it('show how many bays are free, are written only when that changes, and say so when there are none', async () => {
    const { fill, shown, writes, pass } = await garage();

    fill(3);
    await pass(10_000);
    expect(shown()).toEqual(['5', 5, 'green']);
    await pass(300_000);
    expect(writes()).toEqual([1, 1]);
    fill(6);
    await pass(10_000);
    expect(shown()).toEqual(['2', 2, 'yellow']);
    fill(8);
    await pass(10_000);

    expect(shown()).toEqual(['FULL', 0, 'red']);
    expect(writes()).toEqual([3, 3]);
  });

  it('do not offer bays that nobody can tell of', async () => {
    const { far, fill, shown, pass } = await garage();
    fill(3);
    await pass(10_000);

    far.faults.set('bays', 'mute');
    await pass(120_000);

    expect(shown()).toEqual(['FULL', 0, 'red']);
  });

  it('that were away show the newest count when they are back, and nobody else waited for them', async () => {
    const { far, fill, shown, pass } = await garage();
    fill(3);
    await pass(10_000);

    far.faults.set('board', 'mute');
    fill(4);
    await pass(200_000);
    expect(shown()).toEqual(['4', 5, 'green']);
    far.faults.clear('board');
    await pass(70_000);

    expect(shown()).toEqual(['4', 4, 'green']);
  });

  it('are written again after a restart, once the bays are known again', async () => {
    const { fill, shown, writes, pass, restart } = await garage();
    fill(3);
    await pass(10_000);

    fill(1);
    await restart(5000);
    const early = shown();
    await pass(10_000);

    expect(early).toEqual(['5', 5, 'green']);
    expect(shown()).toEqual(['7', 7, 'green']);
    expect(writes()).toEqual([2, 2]);
  });

  it('get their number again now and then, for one that lost its power says nothing', async () => {
    const { fill, writes, pass } = await garage();
    fill(3);

    await pass(1_900_000);

    expect(writes()).toEqual([3, 3]);
  });
});
