import { z } from 'zod';
import { EXAMPLE, gateway, sha256, v } from './words.ts';

/** A chunk stays below 64 KiB (contract, Topics). */
const MOST_DATA = 65_536;

export const fileSchema = z
  .looseObject({
    v,
    gateway,
    id: z
      .string()
      .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      .describe('Of the file, as in the topic and in the records that tell of it.'),
    type: z.string().min(1).max(80).describe('Media type: `image/jpeg`, `image/png`.'),
    size: z.int().min(1).describe('Bytes of the whole file.'),
    sha256: sha256.describe('Of the whole file.'),
    offset: z.int().min(0).describe('Where in the file these bytes stand.'),
    data: z
      .string()
      .min(4)
      .max(MOST_DATA)
      .regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/)
      .describe('The bytes, in base64 (RFC 4648, 4).'),
    last: z.boolean().describe('The file ends with them.'),
  })
  .describe(
    'A piece of a file that the platform asked for (command `send` of `snapshots`). Pieces come in order from the offset that was asked for, and may come again.',
  )
  .meta({
    examples: [
      {
        v: 1,
        gateway: EXAMPLE.gateway,
        id: '01926b0a-7d21-7c3e-9b40-2f8a61c05e77',
        type: 'image/jpeg',
        size: 8,
        sha256: '42ac5df2dd7b2fcf67c851ca82da40ef0831f4d22a0e8d1024df4fcbd314bb46',
        offset: 4,
        data: 'AAECAw==',
        last: true,
      },
    ],
  });
