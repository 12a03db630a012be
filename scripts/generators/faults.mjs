import { catalogue } from '../../dist/src/faults/index.js';
import { table } from '../lib/markdown.mjs';

const PLACES = {
  bus: 'Buses',
  command: 'Commands',
  config: 'Site file',
  control: 'Control socket',
  device: 'Devices',
  driver: 'Drivers',
  gpio: 'GPIO chips',
  receive: 'Receiver',
  identity: 'Identity',
  store: 'Store',
  uplink: 'Uplinks',
  '': 'Everywhere',
};

const AGAIN = {
  soon: 'the caller, at once',
  later: 'the caller, after a while',
  never: 'nobody, until something is changed',
};

const placeOf = (code) => (code.includes('.') ? code.split('.', 1)[0] : '');

const make = () => {
  const codes = Object.keys(catalogue).sort();
  const strange = codes.filter((code) => !(placeOf(code) in PLACES));
  if (strange.length)
    throw new Error(`give these faults a heading in scripts/generators/faults.mjs: ${strange}`);
  const sections = Object.entries(PLACES).map(([place, title]) => {
    const rows = codes
      .filter((code) => placeOf(code) === place)
      .map((code) => {
        const { means, remedy, retry } = catalogue[code];
        return [`\`${code}\``, means, remedy, AGAIN[retry]];
      });
    return rows.length
      ? `## ${title}\n\n${table(['code', 'what it means', 'what to do', 'who tries again'], rows)}\n`
      : '';
  });
  return `# Faults

Every error Gatelodge gives has one of these codes, on the command line, in the log and in JSON (\`{"fault":{"code",…}}\`). Words in
braces are filled in. What is wrong with the running gateway as a whole is told by health facts: [../health/FACTS.md](../health/FACTS.md).
This page is generated from the catalogue beside it.

${sections.filter(Boolean).join('\n')}`;
};

export default [{ file: 'src/faults/FAULTS.md', make }];
