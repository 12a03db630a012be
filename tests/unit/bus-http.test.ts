import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../../src/contracts/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { digestResponse, httpReply } from '../../src/kit/index.ts';
import { call, outcome, unit } from '../support/bus-world.ts';
import { digest, type HostQuestion, httpWorld, nonceOf, ok, unauthorised } from '../support/http-host.ts';

const LOGIN = { user: 'gateway', password: 'correct horse' };
const GET: HttpRequest = { method: 'GET', path: '/picture?channel=1' };
const PUT: HttpRequest = {
  method: 'PUT',
  path: '/output',
  body: '<on/>',
  type: 'application/xml',
  actuates: true,
};
const TIMES = unit(1, { timeout_ms: 2000 });

/** Lets in whoever answers the challenge of one of these nonces with the right password. */
const guarded =
  (
    nonces: () => readonly string[],
    inside: (question: HostQuestion) => Uint8Array | undefined = () => ok(),
  ) =>
  (question: HostQuestion): Uint8Array | undefined => {
    const all = nonces();
    return all.includes(nonceOf(question) ?? '') && isRight(question)
      ? inside(question)
      : unauthorised(digest(all.at(-1) ?? ''));
  };

function isRight({ headers, method, path }: HostQuestion): boolean {
  const read = (name: string) =>
    new RegExp(`${name}="?([^",]*)`).exec(headers.authorization ?? '')?.[1] ?? '';
  const challenge = {
    ...{ realm: 'camera', nonce: read('nonce'), opaque: undefined, algorithm: 'MD5', hash: 'md5' as const },
    ...{ session: false, qop: true, stale: false, userhash: false },
  };
  const use = { method, uri: path, count: Number.parseInt(read('nc'), 16), cnonce: read('cnonce') };
  return read('response') === digestResponse(challenge, LOGIN, use);
}

describe('a question to a host', () => {
  it('is answered with status, type and body, over a connection that is used again', async () => {
    const { bus, clock, connections, asked } = await httpWorld(() => ok('a picture'));
    const link = bus.http('dut', TIMES);

    const replies = [await link.exchange(GET, call()), await link.exchange(GET, call('command'))];

    expect(replies.map(({ body }) => Buffer.from(body).toString())).toEqual(['a picture', 'a picture']);
    expect(replies[0]).toMatchObject({ status: 200, type: 'text/plain' });
    expect(connections()).toBe(1);
    expect(asked[0]).toMatchObject({
      method: 'GET',
      path: '/picture?channel=1',
      headers: { host: 'camera' },
    });
    await clock.advance(0);
    expect(bus.stats()).toMatchObject({ state: 'up', exchanges: 2, timeouts: 0 });
  });

  it('is told what the host says, be it a refusal', async () => {
    const { bus } = await httpWorld(() => httpReply(503, { 'content-length': '0' }));

    const reply = await bus.http('dut', TIMES).exchange(GET, call());

    expect(reply.status).toBe(503);
  });

  it('ends when the answer is not whole within the timeout, however it drips', async () => {
    const { bus, clock, open } = await httpWorld(({ port }) => {
      void port.write(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n'));
      void (async () => {
        for (let drop = 0; drop < 90; drop += 1) {
          await clock.sleep('drips', 100);
          await port.write(Uint8Array.of(1));
        }
      })();
      return undefined;
    });

    const asking = outcome(bus.http('dut', TIMES).exchange(GET, call()));
    await clock.advance(1900);
    expect(asking.done).toBe(false);
    await clock.advance(200);

    expect(asking.fault).toMatchObject({
      code: 'bus.no-reply',
      facts: { bus: 'cam', unit: 'dut', sent: true },
    });
    expect(open.size).toBe(0);
    expect(bus.stats().timeouts).toBe(1);
  });

  it('ends with a fault at an answer that is too long, and takes no more of it', async () => {
    const { bus, open } = await httpWorld(() => ok('x'.repeat(2000)));
    const link = bus.http('dut', TIMES);

    const long = outcome(link.exchange({ ...GET, max_bytes: 1999 }, call()));
    const whole = await link.exchange({ ...GET, max_bytes: 2000 }, call('command'));
    await new Promise((resolve) => setImmediate(resolve));

    expect(long.fault).toMatchObject({
      code: 'http.bad-message',
      facts: { reason: expect.stringContaining('1999') },
    });
    expect(whole.body.length).toBe(2000);
    expect(open.size).toBe(1);
  });

  it.each([
    ['noise', () => Buffer.from('\x00\x17\x80 what is this\r\n\r\n', 'latin1')],
    ['another protocol', () => Buffer.from('RTSP/1.0 200 OK\r\n\r\n')],
    ['a length that is no number', () => Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n')],
    [
      'two lengths',
      () => Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc'),
    ],
  ])('ends with http.bad-message at %s', async (_, bytes) => {
    const { bus } = await httpWorld(bytes);

    const asking = outcome(bus.http('dut', TIMES).exchange(GET, call()));
    await new Promise((resolve) => setImmediate(resolve));

    expect(asking.fault).toMatchObject({ code: 'http.bad-message', facts: { sent: true } });
  });

  it('is asked once more when the host ended the kept connection just then, and the second end is told', async () => {
    const { bus, connections } = await httpWorld(({ connection, port, path }, asked) => {
      const isFirst = asked.length === 1;
      if (isFirst || (connection === 2 && path === GET.path)) return ok();
      port.close();
      return undefined;
    });
    const link = bus.http('dut', TIMES);

    await link.exchange(GET, call());
    const again = await link.exchange(GET, call());
    const broken = outcome(link.exchange({ method: 'GET', path: '/other' }, call()));
    await new Promise((resolve) => setImmediate(resolve));

    expect(again.status).toBe(200);
    // The kept one ends, and so does the new one: that is told.
    expect(broken.fault).toMatchObject({ code: 'http.bad-message' });
    expect(connections()).toBe(3);
  });

  it('leaves no connection open for long', async () => {
    const { bus, clock, open } = await httpWorld(() => ok());
    await bus.http('dut', TIMES).exchange(GET, call());
    expect(open.size).toBe(1);

    await clock.advance(10_100);

    expect(open.size).toBe(0);
  });
});

describe('a request that moves something', () => {
  it('is sent once, over a connection of its own, and never again when that breaks', async () => {
    const { bus, asked, connections } = await httpWorld(({ method, port }) => {
      if (method === 'GET') return ok();
      port.close();
      return undefined;
    });
    const link = bus.http('dut', TIMES);
    await link.exchange(GET, call());

    const moving = outcome(link.exchange(PUT, call('command')));
    await new Promise((resolve) => setImmediate(resolve));

    expect(moving.fault).toMatchObject({ code: 'http.bad-message', facts: { sent: true } });
    expect(asked.filter(({ method }) => method === 'PUT')).toHaveLength(1);
    expect(connections()).toBe(2);
  });

  it('is repeated after a login that was wanted first, since it was not done', async () => {
    const moved: HostQuestion[] = [];
    const script = guarded(
      () => ['n1'],
      (question) => {
        moved.push(question);
        return ok();
      },
    );
    const { bus, asked } = await httpWorld(script, { login: LOGIN });

    const reply = await bus.http('dut', TIMES).exchange(PUT, call('command'));

    expect(reply.status).toBe(200);
    expect(asked).toHaveLength(2);
    expect(moved.map(({ body }) => Buffer.from(body).toString())).toEqual(['<on/>']);
  });

  it('is told to have left nothing when there is no connection', async () => {
    const { bus, unplug } = await httpWorld(() => ok());
    await unplug();

    const moving = outcome(bus.http('dut', TIMES).exchange(PUT, call('command')));
    await new Promise((resolve) => setImmediate(resolve));

    expect(moving.fault).toMatchObject({ code: 'bus.down', facts: { sent: false } });
  });
});

describe('who waits for whom', () => {
  it('a command waits neither for a poll that hangs nor for a stream', async () => {
    const { bus, clock } = await httpWorld(({ path }) => {
      if (path === '/stream') return httpReply(200, { 'content-type': 'multipart/mixed; boundary=b' });
      return path === '/hangs' ? undefined : ok();
    });
    const link = bus.http('dut', TIMES);
    const stream = outcome(
      link
        .parts({ method: 'GET', path: '/stream' }, new AbortController().signal)
        [Symbol.asyncIterator]()
        .next(),
    );
    const poll = outcome(link.exchange({ method: 'GET', path: '/hangs' }, call('poll')));
    const next = outcome(link.exchange(GET, call('poll')));

    const command = await link.exchange(GET, call('command'));

    expect(command.status).toBe(200);
    expect([poll.done, next.done, stream.done]).toEqual([false, false, false]);
    await clock.advance(2100);
    expect(poll.fault?.code).toBe('bus.no-reply');
    expect(next.value?.status).toBe(200);
  });

  it('who leaves frees the line at once', async () => {
    const { bus, open } = await httpWorld(({ path }) => (path === '/hangs' ? undefined : ok()));
    const link = bus.http('dut', TIMES);
    const leaving = new AbortController();
    const hanging = outcome(
      link.exchange({ method: 'GET', path: '/hangs' }, call('command', leaving.signal)),
    );
    await new Promise((resolve) => setImmediate(resolve));

    leaving.abort(new Error('enough'));
    const next = await link.exchange(GET, call('command'));

    expect(hanging.other).toMatchObject({ message: 'enough' });
    expect(next.status).toBe(200);
    expect(open.size).toBe(1);
  });
});

describe('the login of a bus', () => {
  it('answers a challenge, counts with its nonce, and answers anew when that has become old', async () => {
    let nonces = ['n1'];
    const { bus, asked } = await httpWorld(
      guarded(() => nonces),
      { login: LOGIN },
    );
    const link = bus.http('dut', TIMES);

    for (let look = 0; look < 3; look += 1) await link.exchange(GET, call());
    nonces = ['n2'];
    const later = await link.exchange(GET, call());

    expect(later.status).toBe(200);
    expect(asked.map(nonceOf)).toEqual([undefined, 'n1', 'n1', 'n1', 'n1', 'n2']);
    expect(asked.map(({ headers }) => /nc=(\d+)/.exec(headers.authorization ?? '')?.[1])).toEqual([
      ...[undefined, '00000001', '00000002', '00000003', '00000004', '00000001'],
    ]);
  });

  it('asks a host that takes each nonce once as often as it must', async () => {
    let given = 0;
    const used = new Set<string>();
    const { bus } = await httpWorld(
      (question) => {
        const nonce = nonceOf(question);
        if (nonce !== undefined && isRight(question) && !used.has(nonce)) {
          used.add(nonce);
          return ok();
        }
        given += 1;
        return unauthorised(digest(`n${given}`));
      },
      { login: LOGIN },
    );
    const link = bus.http('dut', TIMES);

    const replies = [];
    for (let look = 0; look < 5; look += 1) replies.push(await link.exchange(GET, call()));

    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  });

  it('rests after a refusal for 1, 5, 15 and then 30 minutes, and says what for', async () => {
    const { bus, clock, asked, health } = await httpWorld(() => unauthorised(digest('n1')), { login: LOGIN });
    const link = bus.http('dut', TIMES);
    const ask = async () => {
      const asking = outcome(link.exchange(GET, call()));
      await clock.advance(10);
      return asking.fault;
    };
    const rests: unknown[] = [];
    for (const minutes of [1, 5, 15, 30, 30]) {
      const before = asked.length;
      const refused = await ask();
      expect(refused).toMatchObject({ code: 'http.login-refused', facts: { bus: 'cam' } });
      rests.push(refused?.facts.wait_s);
      // Challenged, then answered: one try of the password.
      expect(asked.slice(before).filter(nonceOf)).toHaveLength(1);

      const known = asked.length;
      await clock.advance(minutes * 60_000 - 100);
      expect((await ask())?.facts).toMatchObject({ sent: false });
      expect(asked).toHaveLength(known);
      await clock.advance(200);
    }

    expect(rests).toEqual([60, 300, 900, 1800, 1800]);
    expect(health.raised).toContain('bus-down cam');
  });

  it('tries a password once, however many ask at the same time', async () => {
    const { bus, clock, asked } = await httpWorld(() => unauthorised(digest('n1')), { login: LOGIN });
    const asking = Array.from({ length: 16 }, (_, index) =>
      outcome(bus.http(`channel-${index}`, TIMES).exchange(GET, call())),
    );

    await clock.advance(100);

    expect(asking.map(({ fault }) => fault?.code)).toEqual(Array(16).fill('http.login-refused'));
    expect(asked.filter(nonceOf)).toHaveLength(1);
  });

  it('is tried at once after a restart of the bus, and is well again then', async () => {
    let lets = false;
    const inside = guarded(() => ['n1']);
    const { bus, clock, health } = await httpWorld(
      (question) => (lets ? inside(question) : unauthorised(digest('n1'))),
      {
        login: LOGIN,
      },
    );
    const link = bus.http('dut', TIMES);
    const refused = outcome(link.exchange(GET, call()));
    await clock.advance(10);
    lets = true;

    await bus.restart();
    const reply = await link.exchange(GET, call());

    expect(refused.fault?.code).toBe('http.login-refused');
    expect(reply.status).toBe(200);
    expect(health.raised).not.toContain('bus-down cam');
  });

  it('never sends a password in the clear unless it was said, nor where digest is offered', async () => {
    const basic = 'Basic realm="camera"';
    const hidden = await httpWorld(() => unauthorised(basic), { login: LOGIN });
    const said = await httpWorld(
      ({ headers }) => (headers.authorization?.startsWith('Basic') ? ok() : unauthorised(basic)),
      { login: LOGIN, auth: 'basic' },
    );
    const better = await httpWorld(
      ({ headers }) =>
        headers.authorization?.startsWith('Digest') ? ok() : unauthorised(`${basic}, ${digest('n1')}`),
      { login: LOGIN, auth: 'basic' },
    );

    const refused = outcome(hidden.bus.http('dut', TIMES).exchange(GET, call()));
    await hidden.clock.advance(10);
    const plain = await said.bus.http('dut', TIMES).exchange(GET, call());
    const strong = await better.bus.http('dut', TIMES).exchange(GET, call());

    expect(refused.fault?.code).toBe('http.login-kind');
    expect(hidden.asked.flatMap(({ headers }) => headers.authorization ?? [])).toEqual([]);
    expect(said.asked.at(-1)?.headers.authorization).toBe(`Basic ${btoa('gateway:correct horse')}`);
    expect([plain.status, strong.status]).toEqual([200, 200]);
  });

  it('shows its password to nobody: in no fault, no log, no health fact', async () => {
    const { bus, clock, logged, health } = await httpWorld(() => unauthorised(digest('n1')), {
      login: LOGIN,
    });
    const asking = outcome(bus.http('dut', TIMES).exchange(GET, call()));
    await clock.advance(10);

    const shown = JSON.stringify([
      asking.fault,
      asking.fault?.message,
      logged,
      [...health.ever],
      bus.stats(),
    ]);

    expect(logged.length).toBeGreaterThan(0);
    for (const secret of ['correct', 'horse', btoa('gateway:correct horse')])
      expect(shown).not.toContain(secret);
  });

  it('of a body is given to who makes that body', async () => {
    const { bus, asked } = await httpWorld(() => ok(), { login: LOGIN });
    const body = (login: typeof LOGIN | undefined) => `<user>${login?.user}</user>`;

    await bus.http('dut', TIMES).exchange({ method: 'POST', path: '/soap', body }, call());

    expect(Buffer.from(asked[0]?.body ?? []).toString()).toBe('<user>gateway</user>');
  });
});

describe('a stream of parts', () => {
  const head = httpReply(200, { 'content-type': 'multipart/mixed; boundary=--b' });
  const part = (text: string) =>
    Buffer.from(`--b\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n${text}\r\n`);
  const STREAM: HttpRequest = { method: 'GET', path: '/events' };

  it('gives them as they come, after a login, and ends with its listener', async () => {
    const script = guarded(
      () => ['n1'],
      ({ port }) => {
        void port
          .write(head)
          .then(() => port.write(part('one')))
          .then(() => port.write(part('two')));
        return undefined;
      },
    );
    const { bus, open } = await httpWorld(script, { login: LOGIN });
    const listening = new AbortController();
    const heard: string[] = [];

    for await (const { headers, body } of bus.http('dut', TIMES).parts(STREAM, listening.signal)) {
      heard.push(`${headers['content-type']} ${Buffer.from(body).toString()}`);
      if (heard.length === 2) listening.abort();
    }

    expect(heard).toEqual(['text/plain one', 'text/plain two']);
    expect(open.size).toBe(0);
  });

  it('is not cut by the timeout of answers, which holds for its beginning', async () => {
    const { bus, clock } = await httpWorld(({ path, port }) => {
      if (path !== STREAM.path) return undefined;
      void port.write(head);
      void clock.sleep('speaks', 60_000).then(() => port.write(part('late')));
      return undefined;
    });
    const link = bus.http('dut', TIMES);
    const stream = link.parts(STREAM, new AbortController().signal)[Symbol.asyncIterator]();
    const mute = link
      .parts({ method: 'GET', path: '/mute' }, new AbortController().signal)
      [Symbol.asyncIterator]();

    const [late, never] = [outcome(stream.next()), outcome(mute.next())];
    await clock.advance(2100);
    expect(never.fault?.code).toBe('bus.no-reply');
    expect(late.done).toBe(false);
    await clock.advance(60_000);

    expect(Buffer.from(late.value?.value.body ?? []).toString()).toBe('late');
    await stream.return?.(undefined);
  });

  it.each([
    ['the host ends it', () => Buffer.concat([head, part('one')]), 'bus.down'],
    ['it is no stream', () => ok(), 'http.bad-message'],
    ['there is nothing', () => httpReply(404, { 'content-length': '0' }), 'http.status'],
  ])('throws when %s', async (_, bytes, code) => {
    const { bus, clock } = await httpWorld(({ port }) => {
      void port
        .write(bytes())
        .then(() => clock.sleep('ends', 100))
        .then(() => port.close());
      return undefined;
    });
    const drain = async () => {
      for await (const _ of bus.http('dut', TIMES).parts(STREAM, new AbortController().signal));
    };

    const draining = outcome(drain());
    await clock.advance(500);

    expect(draining.fault?.code).toBe(code);
  });
});

describe('a host that is not there', () => {
  it('takes the bus down, is asked for less and less often by polls, always by commands, and is back by itself', async () => {
    const { bus, clock, health, unplug, plug, attempts } = await httpWorld(() => ok());
    const link = bus.http('dut', TIMES);
    await unplug();

    const first = outcome(link.exchange(GET, call()));
    await clock.advance(10);
    expect(first.fault?.code).toBe('bus.down');
    expect(health.raised).toContain('bus-down cam');
    expect(bus.stats().state).toBe('down');
    for (let second = 0; second < 60; second += 1) {
      const asking = outcome(link.exchange(GET, call()));
      await clock.advance(1000);
      expect(asking.fault).toMatchObject({ code: 'bus.down', facts: { sent: false } });
    }
    const knocks = attempts();
    await plug();
    const command = await link.exchange(GET, call('command'));

    // Sixty polls in a minute, and a pause of up to 15 s between two that were tried.
    expect(knocks).toBeGreaterThan(4);
    expect(knocks).toBeLessThan(30);
    expect(command.status).toBe(200);
    expect(health.raised).not.toContain('bus-down cam');
    expect(bus.stats().state).toBe('up');
  });

  it('that is closed says so to all who wait, and is heard no more', async () => {
    const { bus, clock, open } = await httpWorld(() => undefined);
    const link = bus.http('dut', TIMES);
    const waiting = [outcome(link.exchange(GET, call())), outcome(link.exchange(GET, call()))];
    await clock.advance(10);

    await bus.close();
    await clock.advance(10);

    expect(waiting.map(({ fault }) => fault?.code)).toEqual(['bus.closed', 'bus.closed']);
    expect(open.size).toBe(0);
    expect(bus.stats().state).toBe('closed');
    const later = outcome(link.exchange(GET, call()));
    await clock.advance(10);
    expect(later.fault?.code).toBe('bus.closed');
  });

  it('whose secrets lead nowhere is asked nothing, and says why', async () => {
    const reason = 'the file /etc/x cannot be read or is empty';
    const trouble = new Fault('config.secret-missing', { reference: 'file:/etc/x', reason });
    const { bus, clock, asked, health } = await httpWorld(() => ok(), { trouble });

    const asking = outcome(bus.http('dut', TIMES).exchange(GET, call('command')));
    await clock.advance(10);

    expect(asking.fault?.code).toBe('config.secret-missing');
    expect(asked).toEqual([]);
    expect(health.raised).toContain('bus-down cam');
  });
});
