// A JSON Schema as rows of a table: `problems[].line` | number | Line, from 1. | , each field once, in order.
import { valuesOf } from './markdown.mjs';

export function shapeRows(schema, place = '') {
  const either = schema.anyOf ?? schema.oneOf;
  if (either?.some(isGroup)) return either.flatMap((one) => shapeRows(one, place));
  if (schema.type === 'array' && isGroup(schema.items ?? {})) return shapeRows(schema.items, `${place}[]`);
  if (schema.type !== 'object') return [];
  const known = Object.entries(schema.properties ?? {});
  if (known.length === 0) {
    const inner = schema.additionalProperties;
    return typeof inner === 'object' && isGroup(inner) ? shapeRows(inner, `${place}.NAME`) : [];
  }
  return known.flatMap(([name, field]) => {
    const at = place ? `${place}.${name}` : name;
    const optional = (schema.required ?? []).includes(name) ? '' : ', may be absent';
    return [[`\`${at}\``, `${kindOf(field)}${optional}`, field.description ?? ''], ...shapeRows(field, at)];
  });
}

const isGroup = (schema) =>
  schema.type === 'object' ||
  (schema.type === 'array' && isGroup(schema.items ?? {})) ||
  (schema.anyOf ?? schema.oneOf ?? []).some(isGroup);

function kindOf(schema) {
  if (schema.type === 'object') return 'object';
  if (schema.type === 'array' && schema.prefixItems) return valuesOf(schema);
  if (schema.type === 'array') return `list of ${kindOf(schema.items ?? {})}s`.replace(/ss$/, 's');
  return valuesOf(schema);
}
