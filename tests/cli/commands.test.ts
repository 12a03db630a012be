import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { compactVerify, importJWK } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseGiven } from '../../src/cli/args.ts';
import { commandsOf } from '../../src/cli/commands.ts';
import type { CliDeps, RunOptions, SimulateOptions } from '../../src/cli/index.ts';
import { SHAPES } from '../../src/cli/shapes.ts';
import type { Receiver, ReceiverOptions, ReceiverView, Verdict } from '../../src/contracts/index.ts';
import { openControl } from '../../src/control/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { signing } from '../../src/identity/index.ts';
import { cli } from '../support/cli.ts';
import { READING, ViewsOfTest } from '../support/control-views.ts';
import { gatelodge } from '../support/process.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

// No command is run through this list; it only tells what there is.
const commands = commandsOf({} as CliDeps);
const names = Object.keys(commands);

/** Words as a shell makes them: blanks part, quotes hold together. */
const shell = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '');

describe('help', () => {
  it('lists every command, with what it does', async () => {
    const { code, out } = await cli(['--help']);

    expect(code).toBe(0);
    for (const name of names) expect(out).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
  });

  it.each(
    names,
  )('of %s shows its words, its options and an example, however it is asked for', async (name) => {
    const { code, out, err } = await cli([...name.split(' '), '--help']);

    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(new RegExp(`examples?\n  gatelodge ${name}`));
    for (const flag of Object.keys(commands[name]?.flags ?? {})) expect(out).toContain(`--${flag}`);
    expect((await cli([...name.split(' '), '-h'])).out).toBe(out);
    expect((await cli(['help', ...name.split(' ')])).out).toBe(out);
  });

  it.each(names)('of %s gives examples that its own parser takes', (name) => {
    const command = commands[name];
    if (!command) throw new Error('it was listed');

    for (const example of command.examples) {
      const length = name.split(' ').length;
      const words = shell(example);
      expect(words.slice(0, length).join(' ')).toBe(name);
      expect(() => parseGiven(command, words.slice(length)), example).not.toThrow();
    }
  });

  it('gives examples of decode, encode, drivers and check that work', async () => {
    for (const name of ['decode', 'encode', 'drivers', 'check']) {
      for (const example of commands[name]?.examples ?? []) {
        if (example.includes('/etc/')) continue;
        const { code, err } = await cli(shell(example));
        expect({ code, err }, example).toEqual({ code: 0, err: '' });
      }
    }
  });

  it('is also in the page of the command line, complete', () => {
    const page = readFileSync('src/cli/README.md', 'utf8');

    for (const [name, { examples, flags }] of Object.entries(commands)) {
      expect(page).toContain(`### ${name}\n`);
      for (const example of examples) expect(page).toContain(`gatelodge ${example}`);
      for (const flag of Object.keys(flags)) expect(page).toContain(`\`--${flag}`);
    }
  });
});

describe('wrong usage', () => {
  it.each([
    ['nothing at all', [], 'gatelodge COMMAND --help'],
    ['a command that is none', ['chek', 'x'], 'Did you mean check?'],
    ['a command that is like none', ['frobnicate'], 'See gatelodge --help'],
    ['a word that is missing', ['check'], 'FILE is missing'],
    ['a word too many', ['check', 'a.yaml', 'b.yaml'], 'b.yaml is one word too many'],
    ['an option that is none', ['check', 'a.yaml', '--jsno'], 'did you mean --json?'],
    ['a short option that is none', ['check', 'a.yaml', '-j'], 'There is no option -j'],
    ['an option without its value', ['run', '--config'], '--config needs a value: --config FILE'],
    ['an option in the place of a value', ['run', '--config', '--log=info'], '--config needs a value'],
    ['a value for a switch', ['check', 'a.yaml', '--json=yes'], '--json takes no value'],
    ['an option that must be there', ['run'], '--config is missing'],
    ['an option twice that goes once', ['run', '--config', 'a', '--config', 'b'], 'is given 2 times'],
    ['a time that is none', ['receive', '--url', 'mqtt://x', '--for', 'soon'], '60s, 5min or 2h'],
    ['an MQTT version that is none', ['receive', '--url', 'mqtt://x', '--version', '3'], '5, or 4'],
    ['an address that is none', ['encode', 'a02yyuw', 'x', '--unit', '400'], '0 to 255'],
    ['a descriptor that is none', ['run', '--config', 'x', '--keys-fd', 'three'], 'above 2'],
  ])('%s ends with 2, on standard error, and says what is expected', async (_, argv, said) => {
    const { code, out, err } = await cli(argv);

    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(said);
  });

  it('is an object for machines too', async () => {
    const { code, out } = await cli(['check', '--json']);

    expect(code).toBe(2);
    expect(SHAPES.fault.answer.parse(JSON.parse(out)).fault.code).toBe('usage');
  });
});

describe('what the commands hand on', () => {
  it('every repeated option, none lost', async () => {
    const asked: SimulateOptions[] = [];
    const simulate = async (options: SimulateOptions) => void asked.push(options);

    const words = ['--fault', 'a=mute', '--fault', 'b=late:800', '--paced', '--said', 'said.jsonl'];
    const { code } = await cli(['simulate', 'site.yaml', ...words], { simulate });

    expect(code).toBe(0);
    expect(asked).toEqual([
      { file: 'site.yaml', root: '.', faults: ['a=mute', 'b=late:800'], paced: true, said: 'said.jsonl' },
    ]);
  });

  it('the settings of the daemon', async () => {
    const asked: RunOptions[] = [];
    const run = async (options: RunOptions) => void asked.push(options);

    await cli(['run', '--config=site.yaml', '--root', '/srv', '--log', 'warn', '--keys-fd', '3'], { run });
    await cli(['run', '--config', 'site.yaml'], { run });

    expect(asked).toEqual([
      { file: 'site.yaml', root: '/srv', log_level: 'warn', keys_fd: 3 },
      { file: 'site.yaml', root: '.', log_level: 'info', keys_fd: undefined },
    ]);
  });

  it('secrets of the receiver from files, so that none stands in the list of processes', async () => {
    const { receiver, asked } = receiverOfTest(true);
    const files: Record<string, string> = { 'p.txt': 's3cret\n', 'ca.pem': 'CA\n' };
    const readText = (path: string) => files[path] ?? '';

    const words = ['--url', 'mqtts://b', '--username', 'u', '--password-file', 'p.txt', '--ca', 'ca.pem'];
    await cli(['receive', ...words, '--for', '1s'], { receiver, readText, sleep: async () => {} });

    expect(asked[0]).toMatchObject({ url: 'mqtts://b', username: 'u', password: 's3cret', ca: 'CA' });
  });
});

describe('what the commands print for machines', () => {
  const answered = async (argv: readonly string[], deps: Partial<CliDeps> = {}) => {
    const { out, err, code } = await cli([...argv, '--json'], deps);
    return { answer: JSON.parse(out), err, code };
  };

  it('check: its shape, of a good site and of a broken one', async () => {
    const good = await answered(['check', 'config/sites/riverside.yaml']);
    const broken = await answered(['check', 'tests/cli/broken-sites/overbooked.yaml']);

    for (const { answer } of [good, broken]) SHAPES.check.answer.parse(answer);
    expect([good.code, good.answer.ok, good.answer.devices]).toEqual([0, true, 92]);
    expect([broken.code, broken.answer.ok]).toEqual([1, false]);
    expect(broken.answer.buses[0].loads[0]).toMatchObject({ driver: 'noise-rs485', devices: 6 });
  });

  it('drivers: its shape, of the list and of each one', async () => {
    const { answer } = await answered(['drivers']);
    const list = SHAPES.drivers.answer.parse(answer).drivers;

    expect(list.length).toBeGreaterThan(5);
    for (const { id, aliases } of list) {
      for (const name of [id, ...aliases]) {
        const one = await answered(['drivers', name]);
        expect(SHAPES['drivers ID'].answer.parse(one.answer).id).toBe(id);
      }
    }
  });

  it('decode and encode: their shapes, and that of a fault', async () => {
    const good = await answered(['decode', 'a02yyuw', 'FF', '07', 'A1', 'A7']);
    const made = await answered(['encode', 'waveshare-relay', 'pulse', 'channel=1', 'ms=700']);
    const bad = await answered(['decode', 'a02yyuw', 'FF', '07', 'A1', 'A8']);

    expect(SHAPES.decode.answer.parse(good.answer)).toEqual({ points: { distance: 1953 } });
    expect(SHAPES.encode.answer.parse(made.answer).hex).toBe('01 05 02 00 00 07 8D B0');
    expect(SHAPES.fault.answer.parse(bad.answer).fault.code).toBe('driver.frame-checksum');
    expect([good.code, made.code, bad.code]).toEqual([0, 0, 1]);
  });

  it('receive: a view a second and the verdict last; the exit code is the verdict', async () => {
    for (const whole of [true, false]) {
      const { receiver } = receiverOfTest(whole);

      const said = await cli(['receive', '--url', 'mqtt://x', '--for', '2s', '--json'], {
        receiver,
        sleep: async () => {},
      });

      const lines = said.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      for (const line of lines) SHAPES.receive.answer.parse(line);
      expect(lines.map((line) => Object.keys(line)[0])).toEqual(['view', 'view', 'verdict']);
      expect(said.code).toBe(whole ? 0 : 1);
    }
  });

  it('status, devices and watch: what the control API says, line by line', async () => {
    const { views, socket } = await gatewayOfTest();
    const stop = new AbortController();

    const status = await answered(['status', '--socket', socket]);
    const devices = await answered(['devices', '--socket', socket]);
    let told = '';
    const out = (text: string) => {
      told += text;
    };
    const watching = cli(['watch', 'air-1', '--socket', socket, '--json'], { signal: stop.signal, out });
    await until('it listens', () => views.listeners.size);
    views.say({ type: 'reading', reading: { ...READING, device: 'air-2' } });
    views.say({ type: 'reading', reading: READING });
    views.say({ type: 'health', facts: [] });
    await until('the last line was told', () => told.includes('"health"'));
    stop.abort();

    SHAPES.status.answer.parse(status.answer);
    expect(SHAPES.devices.answer.parse(devices.answer).devices.map(({ id }) => id)).toEqual([
      'air-1',
      'air-2',
    ]);
    const lines = told
      .trim()
      .split('\n')
      .map((line) => SHAPES.watch.answer.parse(JSON.parse(line)));
    expect(lines.flatMap((line) => (line.type === 'reading' ? [line.reading.device] : []))).toEqual([
      'air-1',
    ]);
    expect((await watching).code).toBe(0);
  });
});

describe('a gateway that does not run', () => {
  it.each(['status', 'devices', 'watch'])('%s says so, names the socket, and ends with 1', async (name) => {
    const socket = join(tempFolder(), 'none.sock');

    const { code, out, err } = await cli([name, '--socket', socket]);

    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(socket);
    expect(err).toMatch(/gatelodge run --config FILE.*\[control\.unreachable\]/);
  });
});

describe('what a person reads', () => {
  it('status and devices are aligned, also with Chinese names, and tell what to do', async () => {
    const { socket } = await gatewayOfTest();

    const status = await cli(['status', '--socket', socket]);
    const devices = await cli(['devices', '--socket', socket]);

    expect(status.out).toMatch(/^gateway +gate-1 \(Riverside\)$/m);
    expect(status.out).toMatch(/failed +device-down air-2: mute\n +Check its power/);
    expect(devices.out.split('\n')[1]).toMatch(/^air-1 +plantower-pms +bus-1 +online/);
  });

  it('check shows the budget of each bus', async () => {
    const { out } = await cli(['check', 'config/sites/riverside.yaml']);

    expect(out).toMatch(/^garden-485 +11 +44 % +1245 ms/m);
    expect(out).toContain('riverside.yaml is good: 92 devices on 23 buses, 20 warnings.');
  });
});

describe('send', () => {
  it('hands the wish on with the name of who is here, and says how it ended', async () => {
    const { views, socket } = await gatewayOfTest();
    const words = ['send', 'relay-1', 'pulse', 'channel=1', 'ms=500', 'label=yard', 'ends="7"'];

    const said = await cli([...words, '--reason', 'tried out', '--ttl', '3s', '--socket', socket]);
    const machine = await cli(['send', 'relay-1', 'on', '--socket', socket, '--json']);

    expect(said).toEqual({ code: 0, out: 'done  effective_ms=500\n', err: '' });
    const args = { channel: 1, ms: 500, label: 'yard', ends: '7' };
    const wish = { target: 'relay-1', name: 'pulse', args, user: 'pi', reason: 'tried out', ttl_ms: 3000 };
    expect(views.wishes[0]).toEqual(wish);
    expect(SHAPES.send.answer.parse(JSON.parse(machine.out))).toMatchObject({ result: 'done' });
  });

  it('ends with 1 when it was not done, and shows a fault as any command', async () => {
    const { views, socket } = await gatewayOfTest();
    views.outcome = { result: 'unknown', facts: { fault: 'bus.no-reply' } };
    const unknown = await cli(['send', 'relay-1', 'on', '--socket', socket]);
    views.fails = new Fault('device.unknown', { device: 'relay-9', nearest: 'relay-1' });
    const refused = await cli(['send', 'relay-9', 'on', '--socket', socket]);

    expect(unknown).toMatchObject({ code: 1, out: 'unknown  fault=bus.no-reply\n' });
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('[device.unknown]') });
  });
});

describe('sign', () => {
  it('makes a key that only its owner reads, never writes over one, and shows the public half again', async () => {
    const file = join(tempFolder(), 'desk.key');

    const made = await gatelodgeRun(['sign', 'key', '--out', file]);
    const again = await gatelodgeRun(['sign', 'key', '--out', file]);
    const shown = await gatelodgeRun(['sign', 'public', '--key', file]);

    expect(made.out).toMatch(/^[\w-]{43}\n$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('cannot be made') });
    expect(shown.out).toBe(made.out);
    expect(made.out + made.err + shown.err).not.toContain('PRIVATE');
  }, 60_000);

  it('signs a command that another library finds true', async () => {
    const { pem, public_key } = signing.fresh();
    const deps = { readText: () => pem, unixMillis: () => 1_790_000_000_123, freshId: () => 'c-1' };
    const who = [
      '--key',
      'desk.key',
      '--kid',
      'desk-1',
      '--issuer',
      'desk',
      '--gateway',
      'gate-1',
      '--beat',
      'n1',
    ];

    const { code, out } = await cli(
      ['sign', 'command', 'relay-1', 'pulse', 'ms=500', ...who, '--json'],
      deps,
    );

    const { jws } = SHAPES['sign command'].answer.parse(JSON.parse(out));
    const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x: public_key }, 'EdDSA');
    const { payload, protectedHeader } = await compactVerify(jws, key);
    expect(code).toBe(0);
    expect(protectedHeader).toEqual({ alg: 'EdDSA', kid: 'desk-1', typ: 'gl-cmd' });
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual({
      ...{ v: 1, id: 'c-1', gateway: 'gate-1', target: 'relay-1', name: 'pulse', args: { ms: 500 } },
      ...{ issuer: 'desk', issued_at: 1_790_000_000_123, ttl_ms: 10_000, beat: 'n1' },
    });
  });

  it.each([
    ['a file that holds no key', ['sign', 'public', '--key', 'x'], 1, 'no private Ed25519 key'],
    ['a key that is not named', ['sign', 'command', 'a', 'b'], 2, '--key is missing'],
    ['a command that is missing', ['sign', 'command', 'a', '--key', 'x'], 2, 'COMMAND is missing'],
    ['something else', ['sign', 'kye', '--out', 'x'], 2, 'sign key'],
    ['a word too many', ['sign', 'key', 'x'], 2, 'one word too many'],
  ] as const)('complains about %s', async (_what, words, exit, complaint) => {
    const { code, err } = await cli(words, { readText: () => 'not a key' });

    expect(code).toBe(exit);
    expect(err).toContain(complaint);
  });
});

describe('the program itself', () => {
  it('gives a pipe all that it has to say, however much that is', async () => {
    const run = gatelodge(['drivers', '--json']);
    // Whoever reads is slower than the program.
    run.child.stdout?.pause();
    await until('the pipe is full', () => (run.child.stdout?.readableLength ?? 0) > 0);
    run.child.stdout?.resume();

    expect(await run.ended()).toBe(0);
    expect(run.stdout().length).toBeGreaterThan(100_000);
    expect(JSON.parse(run.stdout()).drivers.length).toBeGreaterThanOrEqual(35);
  }, 60_000);

  it('gives its exit codes to the shell, answers on standard output, complaints on standard error', async () => {
    const good = gatelodge(['decode', 'a02yyuw', 'FF', '07', 'A1', 'A7']);
    const wrong = gatelodge(['decode']);

    expect(await Promise.all([good, wrong].map((run) => run.ended()))).toEqual([0, 2]);
    expect([good.stdout(), good.stderr()]).toEqual(['distance  1953 mm\n', '']);
    expect([wrong.stdout(), wrong.stderr().includes('DRIVER is missing')]).toEqual(['', true]);
  }, 120_000);
});

async function gatelodgeRun(words: readonly string[]) {
  const run = gatelodge(words);
  const code = await run.ended();
  return { code, out: run.stdout(), err: run.stderr() };
}

async function gatewayOfTest() {
  const views = new ViewsOfTest();
  const socket = join(tempFolder(), 'control.sock');
  const control = await openControl(socket, views);
  onTestFinished(() => control.close());
  return { views, socket };
}

/** The platform's side without a broker: it has received one reading, whole or not. */
function receiverOfTest(whole: boolean) {
  const asked: ReceiverOptions[] = [];
  const view: ReceiverView = {
    connected: true,
    trouble: '',
    gateways: [
      {
        ...{ site: 'riverside', gateway: 'gate-1', online: true, connect_id: 1, records: 1, facts: [] },
        devices: [
          {
            device: 'air-1',
            points: [
              {
                point: 'pm2_5',
                unit: 'ug/m3',
                value: 12,
                quality: 'good',
                unix_ms: undefined,
                clock: 'unsynced',
              },
            ],
          },
        ],
      },
    ],
  };
  const verdict: Verdict = {
    ...{ whole, records: 1, duplicates: 0, nacked: 0, batches: 1, bad: 0, digests: 0, digest_mismatches: 0 },
    gateways: [],
  };
  const receiver = async (options: ReceiverOptions): Promise<Receiver> => {
    asked.push(options);
    return {
      view: () => view,
      verdict: () => verdict,
      failed: new Promise(() => {}),
      close: async () => {},
    };
  };
  return { receiver, asked };
}
