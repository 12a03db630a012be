import type { Loaded, Problem } from '../config/index.ts';
import { table } from './output.ts';

/** `{"ok","problems":[{severity,path,message,remedy,line,column}],"buses":[…],"devices":n}` */
export function checkJson(loaded: Loaded) {
  return {
    ok: loaded.site !== undefined,
    problems: loaded.problems,
    buses: loaded.budgets.map((budget) => ({ ...budget })),
    devices: loaded.devices.length,
  };
}

/** The same for people: each problem with its line of the file and a mark below. */
export function checkText(file: string, text: string, loaded: Loaded): string {
  const lines = text.split('\n');
  const problems = loaded.problems.map((problem) => problemText(file, lines, problem));
  const errors = loaded.problems.filter(({ severity }) => severity === 'error').length;
  const warnings = loaded.problems.length - errors;
  const verdict = errors
    ? `${file} is not accepted: ${count(errors, 'error')}, ${count(warnings, 'warning')}.`
    : `${file} is good: ${count(loaded.devices.length, 'device')} on ${count(loaded.budgets.length, 'bus', 'buses')}, ${count(warnings, 'warning')}.`;
  return [...problems, ...(errors ? [] : [budgetText(loaded), '']), verdict, ''].join('\n');
}

function problemText(file: string, lines: readonly string[], problem: Problem): string {
  const { severity, path, message, remedy, line, column } = problem;
  const number = String(line);
  return [
    `${file}:${line}:${column}: ${severity}: ${path ? `${path}: ` : ''}${message}`,
    `  ${number} | ${lines[line - 1] ?? ''}`,
    `  ${' '.repeat(number.length)} | ${' '.repeat(Math.max(0, column - 1))}^`,
    `  ${remedy}`,
    '',
  ].join('\n');
}

function budgetText({ budgets }: Loaded): string {
  const rows = budgets.map(({ bus, devices, use, cycle_ms, cycle_one_mute_ms, worst_exchange_ms }) => [
    bus,
    String(devices),
    `${Math.round(use * 100)} %`,
    `${Math.round(cycle_ms)} ms`,
    `${Math.round(cycle_one_mute_ms)} ms`,
    `${Math.round(worst_exchange_ms)} ms`,
  ]);
  return table([
    ['bus', 'devices', 'use', 'round', 'round with a mute unit', 'a command waits at most'],
    ...rows,
  ]);
}

const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;
