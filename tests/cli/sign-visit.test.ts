import { describe, expect, it } from 'vitest';
import { readVisit } from '../../src/access/index.ts';
import { SHAPES } from '../../src/cli/shapes.ts';
import { openTrust, signing } from '../../src/identity/index.ts';
import { cli } from '../support/cli.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const NOW = Date.parse('2026-11-25T04:00Z');
const HERE = { gateway: 'gate-1', site: 'yard' };
const WHO = ['sign', 'visit', '--key', 'lists.key', '--kid', 'platform-1', '--who', 'v-1'];
const UNTIL = ['--until', '2026-11-25T18:00+08:00'];
const visit = (words: readonly string[], pem = 'no key') =>
  cli([...WHO, ...words], { readText: () => pem, unixMillis: () => NOW, freshId: () => 'visit-1' });

describe('sign visit', () => {
  it('makes a code that the gateway finds true, and reads as it was meant', async () => {
    const { pem, public_key } = signing.fresh();
    const lists = [{ kid: 'platform-1', key: public_key }];
    const trust = openTrust({ roots: [], issuers: [], lists }, new VirtualClock({ unix_ms: NOW }));

    const words = [
      ...UNTIL,
      '--door',
      'gate',
      '--door',
      'lobby',
      '--gateway',
      'gate-1',
      '--uses',
      '2',
      '--json',
    ];
    const { code, out } = await visit(words, pem);

    const said = SHAPES['sign visit'].answer.parse(JSON.parse(out));
    const { payload } = trust.verify(said.code, 'gl-visit');
    expect(code).toBe(0);
    expect(said.code.length).toBeLessThan(512);
    expect(readVisit(payload, HERE)).toEqual({
      ...{ id: 'visit-1', who: 'v-1', groups: [], rights: [{ door: 'gate' }, { door: 'lobby' }], uses: 2 },
      ...{ from_ms: NOW, until_ms: Date.parse('2026-11-25T10:00Z') },
    });
  });

  it.each([
    ['for nobody', [...UNTIL, '--door', 'gate'], '--gateway or --site is missing'],
    ['that opens nothing', [...UNTIL, '--site', 'yard'], '--door or --group is missing'],
    ['for a door that has no such name', [...UNTIL, '--site', 'yard', '--door', 'Gate 1'], 'Gate 1'],
    ['without an end', ['--site', 'yard', '--door', 'gate'], '--until is missing'],
    ['whose end is no moment', ['--until', '2026-11-25', '--site', 'yard', '--door', 'gate'], 'its offset'],
    ['that is over', ['--until', '2026-11-24T18:00Z', '--site', 'yard', '--door', 'gate'], 'not after'],
    ['that is used no time', [...UNTIL, '--site', 'yard', '--door', 'gate', '--uses', '0'], '1 to 1000'],
  ])('refuses one %s', async (_, words, complaint) => {
    const { code, out, err } = await visit(words);

    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(complaint);
  });

  it('says when the key is none', async () => {
    const { code, err } = await visit([...UNTIL, '--site', 'yard', '--door', 'gate']);

    expect(code).toBe(1);
    expect(err).toContain('no private Ed25519 key');
  });
});
