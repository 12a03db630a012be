import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import driver from '../../dist/drivers/gpio-contact/driver.js';
import { openKernelChip } from '../../dist/src/buses/gpio/chip.js';
import { linuxKernel } from '../../dist/src/buses/gpio/kernel.js';
import { LineBus } from '../../dist/src/buses/lines/bus.js';
import { systemClock } from '../../dist/src/clock/system.js';
import { simChip, until, wish } from './chip.mjs';

const clock = systemClock('guest');

/** A door contact on a real chip: bus, driver, and all that is heard of it. */
async function contact(test, given = {}, wiring = {}) {
  const sim = simChip({ GPIO17: 17 });
  const options = driver.options.parse({ normally: 'closed', ...given });
  const bus = new LineBus('chip', () => openKernelChip(linuxKernel(), sim.label), {
    clock,
    health: { raise() {}, clear() {} },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    random: Math.random,
  });
  const { direction, edges, count_bounces, debounce_ms } = driver.lines(options).contact;
  const more = { direction, edges, count_bounces, debounce_ms, active_low: true, bias: 'pull-up', ...wiring };
  const link = bus.lines('door', { contact: wish('GPIO17', more) });
  await until('the chip is open', () => bus.stats().state === 'up');
  const ending = new AbortController();
  test.after(async () => {
    ending.abort();
    await bus.close();
  });
  const heard = [];
  (async () => {
    const { watch } = driver.open(link, options);
    for await (const word of watch({ signal: ending.signal, priority: 'poll' })) heard.push(word);
  })().catch(() => {});
  await until('its level is told', () => heard.length > 0);
  return {
    sim,
    heard,
    last: () => Object.assign({}, ...heard.map(({ sample }) => sample)),
  };
}

describe('a contact with the pull-up of the chip', () => {
  it('is open while nothing pulls it down, and tells each change with the time of the kernel', async (test) => {
    const { sim, heard, last } = await contact(test);
    assert.deepEqual(last(), { active: true, closed: false, changes: 0, bounces: 0, missed: 0 });
    const before = clock.now().up;

    sim.pull(17, false);
    await until('it is closed', () => last().closed);
    const after = clock.now().up;

    assert.deepEqual([last().active, last().changes, last().missed], [false, 1, 0]);
    const { up } = heard.find(({ up: told }) => told !== undefined);
    assert.ok(before <= up && up <= after, `${before} ${up} ${after}`);
  });

  it('that bounces is one change, told by the time since which it has stayed so, its bounces counted where that is wanted', async (test) => {
    // The guest is slow: its bounces take longer than those of a contact.
    const { sim, heard, last } = await contact(test, { bounces: 'counted' }, { debounce_ms: 500 });

    for (const high of [false, true, false, true, false]) {
      sim.pull(17, high);
      // Each interrupt has its turn.
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const ended = clock.now().up;
    await until('it has settled', () => last().closed);

    assert.deepEqual([last().changes, last().bounces], [1, 2]);
    const { up } = heard.find(({ up: told }) => told !== undefined);
    assert.ok(up < ended, `${up} is since when, before ${ended}`);
  });
});
