import { z } from 'zod';
import { ID_PATTERN } from '../../model/index.ts';
import { DAYS } from '../schedule.ts';

/** The largest content of one page; a page travels signed, and stays below 64 KiB then. */
export const MOST_CONTENT = 48 * 1024;
const MOST_PAGES = 2000;

const id = z.string().regex(ID_PATTERN);
const word = z.string().min(1).max(120);
const moment = z.int().min(0).max(253_402_300_799_999);
const minute = z.int().min(0).max(1440);
const day = z.enum([...DAYS, 'holiday']);

/** What the payload of a signed page says; what of it is a list stands in `content`, as text, so that its hash is that of these very bytes. */
export const pageSchema = z.object({
  v: z.literal(1),
  gateway: z.string().min(1),
  /** Of a delta: the version it changes. */
  from: z.int().min(1).exactOptional(),
  /** The version it makes. */
  version: z.int().min(1),
  page: z
    .int()
    .min(0)
    .max(MOST_PAGES - 1),
  pages: z.int().min(1).max(MOST_PAGES),
  /** SHA-256 of the contents of all pages, one after the other, in hex: ties them together. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** Ids of credentials that open nothing any more, from the moment this page is read. */
  revoked: z.array(word).max(10_000).default([]),
  content: z.string().max(MOST_CONTENT),
});

export type ListPage = z.infer<typeof pageSchema>;

const credential = z.object({
  id: word,
  who: word,
  /** As the reader tells it, with its format: `wiegand-26:118:1603`. Kept as a token only. */
  card: word.exactOptional(),
  /** A PIN that opens by itself, or, beside a card, goes with it. */
  pin: z
    .string()
    .regex(/^\d{4,12}$/)
    .exactOptional(),
  groups: z.array(word).max(64).default([]),
  from_ms: moment.exactOptional(),
  until_ms: moment.exactOptional(),
  visitor: z.boolean().default(false),
  extended: z.boolean().default(false),
  override: z.boolean().default(false),
});

export const contentSchema = z.object({
  offline_until_ms: moment.exactOptional(),
  groups: z
    .array(
      z.object({
        id: word,
        rights: z
          .array(
            z.object({
              door: id,
              side: z.enum(['in', 'out']).exactOptional(),
              floors: z.array(id).max(200).exactOptional(),
            }),
          )
          .max(1000),
        schedule: word.exactOptional(),
        keep: z.boolean().default(false),
        without_clock: z.boolean().default(false),
      }),
    )
    .default([]),
  schedules: z
    .array(
      z.object({
        id: word,
        spans: z.array(z.object({ days: z.array(day), from_min: minute, to_min: minute })).max(100),
      }),
    )
    .default([]),
  calendar: z.record(z.string().regex(/^\d{4}-\d{2}-\d{2}$/), day).default({}),
  credentials: z.array(credential).default([]),
  /** Of a delta: what is not there any more. */
  removed: z
    .object({
      groups: z.array(word).default([]),
      schedules: z.array(word).default([]),
      credentials: z.array(word).default([]),
      days: z.array(z.string()).default([]),
    })
    .exactOptional(),
});

export type ListContent = z.infer<typeof contentSchema>;
export type ListedCredential = z.infer<typeof credential>;
