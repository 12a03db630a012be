import { table, valuesOf } from './markdown.mjs';
import { defaultOf, optionsOf, unitOf } from './site-options.mjs';

/** The options of a group, as its JSON Schema tells them. */
export function optionTable(group) {
  const variants = group.oneOf?.length;
  const rows = optionsOf(group).map((option) => {
    const { name, schemas, types } = option;
    const values = [...new Set(schemas.map(valuesOf))].join(', ');
    const only = variants && types.length < variants ? types.map((type) => `\`${type}\``).join(', ') : '';
    const row = [`\`${name}\``, values, unitOf(name), defaultOf(option), sentenceOf(option)];
    return variants ? [...row, only || 'all'] : row;
  });
  const head = ['option', 'values', 'unit', 'default', 'what it is', ...(variants ? ['of type'] : [])];
  return table(head, rows);
}

/** The sentence of an option; where its variants have their own, all of them. */
function sentenceOf({ schemas, types }) {
  const sentences = schemas.map(({ description = '' }) => description);
  if (new Set(sentences).size === 1) return sentences[0];
  return sentences.map((sentence, index) => `\`${types[index]}\`: ${sentence}`).join(' ');
}
