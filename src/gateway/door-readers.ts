import {
  type AccessTime,
  type Asked,
  type Book,
  type Decision,
  type Entered,
  type Entry,
  enter,
  isToken,
  type Lockouts,
  QUIET,
  type Tokens,
} from '../access/index.ts';
import type { DoorInput, Side } from '../contracts/index.ts';
import type { EventEntry, JsonObject, Millis } from '../model/index.ts';
import type { DoorReader } from './door-plan.ts';
import type { Counted, DoorVisits } from './door-visits.ts';
import type { DoorDevice } from './door-world.ts';

export interface ReadersWorld {
  readonly tokens: Tokens;
  readonly book: () => Book;
  readonly time: () => AccessTime;
  readonly visits: Pick<DoorVisits, 'judge'>;
  readonly ref: () => string;
  readonly host: (id: string) => DoorDevice | undefined;
}

/** What follows from a card for a door. */
export interface Asking {
  readonly door: string;
  readonly input: Extract<DoorInput, { readonly kind: 'grant' | 'deny' }>;
  /** It is used up a little more, if the door lets it in. */
  readonly counted?: Counted;
}

const GRANTED_MS: Millis = 2000;
const CHIRP_MS: Millis = 100;
const BUZZ_MS: Millis = 800;

/** Readers of all doors: who is there, and what they are shown. */
export class DoorReaders {
  private readonly readers: readonly DoorReader[];
  private readonly world: ReadersWorld;
  private readonly entries = new Map<string, Entry>();
  private lockouts: Lockouts = new Map();

  constructor(readers: readonly DoorReader[], world: ReadersWorld) {
    this.readers = readers;
    this.world = world;
  }

  /** A card or a PIN; undefined: nothing is decided by it. */
  hear({ subject, name, fields }: EventEntry, up: Millis): Asking | undefined {
    const reader = this.readers.find(({ device }) => device === subject);
    if (!reader) return undefined;
    if (name === 'card' && typeof fields.card === 'string')
      return this.enter(reader, { kind: 'card', number: fields.card }, up);
    if (name === 'code' && typeof fields.code === 'string')
      return isToken(fields.code)
        ? this.visit(reader, fields.code, up)
        : this.enter(reader, { kind: 'card', number: fields.code }, up);
    if (name === 'pin' && typeof fields.pin === 'string')
      return this.enter(reader, { kind: 'pin', digits: fields.pin }, up);
    return undefined;
  }

  /** What it reads is a key by itself: only doors are to hear it. */
  isSecret({ subject, name }: EventEntry): boolean {
    return name === 'code' && this.readers.some(({ device }) => device === subject);
  }

  /** Cards whose PIN did not come. */
  due(up: Millis): readonly Asking[] {
    return this.readers.flatMap((reader) => {
      const until_up = this.entries.get(reader.device)?.waiting?.until_up ?? Number.POSITIVE_INFINITY;
      const asking = until_up <= up ? this.enter(reader, { kind: 'time' }, up) : undefined;
      return asking ? [asking] : [];
    });
  }

  /** When `due` has something to say; infinite: never. */
  get wake_at(): Millis {
    const ends = [...this.entries.values()].map(({ waiting }) => waiting?.until_up);
    return Math.min(...ends.map((end) => end ?? Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY);
  }

  /** Lamp and buzzer. Nobody waits for them, and one that has none misses nothing. */
  signal(door: string, side: Side | undefined, signal: 'granted' | 'denied' | 'held-soon'): void {
    for (const reader of this.readers) {
      if (reader.door !== door || (side !== undefined && reader.side !== side)) continue;
      if (signal === 'granted') {
        this.tell(reader, 'led', [{ ms: GRANTED_MS, colour: 'green' }, { ms: GRANTED_MS }]);
        this.tell(reader, 'beep', [{ ms: CHIRP_MS }]);
      } else {
        if (signal === 'denied') this.tell(reader, 'led', [{ ms: BUZZ_MS, colour: 'red' }]);
        this.tell(reader, 'beep', [{ ms: BUZZ_MS }]);
      }
    }
  }

  private visit(reader: DoorReader, token: string, up: Millis): Asking | undefined {
    const { book, time, visits } = this.world;
    const { door, side, needs } = reader;
    let counted: Counted | undefined;
    const decide = () => {
      const judged = visits.judge(token, book(), { door, side, needs, time: time() });
      counted = judged.counted;
      return judged.decision;
    };
    const asking = this.enter(reader, { kind: 'card', number: token }, up, decide);
    return asking && counted ? { ...asking, counted } : asking;
  }

  private enter(
    reader: DoorReader,
    input: Parameters<typeof enter>[2],
    up: Millis,
    decide: Parameters<typeof enter>[3]['decide'] = (asked) => this.decide(reader, asked),
  ): Asking | undefined {
    const { device, door, side, rules } = reader;
    const world = { tokens: this.world.tokens, up, lockouts: this.lockouts, decide };
    const { entry, lockouts, entered } = enter(rules, this.entries.get(device) ?? QUIET, input, world);
    this.entries.set(device, entry);
    this.lockouts = lockouts;
    if (entered.result === 'ask-pin') this.tell(reader, 'beep', [{ ms: CHIRP_MS }]);
    const asked = inputOf(entered, { ref: this.world.ref(), side });
    return asked && { door, input: asked };
  }

  private decide({ door, side, needs }: DoorReader, asked: Pick<Asked, 'token' | 'by' | 'pin'>): Decision {
    const { book, time } = this.world;
    return book().decide({ ...asked, door, side, needs, time: time() });
  }

  /** With the first of the arguments that its driver takes. */
  private tell({ device }: DoorReader, name: 'led' | 'beep', choices: readonly JsonObject[]): void {
    const host = this.world.host(device);
    const spec = host?.settings.driver.commands[name];
    const args = choices.find((one) => spec?.args.safeParse(one).success);
    if (host && args) void host.act(name, args).catch(() => {});
  }
}

function inputOf(
  entered: Entered,
  at: { readonly ref: string; readonly side: Side },
): Asking['input'] | undefined {
  if (entered.result === 'grant') {
    const { who, extended, override, floors } = entered;
    return { kind: 'grant', ...at, who, extended, override, ...(floors && { gates: floors }) };
  }
  if (entered.result !== 'deny') return undefined;
  const { reason, who } = entered;
  return { kind: 'deny', ...at, reason, ...(who !== undefined && { who }) };
}
