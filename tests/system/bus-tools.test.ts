import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SHAPES } from '../../src/cli/shapes.ts';
import { connectControl } from '../../src/control/index.ts';
import { busCli as bus, ptyWire, serialServer } from '../support/field-pty.ts';
import { gatelodge } from '../support/process.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

/** What a scan found: `1 at 9600: waveshare-relay`. */
async function scanned(...argv: string[]): Promise<readonly string[]> {
  const scan = bus('scan', ...argv, '--wait-ms', '80', '--json');
  expect({ code: await scan.ended(), err: scan.stderr() }).toEqual({ code: 0, err: '' });
  const { found } = SHAPES['bus scan'].answer.parse(JSON.parse(scan.stdout()));
  return found
    .map(({ unit, setting, looks_like }) => `${unit} at ${setting.baud}: ${looks_like[0]?.driver}`)
    .toSorted();
}

describe('an installer with a box of units from three makers, one wire and a laptop', () => {
  it('finds them all at their speeds, gives each its address and one speed, and every one answers in the end', async () => {
    const { bus: far, port } = ptyWire();
    const relays = await far.add('waveshare-relay', { unit: 1, baud: 9600 });
    await far.add('xy-md02', { unit: 3, baud: 9600 });
    const box = await far.add('louver-box', { unit: 1, baud: 4800 });

    const before = await scanned(port, '--at', '9600', '--at', '4800', '--unit', '1-3');

    expect(before).toEqual(['1 at 4800: louver-box', '1 at 9600: waveshare-relay', '3 at 9600: xy-md02']);
    expect(far.heard.every(({ pdu }) => [1, 2, 3, 4, 43].includes(pdu[0] ?? 0))).toBe(true);

    // Two units 1 cannot share a speed: the relay board has to make room first.
    const early = bus(
      'rebaud',
      port,
      '--driver',
      'louver-box',
      '--unit',
      '1',
      '--from',
      '4800',
      '--to',
      '9600',
    );
    expect(await early.ended()).toBe(1);
    expect(early.stderr()).toContain('[field.taken]');
    const room = bus('readdress', port, '--driver', 'waveshare-relay', '--from', '1', '--to', '2');
    expect(await room.ended()).toBe(0);
    expect(relays.unit).toBe(2);

    const speed = bus(
      'rebaud',
      port,
      '--driver',
      'louver-box',
      '--unit',
      '1',
      '--from',
      '4800',
      '--to',
      '9600',
    );
    await speed.line('Switch it off and on.');
    expect(box.setting.baud).toBe(4800);
    box.power();
    expect(await speed.ended()).toBe(0);
    expect(speed.stdout()).toContain('It is unit 1 at 9600 8N1 now.');

    expect(await scanned(port, '--at', '9600', '--unit', '1-3')).toEqual([
      '1 at 9600: louver-box',
      '2 at 9600: waveshare-relay',
      '3 at 9600: xy-md02',
    ]);
    const moved = Object.entries(relays.far.said()).filter(([name, on]) => name.startsWith('relay') && on);
    expect(moved).toEqual([]);
  }, 120_000);

  it('recognises a sensor that speaks by itself, and asks nobody over it', async () => {
    const { bus: far, port, push } = ptyWire();
    await push('plantower-pms', { baud: 9600, parity: 'none' });

    const scan = bus('scan', port, '--at', '9600');

    expect(await scan.ended()).toBe(0);
    expect(scan.stdout()).toMatch(/Somebody speaks unasked at 9600 8N1: like plantower-pms, \d+ frames/);
    expect(far.heard).toEqual([]);
  }, 60_000);

  it('works through a serial server as well, which has but one speed', async () => {
    const { bus: far, address } = await serialServer({ baud: 9600, parity: 'none' });
    const unit = await far.add('louver-box', { unit: 5, baud: 9600 });

    const found = await scanned(address, '--rtu', '--at', '9600', '--unit', '5');
    const moved = bus(
      'readdress',
      address,
      '--rtu',
      '--at',
      '9600',
      '--driver',
      'louver-box',
      '--from',
      '5',
      '--to',
      '6',
    );

    expect(found).toEqual(['5 at 9600: louver-box']);
    expect(await moved.ended()).toBe(0);
    expect(unit.unit).toBe(6);
    const speed = bus(
      'rebaud',
      address,
      '--rtu',
      '--driver',
      'louver-box',
      '--unit',
      '6',
      '--from',
      '9600',
      '--to',
      '4800',
    );
    expect(await speed.ended()).toBe(0);
    expect(speed.stdout()).toContain('this wire cannot follow it there to look');
    expect(speed.stdout()).toContain('Set the serial server to 4800 8N1');
  }, 60_000);

  it('says what is wrong with a port that is not there', async () => {
    const scan = bus('scan', join(tempFolder(), 'no-such-port'));

    expect(await scan.ended()).toBe(1);
    expect(scan.stderr()).toContain('[bus.port-missing]');
  });
});

describe('a wire that a running gateway holds', () => {
  it('is lent where it has sensors only, and polled again afterwards; with a relay board on it it is kept', async () => {
    const sensors = ptyWire();
    const gates = ptyWire();
    const { folder, port } = sensors;
    await sensors.bus.add('noise-rs485', { unit: 1, baud: 4800 });
    await gates.bus.add('waveshare-relay', { unit: 1, baud: 9600 });
    const site = join(folder, 'site.yaml');
    writeFileSync(
      site,
      `
version: 1
site: { id: yard, name: Yard, time_zone: Europe/Vienna }
gateway: { state_dir: state }
control: { socket: control.sock }
buses:
  - { id: yard-485, type: modbus-rtu, path: wire, baud: 4800 }
  - { id: gates, type: modbus-rtu, path: ${gates.port}, baud: 9600 }
devices:
  - { id: noise, driver: noise-rs485, bus: yard-485, unit: 1, poll_ms: 500 }
  - { id: gate, driver: waveshare-relay, bus: gates, unit: 1 }
`,
    );
    const daemon = gatelodge(['run', '--config', site, '--root', folder]);
    const control = connectControl(join(folder, 'control.sock'));
    const online = (id: string) => async () =>
      (await control.devices().catch(() => [])).some(
        (device) => device.id === id && device.status === 'online',
      );
    await until('the noise sensor is online', online('noise'));
    await until('the relay board is online', online('gate'));
    const tool = (word: string, ...more: string[]) =>
      gatelodge(['bus', 'scan', word, '--config', site, '--root', folder, '--unit', '1', ...more, '--json']);

    const lent = tool('yard-485', '--at', '4800');
    const kept = tool('gates', '--at', '9600');
    const byLock = bus('scan', gates.port, '--at', '9600');

    expect([await lent.ended(), await kept.ended(), await byLock.ended()]).toEqual([0, 1, 1]);
    expect(lent.stderr()).toContain('The gateway lends its bus yard-485');
    expect(JSON.parse(lent.stdout()).found).toMatchObject([{ unit: 1, device: 'noise' }]);
    expect(kept.stderr()).toContain('[field.serves-outputs]');
    expect(byLock.stderr()).toContain('[bus.port-busy]');
    expect((await control.status()).buses.gates?.state).toBe('up');
    const before = sensors.bus.heard.length;
    await until('the sensor is polled again', () => sensors.bus.heard.length > before + 2);
    await until('it is online', online('noise'));

    const killed = gatelodge(['bus', 'scan', port, '--socket', join(folder, 'control.sock'), '--full']);
    await killed.line('The gateway lends its bus yard-485');
    await killed.stop('SIGKILL');
    await until('the bus comes back', async () => (await control.status()).buses['yard-485']?.state === 'up');
    expect(await daemon.stop()).toBe(0);
  }, 90_000);
});
