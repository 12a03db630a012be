import { catalogue } from '../../dist/src/faults/catalogue.js';

const again = {
  soon: 'the caller, at once',
  later: 'the caller, after a while',
  never: 'nobody, until something is changed',
};

const make = () => {
  const rows = Object.entries(catalogue)
    .sort(([x], [y]) => (x < y ? -1 : 1))
    .map(([code, { means, remedy, retry }]) => `| \`${code}\` | ${means} | ${remedy} | ${again[retry]} |`);
  return `# Faults

Every error Gatelodge gives has one of these codes. Words in braces are filled in. This page is generated from the catalogue.

| code | what it means | what to do | who tries again |
|---|---|---|---|
${rows.join('\n')}
`;
};

export default [{ file: 'src/faults/FAULTS.md', make }];
