// A chip of gpio-sim, and our way to it. Only inside the guest of scripts/test-gpio.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { openKernelChip } from '../../dist/src/buses/gpio/chip.js';
import { linuxKernel } from '../../dist/src/buses/gpio/kernel.js';

const CONFIG = '/sys/kernel/config/gpio-sim';
let made = 0;

/** A chip with named lines: { GPIO17: 17 }. */
export function simChip(names = {}, lines = 32) {
  made += 1;
  // Files of tests are processes of their own, and chips outlive them.
  const name = `${process.pid}-${made}`;
  const label = `pinctrl-sim${name}`;
  const folder = `${CONFIG}/chip${name}`;
  mkdirSync(`${folder}/bank0`, { recursive: true });
  writeFileSync(`${folder}/bank0/num_lines`, String(lines));
  writeFileSync(`${folder}/bank0/label`, label);
  for (const [name, offset] of Object.entries(names)) {
    mkdirSync(`${folder}/bank0/line${offset}`);
    writeFileSync(`${folder}/bank0/line${offset}/name`, name);
  }
  writeFileSync(`${folder}/live`, '1');
  const read = (file) => readFileSync(`${folder}/${file}`, 'utf8').trim();
  const place = `/sys/devices/platform/${read('dev_name')}/${read('bank0/chip_name')}`;
  return {
    label,
    place,
    open: () => openKernelChip(linuxKernel(), label),
    pullFile: (offset) => `${place}/sim_gpio${offset}/pull`,
    /** From outside: a wire that is pulled up or down. */
    pull: (offset, up) => writeFileSync(`${place}/sim_gpio${offset}/pull`, up ? 'pull-up' : 'pull-down'),
    /** What a relay on that line would see. */
    level: (offset) => readFileSync(`${place}/sim_gpio${offset}/value`, 'utf8').trim() === '1',
    bias: (offset) => readFileSync(`${place}/sim_gpio${offset}/pull`, 'utf8').trim(),
    /** The chip goes away. */
    remove: () => writeFileSync(`${folder}/live`, '0'),
    forget: () => {
      writeFileSync(`${folder}/live`, '0');
      for (const offset of Object.values(names)) rmdirSync(`${folder}/bank0/line${offset}`);
      rmdirSync(`${folder}/bank0`);
      rmdirSync(folder);
    },
  };
}

export const wish = (line, more = {}) => ({
  line,
  direction: 'in',
  active_low: false,
  bias: 'as-is',
  initial: false,
  edges: 'none',
  debounce_ms: 0,
  ...more,
});

/** Waits in the guest, which has little time: the claim is asked every few ms. */
export async function until(what, claim, ms = 30_000) {
  const end = performance.now() + ms;
  for (;;) {
    const got = claim();
    if (got) return got;
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}
