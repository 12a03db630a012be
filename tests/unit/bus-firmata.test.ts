import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openBus, openPorts } from '../../src/buses/index.ts';
import { systemClock } from '../../src/clock/index.ts';
import type { LineEdge, LineLink, LineWish } from '../../src/contracts/index.ts';
import { farBoard } from '../support/far-board.ts';
import { healthNotes, quietLog } from '../support/quiet.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const CLOCK = systemClock('test');
const call = { signal: new AbortController().signal, priority: 'command' } as const;

async function world() {
  const path = join(tempFolder(), 'uno');
  const far = farBoard(path);
  const health = healthNotes();
  const bus = openBus(
    { id: 'uno', type: 'firmata', path, baud: 57_600 },
    { ports: openPorts(), clock: CLOCK, health, log: quietLog, random: Math.random },
  );
  onTestFinished(() => bus.close());
  const up = () => until('the bus is up', () => bus.stats().state === 'up', 30_000);
  await up();
  return { far, bus, health, up };
}

const line = (name: string | number, more: Partial<LineWish> = {}): LineWish => ({
  line: name,
  direction: 'in',
  active_low: false,
  bias: 'as-is',
  initial: false,
  edges: 'both',
  debounce_ms: 0,
  ...more,
});
const out = { direction: 'out', edges: 'none' } as const;

function listen(link: LineLink) {
  const heard: LineEdge[] = [];
  const ending = new AbortController();
  const over = (async () => {
    for await (const edge of link.edges(ending.signal)) heard.push(edge);
  })();
  over.catch(() => {});
  onTestFinished(() => ending.abort());
  return { heard, over, edges: () => heard.filter(({ how }) => how === 'edge') };
}

describe('a Firmata board on a pty', () => {
  it('switches a relay, and says so only when the board has confirmed it', async () => {
    const { far, bus } = await world();
    const link = bus.lines('lamp', { relay: line('D7', out) });

    await link.set('relay', true, call);

    expect(far.board.output(7)).toBe(true);
    expect(await link.get('relay', call)).toBe(true);
    far.hang(true);
    await expect(link.set('relay', false, call)).rejects.toMatchObject({ code: 'bus.no-reply' });
  });

  it('takes an active-low output on an analogue pin without a moment in which it is on', async () => {
    const { far, bus } = await world();
    const link = bus.lines('lamp', { relay: line('A0', { ...out, active_low: true }) });

    await link.set('relay', false, call);
    await link.set('relay', true, call);

    // A0 is pin 14. It was high when it became an output.
    expect(far.history[14]).toEqual([true, false]);
  });

  it('reads a button with the pull-up of the board: its level first, then its changes', async () => {
    const { far, bus } = await world();
    const link = bus.lines('button', { contact: line('D4', { active_low: true, bias: 'pull-up' }) });
    const { heard, edges } = listen(link);

    await until('the first look', () => heard.length > 0);
    far.board.pull(4, false);
    await until('it is pressed', () => edges().length === 1);
    far.board.pull(4, undefined);
    await until('it is let go', () => edges().length === 2);

    expect(heard[0]).toMatchObject({ line: 'contact', on: false, how: 'look' });
    expect(edges().map(({ on }) => on)).toEqual([true, false]);
  });

  it('leaves the resistors of inputs alone when it writes an output of the same eight pins', async () => {
    const { far, bus } = await world();
    const button = bus.lines('button', { contact: line('D4') });
    const lamp = bus.lines('lamp', { relay: line('D5', out) });
    const { heard, edges } = listen(button);
    await until('the first look', () => heard.length > 0);
    far.board.pull(4, true);
    await until('it is high', () => edges().length === 1);

    await lamp.set('relay', true, call);
    // With its pull-up on it would stay high.
    far.board.pull(4, undefined);

    await until('it is low again', () => edges().length === 2);
    expect(edges().at(-1)?.on).toBe(false);
  });

  it('measures a voltage as a share of full scale', async () => {
    const { far, bus } = await world();
    far.board.pull(15, 0.25);
    const link = bus.lines('tank', { input: line('A1', { direction: 'analog', edges: 'none' }) });

    const share = await until('it is told', () => link.measure('input', call).catch(() => undefined));

    expect(share).toBeCloseTo(0.25, 2);
    far.board.pull(15, 1);
    await until('the other value', async () => (await link.measure('input', call).catch(() => 0)) === 1);
  });

  it('notices that the board was started again, and sets everything as it was asked for', async () => {
    const { far, bus, health, up } = await world();
    const lamp = bus.lines('lamp', { relay: line('D7', out) });
    const button = bus.lines('button', { contact: line('D4', { active_low: true, bias: 'pull-up' }) });
    await lamp.set('relay', true, call);
    const { over } = listen(button);

    far.board.start();
    await expect(over).rejects.toMatchObject({ code: 'bus.down' });
    await until('it is told', () => health.ever.has('bus-down uno'));
    await up();

    const again = listen(button);
    await until('the first look', () => again.heard.length > 0);
    far.board.pull(4, false);
    await until('it is pressed', () => again.edges().length > 0);
    await lamp.set('relay', true, call);
    expect(far.board.output(7)).toBe(true);
  });

  it('comes back when it was unplugged', async () => {
    const { far, bus, health, up } = await world();
    const lamp = bus.lines('lamp', { relay: line('D7', out) });

    far.unplug();
    await until('it is told', () => health.raised.has('bus-down uno'));
    await expect(lamp.set('relay', true, call)).rejects.toMatchObject({ code: 'bus.down' });
    far.plug();
    await up();

    await lamp.set('relay', true, call);
    expect(far.board.output(7)).toBe(true);
  });

  it('that hangs is down after three looks, and not before it answers up again', async () => {
    const { far, bus, health, up } = await world();
    bus.lines('lamp', { relay: line('D7', out) });

    far.hang(true);
    await until('it is told', () => health.raised.has('bus-down uno'), 20_000);
    far.hang(false);
    far.board.start();
    await up();

    expect(health.raised.has('bus-down uno')).toBe(false);
  });

  it('gives one device its fault and the others their pins', async () => {
    const { far, bus } = await world();
    bus.lines('lamp', { relay: line('D7', out) });
    const faults = await Promise.all(
      [
        line(7, out),
        line('D77', out),
        line('D1', out),
        line('D4', { direction: 'analog', edges: 'none' }),
      ].map((wish, index) =>
        bus
          .lines(`wrong-${index}`, { a: wish })
          .get('a', call)
          .catch((error) => `${error.code} ${error.message}`),
      ),
    );
    const other = bus.lines('other', { relay: line('D8', out) });

    await other.set('relay', true, call);

    expect(far.board.output(8)).toBe(true);
    expect(faults).toEqual([
      expect.stringMatching(/gpio.line-taken .*gatelodge lamp/),
      expect.stringMatching(/gpio.line-missing .*D77.*A5/),
      expect.stringMatching(/gpio.unable .*D1 is no output/),
      expect.stringMatching(/gpio.unable .*D4 is no analogue input/),
    ]);
  });

  it('says nothing on standard output, and is silent after it was closed', async () => {
    const said = vi.spyOn(console, 'log');
    const { far, bus } = await world();
    const link = bus.lines('button', { contact: line('D4', { bias: 'pull-up' }) });
    const { heard, over } = listen(link);
    await until('the first look', () => heard.length > 0);

    await bus.close();
    await expect(over).rejects.toMatchObject({ code: 'bus.closed' });
    const count = far.heard.length;
    far.board.pull(4, false);
    await expect(link.get('contact', call)).rejects.toMatchObject({ code: 'bus.closed' });

    expect(far.heard).toHaveLength(count);
    expect(said).not.toHaveBeenCalled();
    said.mockRestore();
  });
});

describe('what is no Firmata board', () => {
  it('is told as mute, with what to do', async () => {
    const path = join(tempFolder(), 'uno');
    const far = farBoard(path);
    far.hang(true);
    const health = healthNotes();
    const bus = openBus(
      { id: 'uno', type: 'firmata', path, baud: 57_600 },
      { ports: openPorts(), clock: hurried(CLOCK), health, log: quietLog, random: Math.random },
    );
    onTestFinished(() => bus.close());

    await until('it is told', () => health.raised.has('bus-down uno'));

    await expect(bus.lines('lamp', { relay: line('D7', out) }).get('relay', call)).rejects.toMatchObject({
      code: 'bus.down',
      message: expect.stringContaining('does not speak Firmata: nothing came that is Firmata'),
    });
  });
});

/** Time that passes a hundred times as fast. */
const hurried = (clock: typeof CLOCK): typeof CLOCK => ({
  now: () => clock.now(),
  sleep: (name, ms, signal) => clock.sleep(name, ms / 100, signal),
});
