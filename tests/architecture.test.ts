import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** Who may import whom, with the reason. A folder that is not named here may not exist. */
const MAY_IMPORT: Record<string, { readonly may: readonly string[]; readonly because: string }> = {
  model: { may: [], because: 'it is the vocabulary' },
  contracts: { may: ['model'], because: 'both sides depend on it, it on neither' },
  faults: { may: ['model'], because: 'every part speaks it' },
  clock: { may: ['model', 'contracts'], because: 'the only user of timers, dates and performance' },
  kit: {
    may: ['model', 'contracts', 'faults'],
    because: 'pure: no I/O for driver authors; ciphers of field devices (node:crypto) only here',
  },
  pipeline: { may: ['model', 'faults'], because: 'no clock: time arrives in the stamp' },
  access: { may: ['model', 'contracts', 'faults'], because: 'decisions are pure; I/O is around them' },
  rules: { may: ['model', 'contracts', 'faults'], because: 'decisions are pure; I/O is around them' },
  buses: {
    may: ['model', 'contracts', 'faults', 'kit', 'clock'],
    because: 'the only ones that touch a wire',
  },
  devices: {
    may: ['model', 'contracts', 'faults', 'kit', 'clock'],
    because: 'never a bus or a driver implementation',
  },
  store: { may: ['model', 'contracts', 'faults', 'clock'], because: 'the only user of SQLite and threads' },
  snapshots: {
    may: ['model', 'contracts', 'faults', 'clock'],
    because: 'the only one that keeps files of devices',
  },
  identity: { may: ['model', 'contracts', 'faults'], because: 'a small thing of its own' },
  log: { may: ['model', 'contracts', 'faults'], because: 'a small thing of its own' },
  simulate: {
    may: ['model', 'contracts', 'faults', 'kit', 'clock'],
    because: 'simulators come in as an argument',
  },
  uplink: { may: ['model', 'contracts', 'faults', 'clock'], because: 'mqtt stays here' },
  receive: {
    may: ['model', 'contracts', 'faults', 'clock', 'uplink'],
    because: 'the platform reads the published schemas and topics',
  },
  commands: { may: ['model', 'contracts', 'faults', 'clock'], because: 'acts through contracts only' },
  field: {
    may: ['model', 'contracts', 'faults', 'kit', 'clock'],
    because: 'works on a wire that is handed to it, with drivers that are handed to it',
  },
  health: { may: ['model', 'contracts', 'clock'], because: 'facts are declared, not computed from parts' },
  config: { may: ['model', 'contracts', 'faults'], because: 'driver schemas come in as an argument' },
  control: {
    may: ['model', 'contracts', 'faults', 'health', 'clock'],
    because: 'views come in as an argument',
  },
  cli: {
    may: ['control', 'model', 'contracts', 'faults', 'config'],
    because: 'no reach into a running gateway; main hands in the rest',
  },
  console: { may: ['control', 'model', 'faults', 'config'], because: 'no reach into a running gateway' },
};
/** The three that know everything. */
const KNOWS_ALL = ['main.ts', 'gateway.ts', 'world.ts', 'world', 'gateway'];

/** Packages that belong to one place. */
const ONLY_IN: Record<string, readonly string[]> = {
  serialport: ['buses'],
  onoff: ['buses'],
  'johnny-five': ['buses'],
  'node-modbus': ['buses'],
  'node:net': ['buses', 'simulate', 'control'],
  'node:tls': ['buses'],
  'node:http': ['control'],
  koffi: ['buses', 'simulate', 'world'],
  'better-sqlite3': ['store'],
  'node:worker_threads': ['store'],
  mqtt: ['uplink', 'receive'],
  yaml: ['config'],
  pino: ['log'],
  fastify: ['control'],
};

/** Files longer than this hold two thoughts, unless a reason stands here. */
const LONGEST = 400;
const MAY_BE_LONG: Record<string, string> = {};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

describe('the rules of the house', () => {
  const files = [...sources('src'), ...sources('drivers')];
  const imports = files.flatMap((file) => importsOf(file, readFileSync(file, 'utf8')));

  it('lets each folder import only what the table allows', () => {
    expect(imports.flatMap(forbidden)).toEqual([]);
  });

  it('keeps each package in its one place', () => {
    expect(imports.flatMap(misplaced)).toEqual([]);
  });

  it('has no import cycles', () => {
    expect(cycles(imports.filter((edge) => !edge.typeOnly))).toEqual([]);
  });

  it('keeps timers and dates in clock/', () => {
    const guilty = files
      .filter((file) => !file.startsWith('src/clock/'))
      .flatMap((file) => timersIn(file, readFileSync(file, 'utf8')));
    expect(guilty).toEqual([]);
  });

  it('keeps files to one thought', () => {
    const long = files.filter((file) => readFileSync(file, 'utf8').split('\n').length > LONGEST);
    expect(long.filter((file) => !(file in MAY_BE_LONG))).toEqual([]);
  });
});

describe('the checker itself', () => {
  it('finds a forbidden folder, a package out of place, a driver that reaches past the kit', () => {
    const bad = [
      ...importsOf('src/model/x.ts', `import { Fault } from '../faults/index.ts';`),
      ...importsOf('drivers/x/driver.ts', `import { openBus } from '../../src/buses/index.ts';`),
      ...importsOf('drivers/x/driver.ts', `import fs from 'node:fs';`),
      ...importsOf('src/nowhere/x.ts', `export * from '../model/index.ts';`),
    ];
    expect(bad.flatMap(forbidden)).toHaveLength(4);
    expect(importsOf('src/kit/x.ts', `const a = await import('mqtt');`).flatMap(misplaced)).toHaveLength(1);
    expect(importsOf('src/kit/x.ts', `import { z } from 'zod';`).flatMap(misplaced)).toHaveLength(0);
  });

  it('finds a cycle, but not one of types', () => {
    const edges = [
      ...importsOf('src/a/x.ts', `import { y } from './y.ts';`),
      ...importsOf('src/a/y.ts', `import { x } from './x.ts';`),
    ];
    expect(cycles(edges)).toHaveLength(1);
    const types = importsOf('src/a/y.ts', `import type { x } from './x.ts';`);
    expect(types[0]?.typeOnly).toBe(true);
  });

  it('finds a timer, but not the word in a comment or a string', () => {
    expect(timersIn('x.ts', 'setTimeout(f, 3)')).toHaveLength(1);
    expect(timersIn('x.ts', 'const a = Date.now()')).toHaveLength(1);
    expect(timersIn('x.ts', 'const a = new Date()')).toHaveLength(1);
    expect(timersIn('x.ts', '// setTimeout(f, 3)\nconst a = "Date.now()"')).toHaveLength(0);
  });
});

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

function importsOf(file: string, text: string): Import[] {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const visit = (node: ts.Node) => {
    const target = targetOf(node);
    if (target) {
      const to = target.text.startsWith('.') ? normalize(join(dirname(file), target.text)) : target.text;
      found.push({ from: file, to, typeOnly: target.typeOnly });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function targetOf(node: ts.Node): { text: string; typeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const clause = node.importClause;
    const names = clause?.namedBindings;
    const onlyTypes =
      clause?.isTypeOnly === true ||
      (clause !== undefined &&
        !clause.name &&
        names !== undefined &&
        ts.isNamedImports(names) &&
        names.elements.length > 0 &&
        names.elements.every((element) => element.isTypeOnly));
    return { text: node.moduleSpecifier.text, typeOnly: onlyTypes };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    return { text: node.moduleSpecifier.text, typeOnly: node.isTypeOnly };
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments;
    if (argument && ts.isStringLiteral(argument)) return { text: argument.text, typeOnly: true };
  }
  return undefined;
}

/** `model` of src/model/x.ts; `main.ts` of src/main.ts; `drivers/x` of drivers/x/driver.ts. */
function placeOf(file: string): string {
  const [root = '', first = '', ...rest] = file.split('/');
  if (root === 'drivers') return rest.length ? `drivers/${first}` : 'drivers';
  return first;
}

function forbidden(edge: Import): string[] {
  const place = placeOf(edge.from);
  const say = (why: string) => [`${edge.from} imports ${edge.to}: ${why}`];
  if (KNOWS_ALL.includes(place)) return [];
  if (edge.from.startsWith('drivers/')) {
    if (place === 'drivers')
      return edge.to.startsWith('drivers/') || edge.to === '#kit' ? [] : say('the index knows only folders');
    if (edge.to === '#kit' || edge.to === 'zod' || placeOf(edge.to) === place) return [];
    return say('a driver can be judged from its folder alone');
  }
  const rule = MAY_IMPORT[place];
  if (!rule) return say(`${place} is not in the table`);
  if (edge.to.startsWith('#')) return rule.may.includes('kit') ? [] : say(rule.because);
  if (!edge.to.startsWith('src/') && !edge.to.startsWith('drivers/')) return [];
  const target = placeOf(edge.to);
  if (target === place || rule.may.includes(target)) return [];
  return say(rule.because);
}

function misplaced(edge: Import): string[] {
  const homes = ONLY_IN[edge.to.replace(/^(node:[a-z_]+|@[^/]+\/[^/]+|[^@/]+).*$/, '$1')];
  const place = placeOf(edge.from);
  if (!homes || homes.includes(place) || KNOWS_ALL.includes(place)) return [];
  return [`${edge.from} imports ${edge.to}, which belongs in ${homes.join(', ')}`];
}

function cycles(edges: readonly Import[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]) => {
    const at = path.indexOf(file);
    if (at >= 0) found.push([...path.slice(at), file].join(' → '));
    if (at >= 0 || done.has(file)) return;
    for (const target of next.get(file) ?? []) walk(target, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) walk(file, []);
  return found;
}

const TIMERS = ['setTimeout', 'setInterval', 'setImmediate', 'performance'];

function timersIn(file: string, text: string): string[] {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node) => {
    const called =
      ts.isCallExpression(node) && ts.isIdentifier(node.expression) && TIMERS.includes(node.expression.text);
    const dateNow =
      ts.isPropertyAccessExpression(node) && ['Date.now', 'performance.now'].includes(node.getText(tree));
    const newDate =
      ts.isNewExpression(node) && node.expression.getText(tree) === 'Date' && !node.arguments?.length;
    if (called || dateNow || newDate) found.push(`${file}: ${node.getText(tree).slice(0, 60)}`);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}
