import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { simChip, until, wish } from './chip.mjs';

const PULSES = fileURLToPath(new URL('../../node_modules/.cache/gatelodge/vm/pulses', import.meta.url));

describe('a chip', () => {
  it('is found by its label, whatever its number, and names those that are there when it is not', () => {
    const first = simChip();
    const second = simChip();
    second.open().close();
    first.open().close();
    first.remove();
    second.open().close();
    assert.throws(
      () => first.open(),
      (error) => error.code === 'gpio.chip-missing' && error.message.includes(second.label),
    );
  });

  it('gives lines by name and by offset, and tells who has one that is taken', () => {
    const sim = simChip({ GPIO17: 17, GPIO27: 27 });
    const chip = sim.open();
    sim.pull(17, true);
    const lines = chip.request([wish('GPIO17'), wish(27)], 'gatelodge door-1');
    assert.deepEqual(lines.get(), [true, false]);
    assert.throws(
      () => chip.request([wish(3), wish('GPIO27')], 'another'),
      (error) => error.code === 'gpio.line-taken' && /GPIO27 .*gatelodge door-1/.test(error.message),
    );
    assert.throws(
      () => chip.request([wish('GPIO72')], 'another'),
      (error) => error.code === 'gpio.line-missing' && error.message.includes('GPIO27'),
    );
    lines.close();
    chip.request([wish('GPIO27')], 'another').close();
    chip.close();
  });

  it('that goes away fails the next look, and closing still works', () => {
    const sim = simChip();
    const chip = sim.open();
    const lines = chip.request([wish(1, { edges: 'both' }), wish(2, { direction: 'out' })], 'test');
    lines.onEdges(() => {});
    sim.remove();
    assert.throws(() => lines.get(), { code: 'gpio.failed' });
    assert.throws(() => lines.set(1, true), { code: 'gpio.failed' });
    lines.close();
    chip.close();
  });
});

describe('an output', () => {
  it('has its first level in the very moment it is taken, active low or not, and stays until it is set', () => {
    const sim = simChip();
    const chip = sim.open();
    sim.pull(4, true);
    sim.pull(5, true);
    assert.deepEqual([sim.level(4), sim.level(5)], [true, true]);
    const out = { direction: 'out' };
    const lines = chip.request(
      [
        wish(4, { ...out, active_low: true, initial: false }),
        wish(5, { ...out, active_low: true, initial: true }),
        wish(6, { ...out, initial: true }),
        wish(7, { ...out, initial: false }),
      ],
      'test',
    );
    // An idle active-low relay board sees high before, in and after the request.
    assert.deepEqual([4, 5, 6, 7].map(sim.level), [true, false, true, false]);
    assert.deepEqual(lines.get(), [false, true, true, false]);
    lines.set(0, true);
    lines.set(3, true);
    assert.deepEqual([4, 5, 6, 7].map(sim.level), [false, false, true, true]);
    lines.close();
    chip.close();
  });

  it('is let go by the kernel when the process dies: the line falls back to its pull', async () => {
    const sim = simChip();
    sim.pull(9, true);
    const holder = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `import { openKernelChip } from ${JSON.stringify(new URL('../../dist/src/buses/gpio/chip.js', import.meta.url).href)};
       import { linuxKernel } from ${JSON.stringify(new URL('../../dist/src/buses/gpio/kernel.js', import.meta.url).href)};
       const chip = openKernelChip(linuxKernel(), '${sim.label}');
       chip.request([{ line: 9, direction: 'out', active_low: true, bias: 'as-is', initial: true, edges: 'none', debounce_ms: 0 }], 'dies');
       setInterval(() => {}, 1000);
       console.log('holding');`,
    ]);
    await once(holder.stdout, 'data');
    assert.equal(sim.level(9), false);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    assert.equal(sim.level(9), true);
  });
});

describe('an input', () => {
  it('is biased as it was asked for', () => {
    const sim = simChip();
    const chip = sim.open();
    const lines = chip.request(
      [
        wish(1, { bias: 'pull-up' }),
        wish(2, { bias: 'pull-down' }),
        wish(3, { bias: 'pull-up', active_low: true }),
      ],
      'test',
    );
    assert.deepEqual([1, 2, 3].map(sim.bias), ['pull-up', 'pull-down', 'pull-up']);
    assert.deepEqual(lines.get(), [true, false, false]);
    lines.close();
    chip.close();
  });

  it('tells its edges in order, by the time the kernel saw them, on the clock of our stamps', async () => {
    const sim = simChip();
    const chip = sim.open();
    const heard = [];
    const lines = chip.request(
      [wish(1, { edges: 'both' }), wish(2, { edges: 'both', active_low: true })],
      'test',
    );
    lines.onEdges((edges, lost) => heard.push(...edges.map((edge) => ({ ...edge, lost }))));
    const before = Number(process.hrtime.bigint()) / 1e6;
    sim.pull(1, true);
    sim.pull(2, true);
    sim.pull(1, false);
    await until('three edges are heard', () => heard.length >= 3);
    const after = Number(process.hrtime.bigint()) / 1e6;
    assert.deepEqual(
      heard.map(({ index, on, lost }) => [index, on, lost]),
      [
        [0, true, 0],
        [1, false, 0],
        [0, false, 0],
      ],
    );
    const times = heard.map(({ up }) => up);
    assert.deepEqual(
      times,
      times.toSorted((x, y) => x - y),
    );
    assert.ok(before <= times[0] && times[2] <= after, `${before} ${times} ${after}`);
    lines.close();
    chip.close();
  });

  it('that is debounced by the kernel tells a bouncing contact once', async () => {
    const sim = simChip();
    const chip = sim.open();
    const heard = [];
    const lines = chip.request([wish(1, { edges: 'both', debounce_ms: 20 })], 'test');
    lines.onEdges((edges) => heard.push(...edges));
    for (let bounce = 0; bounce < 7; bounce += 1) sim.pull(1, bounce % 2 === 0);
    await until('it has settled', () => heard.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(
      heard.map(({ on }) => on),
      [true],
    );
    lines.close();
    chip.close();
  });

  it('says how many edges the kernel had to drop when nobody came for them', async () => {
    const sim = simChip();
    const chip = sim.open();
    const lines = chip.request([wish(1, { edges: 'both' }), wish(2, { edges: 'both' })], 'test');
    let heard = 0;
    let lost = 0;
    for (let change = 0; change < 1200; change += 1) {
      sim.pull(1, change % 2 === 0);
      // Each interrupt has its turn: changes that come faster than that are one to the simulated chip.
      if (change % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    lines.onEdges((edges, dropped) => {
      heard += edges.length;
      lost += dropped;
    });
    await until('what is kept is read', () => heard >= 1024);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(heard, 1024);
    assert.ok(lost > 0 && heard + lost <= 1200, `${heard} heard, ${lost} lost`);
    lines.close();
    chip.close();
  });
});

describe('a card on a Wiegand reader, while the event loop is blocked', () => {
  const CARDS = {
    26: '10111011000000110010000110',
    34: '1011101100000011001000011010110010',
  };
  for (const [bits, card] of Object.entries(CARDS)) {
    it(`is read whole: ${bits} bits`, async () => {
      const sim = simChip({ D0: 14, D1: 15 });
      sim.pull(14, true);
      sim.pull(15, true);
      const chip = sim.open();
      const line = { edges: 'falling', bias: 'pull-up' };
      const lines = chip.request([wish('D0', line), wish('D1', line)], 'reader');
      const heard = [];
      let lost = 0;
      lines.onEdges((edges, dropped) => {
        heard.push(...edges);
        lost += dropped;
      });
      const sender = spawn(PULSES, ['50', '1000', card, sim.pullFile(14), sim.pullFile(15)]);
      const ended = once(sender, 'exit');
      await until('the first bit has come', () => heard.length > 0);
      const end = performance.now() + 50;
      while (performance.now() < end);
      assert.equal((await ended)[0], 0);
      await until('all bits have come', () => heard.length >= card.length);
      assert.equal(heard.map(({ index }) => index).join(''), card);
      assert.equal(lost, 0);
      lines.close();
      chip.close();
    });
  }

  it('is read whole even when the loop stands still for all of it', async () => {
    const card = CARDS[34];
    const sim = simChip({ D0: 14, D1: 15 });
    sim.pull(14, true);
    sim.pull(15, true);
    const chip = sim.open();
    const line = { edges: 'falling', bias: 'pull-up' };
    const lines = chip.request([wish('D0', line), wish('D1', line)], 'reader');
    const heard = [];
    lines.onEdges((edges) => heard.push(...edges));
    assert.equal(spawnSync(PULSES, ['50', '1000', card, sim.pullFile(14), sim.pullFile(15)]).status, 0);
    await until('all bits have come', () => heard.length >= card.length);
    assert.equal(heard.map(({ index }) => index).join(''), card);
    lines.close();
    chip.close();
  });
});
