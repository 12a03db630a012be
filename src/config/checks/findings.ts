import { nearest } from '../../model/index.ts';
import { errorAt, type Finding, type Path } from '../problems.ts';

/** A name that must be one of others: with the one that was probably meant. */
export function unknownName(path: Path, came: string, what: string, known: readonly string[]): Finding {
  const close = nearest(came, known);
  return errorAt(
    path,
    `there is no ${what} ${came}`,
    close ? `Did you mean ${close}?` : `Known: ${known.join(', ') || 'none'}.`,
  );
}

/** The second and further ones of what may stand there once, with the first. */
export function repeats<T>(
  things: readonly T[],
  keyOf: (thing: T) => string | undefined,
): { readonly first: T; readonly again: T }[] {
  const seen = new Map<string, T>();
  return things.flatMap((again) => {
    const key = keyOf(again);
    if (key === undefined) return [];
    const first = seen.get(key);
    if (first === undefined) seen.set(key, again);
    return first === undefined ? [] : [{ first, again }];
  });
}
