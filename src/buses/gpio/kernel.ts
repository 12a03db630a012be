import { closeSync, constants, openSync, readdirSync, readSync } from 'node:fs';
import epoll from 'epoll';
import koffi from 'koffi';
import { endHolders, holdLines } from './holder.ts';

/** What the chip needs of the system; a negative answer of `ioctl` is `-errno`. */
export interface Kernel {
  /** Paths of all GPIO chips. */
  chips(): readonly string[];
  open(path: string): number;
  ioctl(fd: number, request: number, argument: Buffer): number;
  /** All that is there now; empty when there is nothing. Never waits. */
  read(fd: number, most: number): Buffer;
  /** Calls back in the event loop whenever there is something to read; the returned function ends that. */
  watch(fd: number, ready: () => void, failed: (error: Error) => void): () => void;
  close(fd: number): void;
  /** The lines behind the descriptor outlive this process; the returned function ends that. */
  hold(fd: number, label: string): () => void;
  /** Takes back what an earlier process holds of this chip. */
  endHolds(label: string): void;
}

const F_SETFL = 4;

/**
 * Linux. The ioctls go through koffi (prebuilt for x64, arm64 and armhf; it is here for adjtimex anyway), waiting through epoll, which
 * comes with onoff: no C of our own. Never `fs.read` in the background: that read could not be cancelled, and would hold the line for ever.
 */
export function linuxKernel(): Kernel {
  const libc = koffi.load(null);
  const ioctl = libc.func('int ioctl(int fd, unsigned long request, void *argument)');
  const fcntl = libc.func('int fcntl(int fd, int command, int argument)');
  return {
    chips: () =>
      readdirSync('/dev')
        .filter((name) => /^gpiochip\d+$/.test(name))
        .map((name) => `/dev/${name}`),
    open: (path) => openSync(path, constants.O_RDWR),
    ioctl: (fd, request, argument) => (ioctl(fd, request, argument) < 0 ? -koffi.errno() : 0),
    read: (fd, most) => {
      const bytes = Buffer.alloc(most);
      try {
        return bytes.subarray(0, readSync(fd, bytes, 0, most, null));
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return bytes.subarray(0, 0);
        throw error;
      }
    },
    watch: (fd, ready, failed) => {
      fcntl(fd, F_SETFL, constants.O_NONBLOCK);
      const { Epoll } = epoll;
      const waiter = new Epoll((error) => (error ? failed(error) : ready()));
      waiter.add(fd, Epoll.EPOLLIN);
      return () => waiter.remove(fd).close();
    },
    close: closeSync,
    hold: holdLines,
    endHolds: endHolders,
  };
}
