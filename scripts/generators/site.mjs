import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { openLibrary } from '../../dist/drivers/index.js';
import { jsonSchema } from '../../dist/src/config/index.js';
import { exampleSite } from '../lib/example-site.mjs';
import { refreshBlock } from '../lib/markdown.mjs';
import { optionTable } from '../lib/option-table.mjs';

const library = await openLibrary();

/** For editors: the schema of the site file, and the options of each driver under the names it is known by. */
async function editorSchema() {
  const drivers = await Promise.all(library.ids.map((id) => library.load(id)));
  const schema = structuredClone(jsonSchema());
  const device = schema.properties.devices.items;
  device.properties.driver.examples = library.ids;
  device.allOf = drivers.map(({ id, aliases, options }) => {
    const { $schema, ...given } = z.toJSONSchema(options, { io: 'input' });
    const names = [id, ...aliases, ...Object.keys(library.models(id))];
    return {
      if: { required: ['driver'], properties: { driver: { enum: names } } },
      // biome-ignore lint/suspicious/noThenProperty: it is a word of JSON Schema.
      then: { properties: { options: given } },
    };
  });
  const { $schema, ...rest } = schema;
  const head = { $schema, $id: 'urn:gatelodge:site:1', title: 'Gatelodge site file' };
  return `${JSON.stringify({ ...head, ...rest }, null, 2)}\n`;
}

/** Groups of options, by the place they have in the file. */
const GROUPS = [
  ['the file', (root) => root],
  ['site', (root) => root.properties.site],
  ['gateway', (root) => root.properties.gateway],
  ['store', (root) => root.properties.store],
  ['snapshots', (root) => root.properties.snapshots],
  ['control', (root) => root.properties.control],
  ['buses', (root) => root.properties.buses.items],
  ['buses: rs485', (root) => root.properties.buses.items.oneOf[0].properties.rs485],
  ['devices', (root) => root.properties.devices.items],
  ['devices: lines', (root) => root.properties.devices.items.properties.lines.additionalProperties],
  ['devices: points', (root) => root.properties.devices.items.properties.points.additionalProperties],
  ['supplies', (root) => root.properties.supplies.items],
  ['derived', (root) => root.properties.derived.items],
  [
    'derived: bays of parking',
    (root) => variant(root.properties.derived.items, 'parking').properties.bays.items,
  ],
  [
    'derived: sources of air-quality',
    (root) => variant(root.properties.derived.items, 'air-quality').properties.sources.items,
  ],
  ['doors', (root) => root.properties.doors.items],
  ['doors: relays', (root) => variant(root.properties.doors.items, 'door').properties.lock],
  ['doors: readers', (root) => variant(root.properties.doors.items, 'door').properties.readers.properties.in],
  [
    'doors: contacts, presence and tamper contacts',
    (root) => variant(root.properties.doors.items, 'door').properties.contacts.properties.in,
  ],
  ['doors: exits', (root) => variant(root.properties.doors.items, 'door').properties.exits.properties.in],
  ['doors: fire', (root) => variant(root.properties.doors.items, 'door').properties.fire],
  ['doors: areas', (root) => variant(root.properties.doors.items, 'door').properties.areas],
  ['fire_inputs', (root) => root.properties.fire_inputs.items],
  ['schedules: spans', (root) => root.properties.schedules.items.properties.spans.items],
  ['rules', (root) => root.properties.rules.items],
  ['rules: when', (root) => root.properties.rules.items.properties.when],
  ['rules: do and after', (root) => root.properties.rules.items.properties.do.items],
  ['rules: points of presets', (root) => root.properties.rules.items.properties.points.items],
  ['loads', (root) => root.properties.loads.items],
  ['loads: relays', (root) => root.properties.loads.items.properties.relays.items],
  ['loads: switch', (root) => root.properties.loads.items.properties.switch],
  ['signs', (root) => root.properties.signs.items],
  ['uplinks', (root) => root.properties.uplinks.items],
];

const variant = (group, type) => group.oneOf.find(({ properties }) => properties.type.const === type);

function optionTables() {
  const root = jsonSchema();
  return GROUPS.map(([title, find]) => `### ${title}\n\n${optionTable(find(root))}`).join('\n\n');
}

const readme = 'src/config/README.md';
export default [
  { file: 'config/gateway.schema.json', make: editorSchema },
  { file: 'config/gateway.example.yaml', make: () => exampleSite(jsonSchema()) },
  { file: readme, make: () => refreshBlock(readme, readFileSync(readme, 'utf8'), optionTables()) },
];
