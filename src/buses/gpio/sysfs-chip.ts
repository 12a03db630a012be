import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Gpio } from 'onoff';
import type { Edge, GpioChip, GpioLines, LineWish } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';

const SYSFS = '/sys/class/gpio';

/**
 * GPIO by sysfs, through onoff: for kernels without the character device. Lines are offsets of the chip; the number that sysfs wants is
 * base + offset, and the base differs from kernel to kernel (0, 496, 512, 1016 were seen). No kernel times, no bias, and bursts of edges
 * are lost, so whoever needs those is refused.
 */
export function openSysfsChip(label: string): GpioChip {
  const { base, lines } = findBase(label);
  const held = new Map<number, string>();
  return {
    label,
    stamps: false,
    debounces: false,
    request: (wishes, consumer) => {
      const offsets = wishes.map((wish) => offsetOf(wish, { label, lines }));
      for (const offset of offsets) {
        // One that is exported already may be ours from before: sysfs lets no line go when a process ends, and does not tell whose it is.
        const holder = held.get(offset);
        if (holder) throw new Fault('gpio.line-taken', { label, line: offset, consumer: holder });
      }
      const taken = takeAll(wishes, { label, numbers: offsets.map((offset) => base + offset) });
      for (const offset of offsets) held.set(offset, consumer);
      return new SysfsLines(wishes, taken, label, () => {
        for (const offset of offsets) held.delete(offset);
      });
    },
    close: () => {},
  };
}

function findBase(label: string): { readonly base: number; readonly lines: number } {
  const chips = existsSync(SYSFS) ? readdirSync(SYSFS).filter((name) => /^gpiochip\d+$/.test(name)) : [];
  const read = (chip: string, file: string) => readFileSync(`${SYSFS}/${chip}/${file}`, 'utf8').trim();
  const chip = chips.find((name) => read(name, 'label') === label);
  if (chip) return { base: Number(read(chip, 'base')), lines: Number(read(chip, 'ngpio')) };
  const known = chips.map((name) => read(name, 'label')).join(', ') || 'no sysfs GPIO';
  throw new Fault('gpio.chip-missing', { label, known });
}

function offsetOf(
  { line, bias }: LineWish,
  { label, lines }: { readonly label: string; readonly lines: number },
): number {
  if (bias !== 'as-is') {
    throw new Fault('gpio.unable', { label, reason: `sysfs cannot set the bias ${bias} of line ${line}` });
  }
  const offset = typeof line === 'number' ? line : Number(/^GPIO(\d+)$/.exec(line)?.[1]);
  if (Number.isInteger(offset) && offset >= 0 && offset < lines) return offset;
  throw new Fault('gpio.line-missing', { label, line, nearest: `0 … ${lines - 1}` });
}

/** All or none. */
function takeAll(
  wishes: readonly LineWish[],
  { label, numbers }: { readonly label: string; readonly numbers: readonly number[] },
): readonly Gpio[] {
  const taken: Gpio[] = [];
  try {
    for (const [index, { direction, active_low, initial, edges }] of wishes.entries()) {
      // `high` and `low` set direction and level in one step; they are electrical.
      const first = initial !== active_low ? 'high' : 'low';
      const how = direction === 'out' ? first : 'in';
      taken.push(new Gpio(numbers[index] ?? 0, how, edges, { activeLow: active_low }));
    }
    return taken;
  } catch (error) {
    for (const line of taken) line.unexport();
    throw new Fault('gpio.failed', { label, reason: error instanceof Error ? error.message : String(error) });
  }
}

class SysfsLines implements GpioLines {
  private readonly wishes: readonly LineWish[];
  private readonly lines: readonly Gpio[];
  private readonly label: string;
  private readonly left: () => void;
  private open = true;

  constructor(wishes: readonly LineWish[], lines: readonly Gpio[], label: string, left: () => void) {
    this.wishes = wishes;
    this.lines = lines;
    this.label = label;
    this.left = left;
  }

  get(): readonly boolean[] {
    return this.guarded(() => this.lines.map((line) => line.readSync() === 1));
  }

  set(index: number, on: boolean): void {
    this.guarded(() => this.lines[index]?.writeSync(on ? 1 : 0));
  }

  /** The time is that of our hearing, and an edge whose level is gone again is not heard: a look at the level finds what was missed. */
  onEdges(listener: (edges: readonly Edge[], lost: number) => void): void {
    for (const [index, { edges }] of this.wishes.entries()) {
      if (edges === 'none') continue;
      this.lines[index]?.watch((error, value) => {
        if (error || !this.open) return;
        listener([{ index, on: value === 1, up: Number(process.hrtime.bigint()) / 1e6 }], 0);
      });
    }
  }

  onLost(): void {
    // sysfs tells nothing; the next look fails.
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    for (const line of this.lines) line.unexport();
    this.left();
  }

  private guarded<T>(work: () => T): T {
    try {
      if (!this.open) throw new Error('the lines are closed');
      return work();
    } catch (error) {
      throw new Fault('gpio.failed', {
        label: this.label,
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }
}
