import type { ActResult, Call, Decoded, ModbusLink } from '../contracts/index.ts';
import type { JsonObject } from '../model/index.ts';
import { decodeRelays, type RelayBoard, relayCost, relayPoints, relaySpecs } from './relay-board.ts';
import { relaySession } from './relay-session.ts';

/** A command that is none of `relayCommands`, checked by its own schema. */
export interface OwnCommand<O> {
  readonly name: string;
  readonly args: JsonObject;
  readonly chosen: O;
}

/**
 * What a driver of relays that can be read is beside its commands and bytes: spread it into `defineDriver`. `own` does the commands that
 * the board has beyond `relayCommands`.
 */
export const relayFaces = <O>(
  boardOf: (chosen: O) => RelayBoard,
  own: (link: ModbusLink, wish: OwnCommand<O>, call: Call) => Promise<ActResult>,
) => ({
  category: 'relay',
  link: 'modbus' as const,
  points: (chosen: O) => relayPoints(boardOf(chosen)),
  events: {},
  relays: (chosen: O) => relaySpecs(boardOf(chosen)),
  cost: (chosen: O) => relayCost(boardOf(chosen)),
  open: (link: ModbusLink, chosen: O) => {
    const relays = relaySession(link, boardOf(chosen));
    return {
      sample: relays.sample,
      rest: relays.rest,
      act: async (name: string, args: JsonObject, call: Call) =>
        relays.act(name, args, call) ?? own(link, { name, args, chosen }, call),
    };
  },
});

/** Registers of a board that are no relays. */
export interface OwnRegisters {
  /** What the words from register `at` on say; undefined: nothing this driver knows. */
  readonly settingOf: (at: number, words: readonly number[]) => Decoded['points'] | undefined;
  /** What a register may be whose question is not there. */
  readonly alone: string;
}

/** A sniffed frame of a board: its relays and inputs, a setting, or how many registers with what in them. Faults as `decodeRelays`. */
export function decodeBoard(
  board: RelayBoard,
  { frame, request }: { readonly frame: Uint8Array; readonly request: Uint8Array | undefined },
  own?: OwnRegisters,
): Decoded {
  const said = decodeRelays(board, frame, request);
  if (!('registers' in said)) return said;
  const { registers, table, at } = said;
  const setting = at === undefined ? undefined : own?.settingOf(at, registers);
  if (setting) return { points: setting };
  const [word = 0] = registers;
  if (own && registers.length === 1)
    return { points: { register: word }, note: `${own.alone}: its request would tell` };
  const where = at === undefined ? '' : ` from ${at}`;
  return { points: {}, note: `${registers.length} of ${table}${where}: ${registers.join(' ')}` };
}
