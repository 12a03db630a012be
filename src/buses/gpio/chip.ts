import type { Edge, GpioChip, GpioLines } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';
import { nearest } from '../../model/index.ts';
import type { Kernel } from './kernel.ts';
import * as uapi from './uapi.ts';

const EBUSY = 16;
const EINVAL = 22;
/** So many events at a time; the rest waits in the kernel and is told at once again. */
const AT_ONCE = 64;

/** A chip of the kernel's character device, found by its label: its number changes with the kernel. */
export function openKernelChip(kernel: Kernel, label: string): GpioChip {
  const { fd, lines } = findChip(kernel, label);
  kernel.endHolds(label);
  const names = Array.from({ length: lines }, (_, offset) => lineInfo(kernel, fd, offset));
  return {
    label,
    stamps: true,
    debounces: true,
    request: (wishes, consumer) => {
      const placed = wishes.map((wish) => ({ ...wish, offset: offsetOf(wish.line, names, label) }));
      const lines = take(kernel, fd, { label, placed, consumer });
      const unhold = placed.some(({ hold }) => hold) ? kernel.hold(lines, label) : undefined;
      return new KernelLines(kernel, { label, fd: lines, placed, unhold });
    },
    close: () => kernel.close(fd),
  };
}

function findChip(kernel: Kernel, label: string): { readonly fd: number; readonly lines: number } {
  const known: string[] = [];
  for (const path of kernel.chips()) {
    const fd = openChip(kernel, path);
    const bytes = Buffer.alloc(uapi.CHIP_INFO_BYTES);
    const info = kernel.ioctl(fd, uapi.IOCTL.chipInfo, bytes) === 0 ? uapi.chipInfoOf(bytes) : undefined;
    if (info?.label === label) return { fd, lines: info.lines };
    if (info) known.push(info.label);
    kernel.close(fd);
  }
  throw new Fault('gpio.chip-missing', { label, known: known.join(', ') || 'none' });
}

function openChip(kernel: Kernel, path: string): number {
  try {
    return kernel.open(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'EACCES' || code === 'EPERM') throw new Fault('gpio.denied', { path });
    throw new Fault('gpio.failed', { label: path, reason: String(error) });
  }
}

function lineInfo(kernel: Kernel, fd: number, offset: number): uapi.LineInfo {
  const bytes = uapi.lineInfoRequest(offset);
  kernel.ioctl(fd, uapi.IOCTL.lineInfo, bytes);
  return uapi.lineInfoOf(bytes);
}

function offsetOf(line: string | number, lines: readonly uapi.LineInfo[], label: string): number {
  const offset = typeof line === 'number' ? line : lines.findIndex(({ name }) => name === line);
  if (lines[offset]) return offset;
  const names = lines.map(({ name }) => name).filter(Boolean);
  const close = typeof line === 'string' ? nearest(line, names) : undefined;
  throw new Fault('gpio.line-missing', {
    label,
    line,
    nearest: close ?? (names[0] ? `one of ${names[0]} … ${names.at(-1)}` : `0 … ${lines.length - 1}`),
  });
}

interface Taking {
  readonly label: string;
  readonly placed: readonly uapi.Placed[];
  readonly consumer: string;
}

/** Gives the descriptor of the request. */
function take(kernel: Kernel, fd: number, { label, placed, consumer }: Taking): number {
  const request = uapi.lineRequest(placed, consumer);
  const result = kernel.ioctl(fd, uapi.IOCTL.getLine, request);
  if (result === 0) return uapi.requestDescriptor(request);
  if (result === -EBUSY) {
    const busy = placed.find(({ offset }) => lineInfo(kernel, fd, offset).used) ?? placed[0];
    const { consumer: holder } = lineInfo(kernel, fd, busy?.offset ?? 0);
    throw new Fault('gpio.line-taken', { label, line: busy?.line ?? '', consumer: holder || 'the kernel' });
  }
  if (result === -EINVAL) {
    throw new Fault('gpio.unable', {
      label,
      reason: `${placed.map(({ line }) => line).join(', ')} with these settings`,
    });
  }
  throw new Fault('gpio.failed', { label, reason: `taking the lines gave errno ${-result}` });
}

interface Taken {
  readonly label: string;
  readonly fd: number;
  readonly placed: readonly uapi.Placed[];
  /** Ends the holding of its outputs beyond this process. */
  readonly unhold: (() => void) | undefined;
}

class KernelLines implements GpioLines {
  private readonly kernel: Kernel;
  private readonly label: string;
  private readonly fd: number;
  private readonly offsets: readonly number[];
  private readonly mask: bigint;
  private readonly unhold: (() => void) | undefined;
  private unwatch: (() => void) | undefined;
  private lost: ((reason: Error) => void) | undefined;
  private seqno = 0;
  private open = true;

  constructor(kernel: Kernel, { label, fd, placed, unhold }: Taken) {
    this.kernel = kernel;
    this.label = label;
    this.fd = fd;
    this.unhold = unhold;
    this.offsets = placed.map(({ offset }) => offset);
    this.mask = (1n << BigInt(placed.length)) - 1n;
  }

  get(): readonly boolean[] {
    const bytes = uapi.lineValues(this.mask);
    this.call(uapi.IOCTL.getValues, bytes, 'reading');
    const bits = uapi.bitsOf(bytes);
    return this.offsets.map((_, index) => ((bits >> BigInt(index)) & 1n) === 1n);
  }

  set(index: number, on: boolean): void {
    const bit = 1n << BigInt(index);
    this.call(uapi.IOCTL.setValues, uapi.lineValues(bit, on ? bit : 0n), 'setting');
  }

  onEdges(listener: (edges: readonly Edge[], lost: number) => void): void {
    const fail = (error: Error) => this.gone(error);
    const ready = () => {
      try {
        this.drain(listener);
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)));
      }
    };
    this.unwatch = this.kernel.watch(this.fd, ready, fail);
  }

  onLost(listener: (reason: Error) => void): void {
    this.lost = listener;
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    this.unwatch?.();
    this.unhold?.();
    this.kernel.close(this.fd);
  }

  private drain(listener: (edges: readonly Edge[], lost: number) => void): void {
    while (this.open) {
      const raw = uapi.edgesOf(this.kernel.read(this.fd, AT_ONCE * uapi.EVENT_BYTES));
      if (raw.length === 0) return;
      let lost = 0;
      for (const { seqno } of raw) {
        lost += Math.max(0, seqno - this.seqno - 1);
        this.seqno = seqno;
      }
      listener(
        raw.map(({ offset, rising, up_ms }) => ({
          index: this.offsets.indexOf(offset),
          on: rising,
          up: up_ms,
        })),
        lost,
      );
      if (raw.length < AT_ONCE) return;
    }
  }

  private call(request: number, argument: Buffer, what: string): void {
    if (!this.open) throw new Fault('gpio.failed', { label: this.label, reason: 'the lines are closed' });
    const result = this.kernel.ioctl(this.fd, request, argument);
    if (result < 0)
      throw new Fault('gpio.failed', { label: this.label, reason: `${what} gave errno ${-result}` });
  }

  private gone(error: Error): void {
    if (!this.open) return;
    this.close();
    this.lost?.(error);
  }
}
