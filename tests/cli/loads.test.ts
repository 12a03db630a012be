import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SHAPES } from '../../src/cli/shapes.ts';
import { openControl } from '../../src/control/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { cli } from '../support/cli.ts';
import { loadOf, ViewsOfTest } from '../support/control-views.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

/** A gateway with a courtyard and a garage to light, and the command line beside it. */
async function world() {
  const views = new ViewsOfTest();
  const socket = join(tempFolder(), 'control.sock');
  const control = await openControl(socket, views);
  onTestFinished(() => control.close());
  const loads = (...words: readonly string[]) => cli(['loads', ...words, '--socket', socket]);
  return { views, socket, loads };
}

/** What the control socket answers to a path. */
const got = (socketPath: string, path: string): Promise<{ status: number | undefined; body: string }> =>
  new Promise((resolve, reject) => {
    request({ socketPath, path }, async (response) => {
      let body = '';
      for await (const chunk of response.setEncoding('utf8')) body += chunk;
      resolve({ status: response.statusCode, body });
    })
      .on('error', reject)
      .end();
  });

describe('loads', () => {
  it('are a table: how they stand, whose word counts, until when, and who does not obey', async () => {
    const { views, loads } = await world();
    const wrong = { device: 'relay-1', channel: 4, state: 'off', wrong: true, shown: true };
    views.lit = [
      loadOf('courtyard'),
      loadOf('garage', { state: 'off', by: 'command', who: 'local:pi', until_up: 65_000, relays: [wrong] }),
      loadOf('path', { state: 'unknown', wanted: 'unknown', by: 'time-unknown' }),
    ];

    const { code, out } = await loads();

    const [head = '', courtyard = '', garage = '', path = ''] = out.split('\n');
    expect(code).toBe(0);
    expect(head).toMatch(/^load +is +wanted +by +until +since$/);
    expect(courtyard).toMatch(/^courtyard +on +on +by schedule evening +in .* +3 s$/);
    expect(garage).toMatch(
      /^garage +off +on +by command of local:pi +in 1 min 0 s +3 s +does not obey: relay-1 4$/,
    );
    expect(path).toMatch(/^path +unknown +unknown +its schedule waits: nobody knows the time of day +3 s$/);
  });

  it('are for machines what the control API shows, all and each', async () => {
    const { views, socket, loads } = await world();

    const { out } = await loads('--json');
    const one = await got(socket, '/v1/loads/garage');
    const none = await got(socket, '/v1/loads/garag');

    expect(SHAPES.loads.answer.parse(JSON.parse(out)).loads).toEqual(views.lit);
    expect(JSON.parse(one.body)).toEqual(views.lit[1]);
    expect(none.status).toBe(404);
    expect(JSON.parse(none.body).error).toMatchObject({ code: 'load.unknown', facts: { nearest: 'garage' } });
  });

  it('are switched through the inbox, with name, reason and span of who is here', async () => {
    const { views, loads } = await world();

    const said = await loads('on', 'courtyard', 'garage', '--for', '2h', '--reason', 'a search');
    await loads('auto', '--all');

    expect(said).toMatchObject({ code: 0, err: '' });
    expect(said.out).toMatch(/^courtyard +done .*\ngarage +done /);
    const on = { name: 'on', args: { for_s: 7200 }, user: 'pi', reason: 'a search', ttl_ms: 30_000 };
    expect(views.wishes.slice(0, 2)).toEqual([
      { target: 'courtyard', ...on },
      { target: 'garage', ...on },
    ]);
    expect(views.wishes.slice(2).map(({ target, name, args }) => [target, name, args])).toEqual([
      ['courtyard', 'auto', {}],
      ['garage', 'auto', {}],
    ]);
  });

  it('end with 1 when one was not switched, and say which; for machines too', async () => {
    const { views, loads } = await world();
    views.outcome = { result: 'unconfirmed', facts: { not_seen: ['relay-1 3'] } };

    const said = await loads('off', 'garage');
    views.fails = new Fault('command.bad-args', { target: 'garage', name: 'on', text: 'x' });
    const machine = await loads('on', 'garage', '--json');

    expect(said).toMatchObject({ code: 1, out: '' });
    expect(said.err).toMatch(/^garage +unconfirmed {2}not_seen=\["relay-1 3"\]$/m);
    expect(machine.code).toBe(1);
    const answer = SHAPES['loads ORDER'].answer.parse(JSON.parse(machine.out));
    expect(answer.loads).toMatchObject([{ load: 'garage', fault: { code: 'command.bad-args' } }]);
  });

  it.each([
    [['on', 'cuortyard'], 1, 'Did you mean courtyard?'],
    [['on'], 2, 'Name the loads, or say --all'],
    [['off', 'garage', '--all'], 2, 'Name the loads, or say --all'],
    [['on', 'garage', '--for', 'long'], 2, '--for is long; 1 s to 7 days is expected'],
    [['on', 'garage', '--for', '8000h'], 2, '1 s to 7 days'],
    [['dim', 'garage'], 2, 'There is no command loads dim'],
  ])('refuses %j and switches nothing', async (words, exit, message) => {
    const { views, loads } = await world();

    const { code, err } = await loads(...words);

    expect(code).toBe(exit);
    expect(err).toContain(message);
    expect(views.wishes).toEqual([]);
  });

  it('are counted by status and told by watch as they change', async () => {
    const { views, socket } = await world();
    const stop = new AbortController();
    let told = '';
    const out = (text: string) => {
      told += text;
    };

    const status = await cli(['status', '--socket', socket]);
    const watching = cli(['watch', 'garage', '--socket', socket], { signal: stop.signal, out });
    await until('it listens', () => views.listeners.size);
    views.say({ type: 'load', load: loadOf('courtyard') });
    views.say({ type: 'load', load: loadOf('garage', { state: 'mixed' }) });
    await until('it was told', () => told.includes('garage'));
    stop.abort();
    await watching;

    expect(status.out).toMatch(/^loads +1 of 2 on, 1 by hand, 1 with a relay that does not obey$/m);
    expect(told).toBe('garage  load  mixed, wanted on; by schedule evening\n');
  });
});
