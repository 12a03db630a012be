import type { RuleAction } from '../../contracts/index.ts';
import type { JsonObject } from '../../model/index.ts';
import { explain } from '../explain.ts';
import { errorAt, type Finding, type Path } from '../problems.ts';
import type { RuleActionConfig } from '../rule-schema.ts';
import type { CheckedDevice } from './device.ts';
import { unknownName } from './findings.ts';
import { type Found, isNamed, notFound, ownerOf, relaysMoved, type Things } from './things.ts';

/** What a load can be told. */
export const LOAD_COMMANDS = ['on', 'off', 'auto'] as const;

/** Whether a rule may do that: never what a door, a supply, a load or a count sign moves by itself. */
export function checkAction(action: RuleActionConfig, path: Path, things: Things): Found<RuleAction> {
  const { site, devices, derived } = things;
  const { target, command, args } = action;
  const say = (key: string, message: string, remedy: string) =>
    notFound(errorAt([...path, key], message, remedy));
  if (site.loads.some(({ id }) => id === target)) return checkLoadAction(action, path);
  if (site.doors.some(({ id }) => id === target))
    return say(
      'target',
      `${target} is a door; a rule never moves one`,
      'Doors follow their schedule, fire inputs and commands; let the rule alarm.',
    );
  if (derived.has(target))
    return say('target', `${target} is derived; it can be told nothing`, 'Name a device or load.');
  const device = devices.get(target);
  if (!device) {
    if (isNamed(target, things)) return notFound();
    const known = [...site.devices, ...site.loads].map(({ id }) => id);
    return notFound(unknownName([...path, 'target'], target, 'device or load', known));
  }
  const wrong = commandFindings(device, { command, args }, path);
  if (wrong.length) return { findings: wrong };
  const forbidden = forbiddenFor(device, { command, args }, things);
  if (forbidden) return say('target', forbidden.message, forbidden.remedy);
  const parsed = device.driver.commands[command]?.args.safeParse(args);
  return { findings: [], found: { target, command, args: parsed?.success ? parsed.data : args } };
}

function checkLoadAction({ target, command, args }: RuleActionConfig, path: Path): Found<RuleAction> {
  const known: readonly string[] = LOAD_COMMANDS;
  if (!known.includes(command))
    return notFound(unknownName([...path, 'command'], command, `command of ${target}`, known));
  const wrong = Object.keys(args).find((key) => key !== 'for_s' || command === 'auto');
  if (wrong !== undefined)
    return notFound({
      ...errorAt(
        [...path, 'args', wrong],
        `${command} of a load knows no ${wrong}`,
        command === 'auto' ? 'Leave args out.' : 'It may have for_s.',
      ),
      atKey: true,
    });
  const { for_s } = args;
  if (for_s !== undefined && !(typeof for_s === 'number' && for_s >= 1 && for_s <= 604_800))
    return notFound(
      errorAt(
        [...path, 'args', 'for_s'],
        `for_s is ${JSON.stringify(for_s)}; 1 to 604800 seconds are expected`,
        'Write the number of seconds.',
      ),
    );
  return { findings: [], found: { target, command, args } };
}

/** Whether the device has that command, and it takes those arguments. */
export function commandFindings(
  { driver, config }: CheckedDevice,
  { command, args }: { readonly command: string; readonly args: JsonObject },
  path: Path,
): Finding[] {
  const commands = Object.keys(driver.commands);
  const spec = Object.hasOwn(driver.commands, command) ? driver.commands[command] : undefined;
  if (!spec)
    return commands.length
      ? [unknownName([...path, 'command'], command, `command of ${config.id} (${driver.id})`, commands)]
      : [
          errorAt(
            [...path, 'target'],
            `${config.id} (${driver.id}) can be told nothing`,
            'Name another device.',
          ),
        ];
  const parsed = spec.args.safeParse(args);
  if (parsed.success) return [];
  const { error } = parsed;
  // Drivers use the same schema library, so its issues can be put into the same words.
  const issues =
    typeof error === 'object' && error !== null && 'issues' in error
      ? (error.issues as Parameters<typeof explain>[0])
      : [];
  const findings = explain(issues, args, () => []).map((finding) => ({
    ...finding,
    path: [...path, 'args', ...finding.path],
    remedy: /known here/i.test(finding.remedy) ? `See gatelodge drivers ${driver.id}.` : finding.remedy,
  }));
  return findings.length
    ? findings
    : [errorAt([...path, 'args'], `${config.id} does not take that`, `See gatelodge drivers ${driver.id}.`)];
}

function forbiddenFor(
  device: CheckedDevice,
  { command, args }: { readonly command: string; readonly args: JsonObject },
  things: Things,
): { readonly message: string; readonly remedy: string } | undefined {
  const { site } = things;
  const { id, locks } = device.config;
  const { driver } = device;
  if (command === 'show' && site.signs.some((sign) => sign.device === id))
    return {
      message: `${id} is a count sign, and shows its count`,
      remedy: 'Name another sign, or take it out of signs.',
    };
  if (!driver.commands[command]?.actuates) return undefined;
  if (driver.category === 'access')
    return {
      message: `${id} (${driver.id}) moves locks`,
      remedy: 'A rule never moves a door; let it alarm.',
    };
  const moved = relaysMoved(device, args);
  const single = moved.length === 1;
  for (const channel of moved) {
    const owner = ownerOf(device, channel, things);
    if (owner)
      return {
        message: single
          ? `relay ${channel} of ${id} ${owner}`
          : `${command} moves all relays of ${id}, and relay ${channel} ${owner}`,
        remedy: locks.includes(channel)
          ? 'A rule never moves a door; let it alarm.'
          : 'Name a relay that is free.',
      };
    const load = site.loads.find(({ relays }) =>
      relays.some((relay) => relay.device === id && relay.channel === channel),
    );
    if (load)
      return {
        message: `relay ${channel} of ${id} is part of the load ${load.id}`,
        remedy: `Tell the load: target: ${load.id}, command: on or off.`,
      };
  }
  return undefined;
}
