import { describe, expect, it } from 'vitest';
import { gatewayWorld } from '../support/gateway-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

interface Wish {
  /** More of the supply `mast`. */
  readonly supply?: string;
  /** More of the sensor. */
  readonly noise?: string;
  /** More of the relay board. */
  readonly board?: string;
  readonly relay?: string;
  readonly devices?: string;
}

/** A relay board, and a mast with a noise sensor behind its relay 3; a box with a supply of its own stands on the same wire. */
const siteOf = ({
  supply = '',
  noise = '',
  board = '',
  relay = 'waveshare-relay',
  devices = '',
}: Wish = {}) => `
version: 1
site: { id: yard, name: Yard, time_zone: Asia/Shanghai }
gateway: { id: gate-1, state_dir: state }
control: { socket: control.sock }
buses:
  - { id: doors, type: modbus-rtu, path: wires/doors, baud: 19200, echo: none }
  - { id: garden, type: modbus-rtu, path: wires/garden, baud: 9600, echo: none }
supplies:
  - { id: mast, relay: board, channel: 3, silent_s: 60, off_s: 10, most_per_day: 2${supply} }
devices:
  - { id: board, driver: ${relay}, bus: doors, unit: 1${board} }
  - { id: noise, driver: noise-rs485, bus: garden, unit: 2, powered_by: mast${noise} }
  - { id: box, driver: louver-box, bus: garden, unit: 5 }
${devices}
`;

type Open = Awaited<ReturnType<typeof gatewayWorld>>;

async function yard(wish: Wish = {}) {
  const world = await gatewayWorld(siteOf(wish));
  await world.pass(20_000);
  const health = () => world.control().health();
  return {
    ...world,
    /** How often relay 3 was seen energised anew, by what the board told at each look. */
    energised: () => {
      const stands = world.said.flatMap(({ device, values }) =>
        device === 'board' ? [values['relay-3'] === true] : [],
      );
      return stands.filter((on, at) => on && !stands[at - 1]).length;
    },
    relay: () => world.far.said().board?.['relay-3'],
    facts: async () => (await health()).map(({ code, subject }) => `${code} ${subject}`),
    evidence: async (code: string) => (await health()).find((fact) => fact.code === code)?.evidence ?? '',
  };
}

/** What was stored of supplies, in order; the gateway is closed for it. */
async function told({ records }: Pick<Open, 'records'>) {
  return (await records()).flatMap((record) =>
    record.kind === 'event' && /^(power-cycle|supply)/.test(record.name)
      ? [
          {
            up: record.stamp.up,
            name: record.name,
            lane: record.lane,
            subject: record.subject,
            ...record.fields,
          },
        ]
      : [],
  );
}
const story = async (world: Pick<Open, 'records'>) =>
  (await told(world)).map((record) =>
    'outcome' in record ? `${record.name} ${record.outcome}` : record.name,
  );

describe('a unit behind a supply', { timeout: 120_000 }, () => {
  it('that hangs has its power cut once it was silent for so long, and answers again; both ends are told', async () => {
    const world = await yard();

    world.far.faults.set('noise', 'hung');
    await world.pass(MINUTE);
    expect(world.energised()).toBe(0);
    await world.pass(4 * MINUTE);

    expect(world.energised()).toBe(1);
    expect(world.relay()).toBe(false);
    expect(await world.facts()).toEqual([]);
    const about = {
      lane: 'a',
      subject: 'board',
      supply: 'mast',
      channel: 3,
      devices: ['noise'],
      silent: ['noise'],
    };
    const count = { count: 1, most_per_day: 2 };
    expect(await told(world)).toMatchObject([
      { ...about, ...count, name: 'power-cycle-started', cause: 'silent', off_ms: 10_000, timing: 'board' },
      { ...about, ...count, name: 'power-cycle-ended', outcome: 'back', cut: 'done', answering: ['noise'] },
    ]);
  });

  it('that is dead has its power cut twice within 24 hours, not more, also over restarts; somebody is told to look', async () => {
    const world = await yard();

    world.far.faults.set('noise', 'mute');
    await world.pass(15 * MINUTE);
    expect(world.energised()).toBe(2);
    expect(await world.facts()).toContain('power-cycles-spent noise');
    await world.restart(12 * HOUR);
    await world.pass(5 * MINUTE);
    expect(world.energised()).toBe(2);
    await world.restart(12 * HOUR, 'boot-2');
    await world.pass(8 * MINUTE);

    expect(world.energised()).toBe(4);
    expect(await story(world)).toEqual([
      'power-cycle-started',
      'power-cycle-ended still-silent',
      'power-cycle-started',
      'power-cycle-ended still-silent',
      'power-cycle-given-up',
      'power-cycle-started',
      'power-cycle-ended still-silent',
      'power-cycle-started',
      'power-cycle-ended still-silent',
      'power-cycle-given-up',
    ]);
  });

  it('on a wire where nothing answers is left alone: the wire is dead', async () => {
    const world = await yard();

    world.far.faults.set('garden', 'mute');
    await world.pass(5 * MINUTE);
    expect(world.energised()).toBe(0);
    expect(await world.evidence('power-cycle-held')).toContain('nothing on garden answers: the wire is dead');
    world.far.faults.clear('garden');
    world.far.faults.set('noise', 'hung');
    await world.pass(5 * MINUTE);

    expect(world.energised()).toBe(1);
    expect(await story(world)).toEqual(['power-cycle-started', 'power-cycle-ended back']);
  });

  it('is left alone while the relay board is silent too, until that is back', async () => {
    const world = await yard();

    world.far.faults.set('board', 'mute');
    world.far.faults.set('noise', 'hung');
    await world.pass(5 * MINUTE);
    expect(await world.evidence('power-cycle-held')).toContain('relay of its supply does not answer');
    world.far.faults.clear('board');
    await world.pass(3 * MINUTE);

    expect(await story(world)).toEqual(['power-cycle-started', 'power-cycle-ended back']);
  });

  it('that has never answered is left alone: its address or wiring is wrong, and power would not mend that', async () => {
    // It is looked at for the first time half a minute after the start.
    const world = await gatewayWorld(siteOf({ noise: ', poll_ms: 60000' }));
    world.far.faults.set('noise', 'mute');

    await world.pass(5 * MINUTE);

    expect((await world.control().health()).map(({ code }) => code)).toContain('power-cycle-held');
    expect(await story(world)).toEqual([]);
  });

  it('whose supply a technician has switched off stays off', async () => {
    const world = await yard();

    const acting = world.gateway().device('board').act('on', { channel: 3 });
    await world.pass(5 * MINUTE);
    await acting;

    expect(await world.evidence('power-cycle-held')).toContain('somebody has switched its supply off');
    expect(world.relay()).toBe(true);
    expect(await story(world)).toEqual([]);
  });
});

describe('several units behind one supply', { timeout: 120_000 }, () => {
  const devices = '  - { id: noise-2, driver: noise-rs485, bus: garden, unit: 3, powered_by: mast }';

  it('lose their power only when all of them are silent', async () => {
    const world = await yard({ devices });

    world.far.faults.set('noise', 'hung');
    await world.pass(4 * MINUTE);
    expect(world.energised()).toBe(0);
    expect(await world.evidence('power-cycle-held')).toContain('noise-2 on the same supply');
    world.far.faults.set('noise-2', 'hung');
    await world.pass(4 * MINUTE);

    expect(world.energised()).toBe(1);
    expect(await told(world)).toMatchObject([
      { devices: ['noise', 'noise-2'] },
      { answering: ['noise', 'noise-2'] },
    ]);
  });

  it('lose it for one of them where the site says so', async () => {
    const world = await yard({ devices, supply: ', when: any' });

    world.far.faults.set('noise', 'hung');
    await world.pass(4 * MINUTE);

    expect(world.energised()).toBe(1);
    expect(await told(world)).toMatchObject([{ silent: ['noise'] }, { outcome: 'back', silent: ['noise'] }]);
  });
});

describe('two supplies of one relay board', { timeout: 120_000 }, () => {
  it('are cut one after the other', async () => {
    const world = await gatewayWorld(
      siteOf({
        devices: '  - { id: noise-2, driver: noise-rs485, bus: garden, unit: 3, powered_by: wall }',
      }).replace('devices:', '  - { id: wall, relay: board, channel: 4, silent_s: 60 }\ndevices:'),
    );
    await world.pass(20_000);

    for (const id of ['noise', 'noise-2']) world.far.faults.set(id, 'hung');
    await world.pass(5 * MINUTE);

    const both = world.said.filter(({ values }) => values['relay-3'] === true && values['relay-4'] === true);
    expect(both).toEqual([]);
    expect(await story(world)).toEqual([
      'power-cycle-started',
      'power-cycle-ended back',
      'power-cycle-started',
      'power-cycle-ended back',
    ]);
  });
});

describe('a relay board that does not say what it has done', { timeout: 120_000 }, () => {
  it('leaves a cycle of unknown outcome, though the unit answers again', async () => {
    const wish = { board: ', poll_ms: 20000' };
    const before = await yard(wish);
    before.far.faults.set('noise', 'hung');
    await before.pass(5 * MINUTE);
    const [first] = await told(before);
    const world = await yard(wish);
    world.far.faults.set('noise', 'hung');
    await world.pass((first?.up ?? 0) - 500 - world.clock().now().up);

    world.far.faults.set('board', 'lost');
    await world.pass(5000);
    world.far.faults.clear('board');
    await world.pass(5 * MINUTE);

    expect(await told(world)).toMatchObject([
      { name: 'power-cycle-started' },
      { name: 'power-cycle-ended', outcome: 'unknown', cut: 'unknown', fault: 'bus.no-reply' },
    ]);
  });

  it('is told again until the supply is confirmed, and that is a fact meanwhile', async () => {
    const world = await yard({ relay: 'wellpro-wp8025' });

    world.far.faults.set('noise', 'hung');
    for (let s = 0; s < 240 && world.relay() !== true; s += 1) await world.pass(1000);
    world.far.faults.set('board', 'mute');
    await world.pass(2 * MINUTE);
    expect(await world.facts()).toContain('supply-off noise');
    world.far.faults.clear('board');
    await world.pass(2 * MINUTE);

    expect(world.relay()).toBe(false);
    expect(await world.facts()).not.toContain('supply-off noise');
    expect(await story(world)).toEqual(['power-cycle-started', 'power-cycle-ended back']);
  });
});

describe('a supply when the gateway ends', { timeout: 120_000 }, () => {
  it('in the middle of a cycle is given again before it has ended, and the cycle is told as interrupted once', async () => {
    const world = await yard({ relay: 'wellpro-wp8025' });
    world.far.faults.set('noise', 'mute');
    for (let s = 0; s < 240 && world.relay() !== true; s += 1) await world.pass(1000);
    expect(world.relay()).toBe(true);

    await world.restart(1000);
    const found = world.said.findLast(({ device }) => device === 'board');
    await world.pass(5000);

    expect(found?.values['relay-3']).toBe(false);
    expect(await story(world)).toEqual(['power-cycle-started', 'power-cycle-ended interrupted']);
  });

  it('through a normally open contact is given again when the board comes back from a power cut of its own', async () => {
    const world = await yard({
      supply: ', contact: normally-open',
      board: ', options: { rest: [off, off, on] }',
    });
    expect(world.relay()).toBe(true);

    world.far.faults.set('board', 'mute');
    await world.pass(MINUTE);
    world.far.set('board', { 'relay-3': false });
    world.far.faults.clear('board');
    await world.pass(2 * MINUTE);

    expect(world.relay()).toBe(true);
    expect(await told(world)).toMatchObject([
      { name: 'supply-restored', subject: 'board', devices: ['noise'], because: 'relay-was-off' },
    ]);
  });
});
