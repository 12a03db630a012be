import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { loadSite } from '../../src/config/index.ts';
import { derivedPoints } from '../../src/gateway/derived-plan.ts';

/** A site with a UPS, an OSDP reader, a door, bays, noise and dust. */
const site = (rules: string) => `
version: 1
site: { id: yard, name: Yard, time_zone: Asia/Shanghai }
profiles: [config/profiles/apc-smart-ups.yaml, config/profiles/dry-contacts-8.yaml]
buses:
  - { id: cabinet, type: modbus-tcp, host: 192.168.10.21, port: 502 }
  - { id: doors, type: modbus-tcp, host: 192.168.10.22, port: 502 }
  - { id: reader, type: serial, path: /dev/ttyAMA0, baud: 9600 }
devices:
  - { id: ups, driver: apc-smart-ups, bus: cabinet, unit: 1 }
  - { id: contacts, driver: dry-contacts-8, bus: cabinet, unit: 2 }
  - { id: noise, driver: noise-rs485, bus: cabinet, unit: 3 }
  - { id: air, driver: louver-box, bus: cabinet, unit: 4, options: { reg_503: pm2_5 } }
  - { id: bays, driver: bay-register, bus: cabinet, unit: 5, options: { bays: 2 } }
  - { id: board, driver: waveshare-relay, bus: doors, unit: 6, timeout_ms: 200, locks: [1] }
  - { id: card, driver: osdp-reader, bus: reader, options: { channel: clear } }
derived:
  - { id: levels, type: noise, source: { device: noise, point: noise }, limits_class: '1' }
  - { id: parking, type: parking, bays: [{ device: bays, point: occupied-*, id: p-* }] }
doors:
  - { id: gate, type: door, lock: { device: board, channel: 1 }, contacts: { in: { device: contacts, point: gate-closed, inverted: true } }, tampers: [{ device: contacts, point: cabinet-open }] }
rules: [${rules}]
`;

async function plansOf(rule: string) {
  const loaded = await loadSite(site(rule), {
    library: (profiles) => openLibrary(profiles),
    readText: (path) => readFileSync(path, 'utf8'),
    derivedPoints,
  });
  const errors = loaded.problems.filter(({ severity }) => severity === 'error');
  expect(errors).toEqual([]);
  return loaded.rules.plans;
}

const subjects = (plans: Awaited<ReturnType<typeof plansOf>>) =>
  plans.map(({ subject, part }) => (part === undefined ? subject : `${subject}/${part}`));

describe('a preset', () => {
  it.each([
    ['door-forced', ['gate']],
    ['door-held', ['gate']],
    ['night-noise', ['levels']],
    ['pm2_5-high', ['air']],
    ['bay-overstay', ['parking/p-1', 'parking/p-2']],
    ['device-silent', ['ups', 'contacts', 'noise', 'air', 'bays', 'board', 'card']],
    ['enclosure-opened', ['contacts/cabinet-open', 'gate']],
    ['reader-tampered', ['card/tamper', 'card/silent']],
    ['mains-lost', ['ups/on-battery', 'contacts/mains-lost']],
    ['battery-low', ['ups/charge', 'ups/stop']],
  ])('%s is about all that has what it needs, and alarms', async (preset, about) => {
    const plans = await plansOf(`{ id: r, preset: ${preset} }`);

    expect(subjects(plans)).toEqual(about);
    expect(plans.every(({ alarm }) => alarm !== undefined)).toBe(true);
  });

  it('of night noise takes the limit of the class of the area, at night', async () => {
    const [plan] = await plansOf('{ id: r, preset: night-noise }');

    expect(plan?.when).toMatchObject({ point: 'laeq', side: 'above', limit: 45 });
    expect(plan?.and).toEqual([{ type: 'schedule', schedule: '.night' }]);
  });

  it('of a low battery ends the gateway only while the battery feeds it, and later than it alarms', async () => {
    const [low, ends] = await plansOf('{ id: r, preset: battery-low, limit: 30 }');

    expect([low?.stop, ends?.stop]).toEqual([false, true]);
    expect(low?.when).toMatchObject({ point: 'charge', side: 'below', limit: 30 });
    expect(ends?.when).toMatchObject({ point: 'charge', side: 'below', limit: 10 });
    expect(ends?.and).toEqual([{ type: 'state', device: 'ups', point: 'on-battery', values: [true] }]);
  });

  it('takes what any rule takes: another duration, severity, sentence, schedule of actions', async () => {
    const [plan] = await plansOf(
      '{ id: r, preset: pm2_5-high, limit: 115, for_s: 60, alarm: { severity: critical, message: Dust }, do: [{ target: board, command: on, args: { channel: 3 } }] }',
    );

    expect(plan).toMatchObject({
      ...{ for_ms: 60_000, alarm: { severity: 'critical', message: 'Dust' } },
      when: { limit: 115 },
      begin: [{ target: 'board', command: 'on', args: { channel: 3 } }],
    });
  });
});
