import { catalogue } from '../../dist/src/faults/index.js';
import { table } from '../lib/markdown.mjs';

/** Headings; a place that is not named here heads its faults by its own name. */
const TITLES = {
  bus: 'Buses',
  command: 'Commands',
  config: 'Site file',
  control: 'Control socket',
  device: 'Devices',
  driver: 'Drivers',
  gpio: 'GPIO chips',
  http: 'HTTP',
  identity: 'Identity',
  receive: 'Receiver',
  sign: 'Signing',
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
  const places = [...new Set(codes.map(placeOf))].sort();
  const sections = places.map((place) => {
    const rows = codes
      .filter((code) => placeOf(code) === place)
      .map((code) => {
        const { means, remedy, retry } = catalogue[code];
        return [`\`${code}\``, means, remedy, AGAIN[retry]];
      });
    return `## ${TITLES[place] ?? place}\n\n${table(['code', 'what it means', 'what to do', 'who tries again'], rows)}\n`;
  });
  return `# Faults

Every error Gatelodge gives has one of these codes, on the command line, in the log and in JSON (\`{"fault":{"code",…}}\`). Words in
braces are filled in. What is wrong with the running gateway as a whole is told by health facts: [../health/FACTS.md](../health/FACTS.md).
This page is generated from the catalogue beside it.

${sections.join('\n')}`;
};

export default [{ file: 'src/faults/FAULTS.md', make }];
