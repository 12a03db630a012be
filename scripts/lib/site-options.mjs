// The options of a site file, as its JSON Schema tells them: for tables and for the example.

const UNITS = { ms: 'ms', s: 's', mb: 'MB', hours: 'h', h: 'h', mm: 'mm', percent: '%', baud: 'baud' };

/** The unit stands in the last word of an option's name. */
export const unitOf = (name) => UNITS[name.split('_').at(-1)] ?? '';

/** The variants of a group: one, or those of a union. */
export const variantsOf = (schema) => schema.oneOf ?? [schema];

/** Options of a group in their order, each with the variants it belongs to. */
export function optionsOf(schema) {
  const options = new Map();
  for (const variant of variantsOf(schema)) {
    for (const [name, option] of Object.entries(variant.properties ?? {})) {
      const known = options.get(name) ?? { name, schemas: [], required: true, types: [] };
      known.schemas.push(option);
      known.required &&= (variant.required ?? []).includes(name);
      const type = variant.properties.type?.const;
      if (type) known.types.push(type);
      options.set(name, known);
    }
  }
  return [...options.values()];
}

/** `250`, `must be given`, or nothing when it may be left out without a default. */
export function defaultOf({ schemas, required }) {
  if (required) return 'must be given';
  const preset = schemas[0]?.default;
  if (preset === undefined || isEmptyGroup(preset)) return '';
  return Array.isArray(preset) && preset.length === 0 ? 'none' : String(preset);
}

const isEmptyGroup = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
