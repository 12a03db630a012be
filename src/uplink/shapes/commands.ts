import { z } from 'zod';
import { EXAMPLE, gateway, json, known, v } from './words.ts';

/** What is signed, or comes in clear where the site allows that. */
export const claimsSchema = z.looseObject({
  v: v.optional(),
  id: z.string().min(1).max(80).describe('UUIDv7; an id gets exactly one outcome.'),
  gateway: gateway.optional().describe('For which gateway; a signed one must say.'),
  target: z.string().min(1).max(80).describe('Device, door or load.'),
  name: z.string().min(1).max(80).describe('What to do.'),
  args: json.default({}).describe('As the command declares.'),
  issuer: z.string().min(1).max(80).describe('Who wants it: a name among the issuers of the site file.'),
  reason: z.string().max(400).optional().describe('Why, for the audit.'),
  issued_at: z.int().min(0).optional().describe('When it was given, unix ms; a signed one must say.'),
  ttl_ms: z
    .int()
    .min(1)
    .max(3_600_000)
    .default(10_000)
    .describe('From receipt, on the monotonic clock of the gateway.'),
  beat: z
    .string()
    .max(80)
    .optional()
    .describe('Nonce of the newest beat. Of this connection, one of the last three.'),
});

const signedSchema = z.looseObject({
  v,
  jws: z
    .string()
    .min(1)
    .max(16_384)
    .describe('JWS in compact form: EdDSA, `kid`, typ `gl-cmd`; its payload is the command.'),
});

export const cmdSchema = z
  .union([signedSchema, claimsSchema])
  .describe('A wish that something be done. Never retained.')
  .meta({
    examples: [
      { v: 1, jws: EXAMPLE.jws },
      {
        v: 1,
        id: EXAMPLE.command,
        gateway: EXAMPLE.gateway,
        target: 'lamp',
        name: 'on',
        args: { channel: 1 },
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
        facts: { reason: 'stale', after_restart: true },
      },
    ],
  });
