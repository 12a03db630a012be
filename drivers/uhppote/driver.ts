import { z } from 'zod';
import { type CommandSpec, type Decoded, defineDriver, Fault, type JsonObject, type PointSpecs } from '#kit';
import * as codec from './codec.ts';
import { eventSpecs } from './events.ts';
import { doorArgs, type Options, openArgs, options } from './options.ts';
import { openSession } from './session.ts';
import { describeMessage, statusPoints } from './shown.ts';

const commands = {
  open: {
    about: 'Unlocks a door for a time that the controller itself ends.',
    args: openArgs,
    timing: 'board',
    step_ms: 1000,
    max_ms: codec.LONGEST_DELAY_S * 1000,
    actuates: true,
    on_process_end: 'timed',
  },
  'set-door': {
    about: 'Says what a door does by itself, and how long it is unlocked when it is opened.',
    args: doorArgs,
    timing: 'none',
    actuates: true,
    on_process_end: 'hold',
  },
  discover: {
    about: 'Asks which controllers are on the network of the bus.',
    args: z.strictObject({}),
    timing: 'none',
    actuates: false,
    on_process_end: 'hold',
  },
} satisfies Record<string, CommandSpec>;

export default defineDriver({
  id: 'uhppote',
  aliases: ['uhppote-controller'],
  about:
    'UHPPOTE and other "web-less" TCP/IP access controllers of 1, 2 or 4 doors: doors, buttons, fire, every event exactly once.',
  category: 'access',
  link: 'udp',
  evidence: 'simulated',
  wire: { baud: 1, parity: 'none', timeout_ms: 300, gap_ms: 0 },
  poll_ms: { default: 1000, min: 100 },
  options,
  points: ({ doors }) => pointsOf(doors),
  events: eventSpecs,
  commands,
  decode,
  encode,
  cost: () => [{ request_bytes: codec.PACKET, reply_bytes: codec.PACKET }],
  open: openSession,
});

function pointsOf(doors: number): PointSpecs {
  const flag = (about: string) => ({ kind: 'flag', about, privacy: 'plain' }) as const;
  const perDoor = Array.from({ length: doors }, (_, index) => index + 1).flatMap((at) => [
    [`door-${at}`, flag(`Door ${at} stands open, by its contact.`)] as const,
    [`button-${at}`, flag(`The button of door ${at} is pressed.`)] as const,
    [`unlocked-${at}`, flag(`The lock of door ${at} is released.`)] as const,
  ]);
  return {
    ...Object.fromEntries(perDoor),
    fire: flag('The fire input is active.'),
    'forced-lock': flag('The input that locks all doors is active.'),
    error: {
      kind: 'number',
      about: 'Error code of the controller; 0 is none.',
      privacy: 'plain',
      unit: '1',
      min: 0,
      max: 255,
    },
  };
}

/** What either side says. A packet that could be both is taken for what the controller says. */
function decode(frame: Uint8Array, { doors }: Options): Decoded {
  if (codec.isQuestion(frame)) return { points: {}, note: codec.describeRequest(frame) };
  let said: codec.Message;
  try {
    said = codec.readMessage(frame);
  } catch (error) {
    try {
      return { points: {}, note: codec.describeRequest(frame) };
    } catch {
      throw error;
    }
  }
  if (said.kind !== 'status') return { points: {}, note: describeMessage(said) };
  const { event } = said.status;
  return { points: statusPoints(said.status, doors), ...(event && { note: describeMessage(said) }) };
}

function encode(name: string, args: JsonObject, { serial }: Options): Uint8Array {
  if (name === 'discover') return codec.discoverRequest();
  if (serial === 0)
    throw new Fault('driver.value', { point: 'serial', got: 0, expected: 'that on the board' });
  if (name === 'open') return codec.openDoorRequest(serial, openArgs.parse(args).door);
  return codec.doorControlRequest(serial, doorArgs.parse(args));
}
