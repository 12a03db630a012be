import { z } from 'zod';
import { type BytesLink, type Call, defineDriver, type Heard } from '#kit';
import { decodeCard, frameRule } from './codec.ts';

export const options = z.strictObject({});
export type Options = z.infer<typeof options>;
type NoPoints = Readonly<Record<never, never>>;

export default defineDriver({
  id: 'rdm6300',
  aliases: ['rdm630', 'seeed-125khz-reader'],
  about: '125 kHz tag reader on a serial port (RDM6300, RDM630 and relatives); its door debounces.',
  category: 'reader',
  link: 'bytes',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 0 },
  poll_ms: { default: 1000, min: 100 },
  options,
  points: (): NoPoints => ({}),
  events: {
    card: {
      about: 'A tag is near; said again every 65 ms for as long as it stays.',
      lane: 'b',
      fields: {
        card: { about: 'All ten hex digits of the tag', privacy: 'identifier' },
        number: {
          about: 'Its last eight hex digits as a number, as printed on most tags',
          privacy: 'identifier',
        },
      },
    },
  },
  commands: {},
  decode: (frame) => ({ points: { ...decodeCard(frame) } }),
  open: (link) => ({ watch: (call) => watch(link, call) }),
});

async function* watch(link: BytesLink, call: Call): AsyncIterable<Heard<NoPoints>> {
  for await (const frame of link.frames(frameRule, call.signal))
    yield { event: 'card', fields: { ...decodeCard(frame) } };
}
