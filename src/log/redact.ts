import { isFault } from '../faults/index.ts';

/** Names of fields that are never printed, wherever they stand: alone, or at the end of a longer name (`admin_password`). */
const SECRET_NAMES = [
  'password',
  'passwd',
  'passphrase',
  'secret',
  'token',
  'pin',
  'key',
  'cert',
  'authorization',
  'cookie',
];
const CENSORED = '***';
/** What lies deeper is nobody's to read in a log. */
const DEEPEST = 8;

/** The same facts without secrets: named ones, credentials in addresses, private keys in texts. Errors become texts. */
export const redacted = (facts: object): object => {
  const clean = cleanse(facts, 0);
  return typeof clean === 'object' && clean !== null ? clean : { value: clean };
};

function cleanse(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return withoutSecrets(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return withoutSecrets(textOf(value));
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (depth >= DEEPEST) return '…';
  if (Array.isArray(value)) return value.map((item) => cleanse(item, depth + 1));
  if (value instanceof Map) return cleanse(Object.fromEntries(value), depth);
  if (value instanceof Set) return cleanse([...value], depth);
  return Object.fromEntries(
    Object.entries(value).map(([name, inside]) => [
      name,
      isSecret(name) && inside !== undefined ? CENSORED : cleanse(inside, depth + 1),
    ]),
  );
}

const isSecret = (name: string): boolean => {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return SECRET_NAMES.includes(words.at(-1) ?? '');
};

const textOf = (error: Error): string =>
  isFault(error) ? `${error.code}: ${error.message}` : `${error.name}: ${error.message}`;

const withoutSecrets = (text: string): string =>
  text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]*@/gi, `$1${CENSORED}@`)
    .replace(/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(-----END \1-----|$)/g, CENSORED);
