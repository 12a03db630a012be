import { describe, expect, it } from 'vitest';
import { EMPTY_LIST, type PageVerdict, type Taking, takePage } from '../../src/access/index.ts';
import { SHAPES } from '../../src/cli/shapes.ts';
import { signing } from '../../src/identity/index.ts';
import { TOKENS } from '../support/access-list.ts';
import { cli, loadFile } from '../support/cli.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const { pem, public_key } = signing.fresh();

const PEOPLE = `
offline_until: 2027-03-01T00:00+08:00
schedules:
  - { id: day, spans: [{ days: [mon, tue, wed, thu, fri], from: '08:00', to: '18:00' }] }
calendar: { 2026-12-25: holiday }
groups:
  - { id: residents, doors: [gate, { door: lift, floors: [f1] }], keep: true }
  - { id: cleaners, doors: [{ door: gate, side: in }], schedule: day }
credentials:
  - { id: c-ann, who: p-ann, card: '760643', pin: '0042', groups: [residents] }
  - { id: c-bob, who: p-bob, card: '760644', groups: [cleaners], until: 2026-12-31T23:59+08:00 }
revoked: [v-17]
`;

const SIGNED = ['--version', '7', '--key', 'k.pem', '--kid', 'platform-1', '--gateway', 'gate-1'];

/** The command with files that are only here; what it wrote. */
async function signList(files: Readonly<Record<string, string>>, ...words: readonly string[]) {
  const written = new Map<string, string>();
  const said = await cli(['sign', 'list', ...words], {
    readText: (path) => (path === 'k.pem' ? pem : (files[path] ?? '')),
    load: loadFile,
    unixMillis: () => NOW,
    writeNew: (path, text) => void written.set(path, text),
  });
  return { ...said, written };
}

/** As a gateway reads the messages, in their order, upon what it has. */
function taken(messages: readonly string[], from: Taking = { list: EMPTY_LIST, pending: undefined }) {
  let taking: Taking = from;
  const verdicts: PageVerdict[] = [];
  for (const message of messages) {
    const payload = signing.opened(JSON.parse(message).jws, { public_key, kind: 'gl-list' });
    const {
      result,
      revoked: _,
      ...now
    } = takePage(taking, payload, {
      ...{ gateway: 'gate-1', tokens: TOKENS, time: { unix_ms: NOW, known: true } },
    });
    taking = now;
    verdicts.push(result);
  }
  return { taking, last: verdicts.at(-1), list: taking.list };
}

const lines = (out: string) => out.trim().split('\n');

describe('sign list', () => {
  it('makes messages that a gateway takes: groups, times, cards, PINs and what is revoked', async () => {
    const { code, out } = await signList({ 'people.yaml': PEOPLE }, 'people.yaml', ...SIGNED);

    const { last, list } = taken(lines(out));
    expect(code).toBe(0);
    expect(last).toEqual({ verdict: 'in-force', version: 7, count: 2 });
    expect(list).toMatchObject({
      offline_until_ms: Date.parse('2027-03-01T00:00+08:00'),
      calendar: { '2026-12-25': 'holiday' },
      schedules: [{ id: 'day', spans: [{ from_min: 480, to_min: 1080 }] }],
      groups: [
        { id: 'residents', keep: true, rights: [{ door: 'gate' }, { door: 'lift', floors: ['f1'] }] },
        { id: 'cleaners', schedule: 'day', rights: [{ door: 'gate', side: 'in' }] },
      ],
      barred: ['v-17'],
    });
    const [ann, bob] = list.credentials;
    expect(ann).toMatchObject({ token: TOKENS.card('760643'), pin: TOKENS.secondFactor('c-ann', '0042') });
    expect(bob).toMatchObject({
      token: TOKENS.card('760644'),
      until_ms: Date.parse('2026-12-31T23:59+08:00'),
    });
  });

  it('takes JSON as well, and a spreadsheet beside a file with the groups', async () => {
    const groups = '{ "groups": [{ "id": "residents", "doors": ["gate"] }] }';
    const csv =
      '\uFEFFid;who;card;pin;groups;visitor\r\nc-1;p-1;"7606;43";0042;residents;\r\nc-2;p-2;760644;;residents;yes\r\n';

    const { code, out, err } = await signList(
      { 'g.json': groups, 'p.csv': csv },
      'g.json',
      'p.csv',
      ...SIGNED,
    );

    const { list } = taken(lines(out));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(list.credentials).toMatchObject([
      { id: 'c-1', token: TOKENS.card('7606;43'), groups: ['residents'], visitor: false },
      { id: 'c-2', token: TOKENS.card('760644'), visitor: true },
    ]);
  });

  it('makes of a long list several pages, each below 64 KiB, with what is revoked on the first', async () => {
    const rows = Array.from({ length: 3000 }, (_, nr) => `c-${nr},p-${nr},${700_000 + nr},residents`);
    const files = {
      'g.yaml': 'groups: [{ id: residents, doors: [gate] }]\nrevoked: [v-1]',
      'p.csv': `id,who,card,groups\n${rows.join('\n')}`,
    };

    const { out } = await signList(files, 'g.yaml', 'p.csv', ...SIGNED);

    const messages = lines(out);
    const { last } = taken(messages);
    const [first] = messages.map((message) =>
      signing.opened(JSON.parse(message).jws, { public_key, kind: 'gl-list' }),
    );
    expect(messages.length).toBeGreaterThan(3);
    expect(Math.max(...messages.map((message) => message.length))).toBeLessThan(64 * 1024);
    expect(first).toMatchObject({ page: 0, pages: messages.length, revoked: ['v-1'] });
    expect(last).toEqual({ verdict: 'in-force', version: 7, count: 3000 });
  });

  it('finds what has changed since the list before: what is gone is revoked with the first page', async () => {
    const after = PEOPLE.replace(
      / {2}- \{ id: c-bob.*\n/,
      "  - { id: c-eve, who: p-eve, card: '760645', groups: [residents] }\n",
    ).replace('keep: true', 'keep: false');
    const files = { 'old.yaml': PEOPLE, 'new.yaml': after };
    const old = await signList(files, 'old.yaml', ...SIGNED);
    const delta = [...SIGNED.slice(2), '--version', '8', '--delta-from', '7', '--before', 'old.yaml'];

    const { out } = await signList(files, 'new.yaml', ...delta);
    const machine = await signList(files, 'new.yaml', ...delta, '--json');

    const before = taken(lines(old.out)).taking;
    const { last, list } = taken(lines(out), before);
    expect(last).toEqual({ verdict: 'in-force', version: 8, count: 2 });
    expect(list.credentials.map(({ id }) => id)).toEqual(['c-ann', 'c-eve']);
    expect(list.groups.find(({ id }) => id === 'residents')?.keep).toBe(false);
    expect(SHAPES['sign list'].answer.parse(JSON.parse(machine.out))).toMatchObject({
      ...{ version: 8, pages: 1, groups: 1, credentials: 1, removed: 1, revoked: 1 },
    });
    // Upon another version it is refused: it would make a list that nobody has signed.
    expect(taken(lines(out)).last).toEqual({ verdict: 'refused', reason: 'other-base' });
  });

  it.each([
    [
      'is revoked still, though it has another card now',
      PEOPLE.replace('v-17', 'v-17, c-bob').replace("'760644'", "'770000'"),
      true,
    ],
    ['is revoked no more, and is as it was otherwise', PEOPLE, false],
  ])('changes nobody into who he is not: a credential that %s', async (_, after, revoked) => {
    const files = { 'old.yaml': PEOPLE.replace('v-17', 'v-17, c-bob'), 'new.yaml': after };
    const delta = [...SIGNED.slice(2), '--version', '8', '--delta-from', '7', '--before', 'old.yaml'];

    const old = await signList(files, 'old.yaml', ...SIGNED);
    const changes = await signList(files, 'new.yaml', ...delta);

    const before = taken(lines(old.out));
    const { list, last } = taken(lines(changes.out), before.taking);
    expect(before.list.credentials.map((row) => row.revoked)).toEqual([false, true]);
    expect(last).toMatchObject({ verdict: 'in-force', version: 8 });
    expect(list.credentials.find(({ id }) => id === 'c-bob')?.revoked).toBe(revoked);
  });

  it('signs changes as they are written, where nobody has the list before', async () => {
    const old = await signList({ 'people.yaml': PEOPLE }, 'people.yaml', ...SIGNED);
    const changes =
      "credentials: [{ id: c-eve, who: p-eve, card: '5', groups: [residents] }]\nremoved: { credentials: [c-bob] }\nrevoked: [c-ann]";

    const { code, out } = await signList(
      { 'c.yaml': changes },
      'c.yaml',
      ...SIGNED.slice(2),
      '--version',
      '9',
      '--delta-from',
      '7',
    );

    const { list } = taken(lines(out), taken(lines(old.out)).taking);
    expect(code).toBe(0);
    expect(list.credentials.map(({ id, revoked }) => [id, revoked])).toEqual([
      ['c-ann', true],
      ['c-eve', false],
    ]);
  });

  it('writes one file for each message where a folder is named', async () => {
    const { out, written } = await signList(
      { 'people.yaml': PEOPLE },
      'people.yaml',
      ...SIGNED,
      '--out',
      'pages',
    );

    expect(out).toBe('pages/0001.json\n');
    expect(taken([...written.values()]).last).toMatchObject({ verdict: 'in-force' });
  });
});

describe('sign list signs nothing', () => {
  it.each([
    [
      'a group that is none',
      PEOPLE.replace('groups: [cleaners]', 'groups: [cleaner]'),
      'people.yaml:11:55',
      'there is no group cleaner. Did you mean cleaners?',
    ],
    [
      'a schedule that is none',
      PEOPLE.replace('schedule: day', 'schedule: days'),
      'people.yaml:8',
      'Did you mean day?',
    ],
    [
      'a key that is none',
      PEOPLE.replace('who: p-bob', 'whom: p-bob'),
      'people.yaml:11',
      'Did you mean who?',
    ],
    [
      'a PIN that lost its zeros',
      PEOPLE.replace("'0042'", '0042'),
      'people.yaml:10',
      'pin is 42; a text is expected',
    ],
    [
      'one card twice',
      PEOPLE.replace('760644', '760643'),
      'people.yaml:11',
      'the card of c-bob is that of c-ann too',
    ],
    [
      'one id twice',
      PEOPLE.replace('id: c-bob', 'id: c-ann'),
      'people.yaml:11',
      'the id c-ann is taken already',
    ],
    [
      'nothing to show',
      PEOPLE.replace("card: '760644', ", ''),
      'people.yaml:11',
      'c-bob has neither card nor pin',
    ],
    [
      'a time without its offset',
      PEOPLE.replace('23:59+08:00', '23:59'),
      'people.yaml:11',
      'a time with its offset',
    ],
    [
      'an end that is over',
      PEOPLE.replace('2027-03-01', '2026-03-01'),
      'people.yaml:2',
      'every gateway would refuse the list',
    ],
    ['removed in a whole list', `${PEOPLE}removed: { credentials: [x] }`, 'people.yaml:13', '--delta-from'],
    ['no YAML', 'groups: [', 'people.yaml:1', 'sign.refused'],
  ])('that has %s: the place, what is wrong, and what was meant', async (_what, text, place, said) => {
    const { code, out, err } = await signList({ 'people.yaml': text }, 'people.yaml', ...SIGNED);

    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(place);
    expect(err).toContain(said);
  });

  it.each([
    ['a column that is none', 'id,whom,card\nc,p,1\n', 'p.csv:1:4', 'Did you mean who?'],
    [
      'a group that is none',
      'id,who,card,groups\nc-1,p-1,1,residents\nc-2,p-2,2,resident\n',
      'p.csv:3:11',
      'Did you mean residents?',
    ],
    ['a flag that is neither', 'id,who,card,visitor\nc-1,p-1,1,maybe\n', 'p.csv:2:11', 'visitor is'],
    ['a comma too many', 'id,who,card\nc-1,p-1,1,2\n', 'p.csv:2:11', 'more than 3 columns'],
    ['a quote that is open', 'id,who,card\nc-1,"p-1,1\n', 'p.csv:2:5', 'is not closed'.replace('is ', '')],
  ])('of a spreadsheet with %s', async (_what, csv, place, said) => {
    const files = { 'g.yaml': 'groups: [{ id: residents, doors: [gate] }]', 'p.csv': csv };

    const { code, err } = await signList(files, 'g.yaml', 'p.csv', ...SIGNED);

    expect(code).toBe(1);
    expect(err).toContain(place);
    expect(err).toContain(said);
  });

  it('for doors and floors that the site does not have', async () => {
    const site = 'config/sites/riverside.yaml';
    const text =
      'groups: [{ id: a, doors: [loby, { door: lift, floors: [f99] }, { door: lobby, floors: [f1] }] }]';

    const { code, err } = await cli(['sign', 'list', 'people.yaml', ...SIGNED, '--config', site], {
      readText: () => text,
      load: loadFile,
      unixMillis: () => NOW,
    });

    expect(code).toBe(1);
    expect(err).toContain('people.yaml:1');
    expect(err).toContain('there is no door loby');
  });

  it('with versions that do not grow, or a list before without its version', async () => {
    const files = { 'people.yaml': PEOPLE };

    const shrinking = await signList(files, 'people.yaml', ...SIGNED, '--delta-from', '7');
    const unnamed = await signList(files, 'people.yaml', ...SIGNED, '--before', 'people.yaml');
    const odd = await signList(files, 'people.yaml', ...SIGNED.slice(2), '--version', '0');

    expect([shrinking.code, unnamed.code, odd.code]).toEqual([2, 2, 2]);
    expect(shrinking.err).toContain('it must be higher than --delta-from, 7');
    expect(unnamed.err).toContain('--delta-from is missing');
    expect(odd.err).toContain('--version is 0');
  });
});
