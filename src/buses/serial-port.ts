import { constants, openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { SerialPort } from 'serialport';
import type { BytePort, SerialSettings } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import { directRs485 } from './rs485.ts';

/**
 * A serial port: `serialport` sets the line and writes. Reading is done on a descriptor of our own: its poller spins when an
 * adapter is pulled in the middle of a read, and costs twice the processor time per byte.
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
  try {
    if (settings.rs485) directRs485(settings.path, settings.rs485);
    return portOf(
      port,
      openSync(settings.path, constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK),
    );
  } catch (error) {
    port.close(() => {});
    throw error instanceof Fault ? error : faultOfOpening(settings.path, error);
  }
}

function portOf(port: SerialPort, fd: number): BytePort {
  const input = new ReadStream(fd);
  let lost: ((reason: Error) => void) | undefined;
  let closing = false;
  const gone = (reason: Error) => {
    if (closing) return;
    closing = true;
    input.destroy();
    closeQuietly(port);
    lost?.(reason);
  };
  input.on('error', gone);
  input.on('end', () => gone(new Error('the port was closed from its far end')));
  input.on('close', () => gone(new Error('the port has vanished')));
  port.on('error', gone);
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        port.write(Buffer.from(bytes), (error) => (error ? reject(error) : resolve()));
      }),
    onData: (listener) => {
      input.on('data', listener);
    },
    onLost: (listener) => {
      if (closing) listener(new Error('the port has vanished'));
      else lost = listener;
    },
    close: async () => {
      closing = true;
      input.destroy();
      await closeQuietly(port);
    },
  };
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
