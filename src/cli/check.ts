import {
  type BusBudget,
  type DoorWait,
  type Loaded,
  type Problem,
  SECRETS,
  sentenceOf,
} from '../config/index.ts';
import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import * as flags from './flags.ts';
import { isWide, json, table } from './output.ts';
import { rulesText } from './rules-text.ts';

/** A file with one slip in each device would bury its first line. */
const MOST_SHOWN = 25;

/** `check`: what is wrong with a site file; exit code 1 when the gateway would not take it. */
export const checkCommand = (deps: Pick<CliDeps, 'load' | 'readText' | 'out' | 'err'>): Command =>
  command({
    does: 'What is wrong with a site file (line, cause, remedy), and how full its buses are.',
    examples: [
      'check config/sites/demo.yaml',
      'check /etc/gatelodge/site.yaml --here --json',
      'check config/sites/riverside.yaml --rules',
    ],
    words: [{ name: 'FILE', about: 'the site file' }],
    flags: {
      rules: { about: 'show what each rule and preset comes to' },
      here: { about: 'it is to run on this machine: a secret that is not here is an error' },
      ...flags.json,
    },
    run: async ({ words: [file = ''], flags: { here, rules, json: wanted } }) => {
      const text = deps.readText(file);
      const loaded = await deps.load(file, { here });
      if (wanted) deps.out(json(checkJson(loaded)));
      else if (loaded.site)
        deps.out(`${rules ? rulesText(loaded.rules.plans) : ''}${checkText(file, text, loaded)}`);
      else deps.err(checkText(file, text, loaded));
      return loaded.site ? 0 : 1;
    },
  });

const checkJson = (loaded: Loaded) => ({
  ok: loaded.site !== undefined,
  problems: loaded.problems,
  buses: loaded.budgets,
  doors: loaded.doors.map(({ wait }) => wait),
  devices: loaded.devices.length,
  rules: loaded.rules.plans,
});

/** For people: each problem with its line of the file and a mark below. */
function checkText(file: string, text: string, loaded: Loaded): string {
  const lines = text.split(/\r?\n/);
  const shown = loaded.problems.slice(0, MOST_SHOWN).map((problem) => problemText(file, lines, problem));
  const more = loaded.problems.length - shown.length;
  const errors = loaded.problems.filter(({ severity }) => severity === 'error').length;
  const warnings = count(loaded.problems.length - errors, 'warning');
  const verdict = errors
    ? `${file} is not accepted: ${count(errors, 'error')}, ${warnings}.`
    : `${file} is good: ${count(loaded.devices.length, 'device')} on ${count(loaded.budgets.length, 'bus', 'buses')}, ${warnings}.`;
  return [
    ...shown,
    ...(more > 0 ? [`… and ${more} more (--json shows all)`, ''] : []),
    ...(errors ? [] : [budgetText(loaded.budgets), '']),
    ...(errors || loaded.doors.length === 0 ? [] : [doorText(loaded.doors.map(({ wait }) => wait)), '']),
    verdict,
    '',
  ].join('\n');
}

function problemText(file: string, lines: readonly string[], problem: Problem): string {
  const { severity, remedy, line, column } = problem;
  const number = String(line);
  const { text, mark } = excerpt(lines[line - 1] ?? '', column);
  return [
    `${file}:${line}:${column}: ${severity}: ${sentenceOf(problem)}`,
    `  ${number} | ${text}`,
    `  ${' '.repeat(number.length)} | ${mark}`,
    `  ${remedy}`,
    '',
  ].join('\n');
}

const WIDEST = 160;

/** A line as it can be shown: no secrets, no control characters, not wider than a screen; and the mark below it. */
function excerpt(line: string, column: number): { readonly text: string; readonly mark: string } {
  const from = column > WIDEST ? column - WIDEST / 2 : 0;
  const text = line
    .slice(from, from + WIDEST)
    .replace(/\p{Cc}/gu, (letter) => (letter === '\t' ? '→' : '·'))
    .replace(SECRET, '$1***')
    .replace(/(:\/\/)[^@\s/]*@/g, '$1***@')
    // What was written in place of the name of a host may hold a password.
    .replace(/(\bhost["']?\s*:\s*)[^\s,}]*[@/][^,}]*/g, '$1***');
  // Chinese letters take two columns, so the mark is moved by the text itself.
  const before = text.slice(0, Math.max(0, column - 1 - from));
  return {
    text,
    mark: `${before.replace(/[^\x20-\x7e]/g, (letter) => (isWide(letter) ? '  ' : ' ')).replace(/[^ ]/g, ' ')}^`,
  };
}

/** What stands behind a secret's name, unless it is a reference. */
const SECRET = new RegExp(
  `\\b((?:${SECRETS.join('|')})["']?\\s*:\\s*)(?!["']?\\$\\{|[|>])[^\\s,}][^,}]*`,
  'g',
);

function budgetText(budgets: readonly BusBudget[]): string {
  const rows = budgets.map(({ bus, devices, loads, use, cycle_ms, cycle_one_mute_ms, worst_exchange_ms }) =>
    loads.length
      ? [
          bus,
          String(devices),
          `${Math.round(use * 100)} %`,
          `${Math.round(cycle_ms)} ms`,
          `${Math.round(cycle_one_mute_ms)} ms`,
          `${Math.round(worst_exchange_ms)} ms`,
        ]
      : [bus, String(devices), 'listens'],
  );
  return table([
    ['bus', 'devices', 'use', 'round', 'round with a mute unit', 'a command waits at most'],
    ...rows,
  ]);
}

/** From an accepted command to the first byte on the wire of its relay, with the sum. */
function doorText(waits: readonly DoorWait[]): string {
  const rows = waits.map(
    ({ door, relay, channel, bus, bound_ms, gateway_ms, in_flight_ms, behind, ends_by }) => [
      door,
      `${relay} ${channel} on ${bus}`,
      ends_by === 'board' ? 'its board' : 'this gateway (degraded)',
      `${bound_ms} ms`,
      in_flight_ms > 0
        ? `${gateway_ms} gateway + ${in_flight_ms} exchange of ${behind}`
        : `${gateway_ms} gateway, nothing before it`,
    ],
  );
  return table([['door', 'relay', 'an unlock is ended by', 'it moves within', 'of these'], ...rows]);
}

const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;
