import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import type { Finding, Path, Problem } from './problems.ts';
import { explainSyntax, type SyntaxProblem, unreadable } from './syntax.ts';

/** A site file as text, with the way from a path in its data back to line and column. */
export interface Source {
  readonly data: unknown;
  /** What YAML itself has against it. */
  readonly syntax: readonly Problem[];
  locate(finding: Finding): Problem;
}

/** The first is often the cause of those behind it. */
const MOST_SYNTAX = 5;

export function parseSource(text: string): Source {
  const lines = new LineCounter();
  const placeOf = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const refused = ({ message, remedy, offset }: SyntaxProblem): Problem => ({
    severity: 'error',
    path: '',
    message,
    remedy,
    ...placeOf(offset),
  });
  const nothing = (problems: readonly SyntaxProblem[]): Source => ({
    data: undefined,
    syntax: problems.map(refused),
    locate: ({ severity, message, remedy }) => ({ ...refused({ message, remedy, offset: 0 }), severity }),
  });

  const odd = unreadable(text);
  if (odd) {
    lines.addNewLine(0);
    for (const { index } of text.slice(0, odd.offset).matchAll(/\n/g)) lines.addNewLine(index + 1);
    return nothing([odd]);
  }
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    stringKeys: true,
    merge: false,
  });
  // An unknown tag is a warning to the library; here it is a slip.
  const wrong = [...document.errors, ...document.warnings];
  if (wrong.length) return nothing(syntaxProblems(document, wrong, placeOf));
  try {
    const data: unknown = document.toJS();
    return {
      data,
      syntax: [],
      locate: ({ severity, path, message, remedy, atKey }) => {
        const offset = offsetOf(document.contents, path, atKey === true);
        return { severity, path: nameOf(document.contents, path), message, remedy, ...placeOf(offset) };
      },
    };
  } catch (error) {
    // Aliases are followed only now: one may lead nowhere, or a few may stand for more than memory holds.
    const said = error instanceof Error ? error.message : String(error);
    const code = said.startsWith('Unresolved alias') ? 'BAD_ALIAS' : 'ALIAS_BOMB';
    return nothing([{ ...explainSyntax(code, said), offset: aliasIn(document, code) }]);
  }
}

function syntaxProblems(
  document: Document,
  errors: readonly YAMLError[],
  placeOf: (offset: number) => { readonly line: number },
): SyntaxProblem[] {
  const deep = errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION');
  const problems = (deep ? [deep] : errors).map(({ code, message, pos }) => ({
    ...explainSyntax(code, message),
    // The library tells of an open quote at the end of the file, where nobody looks.
    offset: /closing ["']quote/.test(message) ? openQuote(document, pos[0]) : pos[0],
  }));
  const lines = problems.map(({ offset }) => placeOf(offset).line);
  return problems.filter((_, index) => lines.indexOf(lines[index] ?? 0) === index).slice(0, MOST_SYNTAX);
}

/** Where the last quoted text before here begins. */
function openQuote(document: Document, before: number): number {
  let found = before;
  visit(document, {
    Scalar: (_, { type, range }) => {
      if (type?.startsWith('QUOTE') && range && range[0] < before) found = range[0];
    },
  });
  return found;
}

/** Where the alias is that cannot be followed. */
function aliasIn(document: Document, code: string): number {
  let found = 0;
  visit(document, {
    Alias: (_, alias) => {
      if (code === 'BAD_ALIAS' && alias.resolve(document) !== undefined) return undefined;
      found = alias.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return found;
}

/** Where the value of a path begins; for a path that leads nowhere, where its deepest known part does. */
function offsetOf(root: Node | null, path: Path, atKey: boolean): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const [depth, step] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
      if (!pair) return offset;
      const key = isScalar(pair.key) ? pair.key.range?.[0] : undefined;
      if (depth === path.length - 1 && atKey) return key ?? offset;
      node = pair.value;
      offset = (isNode(node) ? node.range?.[0] : undefined) ?? key ?? offset;
      // A block below its key begins where the key stands: that is where a person looks.
      if (depth === path.length - 1 && !isScalar(node)) return key ?? offset;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
      offset = (isNode(node) ? node.range?.[0] : undefined) ?? offset;
    } else return offset;
  }
  return offset;
}

const isNode = (thing: unknown): thing is Node => isMap(thing) || isSeq(thing) || isScalar(thing);

/** `devices.noise-1.poll_ms`: an element of a list by its id, when it has one. */
function nameOf(root: unknown, path: Path): string {
  const words: string[] = [];
  let node = root;
  for (const step of path) {
    if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
      const id = isMap(node) ? node.get('id') : undefined;
      words.push(typeof id === 'string' ? id : String(step));
    } else {
      node = isMap(node) ? node.get(step, true) : undefined;
      words.push(String(step));
    }
  }
  return words.join('.');
}
