import { type Asked, type Book, type Decision, readVisit } from '../access/index.ts';
import type { Log, State, StateWrite, Trust } from '../contracts/index.ts';
import { asFault, isFault } from '../faults/index.ts';

export interface VisitsWorld {
  readonly gateway: string;
  readonly site: string;
  readonly trust: Trust;
  readonly state: State;
  readonly log: Log;
}

/** A visit whose uses are counted. */
export interface Counted {
  readonly id: string;
  readonly until_ms: number;
}

interface Uses {
  readonly used: number;
  readonly until_ms: number;
}

const OWNER = 'access';
const NAME = 'visits';
/** Tokens with a number of uses that are open at once. */
const MOST = 5000;
/** A clock that was a few hours ahead comes back, and a token is given out again with another end: its uses are not forgotten at once. */
const REMEMBERED_MS = 86_400_000;

/** Visitor tokens at readers: whether they are true, and how often each was used, kept over restarts until it is over. */
export class DoorVisits {
  private readonly world: VisitsWorld;
  /** undefined: what an earlier run counted is not known. */
  private uses: Map<string, Uses> | undefined;

  constructor(world: VisitsWorld) {
    this.world = world;
  }

  async load(): Promise<void> {
    try {
      const kept = await this.world.state.get(OWNER, NAME);
      this.uses = new Map(
        Object.entries(kept ?? {}).flatMap(([id, row]) =>
          Array.isArray(row) ? [[id, { used: Number(row[0]), until_ms: Number(row[1]) }] as const] : [],
        ),
      );
    } catch (error) {
      this.world.log.error({ fault: asFault(error) }, 'the uses of visitor tokens cannot be read');
    }
  }

  /** On the spot. `counted`: what is to be handed to `use` when the door lets somebody in by it. */
  judge(
    token: string,
    book: Book,
    asked: Omit<Asked, 'token' | 'by' | 'pin'>,
  ): { readonly decision: Decision; readonly counted?: Counted } {
    const { trust, gateway, site } = this.world;
    try {
      const read = readVisit(trust.verify(token, 'gl-visit').payload, { gateway, site });
      if (typeof read === 'string') return { decision: { result: 'deny', reason: read } };
      const { id, who, uses, until_ms } = read;
      const deny = (reason: 'pin-needed' | 'uses-unknown') => ({
        decision: { result: 'deny', reason, credential: id, who } as const,
      });
      // Whoever has a token has no PIN.
      if (asked.needs === 'pin' || asked.needs === 'card-and-pin') return deny('pin-needed');
      const used = this.uses?.get(id)?.used ?? 0;
      const decision = book.decideVisit({ ...read, used }, asked);
      if (uses === undefined || decision.result !== 'grant') return { decision };
      this.forget(asked.time.unix_ms);
      if (!this.uses || (this.uses.size >= MOST && !this.uses.has(id))) return deny('uses-unknown');
      return { decision, counted: { id, until_ms } };
    } catch (error) {
      if (!isFault(error, 'trust.refused')) throw error;
      return { decision: { result: 'deny', reason: 'bad-token' } };
    }
  }

  /** Once more; to be stored with the record of it. */
  use({ id, until_ms }: Counted): readonly StateWrite[] {
    if (!this.uses) return [];
    const before = this.uses.get(id) ?? { used: 0, until_ms };
    this.uses.set(id, { used: before.used + 1, until_ms: Math.max(before.until_ms, until_ms) });
    const value = Object.fromEntries([...this.uses].map(([key, row]) => [key, [row.used, row.until_ms]]));
    return [{ owner: OWNER, name: NAME, value }];
  }

  private forget(unix_ms: number): void {
    for (const [id, row] of this.uses ?? [])
      if (row.until_ms + REMEMBERED_MS <= unix_ms) this.uses?.delete(id);
  }
}
