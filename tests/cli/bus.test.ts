import { existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { speedIn, unitsIn } from '../../src/cli/bus/settings.ts';
import type { CliDeps } from '../../src/cli/index.ts';
import { SHAPES } from '../../src/cli/shapes.ts';
import type { BenchPlace } from '../../src/contracts/index.ts';
import { openControl } from '../../src/control/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { cli } from '../support/cli.ts';
import { ViewsOfTest } from '../support/control-views.ts';
import { fieldWorld } from '../support/field-world.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const PORT = '/dev/serial/by-path/the-port';

/** The command line on a wire in memory, in virtual time. */
async function busWorld(deps: Partial<CliDeps> = {}) {
  const world = await fieldWorld();
  const places: BenchPlace[] = [];
  const folder = tempFolder();
  const nobody = ['--socket', join(folder, 'nobody.sock')];
  return {
    ...world,
    places,
    folder,
    /** No gateway answers. */
    run: (...argv: string[]) =>
      world.through(cli(['bus', ...argv, ...nobody], { ...world.cli(places), ...deps })),
    /** Whatever answers where the words say. */
    raw: (...argv: string[]) => world.through(cli(['bus', ...argv], { ...world.cli(places), ...deps })),
  };
}

/** As the program resolves links. */
const realPath = (path: string): string => (existsSync(path) ? realpathSync(path) : path);

const SITE = `
version: 1
site: { id: yard, name: Yard, time_zone: Europe/Vienna }
gateway: { state_dir: state }
control: { socket: control.sock }
buses:
  - { id: air, type: modbus-rtu, path: ${PORT}, baud: 9600 }
  - { id: net, type: modbus-tcp, host: 10.0.0.9, port: 502 }
  - { id: pins, type: gpio, chip: pinctrl-bcm2711 }
devices:
  - { id: box, driver: louver-box, bus: air, unit: 3 }
  - { id: gate, driver: eletechsup-r421a08, bus: air, unit: 4 }
  - { id: probe, driver: xy-md02, bus: air, unit: 9 }
`;

describe('bus scan', () => {
  it('shows who is there, what each looks like and why, and ends with 0', async () => {
    const world = await busWorld();
    await world.bus.add('louver-box', { unit: 3, baud: 9600 });

    const { code, out, err } = await world.run('scan', PORT, '--at', '9600', '--unit', '1-8');

    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^unit +speed +answers +looks like/);
    expect(out).toMatch(/^3 +9600 8N1 +\d+(\.\d)? ms +louver-box \(strong\)/m);
    expect(out).toContain('3: register 2000 (0x07D0) holds its address, 3');
    expect(out).toMatch(/\d+ questions in \d+ s at 9600 8N1; address by address at 9600 8N1\.\n$/);
    expect(world.places).toEqual([{ kind: 'serial', path: PORT }]);
  });

  it('of a silent wire says so', async () => {
    const world = await busWorld();

    const { code, out } = await world.run('scan', PORT, '--quick', '--at', '9600');

    expect(code).toBe(0);
    expect(out).toContain('Nobody answered.');
    expect(out).toContain('every address (leave out --quick)');
  });

  it('tells what does not fit the site file: other speed, wrong relay board, nowhere', async () => {
    const world = await busWorld();
    const file = join(world.folder, 'site.yaml');
    writeFileSync(file, SITE);
    await world.bus.add('louver-box', { unit: 3, baud: 4800 });
    await world.bus.add('eletechsup-ryn4', { unit: 4, baud: 9600 });
    const words = [
      '--config',
      file,
      '--root',
      world.folder,
      '--at',
      '9600',
      '--at',
      '4800',
      '--unit',
      '1-10',
    ];

    const { out } = await world.raw('scan', 'air', ...words);
    const { out: said } = await world.raw('scan', 'air', ...words, '--json');

    expect(out).toContain('box (louver-box, unit 3) answers at 4800 8N1; the wire has 9600 8N1.');
    expect(out).toContain('bus rebaud --unit 3 --from 4800 --to 9600');
    expect(out).toContain('gate is a eletechsup-r421a08 in the site file');
    expect(out).toContain('the same bytes move another one');
    expect(out).toContain('probe (xy-md02, unit 9) was heard nowhere.');
    const answer = SHAPES['bus scan'].answer.parse(JSON.parse(said));
    expect(answer.advice.map(({ code, devices }) => [code, devices])).toEqual([
      ['other-relays', ['gate']],
      ['other-speed', ['box']],
      ['nowhere', ['probe']],
    ]);
    expect(world.places[0]).toMatchObject({ kind: 'serial', own: { baud: 9600, parity: 'none' } });
  });

  it('shows a person at a terminal how far it is, on standard error', async () => {
    const world = await busWorld({ isTerminal: true });

    const { err } = await world.run('scan', PORT, '--at', '9600', '--quick');

    expect(err).toContain('9600 8N1: asking likely addresses 1/');
    expect(err.endsWith('\r\u001b[K')).toBe(true);
  });

  it('ends with 1 and says so when the person has had enough', async () => {
    const world = await busWorld();
    const scanning = world.run('scan', PORT);

    await world.through(world.clock.sleep('a while', 9000));
    world.stop.abort(new Error('SIGINT'));
    const { code, err } = await scanning;

    expect(code).toBe(1);
    expect(err).toContain('[field.stopped]');
  });
});

describe('bus readdress and bus rebaud', () => {
  it('say where the unit is now, what was seen, what to do next and how to go back', async () => {
    const world = await busWorld();
    const unit = await world.bus.add('louver-box', { unit: 1, baud: 4800 });

    const { code, out } = await world.run(
      'readdress',
      PORT,
      '--driver',
      'louver-box',
      '--from',
      '1',
      '--to',
      '5',
    );

    expect([code, unit.unit]).toEqual([0, 5]);
    expect(out).toMatch(/^It is unit 5 at 4800 8N1 now\.\n/);
    expect(out).toContain('nobody answered as unit 5');
    expect(out).toContain('Write unit: 5 in the site file');
    expect(out).toContain(
      `To go back: gatelodge bus readdress ${PORT} --driver louver-box --from 5 --to 1\n`,
    );
  });

  it('go back with the command that they gave', async () => {
    const world = await busWorld();
    const unit = await world.bus.add('waveshare-relay', { unit: 2, baud: 9600 });
    const there = [
      'rebaud',
      PORT,
      '--driver',
      'waveshare-relay',
      '--unit',
      '2',
      '--to',
      '38400-8E1',
      '--json',
    ];

    const { out } = await world.run(...there);
    const { back } = SHAPES['bus rebaud'].answer.parse(JSON.parse(out));
    const again = await world.run(...back.split(' ').slice(2));

    expect(back).toContain('--from 38400-8E1 --to 9600-8N1');
    expect(again.code).toBe(0);
    expect(unit.setting).toEqual({ baud: 9600, parity: 'none' });
  });

  it('ask for the power cycle, wait for it, and go on', async () => {
    const world = await busWorld();
    const unit = await world.bus.add('louver-box', { unit: 1, baud: 4800 });
    void world.clock.sleep('a person', 30_000).then(() => unit.power());

    const { code, out, err } = await world.run(
      'rebaud',
      PORT,
      '--driver',
      'louver-box',
      '--unit',
      '1',
      '--to',
      '9600',
    );

    expect(code).toBe(0);
    expect(err).toBe('Switch it off and on. It is waited for.\n');
    expect(out).toMatch(/^It is unit 1 at 9600 8N1 now\./);
  });

  it('say that it is not done when nobody waits, and how to look later', async () => {
    const world = await busWorld();
    await world.bus.add('louver-box', { unit: 1, baud: 4800 });

    const words = ['--driver', 'louver-box', '--unit', '1', '--to', '9600', '--wait', '0'];
    const { code, out } = await world.run('rebaud', PORT, ...words);

    expect(code).toBe(0);
    expect(out).toContain('it is not done yet');
    expect(out).toContain(`Then look: gatelodge bus scan ${PORT} --at 9600-8N1 --unit 1`);
  });

  it('end with 1 where a taken address is refused, for people and for machines', async () => {
    const world = await busWorld();
    await world.bus.add('louver-box', { unit: 1, baud: 4800 });
    await world.bus.add('noise-rs485', { unit: 5, baud: 4800 });
    const words = ['readdress', PORT, '--driver', 'louver-box', '--from', '1', '--to', '5'];

    const people = await world.run(...words);
    const machines = await world.run(...words, '--json');

    expect([people.code, people.out, machines.code]).toEqual([1, '', 1]);
    expect(people.err).toContain('Somebody answers as unit 5 at 4800 8N1 already; nothing was changed.');
    expect(SHAPES.fault.answer.parse(JSON.parse(machines.out)).fault.code).toBe('field.taken');
  });
});

describe('a wire that a running gateway holds', () => {
  const held = async (at: string) => {
    const world = await busWorld();
    const views = new ViewsOfTest();
    views.at = at;
    const socket = join(world.folder, 'control.sock');
    const control = await openControl(socket, views);
    onTestFinished(() => control.close());
    // What comes over a real socket takes real time, in which no virtual time passes.
    const ask = (...argv: string[]) =>
      cli(['bus', ...argv, '--socket', socket], { ...world.cli(world.places), realPath });
    return { ...world, ask, views };
  };

  it('is lent by it while the work lasts, however the port is named, and that is said', async () => {
    const real = tempFolder();
    mkdirSync(join(real, 'by-path'));
    writeFileSync(join(real, 'ttyUSB0'), '');
    symlinkSync('../ttyUSB0', join(real, 'by-path', 'usb-port0'));
    const { ask, views, places } = await held(join(real, 'by-path', 'usb-port0'));

    // There is no such driver, so nothing else is done.
    const words = ['--driver', 'louver-bx', '--from', '1', '--to', '2'];
    const { code, err } = await ask('readdress', join(real, 'ttyUSB0'), ...words);

    expect(code).toBe(1);
    expect(err).toContain(
      'The gateway lends its bus bus-1; what is on it is offline meanwhile, for 10 minutes at most.',
    );
    expect(err).toContain('[driver.unknown]');
    expect(places).toHaveLength(1);
    await until('it has it back', () => views.loans.back === 1);
    expect(views.loans.given).toBe(1);
  });

  it.each([
    [
      'a door depends on it',
      new Fault('field.serves-doors', { bus: 'bus-1', served: 'gate' }),
      'field.serves-doors',
    ],
    [
      'something on it must obey',
      new Fault('field.serves-outputs', { bus: 'bus-1', devices: 'lamps' }),
      'field.serves-outputs',
    ],
    [
      'the gateway is of an earlier version',
      new Fault('usage', { text: 'there is nothing there' }),
      'field.wire-held',
    ],
  ])('is left alone where %s: what to do is said, and its port is not opened', async (_, keeps, code) => {
    const { ask, views, places } = await held('10.0.0.9:502');
    views.keeps = keeps;

    for (const argv of [
      ['scan', '10.0.0.9:502'],
      ['readdress', '10.0.0.9:502', '--driver', 'louver-box', '--from', '1', '--to', '2'],
      ['rebaud', '10.0.0.9:502', '--driver', 'louver-box', '--unit', '1', '--to', '9600'],
    ]) {
      const refused = await ask(...argv);
      expect(refused.code).toBe(1);
      expect(refused.err).toContain(`[${code}]`);
      expect(refused.err).toContain('systemctl stop gatelodge');
    }
    expect(places).toEqual([]);
  });

  it('is taken back by it when the time is over: the work is stopped, and what to do is said', async () => {
    const { ask, views } = await held('10.0.0.9:502');

    const site = join(tempFolder(), 'site.yaml');
    writeFileSync(site, SITE);
    views.at = PORT;

    const asking = ask('scan', 'air', '--config', site, '--full');
    await until('it is lent', () => views.loans.given === 1);
    views.takeBack();
    const { code, err } = await asking;

    expect(code).toBe(1);
    expect(err).toContain('took its bus bus-1 back after 10 minutes');
    expect(err).toContain('[field.loan-over]');
    expect(views.loans.users).toEqual(['pi']);
  });

  it('is not refused where the gateway holds another wire', async () => {
    const { ask, places, views } = await held('10.0.0.9:502');

    await ask('scan', '10.0.0.8:502', '--quick');

    expect(places).toEqual([{ kind: 'modbus-tcp', host: '10.0.0.8', port: 502 }]);
    expect(views.loans.given).toBe(0);
  });
});

describe('a wire that cannot be meant', () => {
  it.each([
    ['no port, no host', ['scan', 'air'], 'air is no port'],
    ['a speed that is none', ['scan', PORT, '--at', 'fast'], 'a speed is written 9600 or 19200-8E1'],
    ['an address that is none', ['scan', PORT, '--unit', '9-3'], 'several are 1-16'],
    ['two depths', ['scan', PORT, '--quick', '--full'], 'do not go together'],
    ['a serial server that is a port', ['scan', PORT, '--rtu'], '--rtu is for HOST:PORT'],
    ['a wait that is none', ['scan', PORT, '--wait-ms', '0'], '1 to 99999'],
    [
      'several addresses for one unit',
      ['readdress', PORT, '--driver', 'x', '--from', '1-2', '--to', '3'],
      'one address',
    ],
    [
      'a time that is none',
      ['rebaud', PORT, '--driver', 'louver-box', '--unit', '1', '--to', '9600', '--wait', 'soon'],
      '60s, 5min or 0',
    ],
  ])('%s: 2, with what is expected', async (_, argv, said) => {
    const { code, err } = await (await busWorld()).run(...argv);

    expect(code).toBe(2);
    expect(err).toContain(said);
  });

  it.each([
    ['a bus that is not in the site file', 'ai', 'usage', 'did you mean air?'],
    ['a bus without units', 'pins', 'field.no-wire', 'its type is gpio'],
  ])('%s is named', async (_, word, code, said) => {
    const world = await busWorld();
    const file = join(world.folder, 'site.yaml');
    writeFileSync(file, SITE);

    const { err, out } = await world.run('scan', word, '--config', file, '--json');

    expect(JSON.parse(out).fault.code).toBe(code);
    expect(err).toContain(said);
  });

  it('a site file that is not accepted is refused as a whole', async () => {
    const world = await busWorld();
    const file = join(world.folder, 'site.yaml');
    writeFileSync(file, SITE.replace('louver-box', 'louver-bx'));

    const { code, err } = await world.run('scan', 'air', '--config', file);

    expect(code).toBe(1);
    expect(err).toContain('[config.refused]');
  });
});

describe('speeds and addresses as they are typed', () => {
  it.each([
    ['9600', { baud: 9600 }],
    ['19200-8E1', { baud: 19_200, parity: 'even' }],
    ['19200 8o1', { baud: 19_200, parity: 'odd' }],
    ['4800n', { baud: 4800, parity: 'none' }],
  ])('%s is a speed', (text, speed) => {
    expect(speedIn('at', text)).toEqual(speed);
  });

  it.each([
    ['7', [7]],
    ['3-5', [3, 4, 5]],
    ['255', [255]],
  ])('%s is addresses', (text, units) => {
    expect(unitsIn('unit', text)).toEqual(units);
  });
});
