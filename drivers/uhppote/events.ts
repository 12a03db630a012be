import type { EventSpec, JsonObject } from '#kit';
import type { ControllerEvent } from './codec.ts';
import { reasons } from './reasons.ts';

const plain = (about: string) => ({ about, privacy: 'plain' }) as const;
const fields = {
  index: plain('Its number in the history of the controller'),
  door: plain('Door; 0 where it is about none'),
  granted: plain('Whether somebody was let in'),
  direction: plain('in or out; null where it is about neither'),
  card: { about: 'Number of the card; 0 where it is about none', privacy: 'identifier' },
  at: plain('When, by the clock of the controller, which has no zone; null: it does not know'),
  code: plain('Reason as the controller says it'),
} as const;

/** Every reason is an event by its own name; what nobody has documented is `other`. */
export const eventSpecs: Readonly<Record<string, EventSpec>> = {
  ...Object.fromEntries(reasons.map(({ name, about }) => [name, { about, lane: 'a', fields } as const])),
  other: { about: 'Something happened for a reason that is not documented.', lane: 'a', fields },
  'events-missed': {
    about: 'The controller has overwritten events before they could be read.',
    lane: 'a',
    fields: { from: plain('Number of the first one'), to: plain('Number of the last one') },
  },
};

/** An event of the history as it is told. */
export function eventToTell({ index, door, granted, direction, card, at, code, reason }: ControllerEvent): {
  readonly name: string;
  readonly fields: JsonObject;
} {
  const name = Object.hasOwn(eventSpecs, reason.name) ? reason.name : 'other';
  return { name, fields: { index, door, granted, direction, card, at, code } };
}
