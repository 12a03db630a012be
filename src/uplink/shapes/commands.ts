import { z } from 'zod';
import { EXAMPLE, gateway, json, known, v } from './words.ts';

export const cmdSchema = z
  .looseObject({
    v: v.optional(),
    id: z.string().min(1).max(80).describe('UUIDv7; an id gets exactly one outcome.'),
    gateway: gateway.optional().describe('For which gateway; for another one it is refused.'),
    target: z.string().min(1).max(80).describe('Device or door.'),
    name: z.string().min(1).max(80).describe('What to do.'),
    args: json.default({}).describe('As the command declares.'),
    issuer: z.string().min(1).max(80).describe('Who wants it.'),
    reason: z.string().max(400).optional().describe('Why, for the audit.'),
    issued_at: z.string().optional().describe('When it was given, ISO 8601.'),
    ttl_ms: z
      .int()
      .min(1)
      .max(3_600_000)
      .default(10_000)
      .describe('From receipt, on the monotonic clock of the gateway.'),
    beat: z.string().optional().describe('Nonce of the newest beat.'),
  })
  .describe('A wish that something be done. Never retained.')
  .meta({
    examples: [
      {
        v: 1,
        id: EXAMPLE.command,
        gateway: EXAMPLE.gateway,
        target: 'gate',
        name: 'open',
        args: {},
        issuer: 'guard-desk',
        ttl_ms: 10000,
        beat: EXAMPLE.nonce,
      },
    ],
  });

export const resultSchema = z
  .looseObject({
    v,
    id: z.string().describe('Of the command.'),
    result: known(
      'accepted',
      'actuated',
      'confirmed',
      'done',
      'unconfirmed',
      'refused',
      'expired',
      'failed',
      'unknown',
    ).describe('The first two are progress; of the others there is exactly one.'),
    facts: json.describe('Why, or how it went.'),
  })
  .describe('Progress or outcome of a command.')
  .meta({
    examples: [
      {
        v: 1,
        id: EXAMPLE.command,
        result: 'refused',
        facts: { reason: 'not-available' },
      },
    ],
  });
