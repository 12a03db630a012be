import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { checkProfile } from '../../drivers/register-map/profile.ts';

/** A copy of the drivers, inside the checkout so that `#kit` and zod are found from it. */
function copyOfDrivers(): string {
  mkdirSync('dist', { recursive: true });
  const folder = mkdtempSync('dist/new-driver-');
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync('drivers', join(folder, 'drivers'), { recursive: true });
  return join(folder, 'drivers');
}

describe('scripts/new-driver', () => {
  it('lays down a folder that passes the contract suite', () => {
    const drivers = copyOfDrivers();

    execFileSync('scripts/new-driver', ['acme-thermometer', drivers]);
    const suite = spawnSync(
      'node_modules/.bin/vitest',
      [
        'run',
        'tests/contract/drivers.test.ts',
        '-t',
        'acme-thermometer|drivers folder',
        '--config',
        'tests/support/bare.config.ts',
      ],
      { env: { ...process.env, GATELODGE_DRIVERS: drivers }, encoding: 'utf8' },
    );

    expect(`${suite.stdout}${suite.stderr}`).toMatch(/Tests .*1[0-9] passed/);
    expect(suite.status).toBe(0);
  }, 90_000);

  it.each([['Acme'], ['louver-box']])('refuses the name %s', (name) => {
    const { status, stderr } = spawnSync('scripts/new-driver', [name, 'drivers'], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/no driver id|there already/);
  });
});

describe('the README of register-map', () => {
  it('shows a profile that holds', () => {
    const [, yaml = ''] =
      /```yaml\n([\s\S]*?)```/.exec(readFileSync('drivers/register-map/README.md', 'utf8')) ?? [];
    expect(checkProfile(parse(yaml))).toHaveProperty('profile');
  });
});
