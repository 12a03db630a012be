import { describe, expect, it } from 'vitest';
import { BAYS, ParkedCars } from '../support/parked-cars.ts';
import type { Told } from '../support/received-records.ts';
import { riverside } from '../support/riverside.ts';
import { SaidLevels } from '../support/said-levels.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LONG = Boolean(process.env.GATELODGE_LONG);

/**
 * The long form: a whole day of the index (00 to 24), of China (06 to 06) and of the EU (07 to 07), looked at as often as the file of the site
 * says. The short one: an evening, with the ends of the EU's evening and of China's day, at a fifth of the looks.
 */
const SIZE = LONG
  ? { from: '2026-11-23T23:45:00+08:00', minutes: 31 * 60 + 25, seldom: 1, faults_from: 8 * 60 }
  : { from: '2026-11-24T19:45:00+08:00', minutes: 3 * 60 + 25, seldom: 5, faults_from: 0 };
const BEGIN = Date.parse(SIZE.from);

const MICS = ['north-gate', 'south-gate', 'playground', 'road', 'plaza', 'kindergarten'];
const BOXES = ['north-gate', 'south-gate', 'playground', 'pond'];

/** What goes wrong, in minutes after `faults_from`: each has its end, and is told. */
const WRONG = {
  box: [25, 85],
  mic: [35, 65],
  magnet: [45, 65],
  eye: [70, 80],
  collector: [95, 120],
  broker: [125, 145],
  clock: [55, 170],
} as const;
/** So far the gateway's clock is off while the time server is wrong. */
const OFF_MS = 25_000;

/** The day of the compound, minute by minute, and what the platform made of it at its checks. */
async function aDay() {
  const polls = new Map<string, number>();
  const truth = new SaidLevels((device) => 3 * (polls.get(device) ?? 0));
  for (const mic of MICS) truth.watch(`noise-${mic}`, 'noise');
  for (const box of BOXES) for (const point of ['pm2_5', 'pm10']) truth.watch(`air-${box}`, point);
  const world = await riverside({
    unix_ms: BEGIN,
    seldom: SIZE.seldom,
    onSaid: (row) => truth.take(row),
  });
  const { far, broker } = world;
  for (const mic of MICS) polls.set(`noise-${mic}`, world.pollOf(`noise-${mic}`));
  for (const box of BOXES) polls.set(`air-${box}`, world.pollOf(`air-${box}`));
  const cars = new ParkedCars((device, values) => far.set(device, values));
  const cards: number[] = [];
  const mismatches: string[] = [];
  const standing = () =>
    new Map(world.receiver.view().gateways[0]?.devices.map((one) => [one.device, one.points]));

  quietElsewhere(far);
  cars.begin(BEGIN);
  for (let minute = 0; minute < SIZE.minutes; minute += 1) {
    const now = BEGIN + minute * MINUTE;
    const at = (name: keyof typeof WRONG, end: 0 | 1) => minute === SIZE.faults_from + WRONG[name][end];
    const during = (name: keyof typeof WRONG) =>
      minute >= SIZE.faults_from + WRONG[name][0] && minute < SIZE.faults_from + WRONG[name][1] + 3;
    for (const [index, mic] of MICS.entries()) far.set(`noise-${mic}`, { noise: noiseAt(index, now) });
    for (const [index, box] of BOXES.entries()) far.set(`air-${box}`, dustAt(index, now));
    if (minute % 10 === 1) cars.move(now);
    if (minute % 17 === 8) {
      cards.push(5_000_000 + minute);
      far.set('stair-doors', { 'card-1': 5_000_000 + minute });
    }
    for (const end of [0, 1] as const) {
      const mute = (device: string) =>
        end === 0 ? far.faults.set(device, 'mute') : far.faults.clear(device, 'mute');
      if (at('box', end)) mute('air-playground');
      if (at('mic', end)) mute('noise-plaza');
      if (at('collector', end)) mute('magnets-visitors');
      if (at('magnet', end))
        far.set('magnets-b2', { 'occupied-3': end === 0 ? 'unknown' : cars.stateOf('b2-3') });
      if (at('eye', end)) far.set('ceiling-b1-20', end === 0 ? { distance: null } : shown('b1-20', cars));
      if (at('broker', end)) end === 0 ? broker.stop() : broker.start();
      if (at('clock', end)) world.clock().step(end === 0 ? OFF_MS : -OFF_MS);
    }
    await world.pass(MINUTE);

    // Cars moved eight minutes ago; what goes wrong shows within three.
    if (minute % 10 !== 9) continue;
    const doubt = (id: string) =>
      (id === 'b2-3' && during('magnet')) ||
      (id === 'b1-20' && during('eye')) ||
      (/^v-[1-4]$/.test(id) && during('collector'));
    mismatches.push(...wrongBays(during('broker') ? undefined : standing(), { cars, doubt, minute }));
  }
  const status = await world.control().status();
  return { ...world, truth, cars, cards, mismatches, status, verdict: world.receiver.verdict() };
}
