import { z } from 'zod';
import { ID_PATTERN, POINT_PATTERN } from '../model/index.ts';

/** What an id looks like, in messages. */
export const ID_FORM = 'a word of at most 40 lower case letters, digits and -';

export const id = (about: string) => z.string().regex(ID_PATTERN, ID_FORM).describe(about);
export const millis = (about: string, min: number, max: number) =>
  z.number().min(min).max(max).describe(about);
export const whole = (about: string, min: number, max: number) => z.int().min(min).max(max).describe(about);
export const seconds = (about: string, min: number, max: number) =>
  z.number().min(min).max(max).describe(about);
export const text = (about: string) => z.string().min(1).describe(about);
export const pointId = (about: string) =>
  z.string().regex(POINT_PATTERN, 'a point of that device').describe(about);
export const ipv4 = (about: string) =>
  z
    .string()
    .regex(/^\d{1,3}(\.\d{1,3}){3}$/, 'four numbers with dots')
    .describe(about);
