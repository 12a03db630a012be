import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const COUNT = process.env.GATELODGE_LONG ? 1_000_000 : 300;
const MINUTES = 60_000;

it(
  `every parser of the wire survives ${COUNT} random and mutated inputs: nothing but faults, no hang, bounded memory`,
  async () => {
    const args = ['--expose-gc', 'scripts/fuzz.d/main.mjs', '--count', String(COUNT)];
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 24 });

    expect(stdout).toMatch(/\n\d{2,} passed, 0 failed/);
    expect(stdout).not.toContain('FAIL');
  },
  120 * MINUTES,
);
