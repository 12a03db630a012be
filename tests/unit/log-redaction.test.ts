import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/faults/index.ts';
import { type LogLevel, openLog } from '../../src/log/index.ts';

function world(options: { readonly level?: LogLevel; readonly pretty?: boolean } = {}) {
  const lines: string[] = [];
  const log = openLog({ level: 'info', pretty: false, ...options, write: (text) => void lines.push(text) });
  return { log, lines, all: () => lines.join('') };
}

const CANARY = 'canary-7d1f';

describe('the log', () => {
  it('writes one JSON line with level, time, text and the facts as fields', () => {
    const { log, lines } = world();
    log.warn({ bus: 'gate', tries: 3 }, 'bus is down');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      ...{ level: 'warn', msg: 'bus is down', bus: 'gate', tries: 3 },
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
  });

  it.each([
    ['error', ['error']],
    ['info', ['info', 'warn', 'error']],
    ['silent', []],
  ] as const)('at level %s says only %j', (level, said) => {
    const { log, lines } = world({ level });
    for (const each of ['debug', 'info', 'warn', 'error'] as const) log[each]({}, each);
    expect(lines.map((line) => JSON.parse(line).level)).toEqual(said);
  });

  it('says a fault and any error as a text, wherever it stands', () => {
    const { log, lines } = world();
    const fault = new Fault('bus.closed', { bus: 'gate' });
    log.error({ fault, reasons: [new TypeError('x is no function')] }, 'broken');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      fault: 'bus.closed: The bus gate is closed',
      reasons: ['TypeError: x is no function'],
    });
  });

  it('gives the facts of a child with each of its lines', () => {
    const { log, lines } = world();
    log.child({ uplink: 'town' }).child({ try: 2 }).info({ ms: 5 }, 'connected');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ uplink: 'town', try: 2, ms: 5 });
  });

  it('for people is short, and keeps control characters from the terminal', () => {
    const { log, lines } = world({ pretty: true });
    log.info({ device: 'air-1', said: '\u001b[2Jgone\n', deep: { a: [1] } }, 'device is back');
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d info {2}device is back {2}device=air-1 said="\\u001b\[2Jgone\\n" deep=\{"a":\[1\]\}\n$/,
    );
  });
});

describe('secrets', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = String(privateKey.export({ format: 'pem', type: 'pkcs8' }))
    .trim()
    .replaceAll('\n', `\n${CANARY}`);

  it.each<[string, object]>([
    ['a password', { password: CANARY }],
    ['a password deep down', { a: { b: { c: [{ d: { e: { password: CANARY } } }] } } }],
    ['a key', { key: CANARY }],
    ['a key with a longer name', { private_key: CANARY, signingKey: CANARY, 'tls.key': CANARY }],
    ['tokens and pins', { token: CANARY, access_token: CANARY, pin: 1234, admin: { PIN: CANARY } }],
    ['a whole section', { secret: { inside: CANARY } }],
    ['headers', { headers: { Authorization: `Bearer ${CANARY}`, 'set-cookie': CANARY } }],
    ['an address with a password', { url: `mqtts://gate:${CANARY}@broker.example:8883/x` }],
    ['an address with only a user', { url: `mqtt://${CANARY}@broker.example` }],
    ['such an address in a fault', { fault: new Fault('usage', { text: `no mqtt://u:${CANARY}@b` }) }],
    ['such an address in an error of a library', { error: new Error(`refused mqtt://u:${CANARY}@b:1883`) }],
    ['a private key in a text', { text: `given: ${pem}` }],
    ['a private key cut short', { text: pem.slice(0, 80) }],
    ['a map', { given: new Map([['password', CANARY]]) }],
    ['bytes', { payload: Buffer.from(CANARY) }],
    ['what lies too deep to be judged', nested(CANARY, 12)],
  ])('are not printed: %s', (_, facts) => {
    for (const pretty of [false, true]) {
      const { log, all } = world({ pretty });
      log.info(facts, 'connected');
      log.child(facts).info({}, 'connected again');
      expect(all()).toContain('connected again');
      expect(all()).not.toContain(CANARY);
      expect(all()).not.toContain('1234');
    }
  });

  it('are told apart from what only looks like them', () => {
    const { log, lines } = world();
    const facts = {
      keys: 3,
      monkey: 'george',
      tokens_left: 2,
      url: 'mqtts://broker:8883/a@b',
      at: 'a@b.example',
    };
    log.info(facts, 'x');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject(facts);
  });

  it('do not make a fact that turns in circles a hang', () => {
    const { log, lines } = world();
    const ring: { me?: unknown } = {};
    ring.me = ring;
    log.info({ ring }, 'x');
    expect(lines).toHaveLength(1);
  });
});

describe('texts of log lines', () => {
  it('are constant everywhere: facts are fields, so that lines can be counted and searched', () => {
    const files = ['src', 'drivers'].flatMap((root) =>
      readdirSync(root, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => join(root, name)),
    );
    const calls = files.flatMap((file) => logCalls(file, readFileSync(file, 'utf8')));
    expect(calls.length).toBeGreaterThan(10);
    expect(calls.filter(({ constant }) => !constant).map(({ where }) => where)).toEqual([]);
  });

  it('that are put together would be found', () => {
    const texts = ['"bus is down"', '`bus ${' + 'id} is down`', 'text', "'bus ' + id"];
    const found = texts.map((text) => logCalls('x.ts', `world.log.warn({ id }, ${text});`)[0]?.constant);
    expect(found).toEqual([true, false, false, false]);
  });
});

function logCalls(file: string, text: string): { readonly where: string; readonly constant: boolean }[] {
  if (!/\blog\b/.test(text)) return [];
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: { where: string; constant: boolean }[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { expression, name } = node.expression;
      const said = node.arguments[1];
      const isLog =
        ['debug', 'info', 'warn', 'error'].includes(name.text) && /\blog$/.test(expression.getText());
      if (isLog && said)
        found.push({
          where: `${file}: ${node.getText().slice(0, 80)}`,
          constant: ts.isStringLiteralLike(said),
        });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function nested(value: string, depth: number): object {
  return depth === 0 ? { value } : { inside: nested(value, depth - 1) };
}
