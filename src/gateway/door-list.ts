import {
  type AccessTime,
  type Book,
  type CredentialList,
  EMPTY_LIST,
  missingOf,
  openBook,
  type PageVerdict,
  standingOf,
  type Taking,
  type Tokens,
  takePage,
  tokens,
} from '../access/index.ts';
import { ticker } from '../clock/index.ts';
import { Rates } from '../commands/index.ts';
import type {
  AccessListState,
  AccessLists,
  Clock,
  HealthSink,
  Intake,
  ListRefusal,
  Log,
  State,
  StateWrite,
  Trust,
  WallClock,
} from '../contracts/index.ts';
import { asFault, isFault } from '../faults/index.ts';
import type { EventEntry, Json, JsonObject, Millis } from '../model/index.ts';
import { ClockFloor } from './clock-floor.ts';
import { DoorVisits } from './door-visits.ts';

export interface ListWorld {
  readonly gateway: string;
  readonly site: string;
  readonly zone: string;
  readonly key: Uint8Array;
  readonly trust: Trust;
  readonly state: State;
  readonly wall: WallClock;
  /** Of the newest record in the store; undefined: none tells. */
  readonly newest_ms: Millis | undefined;
  readonly clock: Clock;
  readonly health: HealthSink;
  readonly log: Log;
  readonly tell: (event: EventEntry, kept: readonly StateWrite[]) => ReturnType<Intake['event']>;
}

const LOOK_MS: Millis = 60_000;
/** Refusals are told one by one only so often: whoever floods a broker must not push true records out of the store. */
const REFUSALS_PER_MINUTE = 60;

/** The credential list in force: the last that was signed by a key of `trust.lists`, kept over restarts. */
export class DoorList implements AccessLists {
  readonly tokens: Tokens;
  readonly floor: ClockFloor;
  readonly visits: DoorVisits;
  private readonly world: ListWorld;
  private readonly rates = new Rates(REFUSALS_PER_MINUTE);
  private taking: Taking = { list: EMPTY_LIST, pending: undefined };
  private opened: Book;
  private refusal: ListRefusal | undefined;
  private untold = 0;
  /** What was told of the end of the list, also by an earlier run. */
  private warned = '';

  constructor(world: ListWorld) {
    this.world = world;
    this.tokens = tokens(world.key);
    this.floor = new ClockFloor(world);
    this.visits = new DoorVisits(world);
    this.opened = openBook(EMPTY_LIST, world.zone);
  }

  async load(): Promise<void> {
    const { state, log, health } = this.world;
    const [, , warned, kept] = await Promise.all([
      this.floor.load(),
      this.visits.load(),
      state.get(OWNER, WARNED).catch(() => undefined),
      state.get(OWNER, NAME).catch((error: unknown) => {
        const fault = asFault(error);
        log.error({ fault }, 'the list of credentials cannot be read');
        health.raise('access-list-unreadable', '', fault.message);
        return undefined;
      }),
    ]);
    if (typeof warned?.of === 'string') this.warned = warned.of;
    // A newer one may have come while the disk was slow.
    if (!kept || this.taking.list.version > 0) return;
    // Written below, as a list that was verified and read.
    this.put({ ...this.taking, list: kept as unknown as CredentialList });
  }

  /** Watches the end of the list come. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.world;
    const rhythm = { name: 'access list', every_ms: LOOK_MS, first_ms: 0 };
    for await (const _ of ticker(clock, rhythm, signal)) {
      this.watchEnd();
      this.floor.remember(clock.now().up);
    }
  }

  book(): Book {
    return this.opened;
  }

  time(): AccessTime {
    return this.floor.time();
  }

  /** What a platform sends. */
  receive(jws: string, uplink: string): void {
    try {
      this.take(jws, uplink);
    } catch (error) {
      if (!isFault(error, 'trust.refused'))
        this.world.log.error({ fault: asFault(error), uplink }, 'a page of a list could not be handled');
    }
  }

  state(): AccessListState {
    const { list } = this.taking;
    const { version, credentials, offline_until_ms } = list;
    const pending = missingOf(this.taking);
    return {
      version,
      count: credentials.length,
      ...(offline_until_ms !== undefined && { offline_until: offline_until_ms }),
      standing: standingOf(list, this.time()),
      ...(pending && { pending }),
      ...(this.refusal && { refused: this.refusal }),
    };
  }

  /** A signed page. What it revokes opens nothing from now on. `via`: the uplink, or how else it came. Throws Fault trust.refused. */
  take(jws: string, via = 'local'): PageVerdict {
    const { gateway, trust } = this.world;
    const { list } = this.taking;
    try {
      const { kid, payload } = trust.verify(jws, 'gl-list');
      const { result, revoked, ...taking } = takePage(this.taking, payload, {
        ...{ gateway, tokens: this.tokens, time: this.time() },
      });
      this.put(taking);
      const fields = { kid, via, ...result, ...(revoked.length > 0 && { revoked: revoked.length }) };
      if (result.verdict === 'refused') this.refuse(result.reason, whichPage(payload));
      if (result.verdict === 'in-force') this.accepted();
      if (taking.list !== list) {
        // The very list is kept, as JSON: numbers and PINs are tokens in it.
        const value = JSON.parse(JSON.stringify(taking.list));
        void this.tell(fields, [{ owner: OWNER, name: NAME, value }, ...this.floor.kept()]);
      } else if (result.verdict === 'refused') this.tellRefusal(fields);
      return result;
    } catch (error) {
      if (isFault(error, 'trust.refused')) {
        const { reason, kid } = error.facts;
        this.refuse(String(reason), {});
        this.tellRefusal({
          via,
          verdict: 'refused',
          reason: String(reason),
          ...(kid && { kid: String(kid) }),
        });
      }
      throw error;
    }
  }

  private put(taking: Taking): void {
    const changed = taking.list !== this.taking.list;
    this.taking = taking;
    if (changed) this.opened = openBook(taking.list, this.world.zone);
  }

  private accepted(): void {
    this.refusal = undefined;
    this.world.health.clear('access-list-refused', '');
    this.world.health.clear('access-list-unreadable', '');
    this.watchEnd();
  }

  private refuse(reason: string, page: Pick<ListRefusal, 'version' | 'page'>): void {
    const { boot, up } = this.world.clock.now();
    this.refusal = { reason, ...page, boot, up };
    const which = page.version === undefined ? 'a page' : `version ${page.version}`;
    this.world.health.raise('access-list-refused', '', `${which}: ${reason}`);
  }

  private tellRefusal(fields: JsonObject): void {
    if (!this.rates.take('', this.world.clock.now().up)) {
      this.untold += 1;
      return;
    }
    const more = this.untold > 0 ? { untold_before: this.untold } : {};
    this.untold = 0;
    void this.tell({ ...fields, ...more }, []);
  }

  /** Told once for each list and each step of its end, whoever restarts meanwhile. */
  private watchEnd(): void {
    const { health } = this.world;
    const { version, offline_until_ms } = this.taking.list;
    const standing = standingOf(this.taking.list, this.time());
    const end = new Date(offline_until_ms ?? 0).toISOString();
    if (standing === 'ends-soon') health.raise('access-list-ends', '', `version ${version} ends at ${end}`);
    else health.clear('access-list-ends', '');
    if (standing === 'past') health.raise('access-list-past', '', `version ${version} ended at ${end}`);
    else health.clear('access-list-past', '');
    const of = `${version} ${offline_until_ms} ${standing}`;
    if (standing === 'good' || of === this.warned) return;
    this.warned = of;
    const name = standing === 'past' ? 'access-list-past' : 'access-list-ends';
    const stamp = this.world.clock.now();
    const fields = { version, offline_until: offline_until_ms ?? 0 };
    const kept = [{ owner: OWNER, name: WARNED, value: { of } }, ...this.floor.kept()];
    void this.world.tell({ kind: 'event', lane: 'a', subject: '', name, fields, stamp }, kept);
  }

  private tell(fields: JsonObject, kept: readonly StateWrite[]): ReturnType<ListWorld['tell']> {
    const stamp = this.world.clock.now();
    return this.world.tell(
      { kind: 'audit', lane: 'a', subject: '', name: 'access-list', fields, stamp },
      kept,
    );
  }
}

const OWNER = 'access';
const NAME = 'list';
const WARNED = 'warned';

/** Which page a payload says it is, whatever else is wrong with it. */
function whichPage(payload: Json): Pick<ListRefusal, 'version' | 'page'> {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return {};
  const said = new Map(Object.entries(payload));
  const version = said.get('version');
  const page = said.get('page');
  const whole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
  return { ...(whole(version) && { version }), ...(whole(page) && { page }) };
}
