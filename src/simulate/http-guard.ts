import type { HttpUser } from '../contracts/index.ts';
import { type DigestChallenge, digestResponse, type HttpQuestion, readChallenges } from '../kit/index.ts';

const REALM = 'simulated';
/** Nonces that are remembered. */
const MOST_NONCES = 64;

/** Who may log in. Without a password whoever answers a challenge of ours by that name is let in. */
export interface Owner {
  readonly user: string;
  readonly password: string | undefined;
}

/** The login of a simulated host: digest (RFC 7616, MD5, as cameras have it). */
export class HttpGuard {
  private readonly owner: Owner;
  private readonly random: () => number;
  private readonly nonces = new Set<string>();

  constructor(owner: Owner, random: () => number) {
    this.owner = owner;
    this.random = random;
  }

  get login(): HttpUser | undefined {
    const { user, password } = this.owner;
    return password === undefined ? undefined : { user, password };
  }

  /** Whether the question comes from the owner. */
  knows({ method, path, headers }: HttpQuestion, { once }: { readonly once: boolean }): boolean {
    const [shown] = readChallenges(headers.authorization ?? '');
    if (shown?.scheme !== 'digest') return false;
    const { username, nonce = '', uri, response, nc = '0', cnonce = '', qop } = shown.params;
    const { user, password } = this.owner;
    if (username !== user || uri !== path || qop !== 'auth' || !this.nonces.has(nonce)) return false;
    if (once) this.nonces.delete(nonce);
    if (password === undefined) return true;
    const use = { method, uri: path, count: Number.parseInt(nc, 16), cnonce };
    return response === digestResponse(challengeOf(nonce), { user, password }, use);
  }

  /** `WWW-Authenticate` with a nonce of its own. */
  challenge({ headers }: HttpQuestion): string {
    const nonce = Array.from({ length: 16 }, () => Math.floor(this.random() * 16).toString(16)).join('');
    const fresh = this.nonces.has(nonce) ? `${nonce}${this.nonces.size}` : nonce;
    this.nonces.add(fresh);
    const [oldest] = this.nonces;
    if (this.nonces.size > MOST_NONCES && oldest !== undefined) this.nonces.delete(oldest);
    const [shown] = readChallenges(headers.authorization ?? '');
    const stale = shown?.params.nonce !== undefined && !this.nonces.has(shown.params.nonce);
    return `Digest realm="${REALM}", qop="auth", nonce="${fresh}", algorithm=MD5${stale ? ', stale=true' : ''}`;
  }
}

const challengeOf = (nonce: string): DigestChallenge => ({
  ...{ realm: REALM, nonce, opaque: undefined, algorithm: 'MD5', hash: 'md5' },
  ...{ session: false, qop: true, stale: false, userhash: false },
});
