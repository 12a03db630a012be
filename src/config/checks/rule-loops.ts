import type { LevelCondition, RuleCondition, RulePlan } from '../../contracts/index.ts';
import { errorAt, type Finding } from '../problems.ts';
import { inputsOf } from './doors.ts';
import { pointsOf, relaysMoved, relaysOf, type Things } from './things.ts';

/**
 * Rules that would set off each other for ever: what one moves is what another (or itself) waits for. Only what the site file can
 * know is seen; that a lamp shines on a light sensor it cannot, and there the limits of actions hold.
 */
export function loopFindings(plans: readonly RulePlan[], things: Things): Finding[] {
  const { rules } = things.site;
  const nodes = rules.map(({ id }) => id);
  const reads = (node: string): ReadonlySet<string> => new Set(readsOf(node, plans));
  const readBy = new Map(nodes.map((node) => [node, reads(node)]));
  const next = new Map(
    nodes.map((node) => {
      const moved = withConsequences(movesOf(node, plans, things), things);
      return [
        node,
        nodes.filter((other) => [...(readBy.get(other) ?? [])].some((source) => moved.has(source))),
      ];
    }),
  );
  return rules.flatMap(({ id }, index) => {
    const way = wayBack(id, next);
    if (!way) return [];
    return [
      errorAt(
        ['rules', index],
        `${id} sets itself off: ${way.join(' → ')}`,
        'Let it wait for something that it does not move itself.',
      ),
    ];
  });
}

/** The shortest way from a node to itself. */
function wayBack(from: string, next: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const ways: string[][] = [[from]];
  const seen = new Set<string>();
  for (const way of ways) {
    for (const node of next.get(way.at(-1) ?? '') ?? []) {
      if (node === from) return [...way, node];
      if (seen.has(node)) continue;
      seen.add(node);
      ways.push([...way, node]);
    }
  }
  return undefined;
}

const readsOf = (node: string, plans: readonly RulePlan[]): string[] =>
  plans.filter(({ rule }) => rule === node).flatMap(({ when, and }) => [when, ...and].map(sourceOf));

const sourceOf = (condition: RuleCondition | LevelCondition): string => {
  if (condition.type === 'threshold' || condition.type === 'state')
    return `point ${condition.device} ${condition.point}`;
  if (condition.type === 'event') return `event ${condition.subject} ${condition.name}`;
  return condition.type === 'door-alarm' ? `door ${condition.door}` : '';
};

function movesOf(node: string, plans: readonly RulePlan[], things: Things): string[] {
  return plans
    .filter(({ rule }) => rule === node)
    .flatMap(({ begin, end }) => [...begin, ...end])
    .flatMap(({ target, command, args }) => {
      const load = things.site.loads.find(({ id }) => id === target);
      if (load) return load.relays.flatMap((relay) => relayPoint(relay.device, relay.channel, things));
      const device = things.devices.get(target);
      const spec = device?.driver.commands[command];
      if (!device || !spec) return [];
      // What moves nothing may still say that it was done.
      if (!spec.actuates) return [`event ${target} ${command}`];
      const relays = relaysMoved(device, args);
      if (relays.length) return relays.flatMap((channel) => relayPoint(target, channel, things));
      return everything(target, things);
    });
}

function relayPoint(id: string, channel: number, { devices }: Things): string[] {
  const device = devices.get(id);
  const point = device && relaysOf(device)[channel - 1]?.point;
  return point === undefined ? [] : [`point ${id} ${point}`];
}

const everything = (id: string, things: Things): string[] => [
  ...Object.keys(pointsOf(id, things) ?? {}).map((point) => `point ${id} ${point}`),
  ...Object.keys(things.devices.get(id)?.driver.events ?? {}).map((event) => `event ${id} ${event}`),
];

/** With what is made of those points: derived values, and what doors see. */
function withConsequences(moved: readonly string[], things: Things): ReadonlySet<string> {
  const all = new Set(moved);
  for (const one of things.derived.values()) {
    const sources =
      'bays' in one ? one.bays.map(({ source }) => source) : 'source' in one ? [one.source] : one.sources;
    if (sources.some(({ device, point }) => all.has(`point ${device.config.id} ${point}`)))
      for (const source of everything(one.config.id, things)) all.add(source);
  }
  for (const door of things.site.doors) {
    if (!inputsOf(door).some(({ input }) => all.has(`point ${input.device} ${input.point}`))) continue;
    all.add(`door ${door.id}`);
    for (const { when } of things.site.rules)
      if (when?.type === 'event') all.add(`event ${door.id} ${when.name}`);
  }
  return all;
}
