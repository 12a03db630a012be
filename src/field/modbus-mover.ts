import type { ActResult, Call, ModbusLink, ModbusRange, ModbusWrite, UnitPlace } from '../contracts/index.ts';
import { Fault, isFault } from '../faults/index.ts';
import { writeRequest } from '../kit/index.ts';
import type { JsonObject, Millis } from '../model/index.ts';
import { confirm } from './confirm.ts';
import { ANY_HOLDING, firstQuestion, type Known, OTHER_QUESTIONS } from './drivers.ts';
import type { Mover, Presence, ToldPlace } from './mover.ts';
import { isPlausible, placeText, valuesText } from './shown.ts';
import { type Survey, settledPlace } from './survey.ts';
import { isNobody, PATIENT_MS } from './sweep.ts';
import { readEach, refusalIn, unitFault, wordsAt } from './unit-words.ts';

/** A unit that has answered before is given so many times of that. */
const TIMES_AS_LONG = 4;
const BRIEF_MS: Millis = 400;

/** A Modbus unit that is given another place. */
export class ModbusMover implements Mover {
  private readonly survey: Survey;
  private readonly known: Known;
  /** What it has answered, and how fast. */
  private answered: { readonly pdu: Uint8Array; readonly answer_ms: Millis } | undefined;

  constructor(survey: Survey, known: Known) {
    this.survey = survey;
    this.known = known;
  }

  async look(place: UnitPlace, whom: 'whoever' | 'it'): Promise<Presence> {
    if (whom === 'it' && this.answered) {
      const wait_ms = Math.max(BRIEF_MS, TIMES_AS_LONG * this.answered.answer_ms);
      return this.ask(place, this.answered.pdu, wait_ms);
    }
    let seen: Presence = { outcome: 'silence', answer_ms: 0 };
    for (const [index, pdu] of (await this.questions()).entries()) {
      const presence = await this.ask(place, pdu, index === 0 ? PATIENT_MS : BRIEF_MS);
      if (presence.outcome === 'answer') {
        this.answered ??= { pdu, answer_ms: presence.answer_ms };
        return presence;
      }
      if (presence.outcome === 'damaged') seen = presence;
    }
    return seen;
  }

  async isShared({ unit, setting }: UnitPlace): Promise<boolean> {
    const pdu = this.answered?.pdu ?? ANY_HOLDING;
    const told = await this.survey.ask({ unit, setting, pdu, wait_ms: PATIENT_MS });
    if (told.outcome === 'damaged') return true;
    const sighting = this.survey.sight(told, { setting, pdu });
    await confirm(this.survey, sighting);
    return sighting.shared;
  }

  async recognise(place: UnitPlace): Promise<readonly string[]> {
    const { driver, options, setup } = this.known;
    const evidence: string[] = [];
    const strange = (text: string) =>
      new Fault('driver.wrong-device', { expected: driver.id, evidence: text });
    const at = setup.address?.told_at;
    if (at !== undefined) {
      const words = await wordsAt(this.survey, place, { table: 'holding', at, count: 1 });
      // Values alone would not do: what is written there on another kind of board nobody knows.
      if (isFault(words, 'bus.exception')) throw strange(`it has no register ${placeText(at)}, its address`);
      const word = words instanceof Fault ? undefined : words[0];
      if (word !== undefined && word !== place.unit)
        throw strange(`register ${placeText(at)} holds ${word}, not the address ${place.unit}`);
      if (word !== undefined) evidence.push(`register ${placeText(at)} holds its address, ${word}`);
    }
    const link = this.link(place);
    if (driver.recognise) {
      await driver.recognise(link, options, this.call);
      evidence.push('its driver takes it for one');
    }
    if (evidence.length > 0) return evidence;
    const { sample } = driver.open(link, options);
    if (!sample) return [`a ${driver.id} cannot be asked what it is; that was not checked`];
    const points = driver.points(options);
    const values = await sample(this.call).catch((error: unknown) => {
      this.call.signal.throwIfAborted();
      throw strange(`it does not answer as one (${error instanceof Error ? error.message : error})`);
    });
    if (!isPlausible(values, points)) throw strange(`its values cannot be: ${valuesText(values, points)}`);
    return [`its values can be those of a ${driver.id}: ${valuesText(values, points)}`];
  }

  act(place: UnitPlace, also: UnitPlace, command: string, args: JsonObject): Promise<ActResult> {
    const session = this.known.driver.open(this.link(place, also), this.known.options);
    if (!session.act)
      throw new Fault('internal', { text: `${this.known.driver.id} has no session that acts` });
    return session.act(command, args, this.call);
  }

  async told(place: UnitPlace): Promise<ToldPlace> {
    const { address, line } = this.known.setup;
    const unit = address?.told_at === undefined ? undefined : await this.word(place, address.told_at);
    const code = line?.told_at === undefined ? undefined : await this.word(place, line.told_at);
    const told = code === undefined ? undefined : line?.told?.(code);
    return {
      ...(unit !== undefined && { unit }),
      ...(typeof told?.baud === 'number' && { baud: told.baud }),
      ...(typeof told?.parity === 'string' && { parity: told.parity }),
    };
  }

  private get call(): Call {
    return { signal: this.survey.watch.signal, priority: 'field' };
  }

  private async questions(): Promise<readonly Uint8Array[]> {
    const first = await firstQuestion(this.known);
    return [...(first ? [first] : []), ANY_HOLDING, ...OTHER_QUESTIONS];
  }

  private async ask(place: UnitPlace, pdu: Uint8Array, wait_ms: Millis): Promise<Presence> {
    const told = await this.survey.ask({ ...settledPlace(place), pdu, wait_ms });
    const { outcome, answer_ms } = told;
    // At 255 and its like whoever is there answers, with his own address; and a serial server may speak for nobody.
    const another = outcome === 'answer' && (told.unit !== place.unit || isNobody(told));
    return { outcome: another ? 'silence' : outcome, answer_ms };
  }

  private async word(place: UnitPlace, at: number): Promise<number | undefined> {
    const words = await wordsAt(this.survey, place, { table: 'holding', at, count: 1 });
    return words instanceof Fault ? undefined : words[0];
  }

  private link(place: UnitPlace, also?: UnitPlace): ModbusLink {
    const read = async (range: ModbusRange): Promise<readonly number[]> => {
      const words = await wordsAt(this.survey, place, range);
      if (words instanceof Fault) throw words;
      return words;
    };
    return {
      read,
      readAll: (ranges) => readEach(ranges, (range) => wordsAt(this.survey, place, range)),
      write: (write) => this.write(place, also, write),
    };
  }

  /** Some units acknowledge from where they are now, some from where they were. */
  private async write(place: UnitPlace, also: UnitPlace | undefined, write: ModbusWrite): Promise<void> {
    const pdu = writeRequest(write);
    const told = await this.survey.ask({
      ...settledPlace(place),
      pdu,
      wait_ms: PATIENT_MS,
      ...(also && also.unit !== place.unit && { also: also.unit }),
      echoes: this.survey.echo,
    });
    if (told.outcome === 'silence') throw unitFault(this.survey, place, 'bus.no-reply', {});
    if (told.outcome === 'damaged')
      throw unitFault(this.survey, place, 'bus.bad-reply', { reason: 'damaged' });
    const refusal = refusalIn(this.survey, place, { asked: pdu, told: told.pdu });
    if (refusal) throw refusal;
  }
}
