import type { JsonObject } from '../../src/model/index.ts';
import { BAYS, type BayIs, ParkedCars } from './parked-cars.ts';
import { riverside } from './riverside.ts';
import { SaidLevels } from './said-levels.ts';

const MINUTE = 60_000;

export const MICS = ['north-gate', 'south-gate', 'playground', 'road', 'plaza', 'kindergarten'];
export const BOXES = ['north-gate', 'south-gate', 'playground', 'pond'];
const ZONES = [...new Set(BAYS.map(({ zone }) => zone))];
/** The zones whose free bays each sign shows. */
const SIGNS: Readonly<Record<string, readonly string[]>> = {
  'north-gate': ['parking-b1', 'parking-b2', 'parking-visitors'],
  'south-gate': ['parking-b1', 'parking-b2'],
  b1: ['parking-b1'],
  b2: ['parking-b2'],
  visitors: ['parking-visitors'],
  forecourt: ['parking-forecourt'],
};

/** Doors are shut, and nobody comes to them. */
export const SHUT: Readonly<Record<string, JsonObject>> = {
  'fire-panel': { closed: true },
  'walk-contact': { closed: true },
  'walk-button': { closed: false },
  'walk-reader': { card: null },
  'turnstile-reader': { card: null },
  'barrier-scanner': { code: null },
  'lobby-1-reader': { card: null },
  'lobby-1-reader-out': { card: null },
  'lobby-1-inner-reader': { card: null },
  'lift-1-reader': { card: null },
  'north-gate-contacts': {
    'barrier-up': false,
    'loop-entry': false,
    'loop-exit': false,
    'cabinet-open': false,
  },
};

/** Contacts that stay as they are: what follows when they move is told elsewhere. */
const QUIET: Readonly<Record<string, JsonObject>> = {
  ...SHUT,
  'lodge-door': { closed: true },
  'cabinet-tamper': { closed: true },
  mains: { closed: true },
  'panic-button': { closed: false },
};

/** What goes wrong, in minutes after `faults_from`: each has its end, and is told. */
const WRONG = {
  box: [5, 35],
  mic: [12, 42],
  magnet: [15, 35],
  collector: [22, 42],
  eye: [30, 40],
  broker: [44, 62],
} as const;
type Wrong = keyof typeof WRONG;

/** Devices that do not answer for a while. */
export const AWAY = { box: 'air-playground', mic: 'noise-plaza', collector: 'magnets-visitors' } as const;
/** Bays of which nobody can say anything for a while, by what is wrong then. */
export const DOUBTED: Readonly<Record<string, Wrong>> = {
  'b2-3': 'magnet',
  'b1-20': 'eye',
  'v-1': 'collector',
  'v-2': 'collector',
  'v-3': 'collector',
  'v-4': 'collector',
};

export interface DaySize {
  readonly begin_ms: number;
  readonly minutes: number;
  /** No device is looked at more often than this. */
  readonly looks_ms: number;
  readonly faults_from: number;
}
type World = Awaited<ReturnType<typeof riverside>>;

/** A stretch of life at riverside, minute by minute, and what the platform has of it in the end. */
export async function riversideDay({ begin_ms, minutes, looks_ms, faults_from }: DaySize) {
  const polls = new Map<string, number>();
  const truth = new SaidLevels((device) => 3 * (polls.get(device) ?? 0));
  for (const mic of MICS) truth.watch(`noise-${mic}`, 'noise');
  for (const box of BOXES) for (const point of ['pm2_5', 'pm10']) truth.watch(`air-${box}`, point);
  const world = await riverside({ unix_ms: begin_ms, looks_ms, onSaid: (row) => truth.take(row) });
  for (const id of [...MICS.map((mic) => `noise-${mic}`), ...BOXES.map((box) => `air-${box}`)])
    polls.set(id, world.pollOf(id));
  const { far } = world;
  const cars = new ParkedCars((device, values) => far.set(device, values));
  const cards: number[] = [];
  const mismatches: string[] = [];
  let looks = 0;

  for (const [device, values] of Object.entries(QUIET)) far.set(device, values);
  cars.begin(begin_ms);
  for (let minute = 0; minute < minutes; minute += 1) {
    const now = begin_ms + minute * MINUTE;
    for (const [index, mic] of MICS.entries()) far.set(`noise-${mic}`, { noise: noiseAt(index, now) });
    for (const [index, box] of BOXES.entries()) far.set(`air-${box}`, dustAt(index, now));
    if (minute % 10 === 1) cars.move(now);
    if (minute % 17 === 8) {
      cards.push(5_000_000 + minute);
      far.set('stair-doors', { 'card-1': 5_000_000 + minute });
    }
    goWrong(minute - faults_from, world, cars);
    await world.pass(MINUTE);

    // Cars moved eight minutes ago; what goes wrong shows within three.
    if (minute % 10 !== 9) continue;
    looks += 1;
    const is = (wrong: Wrong) => isDuring(wrong, minute - faults_from);
    const wrong = wrongNow(world, statesNow(cars, is), is('broker'));
    mismatches.push(...wrong.map((text) => `minute ${minute}: ${text}`));
  }
  const verdict = world.receiver.verdict();
  const { records, devices } = world;
  return { devices, truth, cars, cards, mismatches, looks, records, verdict, stored: await world.stored() };
}

function goWrong(minute: number, { far, broker }: World, cars: ParkedCars): void {
  for (const [wrong, device] of Object.entries(AWAY)) {
    // The keys of AWAY are those of WRONG.
    const [from, to] = WRONG[wrong as keyof typeof AWAY];
    if (minute === from) far.faults.set(device, 'mute');
    if (minute === to) far.faults.clear(device, 'mute');
  }
  if (minute === WRONG.magnet[0]) {
    cars.hide('b2-3');
    far.set('magnets-b2', { 'occupied-3': 'unknown' });
  }
  if (minute === WRONG.magnet[1]) cars.show('b2-3');
  if (minute === WRONG.eye[0]) {
    cars.hide('b1-20');
    far.set('ceiling-b1-20', { distance: null });
  }
  if (minute === WRONG.eye[1]) cars.show('b1-20');
  if (minute === WRONG.broker[0]) broker.stop();
  if (minute === WRONG.broker[1]) broker.start();
}

const isDuring = (wrong: Wrong, minute: number): boolean =>
  minute >= WRONG[wrong][0] && minute < WRONG[wrong][1] + 3;

function statesNow(cars: ParkedCars, is: (wrong: Wrong) => boolean): ReadonlyMap<string, BayIs> {
  return new Map(
    BAYS.map(({ id }) => {
      const doubt = DOUBTED[id];
      return [id, doubt && is(doubt) ? 'unknown' : cars.stateOf(id)];
    }),
  );
}

/** Where the platform (unless it is cut off) or a sign says of the bays what is not so. */
function wrongNow({ far, receiver }: World, states: ReadonlyMap<string, BayIs>, cutOff: boolean): string[] {
  const count = (zone: string, state: BayIs) =>
    BAYS.filter((bay) => bay.zone === zone && states.get(bay.id) === state).length;
  const wrong: string[] = [];
  const claim = (what: string, is: unknown, truth: unknown) => {
    if (is !== truth) wrong.push(`${what} is ${String(is)} and not ${String(truth)}`);
  };

  const devices = cutOff ? [] : (receiver.view().gateways[0]?.devices ?? []);
  const standing = new Map(
    devices.flatMap(({ device, points }) => points.map((one) => [`${device}/${one.point}`, one.value])),
  );
  for (const { zone, id } of cutOff ? [] : BAYS) claim(id, standing.get(`${zone}/${id}`), states.get(id));
  for (const zone of cutOff ? [] : ZONES)
    for (const state of ['free', 'occupied', 'unknown'] as const)
      claim(`${zone} ${state}`, standing.get(`${zone}/bays_${state}`), count(zone, state));

  for (const [sign, zones] of Object.entries(SIGNS)) {
    const free = zones.reduce((sum, zone) => sum + count(zone, 'free'), 0);
    const { shown, count: number } = far.said()[`sign-${sign}`] ?? {};
    const nothing = sign.endsWith('gate') ? 'FULL' : '0';
    claim(`sign ${sign}`, String(shown ?? number), free === 0 ? nothing : String(free));
  }
  return wrong;
}

/** A place at a time: quiet nights, loud evenings, each minute another; now and then something drives by. In tenths, as the transmitter tells. */
function noiseAt(place: number, unix_ms: number): number {
  const hour = hourOf(unix_ms);
  const base = hour < 6 || hour >= 22 ? 36 : hour >= 18 ? 56 : 51;
  const minute = Math.floor(unix_ms / MINUTE);
  const loud = minute % (11 + place) === 0 ? 17 : 0;
  return Math.round(10 * (base + 2 * place + ((7 * minute + place) % 50) / 10 + loud)) / 10;
}

/** A place at a time: the air is worst in the morning and in the evening. Whole micrograms, as the box tells. */
function dustAt(place: number, unix_ms: number) {
  const hour = hourOf(unix_ms);
  const minute = Math.floor(unix_ms / MINUTE);
  const pm2_5 = Math.round(30 + 8 * place + 22 * Math.cos(((hour - 8) / 6) * Math.PI) + (minute % 7));
  return { pm2_5, pm10: Math.round(pm2_5 * (1.3 + 0.2 * place) + (minute % 5)) };
}

/** Of the day at the site, with its fraction. */
const hourOf = (unix_ms: number): number => (unix_ms / 3_600_000 + 8) % 24;
