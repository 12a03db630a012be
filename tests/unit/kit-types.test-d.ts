import { z } from 'zod';
import {
  type ActResult,
  type Call,
  type CommandSpec,
  defineDriver,
  type EventSpec,
  type FlagPoint,
  type JsonObject,
  type NumberPoint,
  type RegisterTable,
  registerMap,
  type StatePoint,
} from '#kit';

/**
 * What must not compile, for the compiler of `scripts/test`: each line under an expected error is one, and a line that compiles after all
 * is an error itself. Nothing here runs.
 */
type Points = {
  readonly level: NumberPoint;
  readonly wet: FlagPoint;
  readonly bay: StatePoint<'free' | 'taken'>;
};
const plain = { about: 'Something.', privacy: 'plain' } as const;
const POINTS: Points = {
  level: { kind: 'number', unit: 'mm', min: 0, max: 100, ...plain },
  wet: { kind: 'flag', ...plain },
  bay: { kind: 'state', values: ['free', 'taken'], ...plain },
};
const base = {
  id: 'typed',
  aliases: [],
  about: 'A device of the compiler.',
  category: 'test',
  link: 'modbus',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 100, gap_ms: 0 },
  poll_ms: { default: 1000, min: 100 },
  options: z.strictObject({ channels: z.int().default(8) }),
  points: (): Points => POINTS,
  events: {},
  decode: () => ({ points: {} }),
} as const;
const on = {
  about: 'Switches on.',
  args: z.strictObject({}),
  timing: 'none',
  actuates: true,
  on_process_end: 'hold',
} as const satisfies CommandSpec;
const act = async (_name: string, _args: JsonObject, _call: Call): Promise<ActResult> => ({
  result: 'done',
  facts: {},
});
const rest = async (): Promise<void> => {};

// What is right compiles: any of the points, null for no valid value, options of the schema's type.
defineDriver({
  ...base,
  commands: {},
  open: (_link, { channels }) => ({ sample: async () => ({ level: channels, wet: null, bay: 'free' }) }),
});
defineDriver({ ...base, commands: { on }, open: () => ({ sample: async () => ({}), act, rest }) });

// A value of the wrong kind.
// @ts-expect-error a number is expected
defineDriver({ ...base, commands: {}, open: () => ({ sample: async () => ({ level: 'high' }) }) });
// @ts-expect-error a flag is true or false
defineDriver({ ...base, commands: {}, open: () => ({ sample: async () => ({ wet: 1 }) }) });

// A state outside its list.
// @ts-expect-error it is free or taken
defineDriver({ ...base, commands: {}, open: () => ({ sample: async () => ({ bay: 'occupied' }) }) });

// A point that is not declared.
// @ts-expect-error there is no depth
defineDriver({ ...base, commands: {}, open: () => ({ sample: async () => ({ depth: 3 }) }) });

// An option that the schema does not have.
defineDriver({
  ...base,
  commands: {},
  // @ts-expect-error there are channels, no relays
  open: (_link, { relays }) => ({ sample: async () => ({ level: relays }) }),
});

// A link of another kind.
defineDriver({
  ...base,
  commands: {},
  // @ts-expect-error a Modbus link has no frames
  open: (link, _options) => ({ sample: async ({ signal }) => void link.frames(() => 'more', signal) ?? {} }),
});

// Commands without hands, hands without rest, hands without commands.
// @ts-expect-error what declares commands acts
defineDriver({ ...base, commands: { on }, open: () => ({ sample: async () => ({}) }) });
// @ts-expect-error what acts can rest
defineDriver({ ...base, commands: { on }, open: () => ({ sample: async () => ({}), act }) });
// @ts-expect-error what declares none does not act
defineDriver({ ...base, commands: {}, open: () => ({ sample: async () => ({}), act, rest }) });

// Points and event fields without a privacy class.
// @ts-expect-error whose business is it?
const unclassified: NumberPoint = { kind: 'number', unit: 'mm', min: 0, max: 1, about: 'Level.' };
// @ts-expect-error there is no such class
const misclassified: FlagPoint = { kind: 'flag', about: 'Wet.', privacy: 'secret' };
// @ts-expect-error whose business is the field?
const event: EventSpec = { about: 'Seen.', lane: 'a', fields: { plate: { about: 'The plate.' } } };
// @ts-expect-error a table row says it too
const row: RegisterTable = { level: { kind: 'flag', about: 'Wet.', at: 0 } };

// A register map gives its points their types.
const map = registerMap({
  level: { kind: 'number', at: 0, unit: 'mm', min: 0, max: 100, ...plain },
  bay: { kind: 'state', at: 1, states: { free: 0, taken: 1 }, ...plain },
});
type Read = Awaited<ReturnType<typeof map.read>>;
const read: Read = { level: 3, bay: 'taken' };
// @ts-expect-error not a state of the table
const wrongState: Read = { bay: 'occupied' };
// @ts-expect-error not a point of the table
const wrongPoint: Read = { depth: 3 };

// A timing, an outcome, an evidence that is none.
// @ts-expect-error board, host or none
const timed: CommandSpec = { ...on, timing: 'relay' };
// @ts-expect-error done, failed or unknown
const outcome: ActResult = { result: 'maybe', facts: {} };
// @ts-expect-error simulated, captured or field
defineDriver({ ...base, evidence: 'certified', commands: {}, open: () => ({}) });

export const _ = [unclassified, misclassified, event, row, read, wrongState, wrongPoint, timed, outcome];
