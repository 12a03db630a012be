import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Gpio } from 'onoff';
import { openSysfsChip } from '../../dist/src/buses/gpio/sysfs-chip.js';
import { simChip, until, wish } from './chip.mjs';

/** What the kernel says the chip's first number is. */
const baseOf = (label) => {
  const chips = readdirSync('/sys/class/gpio').filter((name) => name.startsWith('gpiochip'));
  const read = (chip, file) => readFileSync(`/sys/class/gpio/${chip}/${file}`, 'utf8').trim();
  return Number(
    read(
      chips.find((chip) => read(chip, 'label') === label),
      'base',
    ),
  );
};

describe('onoff on a chip of sysfs', () => {
  it('finds nothing at the number that the board prints, since the chip begins elsewhere', () => {
    const sim = simChip();

    assert.ok(baseOf(sim.label) > 0, 'this kernel begins at 0');
    assert.throws(() => new Gpio(17, 'out'), /EINVAL/);
  });

  it('sets and reads the lines of a chip found by its label, at its resolved base', () => {
    const sim = simChip();
    sim.pull(18, true);
    const chip = openSysfsChip(sim.label);
    const lines = chip.request(
      [wish('GPIO17', { direction: 'out', active_low: true }), wish(18), wish(19, { active_low: true })],
      'test',
    );

    assert.equal(sim.level(17), true);
    assert.deepEqual(lines.get(), [false, true, true]);
    lines.set(0, true);
    assert.equal(sim.level(17), false);
    assert.deepEqual(lines.get(), [true, true, true]);
    assert.ok(readdirSync('/sys/class/gpio').includes(`gpio${baseOf(sim.label) + 17}`));

    lines.close();
    assert.ok(!readdirSync('/sys/class/gpio').includes(`gpio${baseOf(sim.label) + 17}`));
    chip.close();
  });

  it('hears an input change, and nothing after it was closed', async () => {
    const sim = simChip();
    const chip = openSysfsChip(sim.label);
    const lines = chip.request([wish('GPIO4', { edges: 'both' })], 'test');
    const heard = [];
    lines.onEdges((edges) => heard.push(...edges.map(({ index, on }) => [index, on])));

    sim.pull(4, true);
    await until('it is on', () => heard.length >= 1);
    sim.pull(4, false);
    await until('it is off', () => heard.length >= 2);
    assert.deepEqual(heard, [
      [0, true],
      [0, false],
    ]);

    lines.close();
    sim.pull(4, true);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(heard.length, 2);
    chip.close();
  });

  it('is refused what sysfs cannot do, and names the lines and chips there are', () => {
    const sim = simChip();
    const chip = openSysfsChip(sim.label);

    assert.throws(() => chip.request([wish('GPIO4', { bias: 'pull-up' })], 'test'), { code: 'gpio.unable' });
    assert.throws(() => chip.request([wish('GPIO99')], 'test'), { code: 'gpio.line-missing' });
    assert.throws(
      () => openSysfsChip('nowhere'),
      (error) => error.code === 'gpio.chip-missing' && error.message.includes(sim.label),
    );
    chip.close();
  });
});
