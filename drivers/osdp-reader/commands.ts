import { z } from 'zod';
import {
  boardTimed,
  type CommandSpec,
  channelArgs,
  channelOf,
  commissioning,
  Fault,
  type JsonObject,
  lasting,
  noArgs,
  stepsOf,
} from '#kit';
import * as words from './words.ts';

/** A unit has so many outputs and inputs at most. */
export const MOST_LINES = 8;
const LIGHT = { step_ms: words.STEP_MS, max_ms: words.MOST_STEPS * words.STEP_MS };
const BEEP = { step_ms: words.STEP_MS, max_ms: 255 * words.STEP_MS };

const colour = z.enum(words.COLOURS).default('green').describe('Its colour');
const length = ({ step_ms, max_ms }: { readonly step_ms: number; readonly max_ms: number }) =>
  z.int().min(1).max(max_ms).describe(`Length; rounded up to ${step_ms} ms`);
const ledArgs = z.strictObject({ ms: length(LIGHT), colour });
const beepArgs = z.strictObject({
  ms: length(BEEP),
  times: z.int().min(1).max(255).default(1).describe('How often, with as long a pause'),
});
const steadyArgs = z.strictObject({ colour });
const pulseArgs = channelArgs(MOST_LINES).extend({ ms: length(LIGHT) });
const comsetArgs = z.strictObject({
  address: z.int().min(0).max(126).describe('New address'),
  baud: z.literal([...words.BAUDS]).describe('New baud'),
});

export const commands = {
  led: { ...boardTimed(LIGHT), about: 'Lights its LED for a time, over its usual colour.', args: ledArgs },
  beep: { ...boardTimed(BEEP), about: 'Lets its buzzer sound.', args: beepArgs },
  'led-on': { ...lasting, about: 'Gives its LED a usual colour.', args: steadyArgs },
  'led-off': { ...lasting, about: 'Puts its LED out.', args: noArgs },
  pulse: {
    ...boardTimed(LIGHT),
    about: 'Switches an output on for a time that the reader itself ends.',
    args: pulseArgs,
  },
  on: { ...lasting, about: 'Switches an output on until told otherwise.', args: channelArgs(MOST_LINES) },
  off: { ...lasting, about: 'Switches an output off until told otherwise.', args: channelArgs(MOST_LINES) },
  identify: { ...commissioning, about: 'What it says it is and can.', args: noArgs },
  'install-key': {
    ...commissioning,
    about:
      'Puts the key of the site file into a reader that has the old one (old_key), or none yet: then by the key that every reader leaves the factory with, so only with nobody else on the wire.',
    args: noArgs,
  },
  'set-address': {
    ...commissioning,
    about: 'Gives it another address and baud, at once; write both into the site file then.',
    args: comsetArgs,
  },
} satisfies Record<string, CommandSpec>;

export interface Wish {
  readonly question: words.Question;
  /** Of timed ones. */
  readonly effective_ms?: number;
}

/** What a command says to the reader; undefined for those that are conversations. Fault command.bad-args for an output it has not. */
export function wishOf(name: string, args: JsonObject, outputs: number): Wish | undefined {
  switch (name) {
    case 'led': {
      const { ms, colour: lit } = ledArgs.parse(args);
      return timed(ms, LIGHT, (steps) => words.ledCommand(lit, steps));
    }
    case 'beep': {
      const { ms, times } = beepArgs.parse(args);
      return timed(ms, BEEP, (steps) => words.buzzerCommand(steps, times));
    }
    case 'led-on':
      return { question: words.ledCommand(steadyArgs.parse(args).colour) };
    case 'led-off':
      return { question: words.ledCommand('off') };
    case 'on':
    case 'off':
      return { question: words.outCommand(outputOf(name, args, outputs), name) };
    case 'pulse': {
      const output = outputOf(name, args, outputs);
      return timed(pulseArgs.parse(args).ms, LIGHT, (steps) => words.outCommand(output, steps));
    }
    case 'set-address': {
      const { address, baud } = comsetArgs.parse(args);
      return { question: words.comsetCommand(address, baud) };
    }
    case 'identify':
    case 'install-key':
      return undefined;
    default:
      throw new Fault('command.unknown', {
        target: 'osdp-reader',
        name,
        known: Object.keys(commands).join(', '),
      });
  }
}

const outputOf = (name: string, args: JsonObject, outputs: number): number =>
  channelOf({ id: 'osdp-reader', channels: outputs }, name, args);

function timed(
  ms: number,
  limits: { readonly step_ms: number; readonly max_ms: number },
  question: (steps: number) => words.Question,
): Wish {
  const steps = stepsOf(ms, limits);
  return { question: question(steps), effective_ms: steps * words.STEP_MS };
}
