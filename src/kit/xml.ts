import { Fault } from '../faults/index.ts';

/** An element: its name without prefix, the text directly in it, and what is in it. */
export interface XmlNode {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
  readonly children: readonly XmlNode[];
}

type Open = {
  name: string;
  tag: string;
  attributes: Record<string, string>;
  text: string;
  children: XmlNode[];
};

const MOST_CHARACTERS = 262_144;
const MOST_DEPTH = 32;
const MOST_ELEMENTS = 5000;
const NAME = /^[A-Za-z_][\w.\-:]*$/;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/**
 * What cameras say in XML (ISAPI, ONVIF), read strictly and without anything that could be abused: no document types, no entities but the five and
 * character numbers, bounds on length, depth and count. Prefixes of names are dropped: each maker has his own. Fault http.bad-message.
 */
export function readXml(text: string): XmlNode {
  if (text.length > MOST_CHARACTERS) throw bad(`it is longer than ${MOST_CHARACTERS} characters`);
  const root: Open = { name: '', tag: '', attributes: {}, text: '', children: [] };
  const stack: Open[] = [root];
  let elements = 0;
  let at = text.startsWith('\ufeff') ? 1 : 0;
  while (at < text.length) {
    const top = stack.at(-1) ?? root;
    const open = text.indexOf('<', at);
    const plain = text.slice(at, open < 0 ? text.length : open);
    if (top === root && plain.trim() !== '') throw bad('there is text outside of its elements');
    top.text += unescaped(plain);
    if (open < 0) break;
    if (text.startsWith('<!--', open)) at = after(text, '-->', open + 4);
    else if (text.startsWith('<![CDATA[', open)) {
      at = after(text, ']]>', open + 9);
      top.text += text.slice(open + 9, at - 3);
    } else if (text.startsWith('<?', open)) at = after(text, '?>', open + 2);
    else if (text.startsWith('<!', open)) throw bad('a document type is not taken');
    else {
      const end = after(text, '>', open + 1);
      const tag = text.slice(open + 1, end - 1);
      at = end;
      if (tag.startsWith('/')) close(stack, tag.slice(1).trim());
      else {
        elements += 1;
        if (elements > MOST_ELEMENTS) throw bad(`it has more than ${MOST_ELEMENTS} elements`);
        begin(stack, tag);
      }
    }
  }
  const [only] = root.children;
  if (stack.length > 1) throw bad(`<${stack.at(-1)?.tag}> is not closed`);
  if (!only || root.children.length > 1) throw bad('it has not one element at its top');
  return only;
}

function begin(stack: Open[], tag: string): void {
  const selfClosed = tag.endsWith('/');
  const [, name = '', rest = ''] = /^(\S+)(.*)$/s.exec(selfClosed ? tag.slice(0, -1) : tag) ?? [];
  if (!NAME.test(name)) throw bad(`<${tag.slice(0, 40)}> is no element`);
  const attributes: Record<string, string> = Object.create(null);
  // A name is looked at from its first character on alone: one without end must not be tried from each of its characters.
  for (const [, key = '', double, single] of rest.matchAll(
    /(?<![\w.\-:])([\w.\-:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g,
  ))
    attributes[local(key)] = unescaped(double ?? single ?? '');
  const made: Open = { name: local(name), tag: name, attributes, text: '', children: [] };
  stack.at(-1)?.children.push(made);
  if (selfClosed) return;
  stack.push(made);
  if (stack.length > MOST_DEPTH) throw bad(`it is nested deeper than ${MOST_DEPTH}`);
}

function close(stack: Open[], tag: string): void {
  const top = stack.at(-1);
  if (stack.length < 2 || top?.tag !== tag) throw bad(`</${tag.slice(0, 40)}> closes nothing`);
  stack.pop();
}

function after(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  if (found < 0) throw bad(`${mark} is missing`);
  return found + mark.length;
}

const local = (name: string): string => name.slice(name.indexOf(':') + 1);

function unescaped(text: string): string {
  return text.replace(/&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|\w{1,8});/g, (whole, word: string) => {
    if (!word.startsWith('#')) return Object.hasOwn(ENTITIES, word) ? (ENTITIES[word] ?? whole) : whole;
    const code = word[1] === 'x' ? Number.parseInt(word.slice(2), 16) : Number(word.slice(1));
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** Text of the first element that is reached by these names, at any depth for the first one; undefined: there is none. */
export function xmlText(node: XmlNode, ...names: readonly string[]): string | undefined {
  return xmlFind(node, ...names)?.text.trim();
}

/** The element itself. */
export function xmlFind(node: XmlNode, ...names: readonly string[]): XmlNode | undefined {
  const [first, ...rest] = names;
  if (first === undefined) return node;
  const queue: XmlNode[] = [node];
  for (let next = queue.shift(); next; next = queue.shift()) {
    const found: XmlNode | undefined = next.name === first ? xmlFind(next, ...rest) : undefined;
    if (found) return found;
    queue.push(...next.children);
  }
  return undefined;
}

/** Text as it may stand within an element or an attribute. */
export const xmlEscaped = (text: string): string =>
  text.replace(/[<>&"']/g, (mark) => `&#${mark.charCodeAt(0)};`);

const bad = (reason: string): Fault => new Fault('http.bad-message', { reason: `XML: ${reason}` });
