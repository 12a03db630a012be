// What generated documents are made of.

const BEGIN = '<!-- begin generated: scripts/generate -->';
const END = '<!-- end generated -->';

/** A document with its generated block made anew; throws when it has no markers. */
export function refreshBlock(file, text, block) {
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END);
  if (from < 0 || to < from) throw new Error(`${file} has no generated block: put its markers in`);
  return `${text.slice(0, from)}${BEGIN}\n${block}\n${text.slice(to)}`;
}

/** A Markdown table; '' without rows. */
export function table(head, rows) {
  if (!rows.length) return '';
  const line = (cells) =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** What a JSON Schema lets stand there, in words. */
export function valuesOf(schema) {
  if (schema.enum) return schema.enum.map(String).join(', ');
  if (schema.const !== undefined) return String(schema.const);
  const either = schema.anyOf ?? schema.oneOf;
  if (either) {
    const constants = either.every((one) => one.const !== undefined);
    return [...new Set(either.map(valuesOf))].join(constants ? ', ' : ' or ');
  }
  if (schema.type === 'array' && schema.prefixItems)
    return `[${schema.prefixItems.map(valuesOf).join(', ')}]`;
  if (schema.type === 'array') return `list of (${valuesOf(schema.items ?? {})})`;
  const { minimum, maximum } = schema;
  const bounded = (limit) => limit !== undefined && Math.abs(limit) < Number.MAX_SAFE_INTEGER;
  if (bounded(minimum) && bounded(maximum)) return `${minimum} to ${maximum}`;
  if (bounded(minimum)) return `${minimum} or more`;
  return { string: 'text', boolean: 'true, false', object: 'group' }[schema.type] ?? schema.type ?? 'any';
}
