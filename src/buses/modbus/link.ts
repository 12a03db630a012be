import type { Call, ModbusLink, ModbusRange } from '../../contracts/index.ts';
import { asFault, Fault, isFault } from '../../faults/index.ts';
import { exceptionText } from '../../kit/index.ts';
import { type Block, halves, LearnedHoles, planBlocks } from './blocks.ts';
import { readRequest, refuseImpossible, valuesOf, writeRequest } from './pdu.ts';

/** The bus behind a link: sends a request PDU, gives the reply PDU, or throws a fault of the bus. */
export type Ask = (pdu: Uint8Array, call: Call) => Promise<Uint8Array>;

export interface LinkSettings {
  readonly bus: string;
  readonly device: string;
  readonly unit: number;
  readonly max_hole: number;
  /** A block was refused and is cut from now on: told once per hole. */
  readonly onHole: (text: string) => void;
}

const ILLEGAL_ADDRESS = 2;

/** One unit of a Modbus bus, as its driver sees it. */
export function openModbusLink(settings: LinkSettings, ask: Ask): ModbusLink {
  const holes = new LearnedHoles();

  const exchange = async (pdu: Uint8Array, call: Call): Promise<Uint8Array> => {
    const reply = await ask(pdu, call);
    const fn = pdu[0] ?? 0;
    if (reply[0] !== (fn | 0x80)) return reply;
    const exception = reply[1] ?? 0;
    const { bus, unit } = settings;
    const at = ((pdu[1] ?? 0) << 8) | (pdu[2] ?? 0);
    throw new Fault('bus.exception', { bus, unit, fn, at, exception, text: exceptionText(exception) });
  };
  const read = async (range: ModbusRange, call: Call): Promise<readonly number[]> =>
    valuesOf(range, await exchange(readRequest(range), call));

  /** Reads a block and gives each want its values; a refused block is cut in two, for good. */
  const readBlock = async (block: Block, call: Call, into: Map<ModbusRange, Answer>): Promise<void> => {
    try {
      const values = await read(block, call);
      for (const want of block.wants) {
        into.set(want, values.slice(want.at - block.at, want.at - block.at + want.count));
      }
    } catch (error) {
      const parts = refusedAddress(error) ? halves(block) : undefined;
      if (!parts) {
        for (const want of block.wants) into.set(want, asFault(error));
        return;
      }
      learn(block, parts[1]);
      for (const wants of parts) {
        for (const part of planBlocks(wants, settings.max_hole, holes)) await readBlock(part, call, into);
      }
    }
  };
  const learn = (block: Block, second: readonly ModbusRange[]) => {
    const cut = second[0];
    if (!cut) return;
    holes.cutBefore(block.table, cut.at);
    settings.onHole(
      `${block.table} ${block.at}..${block.at + block.count - 1} is read in pieces, cut at ${cut.at}`,
    );
  };

  return {
    read,
    readAll: async (ranges, call) => {
      for (const range of ranges) refuseImpossible(range);
      const answers = new Map<ModbusRange, Answer>();
      for (const block of planBlocks(ranges, settings.max_hole, holes)) await readBlock(block, call, answers);
      const given = ranges.map(
        (range) => answers.get(range) ?? new Fault('internal', { text: 'a range was not read' }),
      );
      const first = given[0];
      // Nothing at all, and not because of addresses: the unit is the matter.
      if (
        first instanceof Error &&
        given.every((answer) => answer instanceof Error && !refusedAddress(answer))
      )
        throw first;
      return given;
    },
    write: async (write, call) => {
      await exchange(writeRequest(write), call);
    },
  };
}

type Answer = readonly number[] | Error;

const refusedAddress = (error: unknown): boolean =>
  isFault(error, 'bus.exception') && error.facts.exception === ILLEGAL_ADDRESS;
