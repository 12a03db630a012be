import type { LineEdge } from '#kit';

/** What is known of a contact since this session began. */
export interface Contact {
  /** undefined: it has not been looked at. */
  readonly closed: boolean | undefined;
  readonly changes: number;
  readonly bounces: number;
  readonly missed: number;
}

export const UNKNOWN: Contact = { closed: undefined, changes: 0, bounces: 0, missed: 0 };

/**
 * An edge, or a look, and what it adds. A look that shows another level than was known, and an edge that comes where the same one came before,
 * each stand for a change that nobody told.
 */
export function hear(contact: Contact, { on, how, bounces, lost }: LineEdge): Contact {
  const known = contact.closed !== undefined;
  const differs = known && contact.closed !== on;
  const untold = how === 'look' ? Number(differs) : known && !differs && lost === 0 ? 1 : 0;
  return {
    closed: on,
    changes: contact.changes + (how === 'edge' ? 1 : 0) + untold + lost,
    bounces: contact.bounces + bounces,
    missed: contact.missed + untold + lost,
  };
}
