import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
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
  it('lays down folders of both kinds that pass the contract suite, the compiler and the linter', () => {
    const drivers = copyOfDrivers();

    execFileSync('scripts/new-driver', ['acme-thermometer', drivers]);
    execFileSync('scripts/new-driver', ['acme-level', '--bytes', drivers]);

    const names = ['-t', 'driver acme-|drivers folder'];
    const config = ['--config', 'tests/support/bare.config.ts'];
    const suite = run('vitest', ['run', 'tests/contract/drivers.test.ts', ...names, ...config], {
      GATELODGE_DRIVERS: drivers,
    });
    expect(suite.text).toMatch(/Tests {2}[34][0-9] passed/);
    expect(suite.status).toBe(0);

    const made = ['acme-thermometer', 'acme-level'];
    const project = join(dirname(drivers), 'tsconfig.json');
    const compilerOptions = { tsBuildInfoFile: join(dirname(drivers), 'build') };
    const include = made.map((name) => `drivers/${name}`);
    writeFileSync(project, JSON.stringify({ extends: resolve('tsconfig.json'), compilerOptions, include }));
    expect(run('tsc', ['-p', project]).text).toBe('');

    for (const file of made.flatMap((name) => sourcesIn(join(drivers, name)))) {
      const text = readFileSync(file, 'utf8');
      const words = ['check', '--write', `--stdin-file-path=drivers/acme/${basename(file)}`];
      expect(execFileSync('node_modules/.bin/biome', words, { input: text }).toString(), file).toBe(text);
    }
  }, 180_000);

  it.each([
    [['Acme'], /no driver id/],
    [['louver-box'], /there already/],
    [[], /usage:/],
    [['acme', '--byte'], /--byte is not known/],
    [['acme', 'drivers', 'more'], /too many words/],
    [['acme', 'no-such-folder'], /no table DRIVERS/],
  ])('refuses %j and leaves nothing behind', (words, why) => {
    const before = readdirSync('drivers');
    const { status, stdout, stderr } = spawnSync('scripts/new-driver', words, { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(`${stdout}${stderr}`).toMatch(why);
    expect(readdirSync('drivers')).toEqual(before);
    expect(existsSync('no-such-folder')).toBe(false);
  });
});

const sourcesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));

function run(tool: string, words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(`node_modules/.bin/${tool}`, words, {
    env: { ...process.env, NO_COLOR: '1', ...env },
    encoding: 'utf8',
  });
  return { status, text: `${stdout}${stderr}` };
}

describe('the README of register-map', () => {
  it('shows a profile that holds', () => {
    const [, yaml = ''] =
      /```yaml\n([\s\S]*?)```/.exec(readFileSync('drivers/register-map/README.md', 'utf8')) ?? [];
    expect(checkProfile(parse(yaml))).toHaveProperty('profile');
  });
});
