import type { Call, Likeness, LineSetting, ModbusLink } from '../contracts/index.ts';
import { isFault } from '../faults/index.ts';
import { u8 } from '../kit/index.ts';
import { factoryOf, type Known } from './drivers.ts';
import { ProbeLink } from './probe-link.ts';
import { sameSetting } from './settings.ts';
import { isPlausible, placeText, valuesText } from './shown.ts';
import type { Survey } from './survey.ts';

/** Questions to one unit, all in all. */
const MOST_QUESTIONS = 160;
/** More likenesses than this help nobody. */
const MOST_SHOWN = 3;
/** Registers that many kinds of units have: what stands there by chance is no evidence. */
const COMMON_REGISTERS = 16;

/** From here on it is no chance any more. */
const TELLING = 2;
const STRONG = 4;

interface Place {
  readonly unit: number;
  readonly setting: LineSetting;
  /** Driver that the site file names for it. */
  readonly expected?: string | undefined;
}

interface Judged {
  readonly known: Known;
  score: number;
  readonly evidence: string[];
}

/**
 * What a unit looks like: by registers that hold its own address and speed, by what the driver itself recognises, and by values that all can be. The
 * likeliest first; nothing is certain before a person has looked.
 */
export async function identify(
  survey: Survey,
  place: Place,
  drivers: readonly Known[],
): Promise<readonly Likeness[]> {
  const link = new ProbeLink(survey, { ...place, most: MOST_QUESTIONS });
  const call: Call = { signal: survey.watch.signal, priority: 'field' };
  const judged: Judged[] = [];
  for (const known of inOrder(drivers, place)) {
    const one: Judged = { known, score: 0, evidence: [] };
    if (await tellsItself(one, link, place, call)) judged.push(one);
  }
  const best = Math.max(0, ...judged.map(({ score }) => score));
  const bar = best >= TELLING ? best : 0;
  // Who tells of itself is asked for its values; only where nobody does, everybody is.
  const worth = judged
    .filter(({ score, known }) => score >= bar || isExpected(known, place))
    .sort((x, y) => y.score - x.score);
  for (const one of worth) if (!link.spent) await tellsValues(one, link, place, call);
  return worth
    .filter(({ score }) => score > 0)
    .sort((x, y) => y.score - x.score)
    .slice(0, MOST_SHOWN)
    .map(({ known, score, evidence }) => ({
      driver: known.driver.id,
      ...(known.driver.relays && { relays: true as const }),
      certainty: score >= STRONG ? 'strong' : score >= TELLING ? 'fair' : 'weak',
      evidence,
    }));
}

/** The one the site file names, then those whose factory setting this is. */
function inOrder(drivers: readonly Known[], place: Place): readonly Known[] {
  const rank = (known: Known): number =>
    (isExpected(known, place) ? 4 : 0) +
    (known.driver.wire.unit === place.unit ? 1 : 0) +
    (sameSetting(factoryOf(known), place.setting) ? 1 : 0);
  return [...drivers].sort((x, y) => rank(y) - rank(x));
}

const isExpected = ({ driver }: Known, { expected }: Place): boolean => driver.id === expected;

/** By its own settings and its driver's own look. False: it is surely another kind. */
async function tellsItself(one: Judged, link: ModbusLink, place: Place, call: Call): Promise<boolean> {
  const { driver, options, setup } = one.known;
  const { address, line } = setup;
  if (address?.told_at !== undefined) {
    const word = await wordAt(link, address.told_at, call);
    if (word !== place.unit) return false;
    one.score += address.told_at < COMMON_REGISTERS ? 1 : 2;
    one.evidence.push(`register ${placeText(address.told_at)} holds its address, ${word}`);
  }
  if (line?.told_at !== undefined && line.told) {
    const word = await wordAt(link, line.told_at, call);
    const told = word === undefined ? undefined : line.told(word);
    // Speed is what it is set to; it may still run with the one before.
    if (told?.baud === place.setting.baud) {
      one.score += 1;
      one.evidence.push(`register ${placeText(line.told_at)} says ${told.baud} baud`);
    }
  }
  if (driver.recognise) {
    try {
      await driver.recognise(link, options, call);
      one.score += 1;
      one.evidence.push('its driver takes it for one');
    } catch (error) {
      call.signal.throwIfAborted();
      if (isFault(error, 'driver.wrong-device')) return false;
    }
  }
  return true;
}

/** By values that can be. Flags can always be, so they say nothing but that they are there. */
async function tellsValues(one: Judged, link: ModbusLink, place: Place, call: Call): Promise<void> {
  const { driver, options } = one.known;
  const points = driver.points(options);
  const sample = await driver
    .open(link, options)
    .sample?.(call)
    .catch(() => undefined);
  call.signal.throwIfAborted();
  if (!sample) {
    one.score -= 1;
    return;
  }
  const given = Object.entries(sample).filter(([, value]) => value !== null && value !== undefined);
  if (given.length === 0) return;
  if (!isPlausible(sample, points)) {
    one.score -= 2;
    return;
  }
  const whole = given.length === Object.keys(points).length;
  const numbers = given.filter(([name]) => points[name]?.kind === 'number');
  if (whole) one.score += numbers.length > 0 ? 1 : 0.5;
  if (sameSetting(factoryOf(one.known), place.setting)) one.score += 0.5;
  if (driver.wire.unit === place.unit) one.score += 0.5;
  one.evidence.push(
    `${given.length} of ${Object.keys(points).length} values are there and can be: ${valuesText(sample, points)}`,
  );
}

async function wordAt(link: ModbusLink, at: number, call: Call): Promise<number | undefined> {
  const words = await link.read({ table: 'holding', at, count: 1 }, call).catch(() => undefined);
  call.signal.throwIfAborted();
  return words?.[0];
}

/** Modbus Application Protocol 1.1b3, 6.21: the basic identification, from its first object. */
const ASK_IDENTITY = Uint8Array.of(43, 14, 1, 0);
const OBJECTS = ['vendor', 'product', 'revision'] as const;

/** What it says of itself, where it knows that question; undefined: it does not. */
export async function askIdentity(
  survey: Survey,
  { unit, setting }: Pick<Place, 'unit' | 'setting'>,
): Promise<Readonly<Record<string, string>> | undefined> {
  const { outcome, pdu } = await survey.ask({ unit, setting, pdu: ASK_IDENTITY });
  if (outcome !== 'answer' || u8(pdu, 0) !== 43 || pdu.length < 7) return undefined;
  const says: Record<string, string> = {};
  for (let at = 7, left = u8(pdu, 6); left > 0 && at + 2 <= pdu.length; left -= 1) {
    const name = OBJECTS[u8(pdu, at)];
    const length = u8(pdu, at + 1);
    const text = new TextDecoder('latin1').decode(pdu.subarray(at + 2, at + 2 + length));
    if (name) says[name] = text.replace(/\p{Cc}/gu, '').trim();
    at += 2 + length;
  }
  return Object.keys(says).length ? says : undefined;
}
