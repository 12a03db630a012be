import { z } from 'zod';
import type { Path } from './problems.ts';
import { siteSchema } from './schema.ts';

type Json = z.core.JSONSchema.BaseSchema;

let made: Json | undefined;
/** The site file as JSON Schema (2020-12): for editors, and for the names that are known at a place. */
export function jsonSchema(): Json {
  made ??= z.toJSONSchema(siteSchema, { io: 'input', unrepresentable: 'any' });
  return made;
}

/** Keys that a schema knows at a place. */
export function knownKeys(root: Json, path: Path): readonly string[] {
  let schemas: readonly Json[] = [root];
  for (const step of path) schemas = schemas.flatMap((schema) => childrenOf(schema, step));
  const groups = schemas.flatMap(alternatives);
  return [...new Set(groups.flatMap(({ properties }) => Object.keys(properties ?? {})))];
}

// The library types subschemas as "schema or boolean"; those of this schema are never booleans.
const alternatives = (schema: Json): Json[] => [schema, ...((schema.oneOf ?? schema.anyOf ?? []) as Json[])];

function childrenOf(schema: Json, step: string | number): Json[] {
  return alternatives(schema).flatMap((one) => {
    const child = typeof step === 'number' ? one.items : (one.properties?.[step] ?? one.additionalProperties);
    // As above: an object here is a schema.
    return child && typeof child === 'object' && !Array.isArray(child) ? [child as Json] : [];
  });
}
