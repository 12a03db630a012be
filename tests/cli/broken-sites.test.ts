import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli } from '../support/cli.ts';
import { gatelodge } from '../support/process.ts';
import { tempFolder } from '../support/temp.ts';

const FOLDER = 'tests/cli/broken-sites';
const cases = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

/** A case says itself what `check` answers: in its first lines, or beside it when no comment can stand in it. */
function expected(name: string): { readonly problem: string; readonly remedy: string }[] {
  const beside = join(FOLDER, name.replace(/\.yaml$/, '.expect'));
  const text = readFileSync(existsSync(beside) ? beside : join(FOLDER, name), 'utf8');
  return [...text.matchAll(/^# expect: (.+)\n# remedy: (.+)$/gm)].map(([, problem = '', remedy = '']) => ({
    problem,
    remedy,
  }));
}

/** `14:11 error: …` and the remedy, as they stand in what a person reads. */
function answered(file: string, text: string) {
  const blocks = text.split('\n\n').filter((block) => block.startsWith(`${file}:`));
  return blocks.map((block) => {
    const [first = '', , , remedy = ''] = block.split('\n');
    return { problem: first.slice(file.length + 1).replace(/: /, ' '), remedy: remedy.trim() };
  });
}

describe('a broken site file', () => {
  it('comes in many kinds', () => {
    expect(cases.length).toBeGreaterThanOrEqual(20);
  });

  it.each(cases)('%s: check names line, cause and remedy, says nothing else, and fails', async (name) => {
    const file = join(FOLDER, name);
    const said = await cli(['check', file, '--here']);

    expect(answered(file, said.err)).toEqual(expected(name));
    expect(expected(name).some(({ problem }) => / error: /.test(problem))).toBe(true);
    expect(said.err).toContain(`${file} is not accepted`);
    expect(said).toMatchObject({ code: 1, out: '' });
  });

  it.each(cases)('%s: the same for machines', async (name) => {
    const { code, out, err } = await cli(['check', join(FOLDER, name), '--here', '--json']);
    const answer = JSON.parse(out);

    expect({ code, err }).toEqual({ code: 1, err: '' });
    expect(answer.ok).toBe(false);
    const places = expected(name).map(({ problem }) => problem.split(' ', 1)[0]);
    expect(
      answer.problems.map(({ line, column }: { line: number; column: number }) => `${line}:${column}`),
    ).toEqual(places);
  });

  it('never shows the secret that stands in it', async () => {
    for (const name of ['secret-in-clear.yaml', 'url-with-password.yaml']) {
      for (const form of [[], ['--json']]) {
        const { out, err } = await cli(['check', join(FOLDER, name), ...form]);
        expect(readFileSync(join(FOLDER, name), 'utf8')).toContain('s3cret');
        expect(out + err).not.toContain('s3cret');
      }
    }
  });

  it('may be far too long, which is told before it is read as YAML', async () => {
    const long = join(tempFolder(), 'long.yaml');
    writeFileSync(long, `# ${'x'.repeat(2_200_000)}\n`);

    const { code, err } = await cli(['check', long]);

    expect(code).toBe(1);
    expect(err).toContain('the file holds 2.1 MB; a site file holds at most 2');
  });

  it('may be no file of a person at all, and the program does not read on for ever', async () => {
    const run = gatelodge(['check', '/dev/zero']);

    expect(await run.ended()).toBe(1);
    expect(run.stderr()).toMatch(/\/dev\/zero cannot be read: it holds more than 4 MB.*config\.unreadable/);
    expect(run.stdout()).toBe('');
  }, 120_000);
});

describe('a secret that is not on this machine', () => {
  it('is a warning where a site is only checked, and an error where it is to run', async () => {
    const file = join(FOLDER, 'secret-missing.yaml');

    const away = await cli(['check', file, '--json']);
    const here = await cli(['check', file, '--json', '--here']);

    expect(away.code).toBe(0);
    expect(JSON.parse(away.out).problems).toMatchObject([
      { severity: 'warning', path: 'uplinks.town.password', remedy: expect.stringContaining('--here') },
    ]);
    expect(here.code).toBe(1);
  });

  it('keeps the daemon from starting before anything is made', async () => {
    const folder = tempFolder();
    const site = join(folder, 'site.yaml');
    const text = readFileSync(join(FOLDER, 'secret-missing.yaml'), 'utf8');
    writeFileSync(site, `${text}gateway: { state_dir: state }\ncontrol: { socket: control.sock }\n`);

    const daemon = gatelodge(['run', '--config', site, '--root', folder]);

    expect(await daemon.ended()).toBe(1);
    expect(daemon.stderr()).toMatch(
      /line \d+: uplinks\.town\.password cannot be resolved: the variable GATELODGE_TEST_NO_SUCH_SECRET/,
    );
    expect(readdirSync(folder)).toEqual(['site.yaml']);
  });
});
