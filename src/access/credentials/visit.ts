import { z } from 'zod';
import { ID_PATTERN } from '../../model/index.ts';
import type { Visit } from './decide.ts';

const id = z.string().regex(ID_PATTERN);
const word = z.string().min(1).max(120);
const moment = z.int().min(0).max(253_402_300_799_999);
const right = z.object({
  door: id,
  side: z.enum(['in', 'out']).exactOptional(),
  floors: z.array(id).max(200).exactOptional(),
});

/** The payload of a visitor token, a JWS of typ `gl-visit`. It is for a gateway, or for all of a site; it opens doors, or what groups open. */
const visitSchema = z
  .object({
    v: z.literal(1),
    id: word,
    /** Pseudonym of the visitor. */
    who: word,
    gateway: z.string().min(1).exactOptional(),
    site: z.string().min(1).exactOptional(),
    doors: z
      .array(z.union([id.transform((door) => ({ door })), right]))
      .max(50)
      .default([]),
    groups: z.array(word).max(20).default([]),
    from_ms: moment,
    until_ms: moment,
    uses: z.int().min(1).max(1000).exactOptional(),
  })
  .refine(({ gateway, site }) => gateway !== undefined || site !== undefined)
  .refine(({ doors, groups }) => doors.length + groups.length > 0)
  .refine(({ from_ms, until_ms }) => from_ms < until_ms);

/** What a token whose signature is good says to this gateway; a word where it says nothing. */
export function readVisit(
  payload: unknown,
  here: { readonly gateway: string; readonly site: string },
): Omit<Visit, 'used'> | 'bad-token' | 'other-gateway' {
  const read = visitSchema.safeParse(payload);
  if (!read.success) return 'bad-token';
  const { v: _, gateway = here.gateway, site = here.site, doors, ...visit } = read.data;
  if (gateway !== here.gateway || site !== here.site) return 'other-gateway';
  return { ...visit, rights: doors };
}

/** A code that can only be a token: three parts of base64url, the first of them a JSON object. */
export const isToken = (code: string): boolean => /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/.test(code);
