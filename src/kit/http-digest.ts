import { createHash } from 'node:crypto';
import type { HttpUser } from '../contracts/index.ts';

/** A line of `WWW-Authenticate`: what a server asks for. Scheme and names of parameters in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly params: Readonly<Record<string, string>>;
}

/** A challenge of digest authentication that can be answered. */
export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  /** As the server wrote it; undefined: it wrote none, which is MD5. */
  readonly algorithm: string | undefined;
  readonly hash: 'md5' | 'sha256';
  readonly session: boolean;
  /** False: the server knows only the digest of RFC 2069, without counter. */
  readonly qop: boolean;
  /** The nonce was too old; user and password may be right. */
  readonly stale: boolean;
  readonly userhash: boolean;
}

const TOKEN = /[^\s,="]+/y;
const UNQUOTED = /[^\s,]*/y;
const GAP = /[\s,]*/y;
const IS = /[ \t]*=[ \t]*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"?/sy;

/** Every challenge of a header, also of several that were joined with commas. What is not understood is left out; it never throws. */
export function readChallenges(header: string): readonly Challenge[] {
  const found: { readonly scheme: string; readonly params: Record<string, string> }[] = [];
  let at = 0;
  const take = (rule: RegExp): RegExpExecArray | undefined => {
    rule.lastIndex = at;
    const match = rule.exec(header) ?? undefined;
    if (match) at = rule.lastIndex;
    return match;
  };
  while (at < header.length) {
    take(GAP);
    const [word] = take(TOKEN) ?? [];
    if (word === undefined) {
      at += 1;
      continue;
    }
    if (!take(IS)) {
      found.push({ scheme: word.toLowerCase(), params: emptyParams() });
      continue;
    }
    const quoted = header[at] === '"' ? take(QUOTED) : undefined;
    const value = quoted ? (quoted[1] ?? '').replace(/\\(.)/gs, '$1') : (take(UNQUOTED)?.[0] ?? '');
    const current = found.at(-1);
    if (current) current.params[word.toLowerCase()] ??= value;
  }
  return found;
}

/** A name such as `__proto__` is a name like any other. */
const emptyParams = (): Record<string, string> => Object.create(null);

const ALGORITHMS: Readonly<Record<string, Pick<DigestChallenge, 'hash' | 'session'>>> = {
  md5: { hash: 'md5', session: false },
  'md5-sess': { hash: 'md5', session: true },
  'sha-256': { hash: 'sha256', session: false },
  'sha-256-sess': { hash: 'sha256', session: true },
};

/** The strongest of them that can be answered (RFC 7616: MD5 and SHA-256, both with -sess, qop auth or none); undefined: there is none. */
export function digestChallenge(challenges: readonly Challenge[]): DigestChallenge | undefined {
  const able = challenges.flatMap(({ scheme, params }): DigestChallenge[] => {
    const { realm = '', nonce, opaque, algorithm, qop } = params;
    const name = (algorithm ?? 'md5').toLowerCase();
    const known = Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name] : undefined;
    if (scheme !== 'digest' || nonce === undefined || !known) return [];
    const offered = qop?.split(',').map((word) => word.trim().toLowerCase());
    if (offered && !offered.includes('auth')) return [];
    return [
      {
        ...{ realm, nonce, opaque, algorithm, ...known, qop: offered !== undefined },
        stale: params.stale?.toLowerCase() === 'true',
        userhash: params.userhash?.toLowerCase() === 'true',
      },
    ];
  });
  return able.find(({ hash }) => hash === 'sha256') ?? able[0];
}

/** What is asked, as far as the digest goes over it. */
export interface DigestUse {
  readonly method: string;
  /** Path and query as they stand in the request. */
  readonly uri: string;
  /** How often this nonce has been used, this time included. */
  readonly count: number;
  /** Made anew for each request; for -sess the one of the first request with this nonce. */
  readonly cnonce: string;
}

/** The hash that proves the password (RFC 7616, 3.4.1). */
export function digestResponse(
  { hash, session, realm, nonce, qop }: DigestChallenge,
  { user, password }: HttpUser,
  { method, uri, count, cnonce }: DigestUse,
): string {
  const h = (text: string) => createHash(hash).update(text, 'utf8').digest('hex');
  const secret = h(`${user}:${realm}:${password}`);
  const a1 = session ? h(`${secret}:${nonce}:${cnonce}`) : secret;
  const a2 = h(`${method}:${uri}`);
  return h(qop ? `${a1}:${nonce}:${countText(count)}:${cnonce}:auth:${a2}` : `${a1}:${nonce}:${a2}`);
}

/** The `Authorization` that answers a challenge. */
export function digestAuthorization(challenge: DigestChallenge, who: HttpUser, use: DigestUse): string {
  const { realm, nonce, opaque, algorithm, hash, qop, session, userhash } = challenge;
  const name = userhash ? createHash(hash).update(`${who.user}:${realm}`, 'utf8').digest('hex') : who.user;
  const parts = [
    `username=${quoted(name)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(use.uri)}`,
    ...(algorithm === undefined ? [] : [`algorithm=${algorithm}`]),
    `response="${digestResponse(challenge, who, use)}"`,
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
    ...(qop ? ['qop=auth', `nc=${countText(use.count)}`] : []),
    ...(qop || session ? [`cnonce=${quoted(use.cnonce)}`] : []),
    ...(userhash ? ['userhash=true'] : []),
  ];
  return `Digest ${parts.join(', ')}`;
}

const countText = (count: number): string => count.toString(16).padStart(8, '0');
/** Nothing of what a server sent may end the header. */
const quoted = (text: string): string =>
  `"${[...text].filter(isPrintable).join('').replace(/["\\]/g, '\\$&')}"`;
const isPrintable = (character: string): boolean =>
  character === '\t' || (character >= ' ' && character !== '\x7f');

/** The `Authorization` of basic authentication: the password, hardly hidden. */
export const basicAuthorization = ({ user, password }: HttpUser): string =>
  `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
