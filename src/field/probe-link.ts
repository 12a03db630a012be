import type { LineSetting, ModbusLink, ModbusRange } from '../contracts/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import { exceptionText, readRequest, readValues, u8, u16be } from '../kit/index.ts';
import type { Survey } from './survey.ts';

type Answer = readonly number[] | Fault;

/**
 * One unit as its driver sees it, while a tool finds out what it is. It reads only, remembers what it has read (many drivers ask the same), and gives
 * up after so many questions.
 */
export class ProbeLink implements ModbusLink {
  private readonly survey: Survey;
  private readonly unit: number;
  private readonly setting: LineSetting;
  private readonly most: number;
  private readonly known = new Map<string, Answer>();
  private asked = 0;

  constructor(
    survey: Survey,
    place: { readonly unit: number; readonly setting: LineSetting; readonly most: number },
  ) {
    this.survey = survey;
    this.unit = place.unit;
    this.setting = place.setting;
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

  async readAll(ranges: readonly ModbusRange[]): Promise<readonly (readonly number[] | Error)[]> {
    const answers: Answer[] = [];
    for (const range of ranges) answers.push(await this.answerTo(range));
    const [first] = answers;
    if (first instanceof Fault && answers.every((answer) => answer instanceof Fault)) throw first;
    return answers;
  }

  async write(): Promise<void> {
    throw new Fault('bus.bad-request', { reason: 'a scan only reads' });
  }

  private async answerTo(range: ModbusRange): Promise<Answer> {
    const key = `${range.table} ${range.at} ${range.count}`;
    const known = this.known.get(key);
    if (known) return known;
    const answer = this.spent ? this.fault('bus.no-reply', {}) : await this.ask(range);
    this.known.set(key, answer);
    return answer;
  }

  private async ask(range: ModbusRange): Promise<Answer> {
    const { unit, setting } = this;
    this.asked += 1;
    const pdu = readRequest(range);
    const told = await this.survey.ask({ unit, setting, pdu });
    if (told.outcome === 'silence') return this.fault('bus.no-reply', {});
    if (told.outcome === 'damaged') return this.fault('bus.bad-reply', { reason: 'damaged' });
    const fn = u8(told.pdu, 0);
    if (fn >= 0x80) {
      const exception = u8(told.pdu, 1);
      const at = u16be(pdu, 1);
      return this.fault('bus.exception', { fn: fn & 0x7f, at, exception, text: exceptionText(exception) });
    }
    try {
      return readValues(told.pdu).slice(0, range.count);
    } catch (error) {
      return asFault(error);
    }
  }

  private fault(
    code: 'bus.no-reply' | 'bus.bad-reply' | 'bus.exception',
    facts: Readonly<Record<string, string | number>>,
  ): Fault {
    const common = { bus: 'scan', unit: this.unit, timeout_ms: this.survey.wait_ms, sent: true };
    return new Fault(code, { ...common, ...facts });
  }
}
