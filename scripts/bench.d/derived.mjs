// What derived values cost a reading: the same readings through the pipeline with and without them, in one run.
import { Derivation, openPipeline, PERIODS } from '../../dist/src/pipeline/index.js';

const STATIONS = 50;
const ROUNDS = 20_000;
const SPEC = { kind: 'number', about: 'A level.', privacy: 'plain', unit: 'dB[A]', min: 0, max: 200 };
const RULES = { deadband: 500 };
const NOON = Date.parse('2026-11-25T12:00:00Z');

const devices = Array.from({ length: STATIONS }, (_, index) => `d-${index}`);
const derived = devices.flatMap((device) => [
  {
    id: `levels-${device}`,
    type: 'noise',
    source: { device, point: 'noise' },
    window_s: 900,
    gap_ms: 3000,
    rule: PERIODS.eu,
    zone: 'Europe/Berlin',
    limits: undefined,
    enough: 0.75,
  },
  {
    id: `air-${device}`,
    type: 'air-quality',
    standard: 'hj-633',
    zone: 'Europe/Berlin',
    sources: [{ pollutant: 'pm2_5', device, point: 'dust', unit: 'ug/m3', gap_ms: 3000 }],
  },
]);

/** ns of one reading; a round is one reading of each point a second. */
function measure(settings) {
  const derivation = new Derivation(settings);
  const pipeline = openPipeline(
    () => ({ spec: SPEC, rules: RULES }),
    (device, point) => derivation.feedOf(device, point),
  );
  derivation.begin(new Map(), { stamp: { boot: 'b', up: 0 }, offset_ms: NOON });
  const began = process.hrtime.bigint();
  for (let round = 0; round < ROUNDS; round += 1) {
    const stamp = { boot: 'b', up: round * 1000 };
    const readings = devices.flatMap((device, index) => [
      { device, point: 'noise', value: 40 + ((round + index) % 300) / 10, quality: 'good', stamp },
      { device, point: 'dust', value: 10 + ((round + index) % 50), quality: 'good', stamp },
    ]);
    pipeline.take(readings);
    derivation.tick({ stamp, offset_ms: NOON });
    derivation.drain();
  }
  const ns = Number(process.hrtime.bigint() - began) / (ROUNDS * STATIONS * 2);
  return { ns, derivation };
}

export async function run() {
  measure(derived);
  const plain = measure([]);
  const full = measure(derived);
  const parts = full.derivation.changed();
  const bytes = parts.reduce((sum, { value }) => sum + JSON.stringify(value).length, 0);
  return {
    name: 'derived values',
    figures: {
      'a reading through the pipeline, ns': Math.round(plain.ns),
      'the same with a derived value made of it, ns': Math.round(full.ns),
      'state of one noise and one air station, bytes': Math.round(bytes / STATIONS),
    },
    ratios: { 'with derived values / without': { value: full.ns / plain.ns } },
  };
}
