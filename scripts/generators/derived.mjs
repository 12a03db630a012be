import { readFileSync } from 'node:fs';
import { GB_3096_2008, POLLUTANTS } from '../../dist/src/model/index.js';
import { Derivation, PERIODS, STANDARDS } from '../../dist/src/pipeline/derived/index.js';
import { refreshBlock, table } from '../lib/markdown.mjs';

const source = { device: 'd', point: 'p' };
const noise = { type: 'noise', source, window_s: 900, gap_ms: 1, zone: 'UTC', enough: 0.75 };
const bay = { id: 'b1-1', ...source, sense: { kind: 'state' }, fault_point: undefined, rules: {} };
/** One of each, with all that its options can add. */
const EXAMPLES = [
  { id: 'parking', type: 'parking', bays: [bay] },
  { ...noise, id: 'noise', rule: PERIODS.china, limits: '1' },
  { ...noise, id: 'noise with `periods: eu`', rule: PERIODS.eu, limits: undefined },
  {
    id: 'air-quality',
    type: 'air-quality',
    standard: 'hj-633',
    zone: 'UTC',
    sources: POLLUTANTS.map((pollutant) => ({ ...source, pollutant, unit: 'ug/m3', gap_ms: 1 })),
  },
];

function points() {
  const told = new Set();
  return EXAMPLES.map((example) => {
    const all = Object.entries(new Derivation([example]).points(example.id));
    const fresh = all.filter(([id, { about }]) => !told.has(`${example.type} ${id} ${about}`));
    for (const [id, { about }] of fresh) told.add(`${example.type} ${id} ${about}`);
    const rows = fresh.map(([id, spec]) => [`\`${id}\``, unitOf(spec), spec.about]);
    return `### Points of ${example.id}\n\n${table(['point', 'unit or values', 'what it is'], rows)}`;
  });
}

const unitOf = (spec) =>
  spec.kind === 'number' ? spec.unit : spec.kind === 'flag' ? 'true, false' : spec.values.join(', ');

function standards() {
  return STANDARDS.map(({ title, source: from, valid_from, hourly, daily }) => {
    const rows = [
      ['hour', hourly],
      ['day', daily],
    ].flatMap(([of, group]) =>
      Object.entries(group).flatMap(([pollutant, averages]) =>
        Object.entries(averages).map(([average, { unit, pieces }]) => [
          of,
          `\`${pollutant}\``,
          average,
          unit,
          pieces.map((piece) => `${piece.from}–${piece.to} → ${piece.low}–${piece.high}`).join('; '),
        ]),
      ),
    );
    const head = ['index of the', 'pollutant', 'average', 'unit', 'concentration → index'];
    return `### ${title}\n\nIn force since ${valid_from}. Source: ${from}.\n\n${table(head, rows)}`;
  });
}

function limits() {
  const rows = Object.entries(GB_3096_2008).map(([of, { day, night }]) => [of, day, night]);
  return `### Limits of GB 3096-2008\n\n${table(['class', 'day, dB(A)', 'night, dB(A)'], rows)}`;
}

const readme = 'src/pipeline/README.md';
const make = () =>
  refreshBlock(readme, readFileSync(readme, 'utf8'), [...points(), ...standards(), limits()].join('\n\n'));
export default [{ file: readme, make }];
