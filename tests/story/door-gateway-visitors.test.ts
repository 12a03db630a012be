import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/model/index.ts';
import { keyPair, signed } from '../support/command-world.ts';
import { doorSite, listPages, PLATFORM, streetDoor } from '../support/door-site.ts';

const NOON = Date.parse('2026-11-25T04:00Z');
const HOUR_MS = 3_600_000;
const READER = / {2}- id: reader\n(?: {4}.*\n)+/;
const site = (driver = 'gm65-qr-scanner', needs = 'card') =>
  doorSite()
    .replace(READER, `  - { id: reader, driver: ${driver}, bus: scan }\n`)
    .replace('devices:\n', '  - { id: scan, type: serial, path: wires/scan, baud: 9600 }\ndevices:\n')
    .replace('in: { device: reader }', `in: { device: reader, needs: ${needs} }`);

const VISIT = {
  ...{ v: 1, id: 'v-1', who: 'p-visitor', gateway: 'gate-1', doors: ['gate'] },
  ...{ from_ms: NOON - HOUR_MS, until_ms: NOON + HOUR_MS },
};
const token = (but: object = {}, key = PLATFORM, header: object = {}) =>
  signed(JSON.parse(JSON.stringify({ ...VISIT, ...but })), key, { typ: 'gl-visit', ...header });

/** A street door with a scanner for codes; it reads one within two seconds. */
async function scanner(text = site(), how: Parameters<typeof streetDoor>[1] = {}) {
  const door = await streetDoor(text, {
    ...{
      unix_ms: NOON,
      list: false,
      nobody: text.includes('line-scanner') ? { line: null } : { code: null },
    },
    ...how,
  });
  const scan = async (code: string) => {
    door.far.set('reader', text.includes('line-scanner') ? { line: code } : { code });
    await door.pass(2500, () => {}, 50);
    const open = door.unlocked();
    await door.pass(8000, () => {}, 1000);
    return open;
  };
  const why = async () =>
    (await door.told()).flatMap(({ name, fields }) =>
      name === 'denied' ? [(fields as JsonObject).reason] : [],
    );
  return { ...door, scan, why };
}

describe('a visitor with a code', { timeout: 60_000 }, () => {
  it.each([
    'gm65-qr-scanner',
    'line-scanner',
  ])('is let in at a %s, and told by a pseudonym only', async (driver) => {
    const { scan, records, told } = await scanner(site(driver));
    const code = await token();

    expect([await scan(code), await scan(code)]).toEqual([true, true]);

    expect((await told()).filter(({ name }) => name === 'granted').map(({ fields }) => fields)).toMatchObject(
      [
        { who: 'p-visitor', side: 'in' },
        { who: 'p-visitor', side: 'in' },
      ],
    );
    expect(JSON.stringify(await records())).not.toContain(code.slice(0, 60));
  });

  it('that opens once opens once, also after a restart', async () => {
    const { scan, restart, pass, why } = await scanner();
    const code = await token({ uses: 2 });

    const before = await scan(code);
    await restart(1000);
    await pass(6000);
    const after = [await scan(code), await scan(code)];

    expect([before, ...after]).toEqual([true, true, false]);
    expect(await why()).toEqual(['used-up']);
  });

  it('that a lockdown keeps out has not used the code', async () => {
    const { scan, order } = await scanner();
    const code = await token({ uses: 1 });

    await order('lockdown');
    const during = await scan(code);
    await order('end-lockdown');

    expect([during, await scan(code), await scan(code)]).toEqual([false, true, false]);
  });

  it('for the whole site is let in, too, and one whose groups may', async () => {
    const { scan, gateway } = await scanner();
    for (const page of await listPages([])) gateway().takeAccess(page);

    const codes = [
      await token({ gateway: undefined, site: 'yard' }),
      await token({ id: 'v-2', doors: undefined, groups: ['residents'] }),
    ];

    expect([await scan(codes[0] ?? ''), await scan(codes[1] ?? '')]).toEqual([true, true]);
  });

  it('that is revoked is let in no more', async () => {
    const { scan, gateway, why } = await scanner();
    const code = await token();
    for (const page of await listPages([], { revoked: ['v-1'] })) gateway().takeAccess(page);

    expect(await scan(code)).toBe(false);
    expect(await why()).toEqual(['revoked']);
  });

  it.each([
    ['signed by a stranger', () => token({}, keyPair(PLATFORM.kid)), 'bad-token'],
    ['signed for another purpose', () => token({}, PLATFORM, { typ: 'gl-list' }), 'bad-token'],
    ['cut short', async () => (await token()).slice(0, -4), 'bad-token'],
    ['without an end', () => token({ until_ms: undefined }), 'bad-token'],
    ['for nobody in particular', () => token({ gateway: undefined }), 'bad-token'],
    ['that names no door', () => token({ doors: [] }), 'bad-token'],
    ['for another gateway', () => token({ gateway: 'gate-2' }), 'other-gateway'],
    ['for another site', () => token({ site: 'lake' }), 'other-gateway'],
    ['for another door', () => token({ doors: ['lobby'] }), 'not-here'],
    ['for the other side', () => token({ doors: [{ door: 'gate', side: 'out' }] }), 'not-here'],
    ['of tomorrow', () => token({ from_ms: NOON + HOUR_MS, until_ms: NOON + 2 * HOUR_MS }), 'not-yet-valid'],
    ['of yesterday', () => token({ from_ms: 0, until_ms: NOON - HOUR_MS }), 'expired'],
  ])('%s is denied, and told why', async (_, make, reason) => {
    const { scan, why } = await scanner();

    expect(await scan(await make())).toBe(false);

    expect(await why()).toEqual([reason]);
  });

  it('is denied while nobody has told the time', async () => {
    const { scan, why } = await scanner(site(), { unsynced: true });

    expect(await scan(await token())).toBe(false);

    expect(await why()).toEqual(['clock-unknown']);
  });

  it('is denied where a PIN is wanted as well', async () => {
    const { scan, why } = await scanner(site('gm65-qr-scanner', 'card-and-pin'));

    expect(await scan(await token())).toBe(false);

    expect(await why()).toEqual(['pin-needed']);
  });
});

describe('a code that does not change', { timeout: 60_000 }, () => {
  it('opens as a card does, and is kept nowhere', async () => {
    const { scan, gateway, records } = await scanner();
    for (const page of await listPages([{ id: 'ann', card: 'GL-ANN-4711' }])) gateway().takeAccess(page);

    expect([await scan('GL-ANN-4711'), await scan('GL-BOB-4711')]).toEqual([true, false]);

    const kept = JSON.stringify(await records());
    expect(kept).toContain('p-ann');
    expect(kept).not.toContain('4711');
  });
});
