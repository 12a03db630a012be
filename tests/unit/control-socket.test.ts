import { existsSync, statSync, writeFileSync } from 'node:fs';
import { globalAgent, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectControl, openControl, type Watched } from '../../src/control/index.ts';
import { MOST_WAITING } from '../../src/control/stream.ts';
import { Fault } from '../../src/faults/index.ts';
import { READING, ViewsOfTest } from '../support/control-views.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

async function world() {
  const path = join(tempFolder(), 'run', 'control.sock');
  const views = new ViewsOfTest();
  const control = await openControl(path, views);
  onTestFinished(() => control.close());
  return { path, views, control, client: connectControl(path) };
}

/** Bytes as any other program would send them. */
function raw(path: string, wish: { method: string; url: string; body?: string; type?: string }) {
  return new Promise<{ status: number; json: unknown }>((resolve, reject) => {
    const headers = wish.body === undefined ? {} : { 'content-type': wish.type ?? 'application/json' };
    const sent = request(
      { socketPath: path, method: wish.method, path: wish.url, headers },
      async (response) => {
        let text = '';
        for await (const chunk of response) text += chunk;
        resolve({ status: response.statusCode ?? 0, json: text ? JSON.parse(text) : undefined });
      },
    );
    sent.on('error', reject);
    sent.end(wish.body);
  });
}

/** Watches in the background; `lines` grows. */
async function watching(from: Awaited<ReturnType<typeof world>>, devices: readonly string[] = []) {
  const lines: Watched[] = [];
  const stop = new AbortController();
  const ended = (async () => {
    for await (const line of from.client.watch(devices, stop.signal)) lines.push(line);
  })();
  ended.catch(() => {});
  await until('the gateway has a listener', () => from.views.listeners.size > 0);
  return { lines, stop, ended };
}

const LOAN = { user: 'pi', over: () => {} };

describe('the control socket', () => {
  it('gives status, devices, one device and health as the gateway has them', async () => {
    const { client, views } = await world();
    expect(await client.status()).toEqual(await views.status());
    expect(await client.devices()).toEqual(views.devices());
    expect(await client.device('air-2')).toEqual(views.devices()[1]);
    expect(await client.health()).toEqual(views.health());
  });

  it('lends a wire for as long as the one who has it stays, and tells why where it does not', async () => {
    const { client, views, control } = await world();
    const { signal } = new AbortController();
    const leaving = new AbortController();

    const back = await client.lend('bus-1', LOAN, signal);
    const { given, back: early } = views.loans;
    back();
    await until('it is given back', () => views.loans.back === 1);
    await client.lend('bus-1', LOAN, leaving.signal);
    leaving.abort();
    await until('it comes back when its holder is gone', () => views.loans.back === 2);
    await client.lend('bus-1', LOAN, signal);
    views.keeps = new Fault('bus.lent', { bus: 'bus-1' });

    expect([given, early]).toEqual([1, 0]);
    await expect(client.lend('bus-1', LOAN, signal)).rejects.toMatchObject({ code: 'bus.lent' });
    await control.close();
    expect(views.loans).toEqual({ given: 3, back: 3, users: ['pi', 'pi', 'pi'] });
  });

  it('lets a loan and a stream last, however long nothing is said', async () => {
    const settings: { timeout?: number } = Reflect.get(globalAgent, 'options');
    const usual = { ...settings };
    onTestFinished(() => void Object.assign(settings, usual));
    settings.timeout = 20;
    const from = await world();
    const { ended } = await watching(from);
    let broken = false;
    ended.catch(() => {
      broken = true;
    });
    await from.client.lend('bus-1', LOAN, new AbortController().signal);

    const begun = performance.now();
    await until('ten times as long has passed', () => performance.now() - begun > 200);

    expect([broken, from.views.loans.back]).toEqual([false, 0]);
  });

  it('says when the time of a loan is over, and that alone', async () => {
    const { client, views, control } = await world();
    const over: string[] = [];
    const { signal } = new AbortController();
    const loan = (name: string) => ({ user: 'pi', over: () => void over.push(name) });

    await client.lend('bus-1', loan('first'), signal);
    views.takeBack();
    await until('it is told', () => over.length > 0);
    await client.lend('bus-1', loan('second'), signal);
    await control.close();
    await until('it has it back', () => views.loans.back === 2);

    expect(over).toEqual(['first']);
  });

  it('reads and acts, and hands the arguments on as they came', async () => {
    const { client, views } = await world();
    expect(await client.read('air-1')).toEqual([READING]);
    const args = { channel: 1, ms: 500, deep: { list: [1, 'a', null] } };
    const wish = { target: 'relay-1', name: 'pulse', args, user: 'pi', reason: 'tried out' };
    expect(await client.submit(wish)).toEqual({
      result: 'done',
      facts: { effective_ms: 500 },
    });
    expect(views.wishes).toEqual([wish]);
  });

  it('hands on a page of a list of credentials, and says what became of it', async () => {
    const { client, views } = await world();
    expect(await client.takeAccess('a.b.c')).toEqual({ verdict: 'in-force', version: 7, count: 3 });
    expect(views.pages).toEqual(['a.b.c']);
    await expect(client.takeAccess('')).rejects.toMatchObject({ code: 'usage' });
  });

  it('gives a fault of the gateway back as that fault', async () => {
    const { client, views } = await world();
    await expect(client.read('air-9')).rejects.toMatchObject({
      code: 'device.unknown',
      facts: { nearest: 'air-1' },
    });
    views.fails = new Fault('bus.no-reply', { unit: 3, bus: 'b', timeout_ms: 300 });
    await expect(client.read('air-1')).rejects.toMatchObject({ code: 'bus.no-reply', retry: 'soon' });
  });

  it.each([
    ['GET', '/v1/nothing', undefined, 404, 'usage'],
    ['HEAD', '/v1/watch', undefined, 404, undefined],
    ['GET', '/v1/%ZZ', undefined, 400, 'usage'],
    ['GET', '/v1/devices/air-3', undefined, 404, 'device.unknown'],
    ['GET', '/v1/watch?device=air-3', undefined, 404, 'device.unknown'],
    ['POST', '/v1/commands', '{"target":', 400, 'usage'],
    ['POST', '/v1/commands', undefined, 400, 'usage'],
    ['POST', '/v1/commands', '{"target":5}', 400, 'usage'],
    ['POST', '/v1/commands', '{"target":"air-1","name":"on","user":"pi","args":[1]}', 400, 'usage'],
    ['POST', '/v1/commands', '{"target":"air-1","name":"on","user":"pi","arg":{}}', 400, 'usage'],
  ])('answers %s %s %s with %i', async (method, url, body, status, code) => {
    const { path, views } = await world();
    const answer = await raw(path, { method, url, ...(body !== undefined && { body }) });
    const error = { code, remedy: expect.any(String) };
    expect(answer).toMatchObject({ status, json: code === undefined ? undefined : { error } });
    expect(views.wishes).toEqual([]);
  });

  it('refuses what is far too long: a body, and a device id', async () => {
    const { path, views } = await world();
    const long = 'x'.repeat(2_000_000);
    const body = `{"command":"on","args":{"x":"${long}"}}`;

    const wide = await raw(path, { method: 'POST', url: '/v1/commands', body });
    const far = await raw(path, { method: 'GET', url: `/v1/devices/${long.slice(0, 5000)}` });

    expect(wide).toMatchObject({ status: 413, json: { error: { code: 'usage' } } });
    expect(far).toMatchObject({ status: 414, json: { error: { code: 'usage' } } });
    expect(views.wishes).toEqual([]);
  });

  it('answers what is no JSON by its type, with 415', async () => {
    const { path } = await world();
    const body = { body: 'command=on', type: 'application/x-www-form-urlencoded' };
    const answer = await raw(path, { method: 'POST', url: '/v1/commands', ...body });
    expect(answer).toMatchObject({ status: 415, json: { error: { code: 'usage' } } });
  });

  it('answers bytes that are no HTTP once, in its own shape, and hangs up', async () => {
    const { path, client } = await world();
    const socket = connect(path, () => socket.write('\x16\x03\x01 hello\r\n\r\n'));
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    await new Promise((resolve) => socket.on('close', resolve));

    const [head = '', body = ''] = text.split('\r\n\r\n');
    expect(head).toContain('HTTP/1.1 400');
    expect(JSON.parse(body)).toMatchObject({ error: { code: 'usage' } });
    expect(await client.health()).toHaveLength(1);
  });

  it('says what was expected when a body is not right', async () => {
    const { path } = await world();
    const answer = await raw(path, { method: 'POST', url: '/v1/commands', body: '{"target":5}' });
    expect(JSON.stringify(answer.json)).toMatch(/expected .*target.*string/);
  });

  it.each([
    ['bus.no-reply', 504],
    ['bus.down', 503],
    ['bus.exception', 502],
    ['device.closed', 503],
    ['command.unknown', 404],
    ['command.bad-args', 400],
    ['internal', 500],
  ] as const)('answers the fault %s with %i', async (code, status) => {
    const { path, views } = await world();
    views.fails = new Fault(code, {});
    expect(await raw(path, { method: 'POST', url: '/v1/devices/air-1/read' })).toMatchObject({ status });
  });

  it('may be used by its owner and group only, and is gone after closing', async () => {
    const { path, control } = await world();
    expect(statSync(path).mode & 0o777).toBe(0o660);
    await control.close();
    expect(existsSync(path)).toBe(false);
  });
});

describe('watching', () => {
  it('brings every line in order', async () => {
    const from = await world();
    const { lines } = await watching(from);
    const said: Watched[] = [
      { type: 'reading', reading: READING },
      { type: 'event', event: { subject: 'x', name: 'device-up', fields: {}, stamp: READING.stamp } },
      { type: 'health', facts: from.views.health() },
      { type: 'reading', reading: { ...READING, value: null, quality: 'suspect' } },
    ];
    for (const line of said) from.views.say(line);
    await until('all have come', () => lines.length === said.length);
    expect(lines).toEqual(said);
  });

  it('brings only what concerns the devices asked for', async () => {
    const from = await world();
    const { lines } = await watching(from, ['air-2']);
    from.views.say({ type: 'reading', reading: READING });
    from.views.say({ type: 'health', facts: [...from.views.health(), { ...fact, subject: 'bus-1' }] });
    from.views.say({ type: 'reading', reading: { ...READING, device: 'air-2' } });
    await until('the last has come', () => lines.length === 2);
    expect(lines).toMatchObject([
      { type: 'health', facts: [{ subject: 'air-2' }] },
      { type: 'reading', reading: { device: 'air-2' } },
    ]);
  });

  it('tells a listener that does not read how much it has missed, where it is missing', async () => {
    const from = await world();
    const wide = 'x'.repeat(2000);
    const said = MOST_WAITING * 4;
    const response = await new Promise<import('node:http').IncomingMessage>((resolve) => {
      request({ socketPath: from.path, path: '/v1/watch' }, resolve).end();
    });
    onTestFinished(() => void response.destroy());
    await until('the gateway has a listener', () => from.views.listeners.size > 0);
    for (let n = 0; n < said; n += 1) {
      const reading = { ...READING, value: n, point: wide };
      from.views.say({ type: 'reading', reading });
    }

    // Only now somebody reads.
    let text = '';
    response.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    await until('the hole is told', () => text.includes('"dropped"') && text.endsWith('\n\n'));
    from.views.say({ type: 'reading', reading: { ...READING, value: said } });
    await until('what comes after is heard', () => text.includes(`"value":${said}`));

    const lines: Watched[] = text
      .split('\n\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line.slice(6)));
    let next = 0;
    for (const line of lines) {
      if (line.type === 'dropped') next += line.count;
      else if (line.type === 'reading') expect(line.reading.value).toBe(next++);
    }
    expect(next).toBe(said + 1);
    expect(lines.filter(({ type }) => type === 'dropped').length).toBeGreaterThan(0);
  });

  it('ends quietly when the listener stops, and the gateway forgets it', async () => {
    const from = await world();
    const { stop, ended } = await watching(from);
    stop.abort();
    await expect(ended).resolves.toBeUndefined();
    await until('it is forgotten', () => from.views.listeners.size === 0);
  });

  it('ends with control.unreachable when the gateway ends', async () => {
    const from = await world();
    const { ended } = await watching(from);

    await from.control.close();

    expect(from.views.listeners.size).toBe(0);
    await expect(ended).rejects.toMatchObject({ code: 'control.unreachable' });
  });

  it('of a device that is not there is refused with the nearest one', async () => {
    const { client } = await world();
    const lines = client.watch(['air-11'], new AbortController().signal);
    await expect(lines[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'device.unknown',
      facts: { nearest: 'air-1' },
    });
  });
});

describe('the place of the socket', () => {
  it('is taken over from a gateway that died', async () => {
    const path = join(tempFolder(), 'control.sock');
    const { execFileSync } = await import('node:child_process');
    const die = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    expect(() => execFileSync(process.execPath, ['-e', die])).toThrow();
    expect(existsSync(path)).toBe(true);

    const control = await openControl(path, new ViewsOfTest());
    onTestFinished(() => control.close());

    expect(await connectControl(path).health()).toHaveLength(1);
  });

  it('is not taken from a gateway that answers', async () => {
    const { path, client } = await world();
    await expect(openControl(path, new ViewsOfTest())).rejects.toMatchObject({ code: 'control.in-use' });
    expect(await client.health()).toHaveLength(1);
  });

  it('is not taken from a file that is no socket', async () => {
    const path = join(tempFolder(), 'control.sock');
    writeFileSync(path, 'precious');
    await expect(openControl(path, new ViewsOfTest())).rejects.toMatchObject({ code: 'control.bad-socket' });
    expect(existsSync(path)).toBe(true);
  });

  it('may be as long as a socket path can be, and not one byte longer', async () => {
    const folder = tempFolder();
    const longest = join(folder, 'x'.repeat(107 - Buffer.byteLength(folder) - 1));
    const control = await openControl(longest, new ViewsOfTest());
    onTestFinished(() => control.close());
    expect(existsSync(longest)).toBe(true);
    expect(await connectControl(longest).health()).toHaveLength(1);

    // A letter of two bytes counts as two.
    const longer = `${longest.slice(0, -1)}é`;
    await expect(openControl(longer, new ViewsOfTest())).rejects.toMatchObject({
      code: 'control.bad-socket',
      message: expect.stringContaining('at most 107 bytes'),
    });
  });

  it('is refused when its folder cannot be made', async () => {
    const file = join(tempFolder(), 'file');
    writeFileSync(file, '');
    const path = join(file, 'control.sock');
    await expect(openControl(path, new ViewsOfTest())).rejects.toMatchObject({ code: 'control.bad-socket' });
  });
});

describe('the client', () => {
  it('says control.unreachable when nobody is there', async () => {
    const path = join(tempFolder(), 'nobody.sock');
    await expect(connectControl(path).status()).rejects.toMatchObject({
      code: 'control.unreachable',
      facts: { path },
    });
  });

  it.each([
    ['no JSON', 'hello'],
    ['another shape', '{"gateway":7}'],
  ])('says control.bad-answer when what answers gives %s', async (_, body) => {
    const path = join(tempFolder(), 'other.sock');
    const head = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`;
    const server = createServer((socket) => socket.once('data', () => socket.end(head + body)));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(() => void server.close());
    await expect(connectControl(path).status()).rejects.toMatchObject({ code: 'control.bad-answer' });
  });
});

const fact = { code: 'bus-down', severity: 'failed', since_up: 1, evidence: '' } as const;
