import { z } from 'zod';
import { id, text, whole } from './schema-words.ts';

/** 32 bytes in base64url; the last letter carries four bits only. */
const PUBLIC_KEY = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

const DATE = 'a date such as 2026-01-31';
const date = (about: string) =>
  z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/, { error: DATE, abort: true })
    .refine((text) => !Number.isNaN(Date.parse(text)), DATE)
    .describe(`${about}, at 0:00 UTC.`)
    .optional();

const keySchema = z
  .strictObject({
    kid: text('Name of the key; signatures name it. A new key has a new one.').max(80),
    public_key: z
      .string()
      .regex(PUBLIC_KEY, 'an Ed25519 public key: 43 letters of base64url, as gatelodge sign key prints it')
      .describe('The public key: 32 bytes in base64url.'),
    from: date('It counts from this day'),
    until: date('It counts no more from this day'),
  })
  .describe('A public key.');

const words = (about: string) => z.array(text('A name, or * for all.')).min(1).describe(about);

const issuerSchema = z
  .strictObject({
    name: id('Name of who commands, for the audit.'),
    keys: z
      .array(keySchema)
      .min(1)
      .describe('Its keys; two may overlap while one takes the place of the other.'),
    may: z
      .array(
        z
          .strictObject({
            targets: words('Devices and doors; bus:ID for a bus, which knows maintenance only; * for all.'),
            commands: words(
              'Commands; * for all that move something. What changes a unit itself, such as its address, must be named.',
            ),
          })
          .describe('Something it may do.'),
      )
      .min(1)
      .describe('What it may do; anything else is refused.'),
  })
  .describe('Somebody who may command from afar.');

export const trustSchema = z
  .strictObject({
    version: whole('Grows with every change.', 1, 1_000_000_000).default(1),
    roots: z.array(keySchema).default([]).describe('They sign configuration and changes of this section.'),
    issuers: z.array(issuerSchema).default([]).describe('They sign commands.'),
    lists: z.array(keySchema).default([]).describe('They sign credential lists and visitor tokens.'),
  })
  .prefault({})
  .describe('Whose signatures count. Trusted because this file was installed by hand.');

export const commandsSchema = z
  .strictObject({
    unsigned: z
      .array(id('A device.'))
      .default([])
      .describe('Devices that may be commanded from afar without a signature, such as lamps and signs.'),
    per_minute: whole(
      'Commands of one issuer in a minute; half of them at once. More are refused.',
      2,
      6000,
    ).default(60),
  })
  .prefault({})
  .describe('Commands from afar.');

export type KeyConfig = z.infer<typeof keySchema>;
