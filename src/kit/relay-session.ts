import type { ActResult, Call, ModbusLink } from '../contracts/index.ts';
import { asFault, Fault, isFault } from '../faults/index.ts';
import type { JsonObject, Sample } from '../model/index.ts';
import { flagsOf, type RelayBoard, restStates } from './relay-board.ts';
import { type RelayMove, relayMove } from './relay-commands.ts';
import { writeOnce } from './write-once.ts';

export interface Relays {
  readonly sample: (call: Call) => Promise<Sample>;
  /** Does `name` when it is one of `relayCommands`; undefined when it is the driver's own. */
  readonly act: (name: string, args: JsonObject, call: Call) => Promise<ActResult> | undefined;
  /** Another move: sent once, proved as far as the board can. */
  readonly move: (move: RelayMove, call: Call) => Promise<ActResult>;
  readonly rest: (call: Call) => Promise<void>;
}

/** How often a doubtful board is looked at after a write: some show the new state only 100 ms later. */
const LOOKS = 4;

/**
 * Moves the relays of a board. A write is sent once. Without a reply the relays are looked at: `on` and `off` prove themselves by
 * their state, a pulse only by a change that was seen. A board that must be recognised is never moved before it was.
 */
export function relaySession(link: ModbusLink, board: RelayBoard): Relays {
  /** Relays as they were seen last. A write begins a new map: a look that was under way tells the old one. */
  let seen = new Map<number, boolean>();
  let known = board.recognise === undefined;

  const meet = async (call: Call): Promise<void> => {
    if (known) return;
    await board.recognise?.(link, call);
    known = true;
  };
  /** How the relays stand, by number. */
  const look = async (call: Call): Promise<Map<number, boolean>> => {
    if (!board.relays) return new Map();
    const words = await link.read(board.relays.range, call);
    return new Map(numbered(flagsOf('relay', words, board.relays)));
  };
  const sample = async (call: Call): Promise<Sample> => {
    try {
      await meet(call);
      const into = seen;
      const { relays, inputs } = board;
      const rows = [...(relays ? [relays] : []), ...(inputs ? [inputs] : [])];
      const answers = await link.readAll(
        rows.map(({ range }) => range),
        call,
      );
      const flags = relays ? flagsOf('relay', valuesOf(answers[0]), relays) : {};
      for (const [relay, on] of numbered(flags)) into.set(relay, on);
      const contacts = inputs && answers[relays ? 1 : 0];
      // A board without inputs refuses them: their points are left out, the relays still count.
      return { ...flags, ...(Array.isArray(contacts) && inputs ? flagsOf('input', contacts, inputs) : {}) };
    } catch (error) {
      // It was away: another may have been put in its place.
      if (isFault(error, ...AWAY)) known = board.recognise === undefined;
      throw error;
    }
  };

  const move = async (wish: RelayMove, call: Call): Promise<ActResult> => {
    const stranger = await meet(call).then(nothing, (error: unknown) => refusal(error, call));
    if (stranger) return stranger;
    const { write, channels, on, effective_ms } = wish;
    const before = seen;
    seen = new Map();
    const cameTrue = async () => {
      const now = await look(call);
      return channels.every((channel) => now.get(channel) === on);
    };
    // A relay that stood that way before may stand so for another reason than this pulse.
    const provable =
      board.relays && (effective_ms === undefined || channels.every((at) => before.get(at) === !on));
    const sent = await writeOnce(link, write, call, provable ? cameTrue : undefined);
    const result = board.doubtful && sent.result === 'done' ? await doubted(sent, cameTrue) : sent;
    return effective_ms === undefined ? result : { ...result, facts: { ...result.facts, effective_ms } };
  };

  const rest = async (call: Call): Promise<void> => {
    await meet(call);
    seen = new Map();
    const states = restStates(board.rest, board.channels);
    const wanted = new Map(
      states.flatMap((state, index) => (state === 'hold' ? [] : [[index + 1, state === 'on']])),
    );
    let failed: unknown;
    const all = wanted.size === board.channels ? board.turnAll?.([...wanted.values()]) : undefined;
    if (all)
      await link.write(all, call).catch((error: unknown) => {
        failed = error;
      });
    else failed = await turnEach(wanted, call);
    // Where acknowledgements prove little, a lost one means little too.
    if (board.doubtful) failed = await mend(wanted, call);
    if (failed) throw failed;
  };
  /** Each gets its write, whatever happens to the others; the first thing that went wrong. */
  const turnEach = async (wanted: ReadonlyMap<number, boolean>, call: Call): Promise<unknown> => {
    let failed: unknown;
    for (const [channel, on] of wanted) {
      call.signal.throwIfAborted();
      await link.write(board.turn(channel, on), call).catch((error: unknown) => {
        failed ??= error;
      });
    }
    return failed;
  };
  /** Relays that stand otherwise than wished get their write once more; what is still wrong then. */
  const mend = async (wanted: ReadonlyMap<number, boolean>, call: Call): Promise<unknown> => {
    const wrong = await wrongOnes(wanted, call);
    if (wrong.size === 0) return undefined;
    const failed = await turnEach(wrong, call);
    const [still] = await wrongOnes(wrong, call);
    if (!still) return undefined;
    const [channel, on] = still;
    return failed ?? new Fault('driver.value', { point: `relay-${channel}`, got: !on, expected: String(on) });
  };
  const wrongOnes = async (
    wanted: ReadonlyMap<number, boolean>,
    call: Call,
  ): Promise<ReadonlyMap<number, boolean>> => {
    let wrong: ReadonlyMap<number, boolean> = wanted;
    for (let turn = 0; turn < LOOKS && wrong.size > 0; turn += 1) {
      const now = await look(call);
      wrong = new Map([...wanted].filter(([channel, on]) => now.get(channel) !== on));
    }
    return wrong;
  };

  return {
    sample,
    move,
    rest,
    act: (name, args, call) => {
      const wish = relayMove(board, name, args);
      return wish && move(wish, call);
    },
  };
}

/** Faults of a unit that may not be there any more. */
const AWAY = ['bus.no-reply', 'bus.down', 'bus.unit-off'] as const;

/** The board acknowledged; whether it did it, only its relays tell. */
async function doubted(sent: ActResult, cameTrue: () => Promise<boolean>): Promise<ActResult> {
  if (sent.facts.evidence) return sent;
  try {
    for (let turn = 0; turn < LOOKS; turn += 1) {
      if (await cameTrue()) return { result: 'done', facts: { ...sent.facts, evidence: 'read-back' } };
    }
    return { result: 'failed', facts: { fault: 'driver.value', evidence: 'read-back' } };
  } catch (error) {
    return { result: 'unknown', facts: { fault: asFault(error).code } };
  }
}

/** Nothing was sent to a board that could not be recognised. */
function refusal(error: unknown, { signal }: Call): ActResult {
  signal.throwIfAborted();
  const { code, message } = asFault(error);
  return { result: 'failed', facts: { fault: code, text: message, sent: false } };
}

function valuesOf(answer: readonly number[] | Error | undefined): readonly number[] {
  if (Array.isArray(answer)) return answer;
  throw answer ?? new Fault('internal', { text: 'the relays were not read' });
}

/** `relay-3: true` → [3, true]. */
const numbered = (flags: Readonly<Record<string, boolean>>): [number, boolean][] =>
  Object.entries(flags).map(([name, on]) => [Number(name.slice('relay-'.length)), on]);

const nothing = (): undefined => undefined;
