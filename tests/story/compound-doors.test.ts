import { describe, expect, it } from 'vitest';
import { listPages, PLATFORM } from '../support/door-site.ts';
import { riverside } from '../support/riverside.ts';
import { SHUT } from '../support/riverside-day.ts';

const EVENING = Date.parse('2026-11-24T20:00:00+08:00');
const CARD = '760643';
const TAG = '0042A1B2C3';
const DOORS = ['north-walk', 'lobby-1', 'lobby-1-inner', 'north-turnstile'];

/** The compound with all its doors shut and nobody there, and a list in which somebody stands who lives on the third floor. */
async function compound() {
  const world = await riverside({
    unix_ms: EVENING,
    onSaid: () => {},
    trust: { lists: [{ kid: PLATFORM.kid, public_key: PLATFORM.key }] },
  });
  const { far, pass } = world;
  for (const [device, values] of Object.entries(SHUT)) far.set(device, values);
  const rights = [...DOORS.map((door) => ({ door })), { door: 'lift-1', floors: ['f3'] }];
  const groups = [{ id: 'residents', rights, keep: false, without_clock: false }];
  const people = [
    { id: 'ann', card: CARD },
    { id: 'ann-tag', card: TAG },
  ];
  await pass(8000, () => {}, 1000);
  for (const page of await listPages(people, { gateway: 'riverside-lodge' }, { groups }))
    world.gateway().takeAccess(page);
  const relay = (board: string, channel: number) => far.said()[board]?.[`relay-${channel}`] === true;
  return {
    ...world,
    relay,
    card: async (reader: string, card: string) => {
      far.set(reader, { card });
      await pass(1500, () => {}, 50);
    },
    /** Relays of doors that are on. */
    on: () =>
      (
        [
          ['north-gate-relay', 6],
          ['lobby-1-relay', 2],
          ['lift-1-relay', 6],
        ] as const
      ).flatMap(([board, count]) =>
        Array.from({ length: count }, (_, at) => at + 1).flatMap((nr) =>
          relay(board, nr) ? [`${board} ${nr}`] : [],
        ),
      ),
  };
}

describe('the doors of riverside', { timeout: 120_000 }, () => {
  it.each([
    ['the walkers at the north gate, by Wiegand', 'walk-reader', CARD, ['north-gate-relay 1']],
    [
      'the outer door of the lobby, by OSDP in its secure channel',
      'lobby-1-reader',
      CARD,
      ['lobby-1-relay 1'],
    ],
    ['the outer door from inside, by its other reader', 'lobby-1-reader-out', CARD, ['lobby-1-relay 1']],
    ['the inner door of the lobby', 'lobby-1-inner-reader', CARD, ['lobby-1-relay 2']],
    ['the turnstile, by a 125 kHz tag, and only the way in', 'turnstile-reader', TAG, ['north-gate-relay 2']],
    ['of the lift, only the floor one lives on', 'lift-1-reader', CARD, ['lift-1-relay 3']],
  ])('a card frees %s', async (_what, reader, card, relays) => {
    const { card: show, on } = await compound();

    await show(reader, card);

    expect(on()).toEqual(relays);
  });

  it('the inner door of the lobby waits until the outer one is shut and locked', async () => {
    const { card, on, far, pass } = await compound();

    await card('lobby-1-reader', CARD);
    far.set('lobby-1-relay', { 'input-1': true });
    await pass(1000);
    await card('lobby-1-inner-reader', CARD);
    const during = on();
    far.set('lobby-1-relay', { 'input-1': false });
    await pass(6000);
    await card('lobby-1-inner-reader', CARD);

    expect(during).not.toContain('lobby-1-relay 2');
    expect(on()).toEqual(['lobby-1-relay 2']);
  });

  it('the barrier opens for who drives out, and comes down only when nothing stands below', async () => {
    const { far, pass, relay } = await compound();
    const closes = () => relay('north-gate-relay', 5);
    let closed = 0;
    const watch = (ms: number) =>
      pass(
        ms,
        () => {
          if (closes()) closed += 1;
        },
        250,
      );

    far.set('north-gate-contacts', { 'loop-entry': true });
    await pass(1200, () => {}, 100);
    const opens = relay('north-gate-relay', 4);
    far.set('north-gate-contacts', { 'loop-entry': false, 'loop-exit': true, 'barrier-up': true });
    await watch(30_000);
    const while_below = closed;
    far.set('north-gate-contacts', { 'loop-exit': false });
    await watch(8000);

    expect([opens, while_below]).toEqual([true, 0]);
    expect(closed).toBeGreaterThan(0);
  });

  it('a fire at the panel releases every door that follows it, and locks none while it burns', async () => {
    const { far, pass, on } = await compound();

    far.set('fire-panel', { closed: false });
    await pass(2000, () => {}, 100);
    const released = on();
    await pass(60_000);

    const all = [
      'north-gate-relay 1',
      'north-gate-relay 2',
      'north-gate-relay 3',
      'lobby-1-relay 1',
      'lobby-1-relay 2',
    ];
    expect(released).toEqual(expect.arrayContaining(all));
    expect(on()).toEqual(all);
  });
});
