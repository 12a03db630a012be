import { z } from 'zod';
import {
  type ActResult,
  asFault,
  type Call,
  defineDriver,
  Fault,
  HOST_TIMER,
  hostTimed,
  type LineLink,
  lasting,
  noArgs,
  type PointSpecs,
} from '#kit';

export const options = z.strictObject({
  rest: z
    .enum(['off', 'on'])
    .default('off')
    .describe('Safe state: also the level with which the line is taken, so that there is never another one'),
  on_process_end: z
    .enum(['drop', 'hold'])
    .default('drop')
    .describe(
      'When this gateway is killed: drop lets go of the line, hold keeps it as it is until the gateway runs again',
    ),
});
export type Options = z.infer<typeof options>;

const points = {
  relay: { kind: 'flag', about: 'The relay is energised.', privacy: 'plain' },
} as const satisfies PointSpecs;
const pulseArgs = z.strictObject({
  ms: z
    .int()
    .min(1)
    .max(HOST_TIMER.max_ms)
    .describe(`Length; rounded up to ${HOST_TIMER.step_ms} ms, the effective length is reported`),
});
const turn = { ...lasting, on_process_end: 'drop', args: noArgs } as const;

export default defineDriver({
  id: 'gpio-relay',
  aliases: ['firmata-relay'],
  about: 'A relay on a GPIO line or a pin of a Firmata board, switched by this gateway.',
  category: 'relay',
  link: 'line',
  evidence: 'simulated',
  wire: { baud: 57_600, parity: 'none', timeout_ms: 500, gap_ms: 0 },
  poll_ms: { default: 1000, min: 100 },
  options,
  points: () => points,
  events: {},
  commands: {
    pulse: {
      ...hostTimed({ begin: 'on', end: 'off' }, 'drop'),
      about: 'Switches the relay on for a time that the gateway ends, since a line has no timer.',
      args: pulseArgs,
    },
    'off-pulse': {
      ...hostTimed({ begin: 'off', end: 'on' }, 'drop'),
      about: 'Switches the relay off for a time that the gateway ends, since a line has no timer.',
      args: pulseArgs,
    },
    on: { ...turn, about: 'Switches the relay on until told otherwise.' },
    off: { ...turn, about: 'Switches the relay off until told otherwise.' },
  },
  relays: ({ rest }) => [{ args: {}, point: 'relay', rest }],
  decode: () => {
    throw new Fault('driver.frame-unknown', { driver: 'gpio-relay', reason: 'a line carries no frames' });
  },
  lines: ({ rest, on_process_end }) => ({
    relay: {
      about: 'Input of the relay board; active_low for boards that switch on when their input is pulled down',
      direction: 'out',
      edges: 'none',
      debounce_ms: 0,
      initial: rest === 'on',
      on_process_end,
    },
  }),
  open: (link, { rest }) => ({
    sample: async (call) => ({ relay: await link.get('relay', call) }),
    act: (name, _args, call) => turnTo(link, name === 'on', call),
    rest: (call) => link.set('relay', rest === 'on', call),
  }),
});

/** Where the line could not be had, nothing was set; where setting it failed, nobody knows. */
async function turnTo(link: LineLink, on: boolean, call: Call): Promise<ActResult> {
  try {
    await link.set('relay', on, call);
    return { result: 'done', facts: { evidence: 'line' } };
  } catch (error) {
    const { code, message } = asFault(error);
    const doubtful = code === 'gpio.failed' || code === 'bus.no-reply';
    return { result: doubtful ? 'unknown' : 'failed', facts: { fault: code, text: message } };
  }
}
