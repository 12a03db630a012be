import { z } from 'zod';
import type {
  ActResult,
  Call,
  CommandSpec,
  Decoded,
  Holds,
  ModbusLink,
  ModbusRange,
  ModbusWrite,
  UnitSetup,
} from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import type { JsonObject } from '../model/index.ts';
import { readModbus, rtuFrame } from './modbus-frame.ts';
import { readRequest, writeRequest } from './modbus-pdu.ts';
import { writeOnce } from './write-once.ts';

/** A register that holds no measurement but how the unit itself is set: its address, its baud, its range. */
export interface UnitSetting {
  /** What it is, as a noun: `unit address`. */
  readonly about: string;
  readonly at: number;
  /** Function that writes it; default 6. */
  readonly fn?: 6 | 16;
  /** As it comes from the factory. */
  readonly factory: number;
  /** Whole numbers that stand for themselves, or values by their code in the register. */
  readonly values:
    | { readonly min: number; readonly max: number }
    | { readonly codes: Readonly<Record<number, number>> };
  /** What has to happen before it holds, if anything: `after a power cycle`. */
  readonly holds?: Exclude<Holds, 'at once'>;
  /** The unit answers elsewhere afterwards (address, baud): it cannot be asked whether it has understood. */
  readonly moves?: true;
}
export type UnitSettings = Readonly<Record<string, UnitSetting>>;

/**
 * Two commands for each setting: `baud` reads it, `set-baud { baud }` writes it. None of them actuates.
 * A write whose reply is lost is read back where the unit still answers at the same place.
 */
export interface SettingCommands {
  readonly commands: Readonly<Record<string, CommandSpec>>;
  encode(name: string, args: JsonObject, unit: number): Uint8Array;
  act(link: ModbusLink, name: string, args: JsonObject, call: Call): Promise<ActResult>;
  /** A reply with its question, when it tells one setting: a code that means nothing is null. */
  decode(frame: Uint8Array, request: Uint8Array | undefined): Decoded | undefined;
  /** Every setting as it comes from the factory, for simulators. */
  readonly factory: readonly { readonly at: number; readonly word: number }[];
}

export function settingCommands(target: string, settings: UnitSettings): SettingCommands {
  const find = (command: string): { readonly name: string; readonly setting: UnitSetting } => {
    const name = command.replace(/^set-/, '');
    const setting = Object.hasOwn(settings, name) ? settings[name] : undefined;
    if (setting) return { name, setting };
    throw new Fault('command.unknown', { target, name: command, known: Object.keys(commands).join(', ') });
  };
  const commands = Object.fromEntries(
    Object.entries(settings).flatMap(([name, setting]) => [
      [name, readCommand(setting)],
      [`set-${name}`, writeCommand(name, setting)],
    ]),
  );
  const wordFor = (command: string, args: JsonObject): ModbusWrite => {
    const { name, setting } = find(command);
    return { fn: setting.fn ?? 6, at: setting.at, values: [codeOf(setting, Number(args[name]))] };
  };
  return {
    commands,
    encode: (command, args, unit) =>
      rtuFrame(
        unit,
        command.startsWith('set-')
          ? writeRequest(wordFor(command, args))
          : readRequest(rangeOf(find(command).setting)),
      ),
    async act(link, command, args, call) {
      const { name, setting } = find(command);
      if (!command.startsWith('set-')) {
        const [word = 0] = await link.read(rangeOf(setting), call);
        return { result: 'done', facts: { [name]: meaningOf(setting, word) } };
      }
      const write = wordFor(command, args);
      const same = async (again: ModbusLink, later: Call) =>
        (await again.read(rangeOf(setting), later))[0] === write.values[0];
      return writeOnce(link, write, call, setting.moves ? undefined : same);
    },
    decode(frame, request) {
      if (!request) return undefined;
      const said = readModbus(frame, request);
      if (said.kind !== 'values' || said.table !== 'holding' || said.values.length !== 1) return undefined;
      const [word = 0] = said.values;
      const found = Object.entries(settings).find(([, { at }]) => at === said.at);
      return found && { points: { [found[0]]: meaningOf(found[1], word) } };
    },
    factory: Object.values(settings).map((setting) => ({
      at: setting.at,
      word: codeOf(setting, setting.factory),
    })),
  };
}

/**
 * How a unit is given its place, as its settings called `address` and `baud` say. `anyone`: the address at which any unit of the kind tells its own.
 */
export function setupOf({ address, baud }: UnitSettings, anyone?: number): UnitSetup {
  return {
    ...(address && {
      address: { ...placeOf('address', address), ...(anyone !== undefined && { anyone }) },
    }),
    ...(baud && { line: { ...placeOf('baud', baud), told: (word) => ({ baud: meaningOf(baud, word) }) } }),
  };
}

const placeOf = (name: string, { at, holds }: UnitSetting) => ({
  command: `set-${name}`,
  told_at: at,
  holds: holds === undefined ? ('at once' as const) : (holds satisfies Holds),
});

const quiet = { timing: 'none', actuates: false, on_process_end: 'hold' } as const;

const readCommand = ({ about }: UnitSetting): CommandSpec => ({
  ...quiet,
  about: `Reads the ${about}.`,
  args: z.strictObject({}),
});

const writeCommand = (name: string, { about, values, holds, at }: UnitSetting): CommandSpec => ({
  ...quiet,
  about: `Sets the ${about} (register ${at})${holds ? `; it holds ${holds}` : ''}.`,
  args: z.strictObject({
    [name]: ('codes' in values
      ? z.literal(Object.values(values.codes))
      : z.int().min(values.min).max(values.max)
    ).describe(`New ${about}`),
  }),
});

const rangeOf = ({ at }: UnitSetting): ModbusRange => ({ table: 'holding', at, count: 1 });

/** The schema has let only known values through. */
const codeOf = ({ values }: UnitSetting, value: number): number =>
  'codes' in values
    ? Number(Object.entries(values.codes).find(([, known]) => known === value)?.[0] ?? 0)
    : value;

function meaningOf({ values }: UnitSetting, word: number): number | null {
  if ('codes' in values) return values.codes[word] ?? null;
  return values.min <= word && word <= values.max ? word : null;
}
