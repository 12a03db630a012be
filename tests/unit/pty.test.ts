import { constants, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReadStream } from 'node:tty';
import { SerialPort } from 'serialport';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock/index.ts';
import { openPty } from '../../src/simulate/pty.ts';

const clock = systemClock('test');

async function openSerial(path: string, baudRate: number) {
  const port = new SerialPort({ path, baudRate, autoOpen: false });
  await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
  return port;
}

describe('a pseudo-terminal', () => {
  it.each([9600, 115_200])('carries 100 kB both ways intact at %i baud', async (baud) => {
    const pty = openPty({ clock });
    const port = await openSerial(pty.path, baud);
    const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7) & 0xff);
    const there = collect(bytes.length, (listener) => pty.onData(listener));
    const back = collect(bytes.length, (listener) => port.on('data', listener));

    port.write(Buffer.from(bytes));
    await pty.write(bytes);

    expect(Buffer.compare(await there, bytes)).toBe(0);
    expect(Buffer.compare(await back, bytes)).toBe(0);
    await new Promise<void>((resolve) => port.close(() => resolve()));
    pty.close();
  });

  it('is seen as a vanished port when its far end closes, and its link goes away', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pty-'));
    const link = join(folder, 'tty-a');
    const pty = openPty({ clock, link });
    const reader = new ReadStream(openSync(link, constants.O_RDWR | constants.O_NOCTTY));
    const gone = new Promise((resolve) => reader.once('close', resolve));
    reader.on('error', () => reader.destroy()).resume();

    pty.close();

    await gone;
    expect(existsSync(link)).toBe(false);
    rmSync(folder, { recursive: true });
  });
});

function collect(count: number, on: (listener: (chunk: Uint8Array) => void) => void): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    on((chunk) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= count) resolve(Buffer.concat(chunks));
    });
  });
}
