import type { Kernel } from '../../src/buses/gpio/kernel.ts';
import * as uapi from '../../src/buses/gpio/uapi.ts';

/** Room for events of one request, as the kernel has at most. */
const MOST_EVENTS = 1024;
const LINES = 28;
const ACTIVE_LOW = 2n;

interface Request {
  readonly fd: number;
  readonly offsets: readonly number[];
  readonly active_low: readonly boolean[];
  events: Buffer[];
  seqno: number;
  ready: () => void;
}

/**
 * The kernel's side of a GPIO chip, down to the bytes of its structs: `GPIO0` to `GPIO27`, one request at a time. `falls`: a falling edge at a time;
 * `stalled`: nobody is told of what there is to read until `go`.
 */
export function fakeKernel(label: string) {
  const high = Array.from({ length: LINES }, () => true);
  const requests = new Map<number, Request>();
  let next_fd = 10;
  let stalled = false;

  const take = (argument: Buffer): number => {
    const count = argument.readUInt32LE(560);
    const offsets = Array.from({ length: count }, (_, index) => argument.readUInt32LE(4 * index));
    const flags = offsets.map((_, index) => flagsOf(argument, index));
    const fd = next_fd++;
    const active_low = flags.map((bits) => (bits & ACTIVE_LOW) !== 0n);
    requests.set(fd, { fd, offsets, active_low, events: [], seqno: 0, ready: () => {} });
    argument.writeInt32LE(fd, 588);
    return 0;
  };
  const levels = ({ offsets, active_low }: Request): bigint =>
    offsets.reduce(
      (bits, offset, index) => bits | (high[offset] !== active_low[index] ? 1n << BigInt(index) : 0n),
      0n,
    );
  const set = ({ offsets, active_low }: Request, argument: Buffer): void => {
    const bits = uapi.bitsOf(argument);
    const mask = argument.readBigUInt64LE(8);
    offsets.forEach((offset, index) => {
      const bit = 1n << BigInt(index);
      if (mask & bit) high[offset] = ((bits & bit) !== 0n) !== active_low[index];
    });
  };

  const kernel: Kernel = {
    chips: () => ['/dev/gpiochip0'],
    open: () => 3,
    ioctl: (fd, request, argument) => {
      const taken = requests.get(fd);
      if (request === uapi.IOCTL.chipInfo) {
        argument.write(label, 32);
        argument.writeUInt32LE(LINES, 64);
      } else if (request === uapi.IOCTL.lineInfo) argument.write(`GPIO${argument.readUInt32LE(64)}`, 0);
      else if (request === uapi.IOCTL.getLine) return take(argument);
      else if (taken && request === uapi.IOCTL.getValues) argument.writeBigUInt64LE(levels(taken), 0);
      else if (taken && request === uapi.IOCTL.setValues) set(taken, argument);
      return 0;
    },
    read: (fd, most) => {
      const taken = requests.get(fd);
      return Buffer.concat(taken?.events.splice(0, Math.floor(most / uapi.EVENT_BYTES)) ?? []);
    },
    watch: (fd, ready) => {
      const taken = requests.get(fd);
      if (taken) taken.ready = ready;
      return () => {};
    },
    close: (fd) => void requests.delete(fd),
    hold: () => () => {},
    endHolds: () => {},
  };

  const holding = (offset: number) => [...requests.values()].find((one) => one.offsets.includes(offset));
  return {
    kernel,
    high,
    /** The line fell and rose again at `up` (ms). */
    falls(offset: number, up: number) {
      const taken = holding(offset);
      if (!taken) return;
      taken.seqno += 1;
      const event = Buffer.alloc(uapi.EVENT_BYTES);
      event.writeBigUInt64LE(BigInt(Math.round(up * 1e6)), 0);
      event.writeUInt32LE(2, 8);
      event.writeUInt32LE(offset, 12);
      event.writeUInt32LE(taken.seqno, 16);
      taken.events.push(event);
      if (taken.events.length > MOST_EVENTS) taken.events.shift();
      if (!stalled) taken.ready();
    },
    stall() {
      stalled = true;
    },
    go() {
      stalled = false;
      for (const { events, ready } of requests.values()) if (events.length) ready();
    },
  };
}

/** struct gpio_v2_line_config: common flags, and those of lines that differ. */
function flagsOf(request: Buffer, index: number): bigint {
  const CONFIG = 288;
  let flags = request.readBigUInt64LE(CONFIG);
  for (let nth = 0; nth < request.readUInt32LE(CONFIG + 8); nth += 1) {
    const at = CONFIG + 32 + 24 * nth;
    const mine = (request.readBigUInt64LE(at + 16) >> BigInt(index)) & 1n;
    if (request.readUInt32LE(at) === 1 && mine) flags = request.readBigUInt64LE(at + 8);
  }
  return flags;
}
