import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openBus, openPorts } from '../../src/buses/index.ts';
import { systemClock } from '../../src/clock/index.ts';
import type { Clock, LineEdge, LineLink, LineWish } from '../../src/contracts/index.ts';
import { healthNotes, quietLog } from '../support/quiet.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const CLOCK = systemClock('test');

/** The far end of a simulated chip: levels in, levels out, over a real socket. */
async function farChip(levels: Record<string, boolean>) {
  const path = join(tempFolder(), 'chip.sock');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.write(`${JSON.stringify({ levels })}\n`);
    createInterface({ input: socket }).on('line', (text) => {
      const { line, high } = JSON.parse(text);
      levels[line] = high;
    });
  });
  const listen = () => new Promise<void>((resolve) => server.listen(path, resolve));
  const unplug = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  await listen();
  onTestFinished(async () => {
    if (server.listening) await unplug();
  });
  return {
    label: `sim:${path}`,
    levels,
    listen,
    unplug,
    /** Another level, of which no edge tells. */
    tellLevels: (now: Record<string, boolean>) => {
      Object.assign(levels, now);
      for (const socket of sockets) socket.write(`${JSON.stringify({ levels })}\n`);
    },
    /** From outside. `told: false`: an edge that got lost on its way. */
    pull: (line: string, high: boolean) => {
      levels[line] = high;
      for (const socket of sockets) socket.write(`${JSON.stringify({ line, high, up: CLOCK.now().up })}\n`);
    },
  };
}

function busOn(label: string, clock: Clock = CLOCK) {
  const health = healthNotes();
  const bus = openBus(
    { id: 'pi', type: 'gpio', chip: label },
    { ports: openPorts(), clock, health, log: quietLog, random: Math.random },
  );
  onTestFinished(() => bus.close());
  return { bus, health };
}

const line = (name: string, more: Partial<LineWish> = {}): LineWish => ({
  line: name,
  direction: 'in',
  active_low: false,
  bias: 'as-is',
  initial: false,
  edges: 'both',
  debounce_ms: 0,
  ...more,
});
const call = { signal: new AbortController().signal, priority: 'command' } as const;
const out = { direction: 'out', edges: 'none' } as const;

/** Everything heard of a link from now on. */
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

describe('a GPIO bus', () => {
  it('takes outputs with their first level as soon as the chip is there, and sets them when told', async () => {
    const chip = await farChip({ GPIO5: true, GPIO6: false });
    const { bus } = busOn(chip.label);
    const relay = bus.lines('relay', {
      lock: line('GPIO5', { ...out, active_low: true, initial: true }),
      lamp: line('GPIO6', { ...out }),
    });
    await until('the lines are taken', () => chip.levels.GPIO5 === false);
    await relay.set('lamp', true, call);
    await until('the lamp is on', () => chip.levels.GPIO6);
    expect(await relay.get('lock', call)).toBe(true);
  });

  it('tells the level first, then every change, and finds at a look what no edge told', async () => {
    const chip = await farChip({ GPIO17: true });
    const { bus } = busOn(chip.label);
    const door = bus.lines('door', { contact: line('GPIO17', { active_low: true }) });
    await until('the bus is up', () => bus.stats().state === 'up');
    const { heard, edges } = listen(door);
    await until('the first look', () => heard.length > 0);
    expect(heard[0]).toMatchObject({ line: 'contact', on: false, how: 'look' });
    chip.pull('GPIO17', false);
    await until('the edge', () => edges().length > 0);
    expect(edges()[0]).toMatchObject({ on: true, lost: 0, bounces: 0 });
    await until('a look confirms it', () => heard.at(-1)?.how === 'look' && heard.at(-1)?.on === true);
  });

  it('takes no look for a missed edge that is only sooner than the edge', async () => {
    const chip = await farChip({ GPIO17: false });
    // However slow this machine is: the second look comes long after the edge.
    const patient: Clock = {
      ...CLOCK,
      sleep: (name, ms, signal) => CLOCK.sleep(name, name.includes('again') ? 60_000 : ms, signal),
    };
    const { bus } = busOn(chip.label, patient);
    const door = bus.lines('door', { contact: line('GPIO17') });
    await until('the bus is up', () => bus.stats().state === 'up');
    const { heard } = listen(door);
    await until('the first look', () => heard.length > 0);

    // The level is there, and a look sees it, before the edge is told.
    chip.tellLevels({ GPIO17: true });
    const looks = bus.stats().exchanges;
    await until('a look has seen it', () => bus.stats().exchanges > looks);
    chip.pull('GPIO17', true);

    await until('the edge', () => heard.some(({ how }) => how === 'edge'));
    expect(heard.filter(({ on }) => on)[0]).toMatchObject({ how: 'edge' });
  });

  it('debounces where the chip does not, and counts the bounces', async () => {
    const chip = await farChip({ GPIO17: false });
    const { bus } = busOn(chip.label);
    const door = bus.lines('door', { contact: line('GPIO17', { debounce_ms: 60 }) });
    await until('the bus is up', () => bus.stats().state === 'up');
    const { heard, edges } = listen(door);
    await until('the first look', () => heard.length > 0);
    for (const high of [true, false, true, false, true]) chip.pull('GPIO17', high);
    await until('it has settled', () => edges().length > 0);
    expect(edges()).toMatchObject([{ on: true, bounces: 2 }]);
  });

  it('gives one device its fault and the others their lines when a line is taken or missing', async () => {
    const chip = await farChip({ GPIO1: false, GPIO2: false });
    const { bus } = busOn(chip.label);
    const first = bus.lines('first', { a: line('GPIO1', out) });
    await until('the bus is up', () => bus.stats().state === 'up');
    const second = bus.lines('second', { a: line('GPIO1', out) });
    const third = bus.lines('third', { a: line('GPIO3', out) });
    await expect(second.set('a', true, call)).rejects.toMatchObject({ code: 'gpio.line-taken' });
    await expect(third.get('a', call)).rejects.toMatchObject({ code: 'gpio.line-missing' });
    await first.set('a', true, call);
    await until('the first works', () => chip.levels.GPIO1);
    expect(bus.stats().units.second).toMatchObject({ state: expect.stringContaining('gatelodge first') });
  });

  it('tells whoever listens when the chip goes, and comes back by itself with every line', async () => {
    const chip = await farChip({ GPIO5: false, GPIO17: true });
    const { bus, health } = busOn(chip.label);
    const link = bus.lines('door', { contact: line('GPIO17'), lock: line('GPIO5', out) });
    await until('the bus is up', () => bus.stats().state === 'up');
    const { over, heard } = listen(link);
    await until('the first look', () => heard.length > 0);
    await chip.unplug();
    await expect(over).rejects.toMatchObject({ code: 'bus.down' });
    await expect(link.set('lock', true, call)).rejects.toMatchObject({ code: 'bus.down' });
    await until('it is told', () => health.raised.has('bus-down pi'));
    await chip.listen();
    await until('it is back', () => bus.stats().state === 'up');
    await link.set('lock', true, call);
    await until('the lock is on', () => chip.levels.GPIO5);
    expect(health.raised.has('bus-down pi')).toBe(false);
  });

  it('names the chips that are there when its own is not, and refuses other links', async () => {
    const { bus, health } = busOn('pinctrl-nowhere');
    await until('it is told', () => health.raised.has('bus-down pi'));
    await expect(bus.lines('door', { a: line('GPIO1') }).get('a', call)).rejects.toMatchObject({
      code: 'bus.down',
      message: expect.stringContaining('pinctrl-nowhere'),
    });
    expect(() => bus.bytes('x', { unit: 1, timeout_ms: 1, gap_ms: 0, reply_delay_ms: 0 })).toThrow(
      expect.objectContaining({ code: 'bus.wrong-link' }),
    );
  });

  it('is silent after it was closed', async () => {
    const chip = await farChip({ GPIO17: true });
    const { bus } = busOn(chip.label);
    const link = bus.lines('door', { contact: line('GPIO17') });
    await until('the bus is up', () => bus.stats().state === 'up');
    const { over, heard } = listen(link);
    await until('the first look', () => heard.length > 0);
    await bus.close();
    await expect(over).rejects.toMatchObject({ code: 'bus.closed' });
    const count = heard.length;
    chip.pull('GPIO17', false);
    await expect(link.get('contact', call)).rejects.toMatchObject({ code: 'bus.closed' });
    expect(heard).toHaveLength(count);
  });
});
