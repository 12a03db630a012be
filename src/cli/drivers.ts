import { z } from 'zod';
import type { CommandSpec, DriverCard, DriverLibrary, Schema } from '../contracts/index.ts';
import type { Json, JsonObject, PointSpec } from '../model/index.ts';
import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import * as flags from './flags.ts';
import { libraryWith } from './library.ts';
import { type Printed, print, printed, table } from './output.ts';

/** `drivers`: the library, or one driver of it. */
export const driversCommand = (deps: Pick<CliDeps, 'library' | 'readText' | 'out' | 'err'>): Command =>
  command({
    does: "The device library; one driver's options, points, commands and evidence.",
    examples: [
      'drivers',
      'drivers waveshare-relay',
      'drivers pump-station --profile config/profiles/pump-station.yaml',
    ],
    words: [{ name: 'ID', about: 'a driver or model', optional: true }],
    flags: { ...flags.profile, ...flags.json },
    run: async ({ words: [id], flags: { profile, json } }) => {
      const library = await libraryWith(deps, profile);
      const page = id === undefined ? await listDrivers(library) : await showDriver(library, id);
      return print(deps, page, json);
    },
  });

/** `drivers`: `{"drivers":[…]}`, each as `drivers ID` gives it. */
export async function listDrivers(library: DriverLibrary): Promise<Printed> {
  const cards = await Promise.all(library.ids.map((id) => library.describe(id)));
  const rows = cards.map(({ driver }) => [
    driver.id,
    driver.category,
    driver.link,
    driver.evidence,
    driver.about,
  ]);
  return {
    json: { drivers: cards.map(detailsOf) },
    text: table([['driver', 'category', 'link', 'evidence', 'about'], ...rows]),
    exit: 0,
  };
}

/** `drivers ID`: what it is, with `points`, `events`, `commands`, `wire`, `poll_ms`, and the JSON Schema of options and arguments. */
export const showDriver = (library: DriverLibrary, name: string): Promise<Printed> =>
  printed(async () => {
    const card = await library.describe(name);
    return { json: detailsOf(card), text: pageOf(card) };
  });

const summaryOf = ({ driver }: DriverCard): JsonObject => ({
  id: driver.id,
  about: driver.about,
  category: driver.category,
  link: driver.link,
  evidence: driver.evidence,
  aliases: driver.aliases,
});

const detailsOf = (card: DriverCard): JsonObject => ({
  ...summaryOf(card),
  preset: card.preset,
  wire: { ...card.driver.wire },
  poll_ms: { ...card.driver.poll_ms },
  ...(card.warm_up_ms && { warm_up_ms: card.warm_up_ms }),
  options: jsonSchema(card.driver.options),
  points: plain(card.points ?? {}),
  events: plain(card.driver.events),
  commands: Object.fromEntries(
    Object.entries(card.driver.commands).map(([name, { args, ...spec }]) => [
      name,
      { ...spec, args: jsonSchema(args) },
    ]),
  ),
});

function pageOf(card: DriverCard): string {
  const { driver, points = {}, preset, warm_up_ms } = card;
  const { baud, parity, timeout_ms, unit } = driver.wire;
  const options = Object.entries(propertiesOf(driver.options));
  const chosen = Object.entries(preset).map(([name, value]) => `${name}=${String(value)}`);
  return [
    `${driver.id}: ${driver.about}`,
    `evidence ${driver.evidence}; ${driver.link} link, ${driver.link === 'udp' || driver.link === 'http' ? '' : `${baud} baud, parity ${parity}, `}timeout ${timeout_ms} ms${unit ? `, unit ${unit}` : ''}`,
    ...(warm_up_ms ? [`warms up for ${warm_up_ms / 1000} s when it begins to measure: no values`] : []),
    ...(driver.aliases.length ? [`also ${driver.aliases.join(', ')}`] : []),
    ...(chosen.length ? [`this name sets ${chosen.join(', ')}`] : []),
    ...section(
      'options',
      options.map(([name, schema]) => [name, hintOf(schema), textOf(schema.description)]),
    ),
    ...section(
      'points',
      Object.entries(points).map(([name, spec]) => [name, rangeOf(spec), spec.about]),
    ),
    ...section(
      'events',
      Object.entries(driver.events).map(([name, { fields, about }]) => [
        name,
        Object.keys(fields).join(', '),
        about,
      ]),
    ),
    ...section(
      'commands',
      Object.entries(driver.commands).map(([name, spec]) => [name, argsOf(spec), spec.about]),
    ),
  ].join('\n');
}

const section = (title: string, rows: readonly (readonly string[])[]): string[] =>
  rows.length ? ['', title, table(rows).replace(/^/gm, '  ')] : [];

function rangeOf(spec: PointSpec): string {
  if (spec.kind === 'number') return `${spec.min}..${spec.max} ${spec.unit}`;
  return spec.kind === 'flag' ? 'true, false' : spec.values.join(', ');
}

const argsOf = ({ args }: CommandSpec): string => Object.keys(propertiesOf(args)).join(', ');

/** `pm2_5, co2 (pm2_5)`: what may stand there, and what stands there when nothing does. */
function hintOf(schema: JsonObject): string {
  const kinds = Array.isArray(schema.enum) ? schema.enum.join(', ') : textOf(schema.type);
  return schema.default === undefined ? kinds : `${kinds} (${JSON.stringify(schema.default)})`.trim();
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

function propertiesOf(schema: Schema<unknown>): Readonly<Record<string, JsonObject>> {
  const { properties } = jsonSchema(schema);
  // zod writes an object of schemas there, or nothing.
  return (properties ?? {}) as Readonly<Record<string, JsonObject>>;
}

/** Drivers bring zod schemas; the contract does not name the library. */
const jsonSchema = (schema: Schema<unknown>): JsonObject =>
  schema instanceof z.ZodType ? plain(z.toJSONSchema(schema, { io: 'input' })) : {};

/** Plain data as JSON sees it: what is undefined is gone. */
const plain = (data: object): JsonObject => JSON.parse(JSON.stringify(data));
