import { z } from 'zod';
import { type Call, defineDriver, Fault, type Heard, type LineLink, type Sample } from '#kit';
import { type Contact, hear, UNKNOWN } from './codec.ts';

export const options = z.strictObject({
  normally: z
    .enum(['open', 'closed'])
    .default('open')
    .describe('How the contact is when nothing is the matter: a door contact is closed, a button open'),
  bounces: z
    .enum(['dropped', 'counted'])
    .default('dropped')
    .describe(
      'counted: every change is heard, and this gateway debounces; dropped: the chip does, where it can',
    ),
});
export type Options = z.infer<typeof options>;

const counter = (about: string) =>
  ({ kind: 'number', about, unit: '1', min: 0, max: 2 ** 53 - 1, privacy: 'plain' }) as const;
const points = {
  active: {
    kind: 'flag',
    about: 'It is not as it normally is: the door is open, the button pressed.',
    privacy: 'plain',
  },
  closed: { kind: 'flag', about: 'The contact is closed.', privacy: 'plain' },
  changes: counter('Changes since the gateway was started, also those found by a look.'),
  bounces: counter('Changes that were too short to count.'),
  missed: counter('Changes that no edge told, found by a look or told as lost by the chip.'),
} as const;
type Points = typeof points;

export default defineDriver({
  id: 'gpio-contact',
  aliases: ['firmata-contact', 'gpio-button', 'firmata-button'],
  about:
    'A contact or button on a GPIO line or a pin of a Firmata board: its level, and its changes by the time they happened.',
  category: 'contact',
  link: 'line',
  evidence: 'simulated',
  wire: { baud: 57_600, parity: 'none', timeout_ms: 500, gap_ms: 0 },
  poll_ms: { default: 1000, min: 1000 },
  options,
  points: () => points,
  events: {},
  commands: {},
  decode: () => {
    throw new Fault('driver.frame-unknown', { driver: 'gpio-contact', reason: 'a line carries no frames' });
  },
  lines: ({ bounces }) => ({
    contact: {
      about: 'The contact; on means closed, so a contact between line and ground is active_low',
      direction: 'in',
      edges: 'both',
      debounce_ms: 20,
      initial: false,
      count_bounces: bounces === 'counted',
    },
  }),
  open: (link, { normally }) => {
    let contact = UNKNOWN;
    return {
      watch: (call) =>
        watch(link, call, (edge) => {
          const before = contact;
          contact = hear(contact, edge);
          return shown(before, contact, normally);
        }),
    };
  },
});

async function* watch(
  link: LineLink,
  call: Call,
  sampleOf: (edge: Parameters<typeof hear>[1]) => Sample<Points>,
): AsyncIterable<Heard<Points>> {
  for await (const edge of link.edges(call.signal)) {
    const sample = sampleOf(edge);
    yield edge.how === 'edge' ? { sample, up: edge.up } : { sample };
  }
}

/** Its level always, which shows that it is there; a counter when it has moved. */
function shown(before: Contact, now: Contact, normally: Options['normally']): Sample<Points> {
  const closed = now.closed === true;
  const first = before.closed === undefined;
  return {
    active: closed !== (normally === 'closed'),
    closed,
    ...((first || now.changes !== before.changes) && { changes: now.changes }),
    ...((first || now.bounces !== before.bounces) && { bounces: now.bounces }),
    ...((first || now.missed !== before.missed) && { missed: now.missed }),
  };
}
