import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { simChip, until } from './chip.mjs';

const RELAY = fileURLToPath(new URL('./relay.mjs', import.meta.url));

/** A gateway with one relay, active low. */
async function relay(label, line, options = {}, type = 'gpio') {
  const child = spawn(process.execPath, [RELAY, label, line, JSON.stringify(options), type], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const words = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const say = async (word) => {
    child.stdin.write(`${word}\n`);
    return (await words.next()).value;
  };
  assert.equal((await words.next()).value, 'up');
  return {
    say,
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

const holders = () =>
  readdirSync('/proc').filter((name) => {
    try {
      return (
        /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').startsWith('gatelodge-holds')
      );
    } catch {
      return false;
    }
  });

/** With a pull-up, as active-low relay boards have: high is off, low is on. */
function pulledUp(offset) {
  const sim = simChip({ GPIO9: 9 });
  sim.pull(offset, true);
  return sim;
}

describe('a relay whose gateway is killed', () => {
  it('drops: the kernel lets the line go and it falls back to its pull', async () => {
    const sim = pulledUp(9);
    const gateway = await relay(sim.label, 'GPIO9');
    assert.match(await gateway.say('on'), /^on done/);
    assert.equal(sim.level(9), false);

    await gateway.kill();

    assert.equal(sim.level(9), true);
    assert.deepEqual(holders(), []);
  });

  it('holds where it was told to, and the gateway that comes after takes it over at its safe state', async () => {
    const sim = pulledUp(9);
    const first = await relay(sim.label, 'GPIO9', { on_process_end: 'hold' });
    assert.match(await first.say('on'), /^on done/);

    await first.kill();
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(sim.level(9), false);
    assert.equal(holders().length, 1);

    const second = await relay(sim.label, 'GPIO9', { on_process_end: 'hold' });
    assert.equal(sim.level(9), true);
    assert.match(await second.say('on'), /^on done/);
    assert.equal(sim.level(9), false);
    assert.equal(await second.say('end'), 'closed');
    await until('nobody holds it any more', () => holders().length === 0);
  });

  it('that rests on is on before, while and after: a lock that the relay holds stays held', async () => {
    const sim = pulledUp(9);
    const options = { rest: 'on', on_process_end: 'hold' };
    const first = await relay(sim.label, 'GPIO9', options);
    assert.equal(sim.level(9), false);

    await first.kill();
    assert.equal(sim.level(9), false);
    const second = await relay(sim.label, 'GPIO9', options);

    assert.equal(sim.level(9), false);
    await second.kill();
  });

  it('on sysfs stays as it is, and the gateway that comes after takes it over', async () => {
    const sim = pulledUp(9);
    const first = await relay(sim.label, 'GPIO9', {}, 'gpio-sysfs');
    assert.match(await first.say('on'), /^on done/);

    await first.kill();
    assert.equal(sim.level(9), false);
    const second = await relay(sim.label, 'GPIO9', {}, 'gpio-sysfs');

    assert.equal(sim.level(9), true);
    assert.match(await second.say('on'), /^on done/);
    assert.equal(await second.say('end'), 'closed');
    assert.equal(sim.level(9), true);
  });
});
