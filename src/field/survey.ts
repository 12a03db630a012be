import type {
  Bench,
  FieldProgress,
  FieldStage,
  FieldWatch,
  LineSetting,
  OddHearing,
  Tried,
  UnitPlace,
} from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';
import { framesIn, type SeenFrame } from './frames.ts';
import { sameSetting, silentAskMillis } from './settings.ts';
import { ask, isAnyone, type Question, type Told } from './talk.ts';

/** Somebody who answered, and to what. */
export interface Sighting {
  readonly unit: number;
  readonly setting: LineSetting;
  readonly pdu: Uint8Array;
  readonly told: Told;
  shared: boolean;
  answer_ms: Millis;
}

/** One hearing may be chance: a CRC of sixteen bits fits random bytes now and then. */
const SURELY = 2;
const PHANTOMS = 3;

/**
 * What has been found on a wire so far. Every question goes through here, so that what comes besides its answer (a late word of another unit, a second
 * answer, another master's question) is put to whom it belongs.
 */
export class Survey {
  readonly bench: Bench;
  readonly watch: FieldWatch;
  readonly wait_ms: Millis;
  readonly found: Sighting[] = [];
  /** Heard without having been asked just then: still to be asked in peace. */
  private readonly suspects = new Map<string, { readonly unit: number; readonly setting: LineSetting }>();
  echo = false;
  /** One unit answers at every address. */
  everywhere = false;
  asked = 0;
  private readonly odd = new Map<string, { hearing: OddHearing; times: number }>();
  private last:
    | { readonly unit: number; readonly setting: LineSetting; readonly answered: boolean }
    | undefined;
  private expected_ms: Millis = 0;
  private readonly anyway: boolean;

  constructor(bench: Bench, watch: FieldWatch, how: { readonly wait_ms: Millis; readonly anyway: boolean }) {
    this.bench = bench;
    this.watch = watch;
    this.wait_ms = how.wait_ms;
    this.anyway = how.anyway;
  }

  async ask(question: Omit<Question, 'wait_ms'> & { readonly wait_ms?: Millis }): Promise<Told> {
    const { setting, unit } = question;
    const told = await ask(
      this.bench,
      { wait_ms: this.patience(unit, setting), ...question },
      this.watch.signal,
    );
    this.asked += 1;
    this.echo ||= told.echo;
    this.attribute(told.others, setting, unit);
    if (told.doubled) this.share(told.unit, setting);
    if (told.outcome === 'damaged') this.note(setting, 'damaged', told.stray, [unit]);
    const answered = told.outcome === 'answer';
    this.last = { unit: answered ? told.unit : unit, setting, answered };
    return told;
  }

  /** A unit that is known to be slow is waited for. */
  private patience(unit: number, setting: LineSetting): Millis {
    const slow_ms = this.at(unit, setting)?.answer_ms ?? 0;
    return slow_ms > this.wait_ms / 2 ? this.wait_ms + 2 * slow_ms : this.wait_ms;
  }

  /** What comes when nobody is asked. */
  async listen(setting: LineSetting, ms: Millis): Promise<Uint8Array> {
    const listening = { bytes: NOTHING, setting, wait_ms: ms };
    const { before, bytes } = await this.bench.exchange(listening, this.watch.signal);
    this.attribute(framesIn(before).frames, setting, undefined);
    return bytes;
  }

  /** Waits for who comes second. */
  async linger(setting: LineSetting, ms: Millis): Promise<void> {
    this.attribute(framesIn(await this.listen(setting, ms)).frames, setting, undefined);
  }

  takeSuspects(): readonly { readonly unit: number; readonly setting: LineSetting }[] {
    const suspects = [...this.suspects.values()];
    this.suspects.clear();
    return suspects;
  }

  /** Somebody answered; the same one again changes nothing. */
  sight(told: Told, question: { readonly setting: LineSetting; readonly pdu: Uint8Array }): Sighting {
    const known = this.at(told.unit, question.setting);
    if (known) return known;
    const sighting = { ...question, unit: told.unit, told, shared: told.doubled, answer_ms: told.answer_ms };
    this.found.push(sighting);
    return sighting;
  }

  at(unit: number, setting: LineSetting): Sighting | undefined {
    return this.found.find((one) => one.unit === unit && sameSetting(one.setting, setting));
  }

  /** Bytes that are nobody's. */
  note(setting: LineSetting, what: OddHearing['what'], bytes: number, units: readonly number[] = []): void {
    const key = `${what} ${setting.baud} ${setting.parity}`;
    const known = this.odd.get(key);
    const before = known?.hearing.units ?? [];
    this.odd.set(key, {
      times: (known?.times ?? 0) + 1,
      hearing: {
        setting,
        what,
        bytes: (known?.hearing.bytes ?? 0) + bytes,
        units: [...new Set([...before, ...units])].sort((x, y) => x - y),
      },
    });
  }

  heardAt(setting: LineSetting, what: OddHearing['what']): boolean {
    const known = this.odd.get(`${what} ${setting.baud} ${setting.parity}`);
    return known !== undefined && (what !== 'master' || known.times >= SURELY);
  }

  /** Another master speaks here: two of them disturb each other. */
  get stopped(): boolean {
    return !this.anyway && this.oddities().some(({ what }) => what === 'master');
  }

  /** Damaged answers from everywhere and whole ones from nowhere are no units: somebody speaks there, in another way. */
  dropPhantoms(setting: LineSetting): void {
    const here = this.found.filter((one) => sameSetting(one.setting, setting));
    const whole = here.filter(({ told }) => told.outcome === 'answer');
    if (whole.length > 0 || here.length < PHANTOMS) return;
    this.found.splice(0, this.found.length, ...this.found.filter((one) => !here.includes(one)));
  }

  oddities(): readonly OddHearing[] {
    return [...this.odd.values()].flatMap(({ hearing, times }) =>
      hearing.what === 'master' && times < SURELY ? [] : [hearing],
    );
  }

  /** So much is still to be done after what is under way. */
  expect(ms: Millis): void {
    this.expected_ms = Math.max(0, this.expected_ms + ms);
  }

  tell(
    stage: FieldStage,
    setting: LineSetting,
    { each_ms, ...step }: Pick<FieldProgress, 'done' | 'of' | 'please'> & { readonly each_ms?: Millis },
  ): void {
    const here = (step.of - step.done) * (each_ms ?? silentAskMillis(setting, this.wait_ms));
    this.watch.tell({
      ...{ stage, setting, ...step },
      left_ms: Math.round(this.expected_ms + here),
      found: this.found.length,
    });
  }

  /** Frames that answer nobody who was asked just now. */
  attribute(frames: readonly SeenFrame[], setting: LineSetting, asked: number | undefined): void {
    for (const { unit, kind } of frames) {
      if (kind === 'question') {
        this.note(setting, 'master', 0, [unit]);
        continue;
      }
      const { last } = this;
      const second = last?.answered && last.unit === unit && sameSetting(last.setting, setting);
      // A second answer to the question before: somebody else has that address.
      if (second) this.share(unit, setting);
      else if (unit !== asked && !isAnyone(unit))
        this.suspects.set(`${unit} ${setting.baud} ${setting.parity}`, { unit, setting });
    }
  }

  private share(unit: number, setting: LineSetting): void {
    const known = this.at(unit, setting);
    if (known) known.shared = true;
  }
}

/** Only the place of something that has one. */
export const settledPlace = ({ unit, setting }: UnitPlace): UnitPlace => ({ unit, setting });

/** What was asked at one setting, for the report. */
export class Tally {
  private readonly units: number[] = [];
  private readonly began: Millis;
  private asked = 0;
  private answered = 0;

  constructor(began: Millis) {
    this.began = began;
  }

  count(unit: number, answered: boolean): void {
    this.units.push(unit);
    this.asked += 1;
    this.answered += Number(answered);
  }

  sum(setting: LineSetting, how: Tried['how'], now: Millis): Tried {
    const { asked, answered } = this;
    return { setting, how, units: rangesOf(this.units), asked, answered, ms: Math.round(now - this.began) };
  }
}

/** 1, 2, 3, 7 → [1, 3], [7, 7]. */
function rangesOf(numbers: readonly number[]): readonly (readonly [number, number])[] {
  const ranges: [number, number][] = [];
  for (const number of [...new Set(numbers)].sort((x, y) => x - y)) {
    const last = ranges.at(-1);
    if (last && number === last[1] + 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges;
}

const NOTHING = new Uint8Array(0);
