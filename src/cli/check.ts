import type { BusBudget, DoorWait, Loaded } from '../config/index.ts';
import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import { tryEvents } from './dry-run.ts';
import * as flags from './flags.ts';
import { count, json, table } from './output.ts';
import { problemLines } from './problem-text.ts';
import { rulesText } from './rules-text.ts';

/** `check`: what is wrong with a site file; exit code 1 when the gateway would not take it. */
export const checkCommand = (deps: Pick<CliDeps, 'load' | 'dryRun' | 'readText' | 'out' | 'err'>): Command =>
  command({
    does: 'What is wrong with a site file (line, cause, remedy), and how full its buses are.',
    examples: [
      'check config/sites/demo.yaml',
      'check /etc/gatelodge/site.yaml --here --json',
      'check config/sites/riverside.yaml --rules',
      'check config/sites/riverside.yaml --dry-run config/sites/riverside-evening.events.yaml',
    ],
    words: [{ name: 'FILE', about: 'the site file' }],
    flags: {
      rules: { about: 'show what each rule and preset comes to' },
      'dry-run': {
        value: 'EVENTS',
        about: 'try the rules with this file of events; fails when what it expects does not hold',
      },
      here: { about: 'it is to run on this machine: a secret that is not here is an error' },
      ...flags.json,
    },
    run: async ({ words: [file = ''], flags: { here, rules, 'dry-run': events, json: wanted } }) => {
      const text = deps.readText(file);
      const loaded = await deps.load(file, { here });
      if (events !== undefined && loaded.site) {
        if (rules && !wanted) deps.out(rulesText(loaded.rules.plans));
        return tryEvents(deps, { ...loaded, site: loaded.site }, { events, json: wanted });
      }
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
  const errors = loaded.problems.filter(({ severity }) => severity === 'error').length;
  const warnings = count(loaded.problems.length - errors, 'warning');
  const verdict = errors
    ? `${file} is not accepted: ${count(errors, 'error')}, ${warnings}.`
    : `${file} is good: ${count(loaded.devices.length, 'device')} on ${count(loaded.budgets.length, 'bus', 'buses')}, ${warnings}.`;
  return [
    ...problemLines(file, text, loaded.problems),
    ...(errors ? [] : [budgetText(loaded.budgets), '']),
    ...(errors || loaded.doors.length === 0 ? [] : [doorText(loaded.doors.map(({ wait }) => wait)), '']),
    verdict,
    '',
  ].join('\n');
}

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
