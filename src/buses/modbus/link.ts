import type { Call, ModbusLink, ModbusRange, ModbusWrite } from '../../contracts/index.ts';
import { asFault, Fault, isFault } from '../../faults/index.ts';
import { exceptionText } from '../../kit/index.ts';
import { type Block, LearnedHoles, parted, planBlocks } from './blocks.ts';
import { readRequest, refuseImpossible, valuesOf, writeRequest } from './pdu.ts';

/** The bus behind a link: sends a request PDU and gives what `read` makes of the reply PDU, or rejects with a fault of the bus. */
export type Ask = <T>(question: Question, call: Call, read: (reply: Uint8Array) => T) => Promise<T>;
export interface Question {
  readonly pdu: Uint8Array;
  /** The unit may acknowledge with the whole request. */
  readonly whole?: boolean;
}

export interface LinkSettings {
  readonly bus: string;
  readonly device: string;
  readonly unit: number;
  readonly max_hole: number;
  /** A block was refused and is cut from now on: told once per hole. */
  readonly onHole: (text: string) => void;
}

/** One unit of a Modbus bus, as its driver sees it. */
export function openModbusLink(settings: LinkSettings, ask: Ask): ModbusLink {
  const holes = new LearnedHoles();
  const plan = (wants: readonly ModbusRange[]) => planBlocks(wants, settings.max_hole, holes);

  const exchange = <T>(question: Question, call: Call, read: (reply: Uint8Array) => T): Promise<T> =>
    ask(question, call, (reply) => {
      refuseException(settings, question.pdu, reply);
      return read(reply);
    });
  const read = (range: ModbusRange, call: Call): Promise<readonly number[]> =>
    exchange({ pdu: readRequest(range) }, call, (reply) => valuesOf(range, reply));

  /**
   * Reads a block and gives each want its values; a refused block is cut in two, for good. When one of the halves is refused in its turn the
   * hole is within that half, and the cut between the two was no use. Tells whether the block was cut.
   */
  const readBlock = async (block: Block, call: Call, into: Map<ModbusRange, Answer>): Promise<boolean> => {
    try {
      const values = await read(block, call);
      for (const want of block.wants) {
        into.set(want, values.slice(want.at - block.at, want.at - block.at + want.count));
      }
      return false;
    } catch (error) {
      const parts = refusedTogether(error) ? parted(block) : undefined;
      if (!parts) {
        for (const want of block.wants) into.set(want, asFault(error));
        return false;
      }
      const { wants, cut_at } = parts;
      holes.cutBefore(block.table, cut_at);
      let deeper = false;
      for (const half of wants) {
        for (const part of plan(half)) deeper = (await readBlock(part, call, into)) || deeper;
      }
      const last = block.at + block.count - 1;
      if (deeper) holes.forget(block.table, cut_at);
      else settings.onHole(`${block.table} ${block.at}..${last} is read in pieces, cut at ${cut_at}`);
      return true;
    }
  };

  return {
    // A request that Modbus cannot carry rejects, as every other failure does.
    read: (range, call) => attempt(() => read(range, call)),
    readAll: async (ranges, call) => {
      for (const range of ranges) refuseImpossible(range);
      const answers = new Map<ModbusRange, Answer>();
      for (const block of plan(ranges)) await readBlock(block, call, answers);
      const given = ranges.map(
        (range) => answers.get(range) ?? new Fault('internal', { text: 'a range was not read' }),
      );
      const first = given[0];
      // Nothing at all, and not because of addresses: the unit is the matter.
      if (
        first instanceof Error &&
        given.every((answer) => answer instanceof Error && !refusedTogether(answer))
      )
        throw first;
      return given;
    },
    write: (write, call) => attempt(() => exchange(questionOf(write), call, () => {})),
  };
}

const questionOf = (write: ModbusWrite): Question => ({
  pdu: writeRequest(write),
  whole: write.answered === 'whole' && (write.fn === 15 || write.fn === 16),
});

type Answer = readonly number[] | Error;

function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return work();
  } catch (error) {
    return Promise.reject(error);
  }
}

function refuseException({ bus, unit }: LinkSettings, pdu: Uint8Array, reply: Uint8Array): void {
  const fn = pdu[0] ?? 0;
  if (reply[0] !== (fn | 0x80)) return;
  const exception = reply[1] ?? 0;
  const at = ((pdu[1] ?? 0) << 8) | (pdu[2] ?? 0);
  throw new Fault('bus.exception', { bus, unit, fn, at, exception, text: exceptionText(exception) });
}

/** ILLEGAL_DATA_ADDRESS, or ILLEGAL_DATA_VALUE, which units give that bear fewer registers at once than Modbus allows. */
const refusedTogether = (error: unknown): boolean =>
  isFault(error, 'bus.exception') && (error.facts.exception === 2 || error.facts.exception === 3);
