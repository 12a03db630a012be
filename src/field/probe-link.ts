import type { ModbusLink, ModbusRange, UnitPlace } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import type { Survey } from './survey.ts';
import { readEach, unitFault, type Words, wordsAt } from './unit-words.ts';

/**
 * One unit as its driver sees it, while a tool finds out what it is. It reads only, remembers what it has read (many drivers ask the same), and gives
 * up after so many questions.
 */
export class ProbeLink implements ModbusLink {
  private readonly survey: Survey;
  private readonly place: UnitPlace;
  private readonly most: number;
  private readonly known = new Map<string, Words>();
  private asked = 0;

  constructor(survey: Survey, place: UnitPlace & { readonly most: number }) {
    this.survey = survey;
    this.place = place;
    this.most = place.most;
  }

  get spent(): boolean {
    return this.asked >= this.most;
  }

  async read(range: ModbusRange): Promise<readonly number[]> {
    const answer = await this.answerTo(range);
    if (answer instanceof Fault) throw answer;
    return answer;
  }

  readAll(ranges: readonly ModbusRange[]): Promise<readonly Words[]> {
    return readEach(ranges, (range) => this.answerTo(range));
  }

  async write(): Promise<void> {
    throw new Fault('bus.bad-request', { reason: 'a scan only reads' });
  }

  private async answerTo(range: ModbusRange): Promise<Words> {
    const key = `${range.table} ${range.at} ${range.count}`;
    const known = this.known.get(key);
    if (known) return known;
    const answer = this.spent
      ? unitFault(this.survey, this.place, 'bus.no-reply', {})
      : await this.ask(range);
    this.known.set(key, answer);
    return answer;
  }

  private ask(range: ModbusRange): Promise<Words> {
    this.asked += 1;
    return wordsAt(this.survey, this.place, range);
  }
}
