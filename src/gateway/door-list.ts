import {
  type AccessTime,
  accessTime,
  type Book,
  type CredentialList,
  EMPTY_LIST,
  openBook,
  type PageVerdict,
  type Taking,
  type Tokens,
  takePage,
  tokens,
} from '../access/index.ts';
import type { Intake, Log, State, StateWrite, Trust, WallClock } from '../contracts/index.ts';
import { asFault, isFault } from '../faults/index.ts';
import type { EventEntry, Stamp } from '../model/index.ts';

export interface ListWorld {
  readonly gateway: string;
  readonly zone: string;
  readonly key: Uint8Array;
  readonly trust: Trust;
  readonly state: State;
  readonly wall: WallClock;
  readonly now: () => Stamp;
  readonly log: Log;
  readonly tell: (event: EventEntry, kept: readonly StateWrite[]) => ReturnType<Intake['event']>;
}

/** The credential list in force: the last that was signed by a key of `trust.lists`, kept over restarts. */
export class DoorList {
  readonly tokens: Tokens;
  private readonly world: ListWorld;
  private taking: Taking = { list: EMPTY_LIST, pending: undefined };
  private opened: Book;

  constructor(world: ListWorld) {
    this.world = world;
    this.tokens = tokens(world.key);
    this.opened = openBook(EMPTY_LIST, world.zone);
  }

  async load(): Promise<void> {
    const kept = await this.world.state.get(OWNER, NAME).catch((error: unknown) => {
      this.world.log.error({ fault: asFault(error) }, 'the list of credentials cannot be read');
      return undefined;
    });
    // A newer one may have come while the disk was slow.
    if (!kept || this.taking.list.version > 0) return;
    // Written below, as a list that was verified and read.
    this.put({ list: kept as unknown as CredentialList, pending: undefined });
  }

  book(): Book {
    return this.opened;
  }

  /** A signed page. What it revokes opens nothing from now on. Throws Fault trust.refused. */
  take(jws: string): PageVerdict {
    const { gateway, trust } = this.world;
    const { list } = this.taking;
    try {
      const { kid, payload } = trust.verify(jws, 'gl-list');
      const { result, revoked, ...taking } = takePage(this.taking, payload, {
        ...{ gateway, tokens: this.tokens, time: this.time() },
      });
      this.put(taking);
      const changed = taking.list !== list;
      // The very list is kept, as JSON: numbers and PINs are tokens in it.
      const value = JSON.parse(JSON.stringify(taking.list));
      const kept = changed ? [{ owner: OWNER, name: NAME, value }] : [];
      if (changed || result.verdict === 'refused')
        void this.tell({ kid, ...result, ...(revoked.length > 0 && { revoked: revoked.length }) }, kept);
      return result;
    } catch (error) {
      if (isFault(error, 'trust.refused'))
        void this.tell({ verdict: 'refused', reason: String(error.facts.reason) }, []);
      throw error;
    }
  }

  private put(taking: Taking): void {
    const changed = taking.list !== this.taking.list;
    this.taking = taking;
    if (changed) this.opened = openBook(taking.list, this.world.zone);
  }

  private tell(fields: EventEntry['fields'], kept: readonly StateWrite[]): ReturnType<ListWorld['tell']> {
    const stamp = this.world.now();
    return this.world.tell(
      { kind: 'audit', lane: 'a', subject: '', name: 'access-list', fields, stamp },
      kept,
    );
  }

  private time(): AccessTime {
    const { unix_ms, state } = this.world.wall.read();
    return accessTime({ unix_ms, clock: state }, 0);
  }
}

const OWNER = 'access';
const NAME = 'list';
