// relay.mjs LABEL LINE OPTIONS TYPE: a gateway's way to one relay on a real chip: bus, driver, command. Says `up` when the chip is open, then
// does what comes on standard input (`on`, `off`) and says what came of it; `end` closes it in order. Only what is needed is loaded: the
// guest is slow.
import { createInterface } from 'node:readline';
import driver from '../../dist/drivers/gpio-relay/driver.js';
import { openKernelChip } from '../../dist/src/buses/gpio/chip.js';
import { linuxKernel } from '../../dist/src/buses/gpio/kernel.js';
import { openSysfsChip } from '../../dist/src/buses/gpio/sysfs-chip.js';
import { LineBus } from '../../dist/src/buses/lines/bus.js';
import { systemClock } from '../../dist/src/clock/system.js';
import { wish } from './chip.mjs';

const [label, line, given = '{}', type = 'gpio'] = process.argv.slice(2);
const options = driver.options.parse(JSON.parse(given));
const open = () => (type === 'gpio' ? openKernelChip(linuxKernel(), label) : openSysfsChip(label));
const bus = new LineBus('chip', open, {
  clock: systemClock('guest'),
  health: { raise() {}, clear() {} },
  log: { debug() {}, info() {}, warn() {}, error() {} },
  random: Math.random,
});
const { direction, initial, on_process_end } = driver.lines(options).relay;
const link = bus.lines('lock', {
  relay: wish(line, { direction, initial, active_low: true, hold: on_process_end === 'hold' }),
});
const session = driver.open(link, options);
const call = { signal: new AbortController().signal, priority: 'command' };
while (bus.stats().state !== 'up') await new Promise((resolve) => setTimeout(resolve, 5));
console.log('up');
for await (const word of createInterface({ input: process.stdin })) {
  if (word === 'end') break;
  const { result, facts } = await session.act(word, {}, call);
  console.log(`${word} ${result} ${facts.text ?? ''}`);
}
await session.rest(call);
await bus.close();
console.log('closed');
process.exit(0);
