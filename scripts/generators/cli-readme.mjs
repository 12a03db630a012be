import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { openLibrary } from '../../dist/drivers/index.js';
import { commandsOf } from '../../dist/src/cli/commands.js';
import { aboutFlag, flagText, wordText } from '../../dist/src/cli/help.js';
import { runCli } from '../../dist/src/cli/index.js';
import { SHAPES } from '../../dist/src/cli/shapes.js';
import { refreshBlock, table } from '../lib/markdown.mjs';
import { shapeRows } from '../lib/shape-rows.mjs';

const README = 'src/cli/README.md';
/** Commands whose first example can be run here, with what it prints. */
const RUN = ['decode', 'encode'];

async function answerOf(example) {
  let said = '';
  const out = (text) => {
    said += text;
  };
  await runCli(example.split(' '), { library: openLibrary, out, err: out, version: '' });
  return said.trimEnd();
}

const NAMES = Object.keys(commandsOf({}));
/** `drivers ID` is a shape of `drivers`; `bus scan` is a command of its own. */
const ownerOf = (shape) => (NAMES.includes(shape) ? shape : shape.split(' ')[0]);

async function section(name, { does, examples, words, flags }) {
  const usage = [name, ...words.map(wordText), ...(Object.keys(flags).length ? ['[options]'] : [])].join(' ');
  const rows = [
    ...words.map((word) => [`\`${word.name}\``, word.about]),
    ...Object.entries(flags).map(([flag, spec]) => [`\`${flagText(flag, spec)}\``, aboutFlag(spec)]),
  ];
  const shown = RUN.includes(name) ? ['', '```text', ...(await shownAnswers(examples[0])), '```'] : [];
  return [
    `### ${name}`,
    '',
    does,
    '',
    '```sh',
    `gatelodge ${usage}`,
    '',
    ...examples.map((example) => `gatelodge ${example}`),
    '```',
    ...shown,
    '',
    table(['word or option', 'what it is'], rows),
    ...Object.entries(SHAPES).flatMap(([shape, spec]) =>
      ownerOf(shape) === name ? shapeOf(shape, spec) : [],
    ),
  ].join('\n');
}

const shownAnswers = async (example) => [
  `$ gatelodge ${example}`,
  await answerOf(example),
  `$ gatelodge ${example} --json`,
  await answerOf(`${example} --json`),
];

function shapeOf(name, { answer, line }) {
  const schema = z.toJSONSchema(answer, { io: 'output', unrepresentable: 'any' });
  const what = line ? 'each line is one JSON object' : 'one JSON object';
  return [
    '',
    `\`${name} --json\`: ${what}.`,
    '',
    table(['field', 'values', 'what it is'], shapeRows(schema)),
  ];
}

async function block() {
  const sections = [];
  for (const [name, command] of Object.entries(commandsOf({}))) sections.push(await section(name, command));
  return [...sections, ['### A fault', ...shapeOf('any command', SHAPES.fault)].join('\n')].join('\n\n');
}

export default [
  { file: README, make: async () => refreshBlock(README, readFileSync(README, 'utf8'), await block()) },
];
