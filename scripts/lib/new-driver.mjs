// Lays down a driver's folder that passes the contract suite, and its line in drivers/index.ts.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const USAGE = `usage: scripts/new-driver NAME [--bytes] [FOLDER]
example: scripts/new-driver acme-thermometer
NAME: lower case letters, digits and -
--bytes: a device with frames of its own on a serial line; without it a Modbus unit`;

const given = process.argv.slice(2);
const words = given.filter((word) => !word.startsWith('-'));
const [name, drivers = 'drivers'] = words;
const flags = given.filter((word) => word.startsWith('-'));
if (flags.includes('--help') || !name) {
  console.log(USAGE);
  process.exit(flags.includes('--help') ? 0 : 2);
}
for (const flag of flags) if (flag !== '--bytes') refuse(`${flag} is not known\n${USAGE}`);
if (words.length > 2) refuse(`too many words\n${USAGE}`);
const kind = flags.includes('--bytes') ? 'bytes' : 'modbus';
const folder = join(drivers, name);
if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(name))
  refuse(`'${name}' is no driver id: lower case letters, digits and -`);
if (existsSync(folder)) refuse(`${folder} is there already`);
const index = join(drivers, 'index.ts');
const text = existsSync(index) ? readFileSync(index, 'utf8') : '';
const from = text.indexOf('const DRIVERS');
const end = text.indexOf('\n};\n', from);
if (from < 0 || end < 0) refuse(`${index} has no table DRIVERS to put the driver into`);

const template = new URL(`driver-template/${kind}/`, import.meta.url);
mkdirSync(folder);
for (const file of readdirSync(template)) {
  const filled = readFileSync(new URL(file, template), 'utf8').replaceAll('__NAME__', name);
  writeFileSync(join(folder, file.replace(/\.txt$/, '')), filled);
}
const key = /^[a-z][a-z0-9]*$/.test(name) ? name : `'${name}'`;
const row = `  ${key}: {
    driver: async () => anyDriver((await import('./${name}/driver.ts')).default),
    simulator: async () => anySimulator((await import('./${name}/simulator.ts')).default),
  },
`;
writeFileSync(index, text.slice(0, end + 1) + row + text.slice(end + 1));
// Where lines break depends on the length of the name.
const biome = 'node_modules/.bin/biome';
if (existsSync(biome)) spawnSync(biome, ['check', '--write', folder, index], { stdio: 'ignore' });

console.log(`wrote ${folder} and its line in ${index}; now:
  1. ${kind === 'bytes' ? 'codec.ts    how a frame is found, and what it says' : 'map.ts      what the device holds, and where'}
  2. vectors.json  its frames, with what they mean and where they come from
  3. README.md   wiring, limits, troubleshooting
  then: scripts/generate && npx vitest run tests/contract/drivers -t ${name}`);

function refuse(why) {
  console.error(why);
  process.exit(2);
}
