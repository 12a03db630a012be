import type { EventEmitter } from 'node:events';
import { once } from 'node:events';
import { join } from 'node:path';
import { SerialPort } from 'serialport';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CURVES, valueAt } from '../../drivers/analog-input/codec.ts';
import { farBoard } from '../support/far-board.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

/** johnny-five's own components, which the gateway does not use: here they are an independent peer of the simulated board. */
interface Components {
  readonly Board: new (options: object) => EventEmitter;
  readonly Relay: new (options: object) => { close(): void; open(): void };
  readonly Button: new (options: object) => EventEmitter;
  readonly Sensor: new (options: object) => { readonly raw: number; disable(): void };
  readonly Proximity: new (
    options: object,
  ) => { readonly cm: number; on(word: 'data', heard: () => void): void };
}

async function peer() {
  const path = join(tempFolder(), 'uno');
  const far = farBoard(path);
  const port = new SerialPort({ path, baudRate: 57_600 });
  onTestFinished(() => new Promise((resolve) => port.close(() => resolve())));
  // The gateway's own types know only what the gateway uses.
  const five = (await import('johnny-five')).default as unknown as Components;
  const board = new five.Board({ port, repl: false, debug: false, sigint: false });
  // As an Uno does when its port is opened.
  if (!port.isOpen) await once(port, 'open');
  far.board.start();
  await once(board, 'ready');
  return { far, five, board };
}

describe("johnny-five's own components on the simulated board", () => {
  it('switch a relay', async () => {
    const { far, five, board } = await peer();
    const relay = new five.Relay({ pin: 7, board });

    relay.close();
    await until('it is on', () => far.board.output(7) === true);
    relay.open();
    await until('it is off', () => far.board.output(7) === false);
  });

  it('hear a button', async () => {
    const { far, five, board } = await peer();
    const words: string[] = [];
    const button = new five.Button({ pin: 4, isPullup: true, board });
    for (const word of ['down', 'up']) button.on(word, () => words.push(word));
    far.board.pull(4, undefined);
    await until('it is let go', () => far.heard.includes(0xd0));

    far.board.pull(4, false);
    await until('it is pressed', () => words.includes('down'));
    far.board.pull(4, undefined);
    await until('it is let go', () => words.at(-1) === 'up');
  });

  it('measure a voltage', async () => {
    const { far, five, board } = await peer();
    far.board.pull(14, 0.75);

    const sensor = new five.Sensor({ pin: 'A0', board });

    await until('it is told', () => sensor.raw === Math.round(0.75 * 1023));
    sensor.disable();
  });

  it.each([
    ['GP2Y0A21YK', 'sharp-gp2y0a21yk0f', 0.2],
    ['GP2Y0A02YK0F', 'sharp-gp2y0a02yk0f', 0.3],
  ] as const)('see about the same distance by a %s as our own curve: one is a formula, the other the data sheet', async (controller, name, share) => {
    const { far, five, board } = await peer();
    far.board.pull(14, share);
    const ours = valueAt(share, { low: 0, high: 1, curve: CURVES[name], reference_v: 5, decimals: 1 });

    const sensor = new five.Proximity({ controller, pin: 'A0', board });
    let cm = 0;
    sensor.on('data', () => {
      cm = sensor.cm;
    });
    // Before the board has told anything, it is infinitely far away.
    await until('it is told', () => cm > 0 && Number.isFinite(cm));

    expect(Math.abs(cm / Number(ours) - 1)).toBeLessThan(0.15);
  });
});
