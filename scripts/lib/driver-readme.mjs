// The generated block of a driver's README: evidence, wire, options, points, commands, as its definition says.
import { z } from 'zod';
import { refreshBlock, table, valuesOf } from './markdown.mjs';

/** The README with its block made anew; throws when it has no markers. */
export const refreshReadme = (text, driver, models = {}) =>
  refreshBlock(`drivers/${driver.id}/README.md`, text, block(driver, models));

const EVIDENCE = {
  simulated: 'simulated wires only',
  captured: 'bytes captured from real units, and simulated wires',
  field: 'units in the field',
};

function block(driver, models) {
  const defaults = driver.options.safeParse({});
  const points = defaults.success ? Object.entries(driver.points(defaults.data)) : [];
  const names = [...driver.aliases, ...Object.keys(models)];
  const warmUp = defaults.success ? (driver.warm_up_ms?.(defaults.data) ?? 0) : 0;
  return [
    `Tried on: ${EVIDENCE[driver.evidence]}. Link: ${linkOf(driver)}. Polled every ${driver.poll_ms.default} ms unless configured (shortest ${driver.poll_ms.min} ms)${warmUp ? `. When it begins to measure it gives no values for ${warmUp / 1000} s` : ''}${names.length ? `. Also known as ${names.map((name) => `\`${name}\``).join(', ')}` : ''}.`,
    '',
    '### Options',
    '',
    table(
      ['option', 'values', 'default', 'what it does'],
      Object.entries(propertiesOf(driver.options)).map(optionRow),
    ) || 'None.',
    '',
    ...(defaults.success ? linesOf(driver.lines?.(defaults.data) ?? {}) : []),
    '### Points',
    '',
    defaults.success
      ? table(['point', 'values', 'what it is'], points.map(pointRow))
      : 'Those of its profile.',
    '',
    ...eventsOf(driver.events),
    '### Commands',
    '',
    table(
      ['command', 'arguments', 'ended by', 'what it does'],
      Object.entries(driver.commands).map(commandRow),
    ) || 'None.',
  ].join('\n');
}

function linkOf({ link, wire }) {
  if (link === 'line') return 'line (a bus of type gpio, gpio-sysfs or firmata)';
  const { baud, parity, timeout_ms, gap_ms, unit } = wire;
  if (link === 'udp' || link === 'http') return `${link}, timeout ${timeout_ms} ms`;
  const address = unit === undefined ? '' : `, factory address ${unit}`;
  return `${link}, ${baud} baud, parity ${parity}, timeout ${timeout_ms} ms, gap ${gap_ms} ms${address}`;
}

/** Only of drivers on lines. */
const linesOf = (lines) =>
  Object.keys(lines).length
    ? [
        '### Lines',
        '',
        table(['line', 'way', 'debounce', 'what it is'], Object.entries(lines).map(lineRow)),
        '',
      ]
    : [];

const WAYS = { in: 'input', out: 'output', analog: 'analogue input' };
const lineRow = ([name, { direction, debounce_ms, about }]) => [
  `\`${name}\``,
  WAYS[direction],
  debounce_ms ? `${debounce_ms} ms` : '',
  about,
];

/** Only of drivers that report something by themselves. */
const eventsOf = (events) =>
  Object.keys(events).length
    ? ['### Events', '', table(['event', 'fields', 'what it is'], Object.entries(events).map(eventRow)), '']
    : [];

const eventRow = ([name, { about, fields }]) => [
  `\`${name}\``,
  Object.entries(fields)
    .map(([field, spec]) => `\`${field}\` (${spec.privacy}): ${spec.about}`)
    .join('; '),
  about,
];

const optionRow = ([name, schema]) => [
  `\`${name}\``,
  valuesOf(schema),
  schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``,
  schema.description ?? '',
];

const pointRow = ([name, spec]) => [
  `\`${name}\``,
  spec.kind === 'number'
    ? `${spec.min} to ${spec.max} ${spec.unit}`
    : spec.kind === 'flag'
      ? 'true, false'
      : spec.values.join(', '),
  spec.about,
];

const commandRow = ([name, spec]) => [
  `\`${name}\``,
  Object.entries(propertiesOf(spec.args))
    .map(([arg, schema]) => `\`${arg}\`: ${valuesOf(schema)}`)
    .join('; '),
  spec.timing === 'none' ? '' : `${spec.timing}, steps of ${spec.step_ms} ms, at most ${spec.max_ms} ms`,
  spec.about,
];

const propertiesOf = (schema) => z.toJSONSchema(schema, { io: 'input' }).properties ?? {};
