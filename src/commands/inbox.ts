import { atMost, linked } from '../clock/index.ts';
import type {
  Clock,
  CommandClaims,
  CommandContext,
  CommandHow,
  CommandReport,
  CommandTarget,
  IncomingCommand,
  Journal,
  LocalWish,
  Log,
  RuleWish,
} from '../contracts/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import type { EventEntry, JsonObject, Millis, Outcome } from '../model/index.ts';
import { authenticity, type JudgeWorld, permission, type Refusal, untimely } from './judge.ts';
import { GivenBeats, KnownCommands } from './known.ts';
import { Rates } from './rate.ts';

/** A relay waits so long for the disk, at most: a door must open whatever the card does. */
const DISK_MS: Millis = 30;
/** Ids of earlier runs that are known from the start. The journal has more, but a relay does not wait for a slow one. */
const REMEMBERED = 1000;
const LOCAL_TTL_MS: Millis = 10_000;
/** Messages that nobody signed for are told one by one only so often: they must not push true records out of the store. */
const STRANGERS_PER_MINUTE = 60;

export interface InboxWorld extends Omit<JudgeWorld, 'gaveOut'> {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly log: Log;
  readonly randomBytes: (count: number) => Uint8Array;
  /** Stores a record; resolves when it is stored, or with false when it could not be. */
  readonly tell: (event: EventEntry) => Promise<boolean>;
}

type Named = Pick<CommandClaims, 'id' | 'target' | 'name' | 'issuer'>;

interface Wish {
  readonly claims: CommandClaims;
  /** Who judged to be the issuer: `desk`, `local:pi`. */
  readonly via: string;
  readonly received_up: Millis;
  readonly how?: Pick<CommandHow, 'behind' | 'cause' | 'uplink'>;
}

/**
 * Everything that wants something moved comes through here, from a platform, the command line or the console. Each id is done once at most and
 * ends once: its intent is in the journal before the relay moves (but the relay waits only a moment for the disk), its outcome afterwards.
 */
export class CommandInbox {
  private readonly world: InboxWorld;
  private readonly known = new KnownCommands();
  private readonly beats = new GivenBeats();
  private readonly rates: Rates;
  private readonly strangers = new Rates(STRANGERS_PER_MINUTE);
  private untold = 0;

  constructor(world: InboxWorld) {
    this.world = world;
    this.rates = new Rates(world.rules.per_minute);
  }

  /** What earlier runs ended is known again. What one began and did not end: whether it moved nobody knows. */
  async begin(): Promise<void> {
    for (const { id, outcome } of await this.world.journal.ended(REMEMBERED))
      this.known.remember(id, outcome);
    for (const { id, intent } of await this.world.journal.open()) {
      const { target = '', name = '', issuer = '' } = intent;
      const said = { id, target: String(target), name: String(name), issuer: String(issuer) };
      this.known.remember(id, await this.conclude(said, RESTARTED));
    }
  }

  /** A message of a platform. Never throws: whatever it is, it is answered and told. */
  take(incoming: IncomingCommand, came: CommandContext): Promise<void> {
    this.beats.note(came.beats, came.received.up);
    return this.answerTo(incoming, came).catch((error) => {
      this.world.log.error({ fault: asFault(error) }, 'a command could not be handled');
    });
  }

  /** Somebody at this machine. Throws Fault command.unknown, command.bad-args, device.unknown: a person can put those right at once. */
  async submit({ target, name, args, user, reason, ttl_ms = LOCAL_TTL_MS }: LocalWish): Promise<Outcome> {
    const id = `local-${Buffer.from(this.world.randomBytes(12)).toString('hex')}`;
    const via = `local:${user}`;
    const received_up = this.world.clock.now().up;
    const claims = { id, target, name, args, issuer: via, ttl_ms, ...(reason !== undefined && { reason }) };
    const wish = { claims, via, received_up };
    try {
      const found = permission(claims, undefined, this.world);
      // Nobody's rules stand between a person at the machine and what it has.
      if (isRefusal(found)) throw new Fault('internal', { text: found.reason });
      if (found.checked.owner !== undefined && !reason)
        throw new Fault('command.owned', { target, name, owner: found.checked.owner });
      return await this.known.once(id, () => this.perform(wish, found.target)).end;
    } catch (error) {
      void this.audit(claims, { via, decision: 'refused', reason: asFault(error).code });
      throw error;
    }
  }

  /** A rule of this site. Never rejects: what it may not is refused, and told. */
  async follow({ target, name, args, rule, cause }: RuleWish): Promise<Outcome> {
    const id = `rule-${Buffer.from(this.world.randomBytes(12)).toString('hex')}`;
    const via = `rule:${rule}`;
    const claims = { id, target, name, args, issuer: via, ttl_ms: LOCAL_TTL_MS };
    const how = { behind: true, ...(cause !== undefined && { cause }) } as const;
    const wish: Wish = { claims, via, received_up: this.world.clock.now().up, how };
    const found = this.permitted(claims, undefined);
    return this.known.once(id, () =>
      isRefusal(found) ? this.refuse(wish, found) : this.perform(wish, found.target),
    ).end;
  }

  private async answerTo(incoming: IncomingCommand, came: CommandContext): Promise<void> {
    const { claims } = incoming;
    const report = (result: CommandReport['result'], facts: JsonObject = {}) =>
      incoming.answer({ id: claims.id, result, facts });
    const judge = { ...this.world, gaveOut: this.beats.has };
    const authentic = authenticity(incoming, judge);
    if (isRefusal(authentic)) {
      this.tellStranger(claims, came.uplink, authentic);
      return report('refused', authentic);
    }
    const via = authentic.issuer?.name ?? `unsigned:${came.uplink}`;
    const wish: Wish = { claims, via, received_up: came.received.up, how: { uplink: came.uplink } };
    const { end } = this.known.once(claims.id, () => {
      const refusal =
        untimely(incoming, came, judge) ??
        (this.rates.take(via, came.received.up) ? undefined : { reason: 'too-many' });
      if (refusal) return this.refuse(wish, refusal);
      const found = this.permitted(claims, authentic.issuer);
      if (isRefusal(found)) return this.refuse(wish, found);
      return this.perform(wish, found.target, report);
    });
    const { result, facts } = await end;
    return report(result, facts);
  }

  private permitted(claims: CommandClaims, issuer: Parameters<typeof permission>[1]) {
    try {
      const found = permission(claims, issuer, this.world);
      if (isRefusal(found) || found.checked.owner === undefined) return found;
      return { reason: 'owned', owner: found.checked.owner };
    } catch (error) {
      const { code, message } = asFault(error);
      return { reason: code, text: message };
    }
  }

  /** What was decided about this id before stands: then that is the answer. */
  private async refuse({ claims, via }: Wish, refusal: Refusal): Promise<Outcome> {
    void this.audit(claims, { via, decision: 'refused', ...refusal });
    return this.conclude(claims, { result: 'refused', facts: refusal });
  }

  private async perform(
    { claims, via, received_up, how }: Wish,
    target: CommandTarget,
    report: (result: 'accepted' | 'actuated') => Promise<void> = async () => {},
  ): Promise<Outcome> {
    const before = await this.intend(claims, via);
    if (before) return before;
    const left_ms = received_up + claims.ttl_ms - this.world.clock.now().up;
    if (left_ms <= 0) return this.conclude(claims, EXPIRED);
    void this.audit(claims, { via, decision: 'accepted' });
    void report('accepted');
    const outcome = await this.actWithin(left_ms, claims, {
      target,
      by: via,
      actuated: () => void report('actuated'),
      ...how,
    });
    return this.conclude(claims, outcome);
  }

  /** What the journal knows of the id already. A disk that is slow or gone is not waited for: the id is known here, and no beat outlives this run. */
  private async intend(
    { id, target, name, issuer }: CommandClaims,
    via: string,
  ): Promise<Outcome | undefined> {
    const written = this.world.journal.intend(id, { target, name, issuer, via }).catch((error) => {
      this.world.log.warn({ fault: asFault(error), id }, 'the intent of a command was not stored');
    });
    const found = await atMost(this.world.clock, { name: 'command journal', ms: DISK_MS }, written);
    if (!found?.existing) return undefined;
    return found.outcome ?? RESTARTED;
  }

  private async actWithin(
    ms: Millis,
    { id: ref, target: id, name, args }: CommandClaims,
    { target, ...how }: Omit<CommandHow, 'signal' | 'ref'> & { readonly target: CommandTarget },
  ): Promise<Outcome> {
    const over = new AbortController();
    const { controller, release } = linked(over.signal);
    const expired = new Error('expired');
    this.world.clock.sleep(`command ${id}`, ms, over.signal).then(
      () => controller.abort(expired),
      () => {},
    );
    try {
      return await target.act(name, args, { ...how, signal: controller.signal, ref });
    } catch (error) {
      if (controller.signal.aborted) return EXPIRED;
      const { code, message } = asFault(error);
      return { result: 'failed', facts: { fault: code, text: message } };
    } finally {
      release();
      over.abort();
    }
  }

  /** The outcome that stands. When the disk is gone, this run still remembers it. */
  private async conclude(claims: Named, outcome: Outcome): Promise<Outcome> {
    try {
      return await this.world.journal.conclude(claims.id, outcome, this.record(claims, outcome));
    } catch (error) {
      this.world.log.warn(
        { fault: asFault(error), id: claims.id },
        'the outcome of a command was not stored',
      );
      return outcome;
    }
  }

  private record({ id, target, name, issuer }: Named, { result, facts }: Outcome): EventEntry {
    const fields = { id, command: name, issuer, result, facts };
    return this.entry('command', target, { name: 'outcome', fields });
  }

  private audit(
    { id, target, name, issuer, reason }: CommandClaims,
    decision: JsonObject & { readonly via: string; readonly decision: 'accepted' | 'refused' },
  ): Promise<boolean> {
    const fields = { id, command: name, issuer, ...(reason !== undefined && { why: reason }), ...decision };
    return this.world.tell(this.entry('audit', target, { name: 'command', fields }));
  }

  private tellStranger(claims: CommandClaims, uplink: string, refusal: Refusal): void {
    if (!this.strangers.take(uplink, this.world.clock.now().up)) {
      this.untold += 1;
      return;
    }
    const more = this.untold > 0 ? { untold_before: this.untold } : {};
    this.untold = 0;
    void this.audit(claims, { via: `stranger:${uplink}`, decision: 'refused', ...refusal, ...more });
  }

  private entry(
    kind: 'command' | 'audit',
    subject: string,
    { name, fields }: { readonly name: string; readonly fields: JsonObject },
  ): EventEntry {
    return { kind, lane: 'a', subject, name, fields, stamp: this.world.clock.now() };
  }
}

const RESTARTED: Outcome = { result: 'unknown', facts: { reason: 'restarted', after_restart: true } };
const EXPIRED: Outcome = { result: 'expired', facts: {} };

const isRefusal = (found: object): found is Refusal => 'reason' in found;
