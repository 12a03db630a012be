import { z } from 'zod';
import { accessSchema, accessStateSchema } from './access.ts';
import { type batchHeadSchema, batchSchema } from './batch.ts';
import { cmdSchema, resultSchema } from './commands.ts';
import { ackSchema, digestSchema } from './completeness.ts';
import { fileSchema } from './file.ts';
import { healthSchema } from './health.ts';
import { inventorySchema } from './inventory.ts';
import { beatSchema, statusSchema } from './presence.ts';

export { accessSchema, accessStateSchema } from './access.ts';
export { batchHeadSchema } from './batch.ts';
export { claimsSchema, cmdSchema } from './commands.ts';
export { ackSchema, digestSchema } from './completeness.ts';
export { fileSchema } from './file.ts';
export { healthSchema } from './health.ts';
export { inventorySchema } from './inventory.ts';
export { statusSchema } from './presence.ts';

/**
 * Every message of the contract, version 1, by the name of its published file: the one source of the JSON Schemas, of the checks at both ends, and
 * of the types.
 */
export const MESSAGES = {
  status: statusSchema,
  beat: beatSchema,
  inventory: inventorySchema,
  batch: batchSchema,
  digest: digestSchema,
  health: healthSchema,
  ack: ackSchema,
  cmd: cmdSchema,
  'cmd-result': resultSchema,
  access: accessSchema,
  'access-state': accessStateSchema,
  file: fileSchema,
} as const;

export type MessageName = keyof typeof MESSAGES;
export type Status = z.infer<typeof statusSchema>;
export type AckMessage = z.infer<typeof ackSchema>;
export type AccessStateMessage = z.infer<typeof accessStateSchema>;
export type FileMessage = z.infer<typeof fileSchema>;
export type InventoryMessage = z.infer<typeof inventorySchema>;
export type DigestMessage = z.infer<typeof digestSchema>;
export type BatchMessageHead = z.infer<typeof batchHeadSchema>;

/** The published JSON Schema (2020-12) of a message, with its examples. */
export function publishedSchema(name: MessageName): object {
  const schema = z.toJSONSchema(MESSAGES[name], {
    target: 'draft-2020-12',
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      // A tuple that may grow at its end still begins with all that is known today.
      if (zodSchema instanceof z.core.$ZodTuple && jsonSchema.minItems === undefined)
        jsonSchema.minItems = zodSchema._zod.def.items.filter(
          (item) => item._zod.optin !== 'optional',
        ).length;
    },
  });
  return { $id: `urn:gatelodge:contract:1:${name}`, title: name, ...schema };
}
