// Runs every generator in this folder. A generator exports `default [{ file, make(): string | Promise<string> }]`, files
// relative to the root of the checkout, made from the built code in dist/.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const check = process.argv.includes('--check');
const folder = new URL('.', import.meta.url);
const stale = [];
let count = 0;
for (const name of readdirSync(folder).filter((file) => file.endsWith('.mjs') && file !== 'main.mjs')) {
  const { default: outputs } = await import(new URL(name, folder).href);
  for (const { file, make } of outputs) {
    count += 1;
    const text = await make();
    if (read(file) === text) continue;
    stale.push(file);
    if (check) continue;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
for (const file of stale) console.error(check ? `stale: ${file}` : `wrote ${file}`);
if (check && stale.length) console.error('refresh them with: scripts/generate');
console.log(`${count} generated files, ${stale.length} ${check ? 'stale' : 'written'}`);
process.exit(check && stale.length ? 1 : 0);

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
