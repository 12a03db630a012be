// Lays down a driver's folder that passes the contract suite, and its line in drivers/index.ts.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [name, drivers = 'drivers'] = process.argv.slice(2);
if (!name || name === '--help') {
  console.log(
    'usage: scripts/new-driver NAME [FOLDER]\nexample: scripts/new-driver acme-thermometer\nNAME: lower case letters, digits and -',
  );
  process.exit(name ? 0 : 2);
}
const folder = join(drivers, name);
if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(name))
  refuse(`'${name}' is no driver id: lower case letters, digits and -`);
if (existsSync(folder)) refuse(`${folder} is there already`);

const template = new URL('driver-template/', import.meta.url);
mkdirSync(folder);
for (const file of readdirSync(template)) {
  const text = readFileSync(new URL(file, template), 'utf8').replaceAll('__NAME__', name);
  writeFileSync(join(folder, file.replace(/\.txt$/, '')), text);
}

const index = join(drivers, 'index.ts');
const key = /^[a-z][a-z0-9]*$/.test(name) ? name : `'${name}'`;
const row = `  ${key}: {
    driver: async () => anyDriver((await import('./${name}/driver.ts')).default),
    simulator: async () => anySimulator((await import('./${name}/simulator.ts')).default),
  },
};
`;
const text = readFileSync(index, 'utf8');
const from = text.indexOf('const DRIVERS');
const end = text.indexOf('\n};\n', from);
if (from < 0 || end < 0) refuse(`${index} has no table DRIVERS; add the driver by hand`);
writeFileSync(index, `${text.slice(0, end + 1)}${row}${text.slice(end + 4)}`);

console.log(`wrote ${folder}; now:
  1. map.ts      what the device holds, and where
  2. vectors.json  its frames, with what they mean and where they come from
  3. README.md   wiring, limits, troubleshooting
  then: scripts/generate && npx vitest run tests/contract/drivers`);

function refuse(why) {
  console.error(why);
  process.exit(2);
}
