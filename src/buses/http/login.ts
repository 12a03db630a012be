import { unlessAborted } from '../../clock/index.ts';
import type { Clock, HttpUser } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';
import {
  basicAuthorization,
  type DigestChallenge,
  digestAuthorization,
  digestChallenge,
  type HttpHeaders,
  randomBlock,
  readChallenges,
} from '../../kit/index.ts';
import type { Millis } from '../../model/index.ts';

/** Cameras lock out who tries a wrong password five times or so within half an hour: after each refusal it rests longer. */
const PAUSES_MS: readonly Millis[] = [60_000, 300_000, 900_000, 1_800_000];

/** So many requests may be on their way at once with as many nonces. */
const MOST_NONCES = 8;

/** What went along with a request to show who asks. */
export interface Proof {
  readonly header: string;
  readonly nonce: string | undefined;
}

interface LoginSettings {
  readonly id: string;
  readonly login?: HttpUser | undefined;
  readonly auth: 'digest' | 'basic';
}

/** How one host is logged in to: what it asked for last, whether it has taken our word yet, and how long it is left alone after it has not. */
export class Login {
  private readonly settings: LoginSettings;
  private readonly clock: Clock;
  private challenge: DigestChallenge | undefined;
  private count = 0;
  private cnonce = '';
  /** Nonces with which our word was taken, the newest last. */
  private taken: readonly string[] = [];
  private basic = false;
  private proven = false;
  private refusals = 0;
  private closed_until_up: Millis = 0;
  private tail: Promise<void> = Promise.resolve();

  constructor(settings: LoginSettings, clock: Clock) {
    this.settings = settings;
    this.clock = clock;
  }

  /** Until it has taken our word once, nobody else tries at the same time: sixteen channels of a recorder would be sixteen wrong passwords. */
  get needsTurn(): boolean {
    return !this.proven && (this.challenge !== undefined || this.basic);
  }

  async turn(signal: AbortSignal): Promise<() => void> {
    const before = this.tail;
    let leave = () => {};
    this.tail = new Promise((resolve) => {
      leave = resolve;
    });
    try {
      await unlessAborted(before, signal);
    } catch (error) {
      void before.then(leave);
      throw error;
    }
    return leave;
  }

  /** Fault http.login-refused while nothing is asked. */
  assertOpen(): void {
    const wait_ms = this.closed_until_up - this.clock.now().up;
    if (wait_ms > 0) throw this.fault(wait_ms, { sent: false });
  }

  /** undefined: it has not asked for any yet. */
  proof(method: string, uri: string): Proof | undefined {
    const { login } = this.settings;
    if (!login) return undefined;
    if (this.challenge) {
      this.count += 1;
      if (this.count === 1 || !this.challenge.session) this.cnonce = hex(randomBlock(8));
      const use = { method, uri, count: this.count, cnonce: this.cnonce };
      return { header: digestAuthorization(this.challenge, login, use), nonce: this.challenge.nonce };
    }
    return this.basic ? { header: basicAuthorization(login), nonce: undefined } : undefined;
  }

  /** It answered something else than 401. */
  accepted(proof: Proof | undefined): void {
    if (!proof) return;
    this.proven = true;
    this.refusals = 0;
    const { nonce } = proof;
    if (nonce !== undefined && nonce !== this.taken.at(-1))
      this.taken = [...this.taken, nonce].slice(-MOST_NONCES);
  }

  /** It answered 401: returns when it is worth asking again. Faults http.login-refused, http.login-kind. */
  challenged(headers: HttpHeaders, proof: Proof | undefined): void {
    const { id, login, auth } = this.settings;
    const kind = (reason: string) => new Fault('http.login-kind', { bus: id, reason });
    if (!login) throw kind('the bus has no user');
    const challenges = readChallenges(headers['www-authenticate'] ?? '');
    const asked = digestChallenge(challenges);
    if (asked) {
      // Many do not say that a nonce was too old: one that was good before has become so.
      const old = proof?.nonce !== undefined && this.taken.includes(proof.nonce);
      if (proof?.nonce !== undefined && !asked.stale && !old) throw this.refused();
      this.challenge = asked;
      this.count = 0;
      return;
    }
    const offered = challenges.map(({ scheme }) => scheme.replace(/[^a-z0-9-]/g, '').slice(0, 20));
    if (!offered.includes('basic')) throw kind(`it offers ${offered.slice(0, 4).join(', ') || 'nothing'}`);
    if (auth !== 'basic') throw kind('it offers basic alone, which hardly hides the password');
    if (proof) throw this.refused();
    this.basic = true;
  }

  /** Our word was refused: from now on nothing is asked, longer each time. */
  refused(): Fault {
    const { up } = this.clock.now();
    if (this.closed_until_up <= up) {
      const pause_ms = PAUSES_MS[Math.min(this.refusals, PAUSES_MS.length - 1)] ?? 0;
      this.closed_until_up = up + pause_ms;
      this.refusals += 1;
    }
    this.forget();
    return this.fault(this.closed_until_up - up, {});
  }

  /** Somebody has done something about it. */
  reset(): void {
    this.forget();
    this.refusals = 0;
    this.closed_until_up = 0;
  }

  private forget(): void {
    this.challenge = undefined;
    this.taken = [];
    this.basic = false;
    this.proven = false;
  }

  private fault(wait_ms: Millis, facts: { readonly sent?: false }): Fault {
    return new Fault('http.login-refused', {
      bus: this.settings.id,
      wait_s: Math.ceil(wait_ms / 1000),
      ...facts,
    });
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
