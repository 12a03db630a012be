// Runs the benchmarks one after the other, each in a process of its own so that none inherits another's heap,
// and prints what each returns. A benchmark is a module with `run(): Promise<{name, figures, ratios}>`; ratios are
// `{ name: { value, target } }`. Nothing here fails on a slow machine: absolute rates do not transfer, ratios are read by people.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const folder = new URL('.', import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.mjs') && file !== 'main.mjs')
  .map((file) => file.replace(/\.mjs$/, ''));

const only = process.argv.slice(2);
if (only[0] === '--one') {
  const bench = await import(new URL(`${only[1]}.mjs`, folder).href);
  process.stdout.write(`\n@@${JSON.stringify(await bench.run())}\n`);
  process.exit(0);
}
const unknown = only.filter((name) => !names.includes(name));
if (unknown.length) {
  process.stderr.write(`no benchmark ${unknown.join(', ')}; there are ${names.join(', ')}\n`);
  process.exit(2);
}

const version = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
console.log(`Gatelodge ${version}, node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'cpu'}`);
let failed = 0;
for (const name of only.length ? only : names) {
  const result = await runOne(name);
  console.log(`\n${result.name ?? name}`);
  if (result.error) failed += 1;
  if (result.error) console.log(`  failed: ${result.error}`);
  for (const [key, value] of Object.entries(result.figures ?? {}))
    console.log(`  ${key.padEnd(58)} ${show(value)}`);
  for (const [key, ratio] of Object.entries(result.ratios ?? {})) {
    const { value, target } = typeof ratio === 'object' ? ratio : { value: ratio };
    console.log(`  ${key.padEnd(58)} ${show(value)}${target === undefined ? '' : `   (target ${target})`}`);
  }
}
process.exit(failed ? 1 : 0);

function runOne(name) {
  return new Promise((resolve) => {
    const options = { maxBuffer: 64 << 20, timeout: 900_000 };
    execFile(
      process.execPath,
      [fileURLToPath(import.meta.url), '--one', name],
      options,
      (error, stdout, stderr) => {
        const line = stdout.split('\n').find((text) => text.startsWith('@@'));
        if (line) resolve(JSON.parse(line.slice(2)));
        else resolve({ name, error: error ? `${error.message}\n${stderr}` : 'it printed no result' });
      },
    );
  });
}

function show(value) {
  if (typeof value !== 'number') return String(value);
  return value >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}
