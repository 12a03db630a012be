import { z } from 'zod';
import type { CommandSpec, ModbusWrite } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import { type BoardTimer, type RelayBoard, stepsOf } from './relay-board.ts';

const safeState = z.enum(['off', 'on', 'hold']);

/** The option every board of relays has. */
export const restOption = z
  .union([safeState, z.array(safeState).min(1)])
  .default('off')
  .describe('Safe state of every relay, or one for each: off, on (fail-safe locks held by the relay), hold');

/** Of commands without arguments. */
export const noArgs = z.strictObject({});
export const channelArgs = (most: number) =>
  z.strictObject({ channel: z.int().min(1).max(most).describe('Relay, counted from 1') });
const pulseArgs = (most: number, { step_ms, max_ms }: TimerLimits) =>
  channelArgs(most).extend({
    ms: z
      .int()
      .min(1)
      .max(max_ms)
      .describe(`Length; rounded up to ${step_ms} ms, the effective length is reported`),
  });
/** Of arguments that were checked by their command's own schema. Made once: making a schema takes longer than a frame. */
const timedArgs = z.looseObject({ ms: z.number() });
const oneRelay = z.looseObject({ channel: z.int().min(1) });
type TimerLimits = Pick<BoardTimer, 'step_ms' | 'max_ms'>;

/** A command that moves a relay and lasts. */
export const lasting = { timing: 'none', actuates: true, on_process_end: 'hold' } as const;
/** A command that moves a relay for a time that the board ends. */
export const boardTimed = (timer: TimerLimits) =>
  ({
    timing: 'board',
    step_ms: timer.step_ms,
    max_ms: timer.max_ms,
    actuates: true,
    on_process_end: 'timed',
  }) as const;
/** A command that moves a relay for a time that the gateway ends: the board has no timer. Worth less, and marked so. */
export const hostTimed = (steps: NonNullable<CommandSpec['steps']>, on_process_end: 'hold' | 'drop') =>
  ({
    timing: 'host',
    step_ms: HOST_TIMER.step_ms,
    max_ms: HOST_TIMER.max_ms,
    steps,
    actuates: true,
    on_process_end,
  }) as const;
/** How finely and how long the gateway times what a board cannot. */
export const HOST_TIMER: TimerLimits = { step_ms: 100, max_ms: 600_000 };
/** A command that changes or reads settings. */
export const commissioning = { timing: 'none', actuates: false, on_process_end: 'hold' } as const;

export interface RelayCommandShape {
  /** Most relays a board of this kind has; the session knows how many this one has. */
  readonly most: number;
  readonly pulse?: TimerLimits;
  /** It has no timer: the gateway ends pulses. What a relay does when the gateway dies in the middle of one. */
  readonly host_pulse?: 'hold' | 'drop';
  /** The timer can also switch off and on again. */
  readonly off_pulse?: boolean;
  /** It has one write for all. */
  readonly all_off?: boolean;
}

/**
 * `on`, `off` and what else the board can. There is no toggle: after a lost reply nobody could tell which way it went, and a
 * repeat would undo it.
 */
export function relayCommands({
  most,
  pulse,
  host_pulse,
  off_pulse,
  all_off,
}: RelayCommandShape): Record<string, CommandSpec> {
  return {
    ...(pulse && {
      pulse: {
        ...boardTimed(pulse),
        about: 'Switches a relay on for a time that the board itself ends.',
        args: pulseArgs(most, pulse),
      },
    }),
    ...(pulse &&
      off_pulse && {
        'off-pulse': {
          ...boardTimed(pulse),
          about: 'Switches a relay off for a time that the board itself ends.',
          args: pulseArgs(most, pulse),
        },
      }),
    ...(host_pulse && {
      pulse: {
        ...hostTimed({ begin: 'on', end: 'off' }, host_pulse),
        about: 'Switches a relay on for a time that the gateway ends, since the board cannot.',
        args: pulseArgs(most, HOST_TIMER),
      },
      'off-pulse': {
        ...hostTimed({ begin: 'off', end: 'on' }, host_pulse),
        about: 'Switches a relay off for a time that the gateway ends, since the board cannot.',
        args: pulseArgs(most, HOST_TIMER),
      },
    }),
    on: { ...lasting, about: 'Switches a relay on until told otherwise.', args: channelArgs(most) },
    off: { ...lasting, about: 'Switches a relay off until told otherwise.', args: channelArgs(most) },
    ...(all_off && { 'all-off': { ...lasting, about: 'Switches every relay off.', args: noArgs } }),
  };
}

/** One of `relayCommands`, ready to be sent. */
export interface RelayMove {
  readonly write: ModbusWrite;
  /** The relays it moves, and where to. */
  readonly channels: readonly number[];
  readonly on: boolean;
  /** Of timed ones. */
  readonly effective_ms?: number;
}

/** The move a command stands for; undefined for one that is none of `relayCommands`. Fault command.bad-args for a relay the board has not. */
export function relayMove(board: RelayBoard, name: string, args: unknown): RelayMove | undefined {
  switch (name) {
    case 'on':
    case 'off': {
      const channel = channelOf(board, name, args);
      return { write: board.turn(channel, name === 'on'), channels: [channel], on: name === 'on' };
    }
    case 'pulse':
    case 'off-pulse':
      return board.timer && timedMove(board, board.timer, { name, args });
    case 'all-off': {
      const all = Array.from({ length: board.channels }, (_, index) => index + 1);
      const write = board.turnAll?.(all.map(() => false));
      return write && { write, channels: all, on: false };
    }
    default:
      return undefined;
  }
}

function timedMove(
  board: RelayBoard,
  timer: BoardTimer,
  { name, args }: { readonly name: string; readonly args: unknown },
): RelayMove {
  const channel = channelOf(board, name, args);
  const { ms } = timedArgs.parse(args);
  const steps = stepsOf(ms, timer);
  const on = name === 'pulse';
  return {
    write: timer.write(channel, steps, on),
    channels: [channel],
    on,
    effective_ms: steps * timer.step_ms,
  };
}

/** The relay a command names. Fault command.bad-args when the board has fewer. */
export function channelOf(
  { id, channels }: Pick<RelayBoard, 'id' | 'channels'>,
  name: string,
  args: unknown,
): number {
  const { channel } = oneRelay.parse(args);
  if (channel <= channels) return channel;
  throw new Fault('command.bad-args', { target: id, name, text: `channel: the board has ${channels}` });
}
