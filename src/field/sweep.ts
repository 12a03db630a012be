import type { Clock, LineSetting, ScanWish, Tried } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';
import { ANY_HOLDING, type Known, type LikelyAsk, likelyAsks, OTHER_QUESTIONS } from './drivers.ts';
import { silentAskMillis } from './settings.ts';
import { type Survey, Tally } from './survey.ts';
import { isAnyone, type Told } from './talk.ts';

/** A unit that is slow, or whose answer was damaged, is asked once more and waited for so long. */
export const PATIENT_MS: Millis = 1000;
/** Installers count from 1. */
const FIRST_ADDRESSES = 16;
const LAST_ADDRESS = 247;
/** Of so few addresses each gets every question. */
const FEW = 32;
/** A damaged answer is asked for again so many times. */
const RETRIES = 3;
/** What a serial server says when nobody is behind an address: gateway path unavailable, target did not respond. */
const NOBODY_BEHIND = [10, 11];

const everyAddress: readonly number[] = Array.from({ length: LAST_ADDRESS }, (_, index) => index + 1);

/** Asks at one setting where somebody is likely: what is known of the site, factory addresses, the first few. */
export async function askLikely(
  survey: Survey,
  setting: LineSetting,
  how: {
    readonly known: readonly Known[];
    readonly site: readonly LikelyAsk[];
    readonly wish: ScanWish;
    readonly clock: Clock;
  },
): Promise<Tried> {
  const { wish } = how;
  const first = everyAddress.slice(0, FIRST_ADDRESSES).map((unit) => ({ unit, pdu: ANY_HOLDING }));
  const all = [...how.site, ...(await likelyAsks(how.known, setting)), ...first];
  const asks = wish.units ? asksFor(wish.units) : distinctAsks(all);
  return askAll(survey, setting, { asks, how: wish.units ? 'swept' : 'likely', clock: how.clock });
}

/** Asks every address at one setting that has not been found there yet. */
export async function sweep(
  survey: Survey,
  setting: LineSetting,
  how: { readonly full: boolean; readonly clock: Clock },
): Promise<Tried> {
  const questions = [ANY_HOLDING, ...(how.full ? OTHER_QUESTIONS : [])];
  const asks = everyAddress.flatMap((unit) => questions.map((pdu) => ({ unit, pdu })));
  return askAll(survey, setting, { asks, how: 'swept', clock: how.clock });
}

function asksFor(units: readonly number[]): readonly LikelyAsk[] {
  const questions = [ANY_HOLDING, ...(units.length <= FEW ? OTHER_QUESTIONS : [])];
  return units.flatMap((unit) => questions.map((pdu) => ({ unit, pdu })));
}

function distinctAsks(asks: readonly LikelyAsk[]): readonly LikelyAsk[] {
  const seen = new Set<string>();
  return asks.filter(({ unit, pdu }) => {
    const key = `${unit} ${pdu.join(' ')}`;
    return !seen.has(key) && seen.add(key);
  });
}

async function askAll(
  survey: Survey,
  setting: LineSetting,
  {
    asks,
    how,
    clock,
  }: { readonly asks: readonly LikelyAsk[]; readonly how: Tried['how']; readonly clock: Clock },
): Promise<Tried> {
  const tally = new Tally(clock.now().up);
  for (const [index, { unit, pdu }] of asks.entries()) {
    if (survey.stopped) break;
    survey.tell(how === 'likely' ? 'likely' : 'sweep', setting, { done: index, of: asks.length });
    if (survey.at(unit, setting)) continue;
    const told = await askOne(survey, { setting, unit, pdu });
    tally.count(unit, told.outcome === 'answer');
  }
  return tally.sum(setting, how, clock.now().up);
}

interface OneQuestion {
  readonly setting: LineSetting;
  readonly unit: number;
  readonly pdu: Uint8Array;
  readonly wait_ms?: Millis;
}

/** One question, and again in peace where the answer was damaged. */
export async function askOne(survey: Survey, question: OneQuestion): Promise<Told> {
  const first = await survey.ask(question);
  const told = first.outcome === 'damaged' ? await askAgain(survey, question, first) : first;
  if (told.outcome === 'answer' && !isNobody(told)) survey.sight(told, question);
  // Damaged each time, though the line is silent otherwise: several may speak at once.
  else if (
    told.outcome === 'damaged' &&
    !isAnyone(question.unit) &&
    !survey.heardAt(question.setting, 'noise')
  )
    survey.sight({ ...told, unit: question.unit, doubled: true }, question);
  return told;
}

async function askAgain(survey: Survey, question: OneQuestion, first: Told): Promise<Told> {
  let told = first;
  for (let turn = 0; turn < RETRIES && told.outcome === 'damaged'; turn += 1)
    told = await survey.ask({ ...question, wait_ms: Math.max(survey.wait_ms, PATIENT_MS) });
  return told;
}

/** The serial server answered, and nobody behind it. */
export const isNobody = ({ pdu }: Told): boolean =>
  (pdu[0] ?? 0) >= 0x80 && NOBODY_BEHIND.includes(pdu[1] ?? 0);

export const sweepMillis = (setting: LineSetting, wait_ms: Millis, asks = LAST_ADDRESS): Millis =>
  asks * silentAskMillis(setting, wait_ms);
