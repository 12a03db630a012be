import { closeSync, constants, openSync, renameSync, symlinkSync, unlinkSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import koffi from 'koffi';
import type { Clock } from '../contracts/index.ts';

/** The far end of a serial wire: what is written here arrives at whoever opened `path` as a serial port. */
export interface Pty {
  readonly path: string;
  /** Resolves when the system took all of it. Writes keep their order. */
  write(bytes: Uint8Array): Promise<void>;
  onData(listener: (chunk: Uint8Array) => void): void;
  /** The speed that whoever has opened the port has set. (A pseudo-terminal forgets the parity.) */
  baud(): number;
  /** The far end vanishes: the other side sees a hang-up, as with an adapter that is pulled. */
  close(): void;
}

/** struct termios is 60 bytes on Linux; a little room does no harm. */
const TERMIOS_BYTES = 128;
/** asm-generic/termbits.h: TCGETS2 gives struct termios2, whose last word but one is the input speed and whose last is that of output. */
const TCGETS2 = 0x802c_542a;
const OUTPUT_SPEED_AT = 40;

/**
 * A pseudo-terminal pair. With `link`, a symbolic link of that name leads to it (replaced in one step, so that a
 * daemon which waits for the path finds it), and goes away with it. One slave descriptor is kept open here: without it the master would report
 * an error whenever nobody else has the port open.
 */
export function openPty(options: { readonly link?: string; readonly clock: Clock }): Pty {
  const { master, slave, path, baud } = openPair();
  if (options.link) replaceLink(path, options.link);
  const input = new ReadStream(master);
  input.on('error', () => {});
  let open = true;
  let tail: Promise<void> = Promise.resolve();

  const writeAll = async (bytes: Uint8Array) => {
    let rest = bytes;
    while (open && rest.length > 0) {
      const taken = writeSome(master, rest);
      rest = rest.subarray(taken);
      // The line buffer of a terminal is 4 kB: the reader needs a moment to take it.
      if (taken === 0) await options.clock.sleep('pty is full', 1);
    }
  };
  return {
    path: options.link ?? path,
    write: (bytes) => {
      tail = tail.then(() => writeAll(bytes));
      return tail;
    },
    onData: (listener) => {
      input.on('data', listener);
    },
    baud,
    close: () => {
      if (!open) return;
      open = false;
      if (options.link) removeLink(options.link);
      input.destroy();
      closeSync(slave);
    },
  };
}

/** libuv writes to terminals in a busy loop when they are full; so the descriptor is written directly. */
function writeSome(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0;
    throw error;
  }
}

function openPair() {
  const libc = koffi.load(null);
  const posix_openpt = libc.func('int posix_openpt(int flags)');
  const grantpt = libc.func('int grantpt(int fd)');
  const unlockpt = libc.func('int unlockpt(int fd)');
  const ptsname_r = libc.func('int ptsname_r(int fd, void *buf, size_t len)');
  const tcgetattr = libc.func('int tcgetattr(int fd, void *termios)');
  const cfmakeraw = libc.func('void cfmakeraw(void *termios)');
  const tcsetattr = libc.func('int tcsetattr(int fd, int when, void *termios)');

  const master: number = posix_openpt(constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  const name = Buffer.alloc(128);
  if (master < 0 || grantpt(master) || unlockpt(master) || ptsname_r(master, name, name.length)) {
    throw new Error('no pseudo-terminal can be had (is /dev/pts mounted?)');
  }
  const path = name.toString('utf8', 0, name.indexOf(0));
  const slave = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
  // Raw from the beginning: else what arrives before the other side has set its port would be echoed back.
  const termios = Buffer.alloc(TERMIOS_BYTES);
  tcgetattr(slave, termios);
  cfmakeraw(termios);
  tcsetattr(slave, 0, termios);
  const ioctl = libc.func('int ioctl(int fd, unsigned long request, void *argument)');
  const baud = (): number => {
    ioctl(slave, TCGETS2, termios);
    return termios.readUInt32LE(OUTPUT_SPEED_AT);
  };
  return { master, slave, path, baud };
}

function replaceLink(target: string, link: string): void {
  const fresh = `${link}.new`;
  removeLink(fresh);
  symlinkSync(target, fresh);
  renameSync(fresh, link);
}

function removeLink(link: string): void {
  try {
    unlinkSync(link);
  } catch {
    // It is not there.
  }
}
