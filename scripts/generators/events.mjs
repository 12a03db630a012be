import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { playSchema } from '../../dist/src/config/index.js';
import { refreshBlock } from '../lib/markdown.mjs';
import { optionTable } from '../lib/option-table.mjs';

const schema = z.toJSONSchema(playSchema, { io: 'input', unrepresentable: 'any' });

/** For editors. */
function editorSchema() {
  const { $schema, ...rest } = schema;
  const head = { $schema, $id: 'urn:gatelodge:events:1', title: 'Gatelodge events to try rules with' };
  return `${JSON.stringify({ ...head, ...rest }, null, 2)}\n`;
}

const steps = schema.properties.steps.items;
const GROUPS = [
  ['The file', schema],
  ['steps', steps],
  ['steps: expect', steps.oneOf[0].properties.expect.items],
];

const tables = () => GROUPS.map(([title, group]) => `### ${title}\n\n${optionTable(group)}`).join('\n\n');

const readme = 'src/rules/README.md';
export default [
  { file: 'config/events.schema.json', make: editorSchema },
  { file: readme, make: () => refreshBlock(readme, readFileSync(readme, 'utf8'), tables()) },
];
