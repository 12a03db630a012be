import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SHAPES } from '../../src/cli/shapes.ts';
import { openControl } from '../../src/control/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { cli } from '../support/cli.ts';
import { doorOf, ViewsOfTest } from '../support/control-views.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

/** A gateway with a lobby door and a ramp barrier, and the command line beside it. */
async function world() {
  const views = new ViewsOfTest();
  const socket = join(tempFolder(), 'control.sock');
  const control = await openControl(socket, views);
  onTestFinished(() => control.close());
  const doors = (...words: readonly string[]) => cli(['doors', ...words, '--socket', socket]);
  return { views, socket, doors };
}

describe('doors', () => {
  it('are a table: contact, lock, why, alarms, the last decision, and within which time they open', async () => {
    const { views, doors } = await world();
    const last = { result: 'granted', at_up: 4000, ref: 'd-1', who: 'p-17', side: 'in' };
    views.stands = [
      doorOf('lobby', { lock: 'unlocked', mode: 'timed', why: 'card', by: 'p-17', last }),
      doorOf('yard', { position: 'open', alarms: ['forced'], ends_by: 'gateway' }),
    ];

    const { code, out } = await doors();

    const [head = '', lobby = '', yard = ''] = out.split('\n');
    expect(code).toBe(0);
    expect(head).toMatch(/^door +kind +contact +lock +why +since +to know +last decision +opens within$/);
    expect(lobby).toMatch(
      /^lobby +door +closed +unlocked +timed: card p-17 +3 s +– +granted p-17 in, 1 s ago +90 ms$/,
    );
    expect(yard).toMatch(/^yard +door +open +locked +locked +3 s +forced +– +90 ms, host-timed$/);
  });

  it('are for machines what the control API shows', async () => {
    const { views, doors } = await world();

    const { out } = await doors('--json');

    expect(SHAPES.doors.answer.parse(JSON.parse(out)).doors).toEqual(views.stands);
  });

  it('are shown one by one with everything that is known of them', async () => {
    const { views, doors } = await world();
    const maintenance = { by: 'local:pi', why: 'new hinges', until_up: 65_000 };
    views.stands = [
      doorOf('lobby', { maintenance, alarms: ['held'], interlock: { group: 'lock', blocked_by: 'yard' } }),
    ];

    const { code, out } = await doors('show', 'lobby');

    expect(code).toBe(0);
    expect(out).toMatch(/^maintenance +new hinges \(local:pi\), for another 1 min 0 s$/m);
    expect(out).toMatch(/^alarms +held \(muted\)$/m);
    expect(out).toMatch(/^interlock +lock, waits for yard$/m);
    expect(out).toMatch(/^fire inputs +panel clear$/m);
  });

  it('count in the status', async () => {
    const { socket } = await world();

    const { out } = await cli(['status', '--socket', socket]);

    expect(out).toMatch(/^doors +2, 1 open, 1 unlocked, 1 with an alarm$/m);
  });

  it('are watched: each change is one line', async () => {
    const { views, socket } = await world();
    const stop = new AbortController();
    let told = '';
    const out = (text: string) => {
      told += text;
    };

    const watching = cli(['watch', 'lobby', '--socket', socket], { signal: stop.signal, out });
    await until('it listens', () => views.listeners.size);
    views.say({ type: 'door', door: doorOf('ramp') });
    views.say({
      type: 'door',
      door: doorOf('lobby', { lock: 'unlocked', mode: 'hold-open', why: 'hold-open' }),
    });
    await until('it was told', () => told.includes('\n'));
    stop.abort();
    await watching;

    expect(told).toBe('lobby  door  closed, unlocked (hold-open)\n');
  });
});

describe('an order to doors', () => {
  it.each([
    ['open lobby', { target: 'lobby', name: 'unlock', args: {} }],
    ['open ramp', { target: 'ramp', name: 'open', args: {} }],
    ['open lobby --for 20s --in-lockdown', { name: 'unlock-in-lockdown', args: { ms: 20_000 } }],
    ['open lobby --gate g --gate 1', { name: 'unlock', args: { gates: ['g', '1'] } }],
    ['lock lobby', { name: 'lock', args: {} }],
    ['lock ramp', { name: 'close', args: {} }],
    ['lockdown lobby --reason alarm', { name: 'lockdown', args: {}, reason: 'alarm' }],
    ['hold-open lobby --for 2h', { name: 'hold-open', args: { ms: 7_200_000 } }],
    ['resume lobby', { name: 'resume', args: {} }],
    [
      'maintenance lobby --for 30min --reason hinges',
      { name: 'maintenance', args: { ms: 1_800_000, why: 'hinges' }, reason: 'hinges' },
    ],
    ['maintenance lobby --end', { name: 'end-maintenance', args: {} }],
  ])('%s goes through the inbox as that command', async (line, wish) => {
    const { views, doors } = await world();

    const { code } = await doors(...line.split(' '));

    expect(code).toBe(0);
    expect(views.wishes).toEqual([expect.objectContaining({ user: 'pi', ...wish })]);
  });

  it('to all reaches every door, and says of each how it ended', async () => {
    const { views, doors } = await world();

    const { code, out } = await doors('lockdown', '--all');

    expect(code).toBe(0);
    expect(views.wishes.map(({ target }) => target)).toEqual(['lobby', 'ramp']);
    expect(out).toBe('lobby  done  effective_ms=500\nramp   done  effective_ms=500\n');
  });

  it('to one name that is none reaches no door at all, and the nearest name is told', async () => {
    const { views, doors } = await world();

    const { code, err } = await doors('open', 'ramp', 'loby');

    expect(code).toBe(1);
    expect(err).toContain('There is no door loby; nearest is lobby.');
    expect(views.wishes).toEqual([]);
  });

  it('that one door refuses ends with 1; the others have done it', async () => {
    const { views, doors } = await world();
    views.fails = new Fault('command.unknown', { target: 'ramp', name: 'lockdown', known: 'open' });
    views.failsFor = 'ramp';

    const { code, out } = await doors('lockdown', 'lobby', 'ramp', '--json');

    const answer = SHAPES['doors ORDER'].answer.parse(JSON.parse(out));
    expect(code).toBe(1);
    expect(answer.doors).toMatchObject([
      { door: 'lobby', result: 'done' },
      { door: 'ramp', fault: { code: 'command.unknown' } },
    ]);
  });

  it.each([
    ['no door and not --all', ['open'], 'Name the doors, or say --all'],
    ['doors and --all', ['lock', 'lobby', '--all'], 'Name the doors, or say --all'],
    ['a time that is none', ['hold-open', 'lobby', '--for', 'long'], '--for is long'],
    ['maintenance without a reason', ['maintenance', 'lobby'], '--reason is missing'],
    ['a word that is no order', ['opne', 'lobby'], 'Did you mean doors open?'],
  ])('is wrong usage with %s', async (_what, words, complaint) => {
    const { views, doors } = await world();

    const { code, err } = await doors(...words);

    expect(code).toBe(2);
    expect(err).toContain(complaint);
    expect(views.wishes).toEqual([]);
  });
});
