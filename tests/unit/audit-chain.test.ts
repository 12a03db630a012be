import { createHash, generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openControl } from '../../src/control/index.ts';
import { keepAudit } from '../../src/gateway/audit.ts';
import { openIdentity } from '../../src/identity/index.ts';
import { type AuditRow, auditText, canonical, type EventEntry, faultInChain } from '../../src/model/index.ts';
import { cli } from '../support/cli.ts';
import { ViewsOfTest } from '../support/control-views.ts';
import { quietLog } from '../support/quiet.ts';
import { countedBytes, openTestStore } from '../support/store-world.ts';
import { tempFolder } from '../support/temp.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const LONG = Boolean(process.env.GATELODGE_LONG);
const MUTATIONS = LONG ? 1000 : 100;
const HOUR = 3_600_000;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const decision = (nr: number, up = 1000 + nr): EventEntry => ({
  kind: 'audit',
  lane: 'a',
  subject: `door-${nr % 3}`,
  name: 'command',
  fields: {
    id: `c-${nr}`,
    decision: nr % 2 ? 'accepted' : 'refused',
    issuer: 'desk',
    deep: { z: 1, a: [nr, null] },
  },
  stamp: { boot: 'boot-1', up },
});

async function world(limits = { keep_s: 365 * 86_400, keep_bytes: 2 ** 25 }) {
  const folder = tempFolder();
  const clock = new VirtualClock();
  const file = `${folder}/store.db`;
  const open = () => openTestStore({ file, clock });
  let store = await open();
  const identity = openIdentity(`${folder}/state`, { configured: 'gate-1', randomBytes: countedBytes });
  const stop = new AbortController();
  const records: EventEntry[] = [];
  onTestFinished(async () => {
    stop.abort();
    await store.outbox.close();
  });
  const append = async (...entries: readonly EventEntry[]) => {
    await store.outbox.append(entries);
    return true;
  };
  return {
    ...{ clock, identity, records, append },
    store: () => store,
    reopen: async () => {
      await store.outbox.close();
      store = await open();
    },
    rows: () => store.audit.rows(1, 10_000),
    keep: () =>
      void keepAudit(
        {
          identity,
          limits,
          clock,
          log: quietLog,
          trail: store.audit,
          tell: (event) => append(event as EventEntry),
        },
        stop.signal,
      ),
  };
}

describe('an audit record', () => {
  it('takes its place in the chain, here and in what goes up', async () => {
    const { store, append, rows } = await world();
    await append(decision(1), { ...decision(9), kind: 'event' }, decision(2));
    await append(decision(3));

    const chain = await rows();
    const sent = await store().outbox.read('a', { epoch: store().outbox.epoch, seq: 1 }, 100);

    expect(chain.map(({ nr, prev }) => [nr, prev])).toEqual([
      [1, '0'.repeat(64)],
      [2, chain[0]?.hash],
      [3, chain[1]?.hash],
    ]);
    for (const row of chain) expect(row.hash).toBe(sha256(auditText(row)));
    const links = sent.flatMap((record) => (record.kind === 'audit' ? [record.fields.chain] : []));
    expect(links).toEqual(chain.map(({ nr, prev, hash }) => ({ nr, prev, hash })));
  });

  it('follows the one before across a restart', async () => {
    const { append, rows, reopen } = await world();
    await append(decision(1));
    await reopen();
    await append(decision(2));

    const chain = await rows();

    expect(chain[1]?.prev).toBe(chain[0]?.hash);
    expect(faultInChain(chain, { nr: 0, hash: '0'.repeat(64) }, sha256)).toBeUndefined();
  });

  it('is hashed as canonical JSON, whatever order its names had', () => {
    expect(canonical({ b: [1, { y: 'ü', x: null }], a: 1e21 })).toBe(
      '{"a":1e+21,"b":[1,{"x":null,"y":"ü"}]}',
    );
  });
});

describe('an audit that is kept', () => {
  it('says its head once an hour, signed, and only when there is a new one', async () => {
    const { append, rows, keep, clock } = await world();
    await append(decision(1));
    keep();
    await clock.advance(3 * HOUR);

    const heads = (await rows()).filter(({ name }) => name === 'head');

    expect(heads.map(({ nr, fields }) => [nr, fields.nr])).toEqual([[2, 1]]);
  });

  it('lets go of what is too old only after a signed checkpoint, on which the rest stands', async () => {
    const { append, rows, keep, clock, store } = await world({ keep_s: 86_400, keep_bytes: 2 ** 25 });
    for (let nr = 1; nr <= 20; nr += 1) await append(decision(nr));
    await clock.advance(30 * HOUR);
    for (let nr = 21; nr <= 25; nr += 1) await append(decision(nr, clock.now().up));
    keep();
    await clock.advance(HOUR);

    const chain = await rows();
    const { floor } = await store().audit.stats();
    const checkpoint = chain.find(({ name }) => name === 'checkpoint');

    expect(floor.nr).toBe(20);
    expect(checkpoint?.fields.nr).toBe(20);
    expect(chain[0]?.nr).toBe(21);
    expect(faultInChain(chain, floor, sha256)).toBeUndefined();
  });

  it('lets go of the oldest when there is too much, and never of the newest', async () => {
    const { append, rows, keep, clock } = await world({ keep_s: 365 * 86_400, keep_bytes: 5000 });
    for (let nr = 1; nr <= 200; nr += 1) await append(decision(nr));
    keep();
    await clock.advance(3 * HOUR);

    const chain = await rows();

    expect(chain.length).toBeGreaterThan(5);
    expect(chain.length).toBeLessThan(30);
    expect(chain.some(({ subject }) => subject.startsWith('door'))).toBe(true);
  });
});

describe('AC-7: audit verify', () => {
  it('finds a sound chain whole, and the head of the platform in it', async () => {
    const { verify, head } = await signedChain();

    const said = await verify();
    const against = await verify((rows) => rows, ['--head', head]);

    expect(said).toMatchObject({ code: 0, out: expect.stringContaining('whole: 61 records, 1 to 61') });
    expect(against).toMatchObject({
      code: 0,
      out: expect.stringContaining('the head 60 that the platform has'),
    });
  });

  it(`finds each of ${MUTATIONS} edits, removals and swaps`, async () => {
    const { verify, head, rows } = await signedChain();
    const missed: string[] = [];

    for (let nr = 0; nr < MUTATIONS; nr += 1) {
      const { text, changed } = mutation(rows, nr);
      const { code } = await verify(() => changed, ['--head', head]);
      if (code === 0) missed.push(text);
    }

    expect(missed).toEqual([]);
  });

  it('finds a chain that was written anew from some record on, for its heads are signed', async () => {
    const { verify, rows } = await signedChain();
    const anew = (from: number): AuditRow[] => {
      let prev = '0'.repeat(64);
      return rows.map((row) => {
        const changed = { ...row, prev, ...(row.nr === from && { subject: 'door-9' }) };
        const hash = sha256(auditText(changed));
        prev = hash;
        return { ...changed, hash };
      });
    };

    const said = await verify(() => anew(30));

    expect(said).toMatchObject({ code: 1, err: expect.stringContaining('[audit.broken]') });
  });

  it('finds that a tail was cut off only against the head of the platform', async () => {
    const { verify, head, rows } = await signedChain();
    const cut = rows.slice(0, 40);

    const alone = await verify(() => cut);
    const against = await verify(() => cut, ['--head', head]);

    expect(alone.code).toBe(0);
    expect(against).toMatchObject({ code: 1, err: expect.stringContaining('[audit.cut]') });
  });

  it('takes no head of somebody else', async () => {
    const { verify, views } = await signedChain();
    const { publicKey } = generateKeyPairSync('ed25519');
    const { head } = await signedChain();
    views.public_key = String(publicKey.export({ format: 'jwk' }).x);

    expect(await verify((rows) => rows, ['--head', head])).toMatchObject({
      code: 1,
      err: expect.stringContaining('[audit.foreign-head]'),
    });
  });
});

/** 60 decisions and a signed head over them, behind a control socket. */
async function signedChain() {
  const { append, rows: all, keep, clock, identity } = await world();
  for (let nr = 1; nr <= 60; nr += 1) await append(decision(nr));
  keep();
  await clock.advance(60_000);
  await clock.advance(100);
  const rows = await all();
  const views = new ViewsOfTest();
  views.public_key = identity.public_key;
  const socket = join(tempFolder(), 'control.sock');
  const control = await openControl(socket, views);
  onTestFinished(() => control.close());
  const verify = (
    change: (rows: AuditRow[]) => AuditRow[] = (same) => same,
    words: readonly string[] = [],
  ) => {
    views.rows = change([...rows]);
    return cli(['audit', 'verify', '--socket', socket, ...words]);
  };
  return { verify, views, rows, head: String(rows.at(-1)?.fields.jws) };
}

/** Everything that somebody with the card in hand might do to one place, in turn. */
function mutation(
  rows: readonly AuditRow[],
  nr: number,
): { readonly text: string; readonly changed: AuditRow[] } {
  const at = (nr * 7) % (rows.length - 2);
  const row = rows[at];
  const next = rows[at + 1];
  if (!row || !next) throw new Error('there are more rows');
  const replaced = (other: Partial<AuditRow>) =>
    rows.map((one, index) => (index === at ? { ...row, ...other } : one));
  const kinds: readonly (() => AuditRow[])[] = [
    () => replaced({ subject: `${row.subject}x` }),
    () => replaced({ name: 'comand' }),
    () => replaced({ fields: { ...row.fields, issuer: 'guard' } }),
    () => replaced({ fields: { ...row.fields, more: 1 } }),
    () => replaced({ stamp: { ...row.stamp, up: row.stamp.up + 1 } }),
    () => replaced({ epoch: row.epoch.replace(/^./, (one) => (one === '0' ? '1' : '0')) }),
    () => replaced({ hash: row.hash.replace(/^./, (one) => (one === '0' ? '1' : '0')) }),
    () => replaced({ prev: row.prev.replace(/.$/, (one) => (one === '0' ? '1' : '0')) }),
    () => rows.filter((_, index) => index !== at),
    () =>
      rows.map((one, index) =>
        index === at ? { ...next, nr: row.nr } : index === at + 1 ? { ...row, nr: next.nr } : one,
      ),
    () => rows.map((one, index) => (index >= at ? { ...one, nr: one.nr + 1 } : one)),
    () => rows.slice(0, at + 1),
  ];
  const kind = nr % kinds.length;
  return { text: `kind ${kind} at ${at}`, changed: kinds[kind]?.() ?? [] };
}
