/** What can be wrong with a text before it is looked at as a site: `offset` is where. */
export interface SyntaxProblem {
  readonly message: string;
  readonly remedy: string;
  readonly offset: number;
}

/** A site of 500 devices takes some 200 kB; what is far larger is another file. */
const LONGEST = 2 * 1024 * 1024;

/** Whether this is the text of a person at all. */
export function unreadable(text: string): SyntaxProblem | undefined {
  if (text.trim() === '')
    return { message: 'the file is empty', remedy: 'Begin with config/gateway.example.yaml.', offset: 0 };
  if (text.length > LONGEST) {
    return {
      message: `the file holds ${(text.length / 1024 / 1024).toFixed(1)} MB; a site file holds at most ${LONGEST / 1024 / 1024}`,
      remedy: 'This is probably another file; a site of 500 devices takes 200 kB.',
      offset: 0,
    };
  }
  if (isWide(text))
    return { message: 'the file is written in UTF-16', remedy: 'Save it as UTF-8.', offset: 0 };
  const control = text.search(CONTROL);
  if (control >= 0)
    return {
      message: `this is no text: byte ${hex(text, control)} stands here`,
      remedy: 'Give a site file in YAML; this looks like a program, an archive or a database.',
      offset: control,
    };
  const foreign = text.indexOf('\ufffd');
  if (foreign >= 0)
    return {
      message: 'these letters are not UTF-8',
      remedy: 'Save the file as UTF-8 (it may have been saved as GBK or Latin-1).',
      offset: foreign,
    };
  // The library would run out of stack, at a depth that depends on who called it.
  const deep = text.search(/(?:[[{]\s*){64}|(?:[-?][ \t]+){64}/);
  return deep < 0 ? undefined : { ...explainSyntax('RESOURCE_EXHAUSTION', ''), offset: deep };
}

/** In UTF-16 each letter of the first words has a zero byte beside it. */
function isWide(text: string): boolean {
  const zeros = text.slice(0, 64).split('\0').length - 1;
  return zeros >= Math.min(text.length, 64) / 3;
}

/** Control characters that no text holds; tab and line ends are text. */
const CONTROL = /(?![\t\n\r])\p{Cc}/u;

const hex = (text: string, at: number): string => `0x${text.charCodeAt(at).toString(16).padStart(2, '0')}`;

/** What the YAML library says (its code, or words of its message) → what an installer should read. The first that fits counts. */
const KNOWN: readonly (readonly [said: string | RegExp, message: string, remedy: string])[] = [
  ['DUPLICATE_KEY', 'this key stands here twice', 'Keep one of the two.'],
  ['NON_STRING_KEY', 'the name of an option is one word', 'Write name: value.'],
  ['TAB_AS_INDENT', 'a tab is used to indent', 'Indent with spaces; YAML does not take tabs.'],
  ['MULTIPLE_DOCS', 'a second document begins here', 'Remove the line ---; a site is one document.'],
  [
    'BLOCK_AS_IMPLICIT_KEY',
    'a second colon stands in this line',
    'Put the value in quotes, or begin a new line.',
  ],
  [
    'BAD_SCALAR_START',
    'a text cannot begin with this sign unless it is in quotes',
    'Put the text in quotes.',
  ],
  [
    'TAG_RESOLVE_FAILED',
    'a tag (!…) has no meaning here',
    'Remove the tag, or put the text in quotes if it begins with !.',
  ],
  ['BAD_ALIAS', 'this alias (*…) leads nowhere', 'Set its anchor (&…) above, or put the text in quotes.'],
  [
    'ALIAS_BOMB',
    'these aliases stand for more than a site holds',
    'Write the options out; an alias may stand in a few places, not in each other.',
  ],
  [
    'RESOURCE_EXHAUSTION',
    'this is nested deeper than can be read',
    'A site file is nested six levels at most; look for brackets that are never closed.',
  ],
  [/closing ["']quote/, 'this quote is never closed', 'Close it on the same line.'],
  [/^Flow (map|sequence)/, 'a { or [ above is not closed', 'Close it before this line.'],
  [
    /^Sequence item without/,
    'this line belongs to no entry of the list above',
    'Indent it like the other options of its entry, or begin it with - for a new one.',
  ],
  [/^Implicit map keys/, 'this line has no colon', 'Write name: value.'],
  [
    /^Unexpected block-seq-ind on same line/,
    'a list begins on a line of its own',
    'Begin a new line before the -.',
  ],
  ['BAD_INDENT', 'this line is not indented like those beside it', 'Let it begin below its neighbours.'],
  [
    'UNEXPECTED_TOKEN',
    'this does not belong here',
    'Look for a quote, comma or bracket too many, or an indentation that changed.',
  ],
];

/** What the YAML library says, for an installer. */
export function explainSyntax(code: string, said: string): Omit<SyntaxProblem, 'offset'> {
  const known = KNOWN.find(([sign]) => (typeof sign === 'string' ? sign === code : sign.test(said)));
  if (known) return { message: known[1], remedy: known[2] };
  return {
    message: `this is no YAML: ${said.split('\n')[0] ?? said}`,
    remedy: 'Look at indentation, colons and quotes around this place.',
  };
}
