import type { RuleAction } from '../../contracts/index.ts';
import { type JsonObject, LOAD_COMMANDS, LOAD_FOR_S } from '../../model/index.ts';
import { explain } from '../explain.ts';
import { errorAt, type Finding, type Path } from '../problems.ts';
import type { RuleActionConfig } from '../rule-schema.ts';
import type { CheckedDevice } from './device.ts';
import { unknownName } from './findings.ts';
import { type Found, isNamed, notFound, ownerOf, relaysMoved, type Things } from './things.ts';

/** Whether a rule may do that: never what a door, a supply or a count sign moves by itself. */
export function checkAction(action: RuleActionConfig, path: Path, things: Things): Found<RuleAction> {
  const { site, devices, derived } = things;
  const { target, command, args } = action;
  const say = (key: string, message: string, remedy: string) =>
    notFound(errorAt([...path, key], message, remedy));
  if (site.doors.some(({ id }) => id === target))
    return say(
      'target',
      `${target} is a door; a rule never moves one`,
      'Doors follow their schedule, fire inputs and commands; let the rule alarm.',
    );
  if (derived.has(target))
    return say('target', `${target} is derived; it can be told nothing`, 'Name a device.');
  const device = devices.get(target);
  if (!device) {
    if (isNamed(target, things)) return notFound();
    if (site.loads.some(({ id }) => id === target)) return checkLoadAction(action, path);
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

/** `on` and `off`, for a time or until something else is said; `auto`. */
function checkLoadAction({ target, command, args }: RuleActionConfig, path: Path): Found<RuleAction> {
  if (!LOAD_COMMANDS.some((one) => one === command))
    return notFound(unknownName([...path, 'command'], command, `command of loads`, LOAD_COMMANDS));
  const { for_s, ...more } = args;
  const [strange] = command === 'auto' ? Object.keys(args) : Object.keys(more);
  if (strange !== undefined)
    return notFound({
      ...errorAt([...path, 'args', strange], `${command} takes no ${strange}`, 'on and off take for_s.'),
      atKey: true,
    });
  const fits = typeof for_s === 'number' && Number.isInteger(for_s) && for_s >= 1 && for_s <= LOAD_FOR_S;
  if (for_s !== undefined && !fits)
    return notFound(
      errorAt(
        [...path, 'args', 'for_s'],
        `for_s is ${JSON.stringify(for_s)}; 1 to ${LOAD_FOR_S} is expected`,
        'Give seconds; left out: until something else is said.',
      ),
    );
  return { findings: [], found: { target, command, args } };
}

/** Whether the device has that command, and it takes those arguments. */
function commandFindings(
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
  }
  return undefined;
}
