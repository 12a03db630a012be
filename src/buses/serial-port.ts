import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { SerialPort } from 'serialport';
import type { BytePort, SerialSettings } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import { directRs485 } from './rs485.ts';

/**
 * A serial port: `serialport` finds and sets the line. Bytes go over descriptors of our own: its poller spins when an adapter is pulled in
 * the middle of a read and costs twice the processor time per byte, and its writes wait for a thread.
 */
export async function openSerialPort(settings: SerialSettings): Promise<BytePort> {
  const port = new SerialPort({
    path: settings.path,
    baudRate: settings.baud,
    parity: settings.parity,
    dataBits: settings.data_bits,
    stopBits: settings.stop_bits,
    autoOpen: false,
    // Two programs on one line would steal each other's bytes.
    lock: true,
  });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => (error ? reject(faultOfOpening(settings.path, error)) : resolve()));
  });
  let out: number | undefined;
  try {
    if (settings.rs485) directRs485(settings.path, settings.rs485);
    out = openSync(settings.path, constants.O_WRONLY | OURS);
    return portOf(port, { out, input: new ReadStream(openSync(settings.path, constants.O_RDONLY | OURS)) });
  } catch (error) {
    if (out !== undefined) closeSync(out);
    port.close(() => {});
    throw error instanceof Fault ? error : faultOfOpening(settings.path, error);
  }
}

const OURS = constants.O_NOCTTY | constants.O_NONBLOCK;

function portOf(
  port: SerialPort,
  { out, input }: { readonly out: number; readonly input: ReadStream },
): BytePort {
  let lost: ((reason: Error) => void) | undefined;
  let closing = false;
  /** Writes that serialport is busy with; what comes later goes behind them. */
  let busy = 0;
  const shut = (): Promise<void> => {
    // Not written to any more from here on: the number may become that of another file.
    if (!closing) closeSync(out);
    closing = true;
    input.destroy();
    return closeQuietly(port);
  };
  const gone = (reason: Error) => {
    if (closing) return;
    void shut();
    lost?.(reason);
  };
  input.on('error', gone);
  input.on('end', () => gone(new Error('the port was closed from its far end')));
  input.on('close', () => gone(new Error('the port has vanished')));
  port.on('error', gone);
  return {
    write: async (bytes) => {
      if (closing) throw new Error('the port is closed');
      const taken = busy > 0 ? 0 : writeSome(out, bytes);
      if (taken === bytes.length) return;
      // The system's buffer is full: serialport waits until it has room.
      busy += 1;
      await new Promise<void>((resolve, reject) => {
        port.write(Buffer.from(bytes.subarray(taken)), (error) => {
          busy -= 1;
          if (error) reject(error);
          else resolve();
        });
      });
    },
    onData: (listener) => {
      input.on('data', listener);
    },
    onLost: (listener) => {
      if (closing) listener(new Error('the port has vanished'));
      else lost = listener;
    },
    close: async (drop) => {
      if (drop && port.isOpen) await new Promise<void>((resolve) => port.flush(() => resolve()));
      await shut();
    },
  };
}

/** How many bytes were taken at once; what is wrong with the port comes to light when the rest is written. */
function writeSome(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes);
  } catch {
    return 0;
  }
}

const closeQuietly = (port: SerialPort): Promise<void> =>
  new Promise((resolve) => {
    if (port.isOpen) port.close(() => resolve());
    else resolve();
  });

/** serialport gives texts, not codes: they begin with the words of strerror(3). */
function faultOfOpening(path: string, error: unknown): Fault {
  const reason = error instanceof Error ? error.message : String(error);
  if (/no such file|ENOENT|ENXIO|no such device/i.test(reason))
    return new Fault('bus.port-missing', { path });
  if (/cannot lock|busy|EBUSY|temporarily unavailable/i.test(reason))
    return new Fault('bus.port-busy', { path });
  if (/permission denied|EACCES|EPERM/i.test(reason)) return new Fault('bus.port-denied', { path });
  return new Fault('bus.port-failed', { path, reason });
}
