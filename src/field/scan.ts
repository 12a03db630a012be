import type {
  Bench,
  Clock,
  DriverLibrary,
  FieldWatch,
  FoundStream,
  FoundUnit,
  LineSetting,
  ScanReport,
  ScanWish,
  SiteUnit,
  Tried,
} from '../contracts/index.ts';
import { readRequest } from '../kit/index.ts';
import type { Millis } from '../model/index.ts';
import { adviceOn } from './advice.ts';
import { benchBytes } from './bytes-mover.ts';
import { confirm } from './confirm.ts';
import {
  ANY_HOLDING,
  factoryOf,
  firstQuestion,
  type Known,
  knownDrivers,
  knownOf,
  type LikelyAsk,
} from './drivers.ts';
import { askIdentity, identify } from './identify.ts';
import { listen } from './listen.ts';
import { sameSetting, settingsToTry, settingText } from './settings.ts';
import { type Sighting, Survey } from './survey.ts';
import { askLikely, askOne, PATIENT_MS, sweep, sweepMillis } from './sweep.ts';

export interface FieldTools {
  readonly bench: Bench;
  readonly library: DriverLibrary;
  readonly clock: Clock;
  readonly site: readonly SiteUnit[];
}

/** Most units answer within a tenth of a second; those that take longer are heard when they do, and asked again. */
const WAIT_MS: Millis = 150;
/** Across a network. */
const TCP_WAIT_MS: Millis = 500;
/** Where nobody was heard at all, every address is asked at the most common settings only. */
const SWEPT_IN_SILENCE = 2;
/** A line that is never silent is asked at so many settings. */
const ASKED_IN_NOISE = 2;
/** Addresses that a unit of Modbus TCP which does not care for them answers all the same. */
const STRANGE_ADDRESSES = [1, 97, 203, 247] as const;

/** Finds out who answers on a wire. It only listens and reads. */
export async function scan(tools: FieldTools, wish: ScanWish, watch: FieldWatch): Promise<ScanReport> {
  const { bench, clock, library } = tools;
  const began = clock.now().up;
  const wait_ms = wish.wait_ms ?? (bench.framing === 'tcp' ? TCP_WAIT_MS : WAIT_MS);
  const survey = new Survey(bench, watch, { wait_ms, anyway: wish.anyway });
  const settings = settingsToTry(wish.settings, bench.own, bench.adjustable);
  const known = await knownDrivers(library, 'modbus');
  const tried: Tried[] = [];
  const not_tried: string[] = [];
  if (!bench.adjustable && wish.settings?.length)
    not_tried.push('another speed or parity: this wire has but one');

  const streams: FoundStream[] = [];
  if (bench.framing === 'rtu') {
    const heard = await listen(survey, settings, { library, clock, only: wish.settings !== undefined });
    streams.push(...heard.streams);
    tried.push(...heard.tried);
  }
  if (streams.length > 0 && !wish.anyway) {
    not_tried.push('Modbus units: a device speaks by itself here');
  } else {
    await ask(tools, { wish, survey, settings, known, tried, not_tried });
  }
  const named = wish.identify ? await name(survey, known, tools) : survey.found.map(plain(tools));
  const found = survey.everywhere ? named.map((one) => ({ ...one, any_address: true as const })) : named;
  const silent = silentOnes(tools, { survey, streams, not_tried, wish });
  return {
    ...{ found, streams, heard: survey.oddities(), tried, not_tried, silent },
    advice: adviceOn({ found, silent, echo: survey.echo }, tools),
    echo: survey.echo,
    asked: survey.asked,
    ms: Math.round(clock.now().up - began),
  };
}

interface Asking {
  readonly wish: ScanWish;
  readonly survey: Survey;
  readonly settings: readonly LineSetting[];
  readonly known: readonly Known[];
  readonly tried: Tried[];
  readonly not_tried: string[];
}

/** Likely addresses at every setting, then every address where somebody was heard. */
async function ask(tools: FieldTools, asking: Asking): Promise<void> {
  const { wish, survey, known, tried, not_tried } = asking;
  const { clock, bench } = tools;
  const noisy = asking.settings.some((setting) => survey.heardAt(setting, 'noise')) && !wish.anyway;
  const settings = noisy ? asking.settings.slice(0, ASKED_IN_NOISE) : asking.settings;
  if (settings.length < asking.settings.length)
    not_tried.push(`more than ${settings.map(settingText).join(' and ')}: the line is never silent`);
  const sweeps = wish.units || wish.depth === 'quick' ? 0 : wish.depth === 'full' ? settings.length : 1;
  for (const setting of settings.slice(0, sweeps)) survey.expect(sweepMillis(setting, survey.wait_ms));

  for (const setting of settings) {
    if (stopped(asking)) continue;
    const site = await siteAsks(tools, setting);
    tried.push(await askLikely(survey, setting, { known, site, wish, clock }));
    survey.dropPhantoms(setting);
    if (bench.framing === 'tcp' && (await answersEverywhere(survey, setting))) return;
  }
  await settleSuspects(survey);
  if (wish.units) return confirmAll(survey);
  for (const setting of toSweep(asking, settings, noisy)) {
    if (stopped(asking)) continue;
    survey.expect(-sweepMillis(setting, survey.wait_ms));
    tried.push(await sweep(survey, setting, { full: wish.depth === 'full', clock }));
    survey.dropPhantoms(setting);
  }
  if (wish.depth === 'quick') not_tried.push('every address (leave out --quick)');
  await settleSuspects(survey);
  await confirmAll(survey);
}

function stopped({ survey, not_tried }: Asking): boolean {
  if (!survey.stopped) return false;
  const why = 'asking on: another master speaks here (--anyway asks all the same)';
  if (!not_tried.includes(why)) not_tried.push(why);
  return true;
}

function toSweep(
  { wish, survey }: Asking,
  settings: readonly LineSetting[],
  noisy: boolean,
): readonly LineSetting[] {
  if (wish.depth === 'quick' || noisy) return [];
  if (wish.depth === 'full') return settings;
  const { own } = survey.bench;
  const alive = settings.filter(
    (setting) =>
      survey.found.some((one) => sameSetting(one.setting, setting)) ||
      survey.heardAt(setting, 'damaged') ||
      (own !== undefined && sameSetting(own, setting)),
  );
  if (alive.length > 0) return alive;
  return settings.slice(0, wish.settings ? settings.length : SWEPT_IN_SILENCE);
}

/** What the site file says of this wire is asked as its driver would. */
async function siteAsks({ site, bench }: FieldTools, setting: LineSetting): Promise<readonly LikelyAsk[]> {
  if (bench.own && !sameSetting(bench.own, setting)) return [];
  const asks: LikelyAsk[] = [];
  for (const { unit, driver, options } of site) {
    if (driver.link !== 'modbus' || unit === undefined) continue;
    asks.push({ unit, pdu: (await firstQuestion(knownOf(driver, options))) ?? ANY_HOLDING });
  }
  return asks;
}

/** Modbus TCP has one unit behind most addresses, and many do not look at the unit's. */
async function answersEverywhere(survey: Survey, setting: LineSetting): Promise<boolean> {
  for (const unit of STRANGE_ADDRESSES) await askOne(survey, { setting, unit, pdu: ANY_HOLDING });
  if (!STRANGE_ADDRESSES.every((unit) => survey.at(unit, setting))) return false;
  const [first] = survey.found;
  survey.found.splice(0, survey.found.length, ...(first ? [first] : []));
  survey.everywhere = true;
  return true;
}

/** Who was heard without having been asked is asked in peace. */
async function settleSuspects(survey: Survey): Promise<void> {
  for (const { unit, setting } of survey.takeSuspects()) {
    if (survey.at(unit, setting) || survey.stopped) continue;
    const wait_ms = Math.max(survey.wait_ms, PATIENT_MS);
    for (const pdu of [ANY_HOLDING, readRequest({ table: 'input', at: 0, count: 1 })])
      if (!survey.at(unit, setting)) await askOne(survey, { setting, unit, pdu, wait_ms });
  }
}

async function confirmAll(survey: Survey): Promise<void> {
  for (const [index, sighting] of [...survey.found].entries()) {
    survey.tell('confirm', sighting.setting, { done: index, of: survey.found.length });
    await confirm(survey, sighting);
  }
}

/** Each found unit is asked what it is. */
async function name(
  survey: Survey,
  known: readonly Known[],
  tools: FieldTools,
): Promise<readonly FoundUnit[]> {
  const found: FoundUnit[] = [];
  for (const [index, sighting] of survey.found.entries()) {
    const { unit, setting, told } = sighting;
    survey.tell('identify', setting, { done: index, of: survey.found.length });
    const bare = plain(tools)(sighting);
    // Two that speak at once tell nothing about either.
    if (told.outcome !== 'answer' || sighting.shared) {
      found.push(bare);
      continue;
    }
    const says = await askIdentity(survey, { unit, setting });
    const expected = siteUnit(tools, sighting);
    const drivers = expected
      ? [
          knownOf(expected.driver, expected.options),
          ...known.filter((one) => one.driver.id !== expected.driver.id),
        ]
      : known;
    const looks_like = await identify(survey, { unit, setting, expected: expected?.driver.id }, drivers);
    // Damaged answers show themselves only when more is asked.
    found.push({ ...bare, shared: sighting.shared, looks_like, ...(says && { says }) });
  }
  return found;
}

const plain =
  (tools: FieldTools) =>
  (sighting: Sighting): FoundUnit => {
    const { unit, setting, told, shared, answer_ms } = sighting;
    const device = siteUnit(tools, sighting)?.device;
    const refused = (told.pdu[0] ?? 0) >= 0x80;
    return {
      ...{ unit, setting, shared, looks_like: [] },
      answers: told.outcome !== 'answer' ? 'damaged' : refused ? 'exception' : 'reply',
      answer_ms: Math.round(answer_ms * 10) / 10,
      ...(device !== undefined && { device }),
    };
  };

const siteUnit = ({ site, bench }: FieldTools, { unit, setting }: Pick<Sighting, 'unit' | 'setting'>) =>
  bench.own && !sameSetting(bench.own, setting) ? undefined : site.find((one) => one.unit === unit);

/** Devices of the site file that said nothing where they should be. */
function silentOnes(
  { site, bench }: FieldTools,
  {
    survey,
    streams,
    not_tried,
    wish,
  }: Pick<Asking, 'survey' | 'not_tried' | 'wish'> & {
    readonly streams: readonly FoundStream[];
  },
): readonly string[] {
  const own = bench.own ?? survey.found[0]?.setting;
  const silent: string[] = [];
  for (const { device, unit, driver, options } of site) {
    if (driver.link === 'bytes') {
      if (streams.some((one) => one.driver === driver.id)) continue;
      if (driver.open(benchBytes(bench, own ?? factoryOf({ driver }), 0), options).watch) silent.push(device);
      else not_tried.push(`${device} (${driver.id}): it speaks only when its own driver asks`);
      continue;
    }
    const asked =
      survey.asked > 0 && !survey.stopped && unit !== undefined && (wish.units?.includes(unit) ?? true);
    if (unit === undefined || !asked || survey.everywhere || (own && survey.at(unit, own))) continue;
    silent.push(device);
  }
  return silent;
}
