import type { MoveReport } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';
import type { JsonObject, Millis } from '../../model/index.ts';
import { type Command, command } from '../args.ts';
import type { CliDeps } from '../deps.ts';
import * as flags from '../flags.ts';
import { parseSpan, print } from '../output.ts';
import { settingIn, speedIn, speedText, speedWord, unitIn } from './settings.ts';
import { type Wire, wireFlags, wireOf, wireWord } from './wire.ts';
import { workAt } from './work.ts';

const unitFlags = {
  driver: { value: 'ID', about: 'what the unit is: a driver or model (gatelodge drivers)', required: true },
  ...flags.set,
  wait: {
    value: 'SPAN',
    about: 'a unit that takes it only with its next start is waited for so long: 60s, 5min, 0',
    default: '2min',
  },
} as const;

/** `bus readdress`: another address for a unit. */
export const busReaddressCommand = (deps: CliDeps): Command =>
  command({
    does: 'Another address for a unit. It is told once, and only when it is alone at the old address and nobody has the new one; then it is looked for at both.',
    examples: [
      'bus readdress /dev/ttyUSB0 --driver louver-box --from 1 --to 5',
      'bus readdress gates --config /etc/gatelodge/site.yaml --driver waveshare-relay --from 1 --to 2',
    ],
    words: [wireWord],
    flags: {
      from: { value: 'N', about: 'the address it has', required: true },
      to: { value: 'N', about: 'the address it is to have', required: true },
      at: {
        value: 'SPEED',
        about: 'its speed: 9600, 19200-8E1; default: that of the bus, or of the factory',
      },
      ...unitFlags,
      ...wireFlags,
      ...flags.json,
    },
    run: async ({ words: [word = ''], flags: given }) => {
      const { driver, set, at } = given;
      const wish = {
        ...{ driver, options: optionsIn(set), wait_ms: waitIn(given.wait) },
        ...{ from: unitIn('from', given.from), to: unitIn('to', given.to) },
        ...(at !== undefined && { setting: settingIn('at', at) }),
      };
      const wire = await wireOf(deps, word, given);
      const report = await workAt(deps, wire, (field, watch) => field.readdress(wish, watch));
      const back = `bus readdress ${wire.typed} --driver ${driver} --from ${wish.to} --to ${wish.from}`;
      return say(deps, { report, wire, back: `${back}${at === undefined ? '' : ` --at ${at}`}` }, given.json);
    },
  });

/** `bus rebaud`: another speed for a unit. */
export const busRebaudCommand = (deps: CliDeps): Command =>
  command({
    does: 'Another speed or parity for a unit. It is told once, and only when it is alone; then it is looked for at both speeds.',
    examples: [
      'bus rebaud /dev/ttyUSB0 --driver louver-box --unit 1 --from 4800 --to 9600',
      'bus rebaud gates --config /etc/gatelodge/site.yaml --driver waveshare-relay --unit 2 --to 19200-8E1',
    ],
    words: [wireWord],
    flags: {
      unit: { value: 'N', about: 'its address', required: true },
      from: { value: 'SPEED', about: 'the speed it has; default: that of the bus, or of the factory' },
      to: { value: 'SPEED', about: 'the speed it is to have: 9600, 19200-8E1', required: true },
      ...unitFlags,
      ...wireFlags,
      ...flags.json,
    },
    run: async ({ words: [word = ''], flags: given }) => {
      const { driver, set, from } = given;
      const wish = {
        ...{ driver, options: optionsIn(set), wait_ms: waitIn(given.wait) },
        ...{ unit: unitIn('unit', given.unit), to: speedIn('to', given.to) },
        ...(from !== undefined && { from: settingIn('from', from) }),
      };
      const wire = await wireOf(deps, word, { ...given, at: from });
      const report = await workAt(deps, wire, (field, watch) => field.rebaud(wish, watch));
      const [old, now] = [speedWord(report.from.setting), speedWord(report.to.setting)];
      const back = `bus rebaud ${wire.typed} --driver ${driver} --unit ${wish.unit} --from ${now} --to ${old}`;
      return say(deps, { report, wire, back }, given.json);
    },
  });

interface Done {
  readonly report: MoveReport;
  readonly wire: Wire;
  /** The command that undoes it, without the program's name. */
  readonly back: string;
}

function say(deps: Pick<CliDeps, 'out' | 'err'>, { report, wire, back }: Done, json: boolean): 0 | 1 {
  const { state, from, to, evidence, next } = report;
  const place = ({ unit, setting }: MoveReport['to']) => `unit ${unit} at ${speedText(setting)}`;
  const heads = {
    moved: `It is ${place(to)} now.`,
    pending: `It has been told, and is still ${place(from)}: it is not done yet.`,
    unseen: `It has been told to be ${place(to)}; this wire cannot follow it there to look.`,
  } as const satisfies Record<MoveReport['state'], string>;
  const look = `bus scan ${wire.typed} --at ${speedWord(to.setting)} --unit ${to.unit}`;
  const todo = [...next, ...(state === 'moved' ? [] : [`Then look: gatelodge ${look}`])];
  const text = [
    heads[state],
    ...evidence.map((line) => `  ${line}`),
    ...todo,
    `To go back: gatelodge ${back}`,
  ].join('\n');
  return print(deps, { json: { ...report, back: `gatelodge ${back}` }, text, exit: 0 }, json);
}

/** `k=v` words as options: what reads as JSON (4, true) is that, the rest is text. */
function optionsIn(words: readonly string[]): JsonObject {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=');
      const [name, text] = at < 0 ? [word, 'true'] : [word.slice(0, at), word.slice(at + 1)];
      return [name, /^(true|false|-?\d+(\.\d+)?)$/.test(text) ? JSON.parse(text) : text];
    }),
  );
}

function waitIn(text: string): Millis {
  const wait_ms = parseSpan(text);
  if (wait_ms !== undefined) return wait_ms;
  throw new Fault('usage', { text: `--wait is ${text}; 60s, 5min or 0 is expected` });
}
