// relay.mjs LABEL LINE OPTIONS TYPE: a gateway's way to one relay on a real chip: bus, driver, command. Says `on` when the relay has been
// switched on, then waits to be killed; `end` on standard input closes it in order.
import { createInterface } from 'node:readline';
import { openLibrary } from '../../dist/drivers/index.js';
import { openBus, openPorts } from '../../dist/src/buses/index.js';
import { systemClock } from '../../dist/src/clock/index.js';
import { rosterEntry } from '../../dist/src/gateway/plan.js';

const [label, line, given = '{}', type = 'gpio'] = process.argv.slice(2);
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const driver = await (await openLibrary()).load('gpio-relay');
const options = driver.options.parse(JSON.parse(given));
const config = {
  ...{ id: 'lock', bus: 'chip', driver: 'gpio-relay', points: {}, simulated: false, reply_delay_ms: 0 },
  lines: { relay: { line, active_low: true, bias: 'as-is' } },
};
const bus = openBus(
  { id: 'chip', type, chip: label },
  {
    ports: openPorts(),
    clock: systemClock('guest'),
    health: { raise() {}, clear() {} },
    log: quiet,
    random: Math.random,
  },
);
const link = bus.lines('lock', rosterEntry({ config, driver, options }, false).lines);
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
