import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type CommandSpec, defineDriver, type JsonObject, relayCommands } from '#kit';

const lasting = relayCommands({ most: 4, host_pulse: 'hold' });
const call = { signal: new AbortController().signal, priority: 'command' as const };

/** A driver with those commands that remembers what its session and its encoder were asked. */
function driverOf(commands: Readonly<Record<string, CommandSpec>>) {
  const asked: { readonly name: string; readonly args: JsonObject }[] = [];
  const driver = defineDriver({
    id: 'four-relays',
    aliases: [],
    about: 'Four relays of a test.',
    category: 'relay',
    link: 'bytes',
    evidence: 'simulated',
    wire: { baud: 9600, parity: 'none', timeout_ms: 100, gap_ms: 0 },
    poll_ms: { default: 1000, min: 100 },
    options: z.strictObject({}),
    points: () => ({}),
    events: {},
    commands,
    decode: () => ({ points: {} }),
    encode: (name, args) => {
      asked.push({ name, args });
      return new Uint8Array();
    },
    open: () => ({
      act: async (name: string, args: JsonObject) => {
        asked.push({ name, args });
        return { result: 'done' as const, facts: {} };
      },
      rest: async () => {},
    }),
  });
  return { driver, asked };
}

describe('a command that the host times', () => {
  it('reaches session and encoder as the command it begins with', async () => {
    const { driver, asked } = driverOf(lasting);
    // Nothing of the link is used.
    const session = driver.open({} as never, {});

    await session.act?.('pulse', { channel: 2, ms: 500 }, call);
    driver.encode?.('off-pulse', { channel: 3, ms: 500 }, {}, 1);

    expect(asked).toEqual([
      { name: 'on', args: { channel: 2 } },
      { name: 'off', args: { channel: 3 } },
    ]);
  });

  it('has its own arguments checked', async () => {
    const session = driverOf(lasting).driver.open({} as never, {});

    await expect(session.act?.('pulse', { channel: 2 }, call)).rejects.toMatchObject({
      code: 'command.bad-args',
    });
    await expect(session.act?.('pulse', { channel: 2, ms: 600_001 }, call)).rejects.toMatchObject({
      code: 'command.bad-args',
    });
  });

  it.each([
    { what: 'no steps', steps: undefined, told: /steps say what it begins and ends with/ },
    { what: 'a step that is not there', steps: { begin: 'on', end: 'shut' }, told: /its step shut/ },
    {
      what: 'a step that is timed itself',
      steps: { begin: 'on', end: 'off-pulse' },
      told: /its step off-pulse/,
    },
  ])('with $what is refused when the driver is made', ({ steps, told }) => {
    const { pulse } = lasting;
    if (!pulse) throw new Error('there is a pulse');
    const { steps: _, ...rest } = pulse;
    const broken = { ...lasting, pulse: { ...rest, ...(steps && { steps }) } };

    expect(() => driverOf(broken)).toThrow(told);
  });

  it('is the only kind with steps', () => {
    const { on, off } = lasting;
    if (!on || !off) throw new Error('there are both');
    const wrong = { on: { ...on, steps: { begin: 'on', end: 'off' } }, off };

    expect(() => driverOf(wrong)).toThrow(/only what the host times has steps/);
  });
});
