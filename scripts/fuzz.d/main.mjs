// See scripts/fuzz. A target takes one hostile input at a time; what it throws beside a fault, an input that takes it longer than ten seconds, and
// memory that grows with the number of inputs are failures. The last line says how many targets passed.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { driverTargets } from './drivers.mjs';
import { envelopeTargets } from './envelopes.mjs';
import { chance, hostile } from './inputs.mjs';
import { listTargets } from './lists.mjs';
import { readerTargets } from './readers.mjs';
import { wireTargets } from './wires.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
  },
});
const count = Number(values.count);
const seed = Number(values.seed);
if (!Number.isInteger(count) || count < 1 || !Number.isInteger(seed)) {
  process.stderr.write('--count and --seed take whole numbers\n');
  process.exit(2);
}
const targets = [
  ...wireTargets(),
  ...(await readerTargets(vectorsOf)),
  ...listTargets(),
  ...envelopeTargets(),
  ...(await driverTargets(vectorsOf)),
];
const unknown = positionals.filter((name) => !targets.some((target) => target.group === name));
if (unknown.length) {
  process.stderr.write(
    `no parser ${unknown.join(', ')}; there are ${[...new Set(targets.map(({ group }) => group))].join(', ')}\n`,
  );
  process.exit(2);
}

const LONGEST_MS = 10_000;
const GROWTH_BYTES = 4 << 20;
let failed = 0;
const chosen = targets.filter(({ group }) => positionals.length === 0 || positionals.includes(group));
for (const target of chosen) {
  const trouble = await feed(target);
  if (trouble) failed += 1;
  console.log(`${trouble ? 'FAIL' : 'ok  '}  ${target.name}${trouble ? `: ${trouble}` : ''}`);
}
console.log(
  `\n${chosen.length - failed} passed, ${failed} failed (${count.toLocaleString('en')} inputs each, seed ${seed})`,
);
process.exit(failed ? 1 : 0);

async function feed({ take, frames }) {
  const random = chance(seed);
  let longest = 0;
  let early;
  for (let index = 0; index < count; index += 1) {
    const input = hostile(random, frames);
    const began = performance.now();
    try {
      await take(input, random);
    } catch (error) {
      if (error?.name !== 'Fault') return `input ${index} (${hex(input)}): ${error?.stack ?? error}`;
    }
    longest = Math.max(longest, performance.now() - began);
    if (longest > LONGEST_MS) return `input ${index} (${hex(input)}) took ${Math.round(longest)} ms`;
    if (index === Math.floor(count / 4)) early = heap();
  }
  const grown = heap() - early;
  return grown > GROWTH_BYTES
    ? `${Math.round(grown / 1024)} KiB more are in use at the end than at a quarter`
    : undefined;
}

function heap() {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function vectorsOf(id) {
  const rows = JSON.parse(readFileSync(new URL(`../../drivers/${id}/vectors.json`, import.meta.url), 'utf8'));
  return rows.filter(({ hex: text }) => typeof text === 'string' && /^[0-9A-Fa-f ]*$/.test(text));
}

function hex(bytes) {
  return Buffer.from(bytes).toString('hex');
}
