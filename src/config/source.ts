import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Finding, Path, Problem } from './problems.ts';

/** A site file as text, with the way from a path in its data back to line and column. */
export interface Source {
  readonly data: unknown;
  /** What YAML itself has against it. */
  readonly syntax: readonly Problem[];
  locate(finding: Finding): Problem;
}

export function parseSource(text: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    merge: false,
  });
  const placeOf = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const syntax = document.errors.map((error): Problem => {
    const { message, remedy } = explainSyntax(error.code, error.message);
    return { severity: 'error', path: '', message, remedy, ...placeOf(error.pos[0]) };
  });
  return {
    data: syntax.length ? undefined : document.toJS(),
    syntax,
    locate: ({ severity, path, message, remedy, atKey }) => {
      const offset = offsetOf(document.contents, path, atKey === true);
      return { severity, path: nameOf(document.contents, path), message, remedy, ...placeOf(offset) };
    },
  };
}

function explainSyntax(code: string, message: string): { message: string; remedy: string } {
  const first = message.split('\n')[0] ?? message;
  if (code === 'DUPLICATE_KEY')
    return { message: 'this key stands here twice', remedy: 'Keep one of the two.' };
  if (code === 'TAB_AS_INDENT')
    return { message: 'a tab is used to indent', remedy: 'Indent with spaces; YAML does not take tabs.' };
  return {
    message: `this is no YAML: ${first}`,
    remedy: 'Look at indentation, colons and quotes around this place.',
  };
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
