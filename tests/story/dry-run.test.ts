import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { SHAPES } from '../../src/cli/shapes.ts';
import { loadSite } from '../../src/config/index.ts';
import { derivedPoints } from '../../src/gateway/derived-plan.ts';
import { cli } from '../support/cli.ts';

/** A site with dust, a button, a lamp, a door, and whatever rules. */
const site = (rules: string, zone = 'Asia/Shanghai') => `
version: 1
site: { id: yard, name: Yard, time_zone: ${zone} }
profiles: [config/profiles/dry-contacts-8.yaml]
buses:
  - { id: cabinet, type: modbus-tcp, host: 192.168.10.21, port: 502 }
  - { id: doors, type: modbus-tcp, host: 192.168.10.22, port: 502 }
devices:
  - { id: contacts, driver: dry-contacts-8, bus: cabinet, unit: 2 }
  - { id: air, driver: louver-box, bus: cabinet, unit: 4, options: { reg_503: pm2_5 } }
  - { id: bays, driver: bay-register, bus: cabinet, unit: 5, options: { bays: 2 } }
  - { id: lamps, driver: waveshare-relay, bus: cabinet, unit: 7, timeout_ms: 200 }
  - { id: board, driver: waveshare-relay, bus: doors, unit: 6, timeout_ms: 200, locks: [1] }
doors:
  - { id: gate, type: door, lock: { device: board, channel: 1 }, contacts: { in: { device: contacts, point: gate-closed, inverted: true } } }
schedules:
  - { id: evening, spans: [{ days: [mon, tue, wed, thu, fri, sat, sun], from: '18:00', to: '00:30' }] }
  - { id: small-hours, spans: [{ days: [mon, tue, wed, thu, fri, sat, sun], from: '01:30', to: '03:30' }] }
calendar: { 2026-10-01: holiday }
rules: [${rules}]
`;

const DUST = `{ id: dust, when: { type: threshold, device: air, point: pm2_5, above: 75, hysteresis: 5 }, for_s: 60,
  alarm: { message: dusty }, do: [{ target: lamps, command: on, args: { channel: 2 } }], after: [{ target: lamps, command: off, args: { channel: 2 } }] }`;
const EVENING = `{ id: dark, when: { type: schedule, schedule: evening }, do: [{ target: lamps, command: on, args: { channel: 3 } }] }`;

async function tried(rules: string, events: string, { zone = 'Asia/Shanghai', json = false } = {}) {
  const files: Readonly<Record<string, string>> = { 'site.yaml': site(rules, zone), 'day.yaml': events };
  const load = () =>
    loadSite(site(rules, zone), {
      library: (profiles) => openLibrary(profiles),
      readText: (path) => readFileSync(path, 'utf8'),
      derivedPoints,
    });
  return cli(['check', 'site.yaml', '--dry-run', 'day.yaml', ...(json ? ['--json'] : [])], {
    load,
    readText: (path) => files[path] ?? '',
  });
}

/** What happened, a word or two a line: `21:30:00 began dust`. */
async function timeline(rules: string, events: string, zone?: string): Promise<string[]> {
  const { out } = await tried(rules, events, { json: true, ...(zone !== undefined && { zone }) });
  const answer = SHAPES['check --dry-run'].answer.parse(JSON.parse(out));
  expect(answer.problems).toEqual([]);
  return answer.timeline
    .filter(({ type }) => type !== 'came')
    .map(({ local, type, ...line }) => {
      const about = line.command ?? line.rule ?? line.schedule ?? String(line.holds);
      const more = type === 'turned' || type === 'schedule' ? ` ${line.truth}` : '';
      return `${local.slice(11)} ${type} ${about}${more}`;
    });
}

describe('rules that are tried with a file of events', () => {
  it('begin and end at the moments they would, with what showed it, and say what they tell', async () => {
    const said = await tried(
      DUST,
      `start: 2026-11-24 21:30
steps:
  - { type: readings, values: { air.pm2_5: 80 } }
  - { at: '21:30:40', type: readings, values: { air.pm2_5: 72 } }
  - { at: '21:35', type: readings, values: { air.pm2_5: 69 } }`,
    );

    const rows = said.out.split('\n').map((row) => row.trimEnd());
    const dust = 'limit: above 75, until it is back at 70';
    expect(rows.slice(2, 11)).toEqual([
      '2026-11-24',
      '21:30:00    comes    air/pm2_5 80',
      `            rule     dust/air is so; it begins at 21:31:00: air/pm2_5 is 80 (${dust})`,
      '21:30:40    comes    air/pm2_5 72',
      `21:31:00    ALARM    dust/air begins, alarm warning "dusty": air/pm2_5 is 72 (${dust})`,
      '            command  dust/air tells lamps on channel=2',
      '21:35:00    comes    air/pm2_5 69',
      `            cleared  dust/air alarm cleared after 4 min 0 s: air/pm2_5 is 69 (${dust})`,
      '            command  dust/air tells lamps off channel=2',
    ]);
    expect(said).toMatchObject({ code: 0, err: '' });
  });

  it.each([
    [
      'what is over before its time has come begins nothing',
      DUST,
      `[{ type: readings, values: { air.pm2_5: 80 } }, { after_s: 59, type: readings, values: { air.pm2_5: 60 } }, { after_s: 600, type: wait }]`,
      ['21:30:00 turned dust yes', '21:30:59 turned dust no'],
    ],
    [
      'a value that is suspect stops the count, and a good one goes on with it',
      DUST,
      `[{ type: readings, values: { air.pm2_5: 80 } }, { after_s: 50, type: readings, values: { air.pm2_5: 80 }, quality: suspect },
        { after_s: 600, type: readings, values: { air.pm2_5: 80 } }, { after_s: 11, type: wait }]`,
      [
        '21:30:00 turned dust yes',
        '21:30:50 turned dust unknown',
        '21:40:50 turned dust yes',
        '21:41:00 began dust',
        '21:41:00 told on',
      ],
    ],
    [
      'what a silent device told is stale, and an alarm that stands goes on',
      DUST,
      `[{ type: readings, values: { air.pm2_5: 80 } }, { after_s: 61, type: silent, devices: [air] }, { after_s: 3600, type: wait }]`,
      ['21:30:00 turned dust yes', '21:31:00 began dust', '21:31:00 told on', '21:31:01 turned dust unknown'],
    ],
    [
      'a device that is silent for long alarms, and is over when it answers; a value is an answer too',
      `{ id: quiet, when: { type: health, fact: device-down, of: air }, for_s: 300, alarm: {} }, ${DUST}`,
      `[{ type: silent, devices: [air] }, { after_s: 400, type: readings, values: { air.pm2_5: 3 } }]`,
      ['21:30:00 turned quiet yes', '21:35:00 began quiet', '21:36:40 ended quiet'],
    ],
    [
      'an event that a rule waits for acts at once, and too many of them are held back',
      `{ id: visitor, when: { type: event, of: gate, name: granted, where: { side: in } }, do: [{ target: lamps, command: pulse, args: { channel: 2, ms: 500 } }] }`,
      `[{ type: event, of: gate, name: granted, fields: { side: out } }, { after_s: 1, type: event, of: gate, name: granted, fields: { side: in } },
        { after_s: 1, type: event, of: gate, name: granted, fields: { side: in } }]`,
      ['21:30:01 told pulse', '21:30:02 held-back visitor'],
    ],
    [
      'the alarms of a door come and go, and it tells of them',
      `{ id: forced, preset: door-forced }, { id: heard, when: { type: event, of: gate, name: alarm, where: { alarm: held } }, do: [{ target: lamps, command: on, args: { channel: 4 } }] }`,
      `[{ type: door, door: gate, alarms: [forced] }, { after_s: 5, type: door, door: gate, alarms: [forced, held] }, { after_s: 5, type: door, door: gate, alarms: [] }]`,
      ['21:30:00 began forced', '21:30:05 told on', '21:30:10 ended forced'],
    ],
    [
      'a door whose contact cannot be read ends no alarm',
      `{ id: forced, preset: door-forced }`,
      `[{ type: door, door: gate, alarms: [forced] }, { after_s: 5, type: door, door: gate, alarms: [contact-fault] }, { after_s: 3600, type: wait }]`,
      ['21:30:00 began forced', '21:30:05 turned forced unknown'],
    ],
    [
      'a schedule over midnight holds until its end on the next day',
      EVENING,
      `[{ at: '00:31', type: wait }, { at: '18:00', type: wait }]`,
      [
        '21:30:00 schedule evening yes',
        '21:30:00 began dark',
        '21:30:00 told on',
        '00:30:00 schedule evening no',
        '00:30:00 ended dark',
        '18:00:00 schedule evening yes',
        '18:00:00 began dark',
        '18:00:00 told on',
      ],
    ],
    [
      'a holiday is no weekday',
      `{ id: dark, when: { type: schedule, schedule: evening }, alarm: {} }`,
      `[{ at: '2026-09-30 23:00', type: wait }, { at: '2026-10-02 23:00', type: wait }]`,
      [
        '00:30:00 schedule evening no',
        '00:30:00 ended dark',
        '18:00:00 schedule evening yes',
        '18:00:00 began dark',
      ],
      '2026-09-30 22:59',
    ],
    [
      'while nobody knows the time of day a schedule begins nothing',
      EVENING,
      `[{ type: clock, known: false }, { at: '19:00', type: wait }, { type: clock, known: true }]`,
      [
        '17:00:00 schedule evening unknown',
        '19:00:00 schedule evening yes',
        '19:00:00 began dark',
        '19:00:00 told on',
      ],
      '2026-11-24 17:00',
    ],
    [
      'an end of the gateway is told, and the rest is played',
      `{ id: low, when: { type: threshold, device: air, point: pm2_5, above: 900 }, alarm: {}, stop: true }`,
      `[{ type: readings, values: { air.pm2_5: 950 }, expect: [{ type: stop }] }, { after_s: 1, type: readings, values: { air.pm2_5: 3 } }]`,
      ['21:30:00 began low', '21:30:00 stops low', '21:30:00 expected true', '21:30:01 ended low'],
    ],
  ])('%s', async (_, rules, steps, lines, start = '2026-11-24 21:30') => {
    const found = await timeline(rules, `{ start: ${start}, steps: ${steps} }`);

    // What a schedule holds from the beginning on is its own case.
    expect(found.filter((line) => !(line.startsWith('22:59') && /evening|dark/.test(line)))).toEqual(lines);
  });

  it.each([
    [
      'that is skipped',
      '2026-03-29 01:00',
      [
        '01:30:00 schedule small-hours yes',
        '01:30:00 began late',
        '03:30:00 schedule small-hours no',
        '03:30:00 ended late',
      ],
      3_600_000,
    ],
    [
      'that comes twice',
      '2026-10-25 01:00',
      [
        '01:30:00 schedule small-hours yes',
        '01:30:00 began late',
        '03:30:00 schedule small-hours no',
        '03:30:00 ended late',
      ],
      10_800_000,
    ],
  ])('on the night with an hour %s the clocks of the site count', async (_, start, lines, lasted_ms) => {
    const rule = `{ id: late, when: { type: schedule, schedule: small-hours }, alarm: {} }`;
    const events = `{ start: ${start}, steps: [{ at: '04:00', type: wait }] }`;

    const found = await timeline(rule, events, 'Europe/Berlin');
    const { out } = await tried(rule, events, { zone: 'Europe/Berlin', json: true });

    expect(found).toEqual(lines);
    const ended = JSON.parse(out).timeline.find(({ type }: { type: string }) => type === 'ended');
    expect(ended.lasted_ms).toBe(lasted_ms);
  });

  it('a time of day in the hour that comes twice is the next one', async () => {
    const events = `{ start: 2026-10-25 02:30, steps: [{ after_s: 1800, type: wait }, { at: '02:40', type: wait }, { at: '02:50', type: wait }] }`;

    const { out } = await tried(DUST, events, { zone: 'Europe/Berlin', json: true });

    const came = JSON.parse(out).timeline.map(({ at_ms }: { at_ms: number }) => at_ms / 60_000);
    expect(came).toEqual([30, 70, 80]);
  });
});

describe('what a file of events expects', () => {
  const events = (expect: string) => `start: 2026-11-24 21:30
steps:
  - { type: readings, values: { air.pm2_5: 80 } }
  - after_s: 61
    type: wait
    expect:
      - ${expect}`;

  it.each([
    '{ type: rule, rule: dust }',
    '{ type: rule, rule: dust, of: air, stands: true }',
    '{ type: command, target: lamps, command: on }',
    '{ type: command, target: lamps, command: on, args: { channel: 2 }, times: 1 }',
    '{ type: command, target: lamps, command: off, times: 0 }',
    '{ type: stop, stands: false }',
  ])('holds: %s', async (wish) => {
    const said = await tried(DUST, events(wish));

    expect(said).toMatchObject({ code: 0, err: '' });
    expect(said.out).toContain('day.yaml was played: all that it expects holds (1).');
  });

  it.each([
    ['{ type: rule, rule: dust, stands: false }', 'dust does not stand (line 7); dust/air stands'],
    [
      '{ type: command, target: lamps, command: on, times: 2 }',
      'lamps on was told, 2 times (line 7); once so far',
    ],
    [
      '{ type: command, target: lamps, command: on, args: { channel: 5 } }',
      'lamps on channel=5 was told (line 7); 0 times so far',
    ],
    ['{ type: stop }', 'a rule has ended the gateway (line 7); no rule has ended it'],
  ])('does not hold, and the command fails: %s', async (wish, told) => {
    const said = await tried(DUST, events(wish));

    expect(said.out).toMatch(new RegExp(`FAILS +${told.replace(/[()]/g, '\\$&')}`));
    expect(said.out).toContain('1 of 1 that it expects does not hold.');
    expect(said.code).toBe(1);
  });

  it('of the example of the compound holds', async () => {
    const file = 'config/sites/riverside-evening.events.yaml';

    const said = await cli(['check', 'config/sites/riverside.yaml', '--dry-run', file]);

    expect(said.out).toContain(`${file} was played: all that it expects holds`);
    expect(said).toMatchObject({ code: 0, err: '' });
  });
});

describe('a file of events that is not accepted', () => {
  const one = (step: string) => `start: 2026-11-24 21:30\nsteps:\n  - ${step}\n`;
  it.each([
    ['', '1:1', 'the file is empty', 'riverside-evening.events.yaml'],
    ['start: 2026-11-24 21:30', '1:1', 'steps is missing', 'Add steps'],
    ['start: 2026-02-30 21:30\nsteps: [{ type: wait }]', '1:8', 'there is no such time', '2026-11-24 21:30'],
    [
      'start: today\nsteps: [{ type: wait }]',
      '1:8',
      'a day and a time such as 2026-11-24 21:30 is expected',
      '',
    ],
    [
      one(`{ type: reading, values: { air.pm2_5: 3 } }`),
      '3:13',
      'type is "reading"',
      'Did you mean readings?',
    ],
    [one(`{ type: wait, after: 3 }`), '3:19', 'after is no option here', 'Did you mean after_s?'],
    [one(`{ type: wait, at: '25:00' }`), '3:23', 'there is no such time', ''],
    [one(`{ type: wait, at: '22:00', after_s: 3 }`), '3:23', 'at and after_s stand together', 'Keep one.'],
    [
      one(`{ type: wait, at: '2026-11-24 21:00' }`),
      '3:23',
      'the step before came at 2026-11-24 21:30:00',
      'in their order',
    ],
    [one(`{ type: readings, values: { air: 3 } }`), '3:33', 'air names no point', 'DEVICE.POINT'],
    [
      one(`{ type: readings, values: { ait.pm2_5: 3 } }`),
      '3:33',
      'there is no device ait',
      'Did you mean air?',
    ],
    [
      one(`{ type: readings, values: { air.pm25: 3 } }`),
      '3:33',
      'air has no point pm25',
      'Did you mean pm2_5?',
    ],
    [one(`{ type: readings, values: { air.pm2_5: high } }`), '3:44', 'a number is expected (ug/m3)', 'alone'],
    [
      one(`{ type: readings, values: { air.pm2_5: 99999 } }`),
      '3:44',
      'it is from 0 to',
      'quality: out-of-range',
    ],
    [one(`{ type: readings, values: { contacts.gate-closed: 1 } }`), '3:55', 'true or false is expected', ''],
    [
      one(`{ type: event, of: gatr, name: granted }`),
      '3:24',
      'there is no device or door gatr',
      'Did you mean gate?',
    ],
    [
      one(`{ type: event, of: gate, name: grunted }`),
      '3:36',
      'there is no event of gate grunted',
      'Did you mean granted?',
    ],
    [
      one(`{ type: event, of: gate, name: granted, fields: { sid: in } }`),
      '3:55',
      'there is no field of granted sid',
      'Did you mean side?',
    ],
    [
      one(`{ type: door, door: gate, alarms: [forcd] }`),
      '3:40',
      'there is no alarm of doors forcd',
      'Did you mean forced?',
    ],
    [one(`{ type: health, fact: bus-down, of: cabinett }`), '3:41', 'cabinett', 'Did you mean cabinet?'],
    [one(`{ type: silent, devices: [lamp] }`), '3:31', 'there is no device lamp', 'Did you mean lamps?'],
    [
      one(`{ type: wait, expect: [{ type: rule, rule: dusty }] }`),
      '3:48',
      'there is no rule dusty',
      'Did you mean dust?',
    ],
    [
      one(`{ type: wait, expect: [{ type: rule, rule: dust, of: sky }] }`),
      '3:58',
      'is about: sky',
      'Known: air',
    ],
    [
      one(`{ type: wait, expect: [{ type: command, target: lamp, command: on }] }`),
      '3:53',
      'there is no device lamp',
      'Did you mean lamps?',
    ],
    [
      one(`{ type: wait, expect: [{ type: command, target: lamps, command: pulse }] }`),
      '3:69',
      'pulse',
      'Known: on, off',
    ],
    [one('{ type: wait, }}'), '3:20', '', ''],
  ])('%j says where and what', async (events, place, message, remedy) => {
    const { code, out, err } = await tried(DUST, events);

    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err.split('\n')[0]).toContain(`day.yaml:${place}: error: `);
    expect(err).toContain(message);
    expect(err).toContain(remedy);
    expect(err).toContain('day.yaml is not accepted.');
  });

  it('a value that no rule looks at is a warning, beyond its range it is taken when it says so', async () => {
    const said = await tried(
      DUST,
      one(`{ type: readings, values: { air.pm2_5: 99999, bays.occupied-1: free }, quality: out-of-range }`),
    );

    expect(said.out).toContain('warning: steps.0.values.bays.occupied-1: no rule looks at bays.occupied-1');
    expect(said).toMatchObject({ code: 0, err: '' });
  });

  it('answers machines with its problems and no timeline', async () => {
    const { code, out } = await tried(DUST, one('{ type: wit }'), { json: true });

    const answer = SHAPES['check --dry-run'].answer.parse(JSON.parse(out));
    expect(answer).toMatchObject({ ok: false, timeline: [] });
    expect(answer.problems[0]).toMatchObject({ line: 3, remedy: 'Did you mean wait?' });
    expect(code).toBe(1);
  });

  it('is not even read when the site is not accepted', async () => {
    const { code, err } = await tried('{ id: dust }', one('{ type: wit }'));

    expect(err).toContain('site.yaml is not accepted');
    expect(code).toBe(1);
  });
});
