import { readBoth, unlessAborted } from '../clock/index.ts';
import type { CheckedSupply } from '../config/index.ts';
import type { Clock, HealthSink, Log, State, StateWrite, WallClock } from '../contracts/index.ts';
import type { DeviceHost } from '../devices/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import type { EventEntry, FactCode, JsonObject, Millis } from '../model/index.ts';
import { type Done, type Fed, PowerCycle, type SupplyWish } from '../rules/index.ts';
import { Feed } from './feed.ts';
import { keepSupply, type LeftCycle, recallSupply } from './supply-state.ts';

/** What of a device host a supply has to do with. */
export type PoweredHost = Pick<
  DeviceHost,
  'settings' | 'points' | 'condition' | 'heard_up' | 'last' | 'act' | 'powered'
>;

export interface SupplyWorld {
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly state: State;
  readonly health: HealthSink;
  readonly log: Log;
  /** undefined: it could not be opened. */
  readonly host: (id: string) => PoweredHost | undefined;
  readonly hosts: () => readonly PoweredHost[];
  /** Whether it is stored now, with what is kept of it. */
  readonly tell: (event: EventEntry, kept: readonly StateWrite[]) => Promise<boolean>;
  /** Somebody works at that device. */
  readonly inMaintenance: (device: string) => boolean;
  /** Asked again in the moment of cutting. */
  readonly feedsLock: (relay: string, channel: number) => boolean;
  /** Relay boards on which a cycle is under way. */
  readonly boards: Set<string>;
}

/** A mute unit is probed at least so often; twice that must do for one that has power again. */
const FOUND_MS: Millis = 120_000;

const COUNT_AGAIN_MS: Millis = 60_000;

/** Between the record of a cycle and its first byte at the relay; so much later the supply is given at a restart. */
const CUT_MS: Millis = 2000;

type Cycle = LeftCycle;

/** One supply: watches what it feeds, and cuts and gives it when its rule says so. */
export class Supply {
  private readonly plan: CheckedSupply;
  private readonly world: SupplyWorld;
  private readonly feed: Feed;
  private readonly rule: PowerCycle;
  private readonly warm_up_ms: Millis;
  private readonly known = new Set<string>();
  private readonly raised = new Map<FactCode, string>();
  private running: Promise<void> | undefined;
  /** The cycle under way: when this process dies in it, the next one tells. */
  private under: Cycle | undefined;
  /** The count could not be kept; it is tried again then. */
  private uncounted: { readonly why: string; readonly until_up: Millis } | undefined;
  private gaveUp = false;
  /** A cut that an earlier run of this boot began is to last until then. */
  private offUntil_up: Millis = Number.NEGATIVE_INFINITY;

  constructor(plan: CheckedSupply, world: SupplyWorld) {
    this.plan = plan;
    this.world = world;
    this.feed = new Feed(plan, world);
    const { silent_s, most_per_day, when } = plan.config;
    this.warm_up_ms = Math.max(
      0,
      ...plan.fed.map(({ driver, options }) => driver.warm_up_ms?.(options) ?? 0),
    );
    const rules = { silent_ms: silent_s * 1000, most_per_day, when, warm_up_ms: this.warm_up_ms };
    this.rule = new PowerCycle(rules, world.clock.now().up);
  }

  /** Takes up what an earlier run left. */
  async begin(): Promise<void> {
    const { past, known, left, gave_up } = recallSupply(await this.world.state.get(...this.place));
    this.rule.recall(past);
    this.gaveUp = gave_up;
    const { boot } = this.world.clock.now();
    if (left?.off_until?.boot === boot) this.offUntil_up = left.off_until.up;
    for (const id of known) this.known.add(id);
    // Told and no longer kept in one piece: so it is told once.
    if (left) void this.tell('power-cycle-ended', { ...this.about(left), outcome: 'interrupted' });
  }

  /** Once a second. */
  look(signal: AbortSignal): void {
    const now = this.now();
    this.remember();
    const back = this.feed.watch(this.running !== undefined);
    if (this.running) return;
    if (back) this.start(() => this.giveBack(back, signal));
    else this.follow(this.rule.look(this.lookAround(), now), signal);
  }

  /** Until what is under way has ended. */
  async settled(): Promise<void> {
    await this.running;
  }

  private get place(): readonly [string, string] {
    return ['supplies', this.plan.config.id];
  }

  private now(): Done {
    const { stamp, wall } = readBoth(this.world);
    return { ...stamp, ...(wall.state !== 'unsynced' && { unix_ms: wall.unix_ms }) };
  }

  private start(work: () => Promise<void>): void {
    this.running = work()
      .catch((error: unknown) => {
        const { id } = this.plan.config;
        this.world.log.error({ supply: id, fault: asFault(error) }, 'a supply could not be seen to');
      })
      .finally(() => {
        this.running = undefined;
      });
  }

  /** Units that have answered once need not be doubted for their wiring later, not even after a restart. */
  private remember(): void {
    const fresh = this.plan.fed.filter(({ config: { id } }) => {
      const heard = this.world.host(id)?.heard_up !== undefined;
      return heard && !this.known.has(id);
    });
    if (fresh.length === 0) return;
    for (const { config } of fresh) this.known.add(config.id);
    this.keep();
  }

  /** What goes with no record. Where it fails, the next one writes it again. */
  private keep(): void {
    const { owner, name, value } = this.kept();
    void this.world.state.set(owner, name, value).catch(() => {});
  }

  /** A restart alone brings nobody back: what is not heard of yet is not well. */
  private get allWell(): boolean {
    return this.fedIds().every((id) => this.world.host(id)?.condition === 'well');
  }

  private lookAround() {
    const { plan, world } = this;
    return {
      fed: plan.fed.map(({ config: { id, bus } }): Fed => {
        const host = world.host(id);
        const condition = host?.condition ?? 'unclear';
        return { id, bus, condition, known: this.known.has(id), wireLives: (up) => this.wireLives(bus, up) };
      }),
      relay_answers: this.feed.on !== undefined,
      switched_off: this.feed.on === false,
      forbidden: this.forbidden,
    };
  }

  /** Another unit on that wire, with another supply, has said something since; where there is none, nobody can tell. */
  private wireLives(bus: string, since_up: Millis): boolean {
    const fed = new Set(this.plan.fed.map(({ config }) => config.id));
    const others = this.world
      .hosts()
      .filter(
        ({ settings, points }) =>
          settings.bus === bus && !fed.has(settings.id) && Object.keys(points).length > 0,
      );
    return (
      others.length === 0 ||
      others.some(({ condition, heard_up = 0 }) => condition !== 'silent' && heard_up >= since_up)
    );
  }

  private follow(wish: SupplyWish, signal: AbortSignal): void {
    const { relay, channel, most_per_day } = this.plan.config;
    const held = wish.wish === 'hold' ? wish : undefined;
    const spent = wish.wish === 'give-up' ? wish : undefined;
    this.show('power-cycle-held', held?.silent ?? [], held?.because ?? '');
    const cut = `its supply (relay ${channel} of ${relay}) was cut ${most_per_day} times within 24 hours, and it is silent`;
    this.show('power-cycles-spent', spent?.silent ?? [], cut);
    if (spent && !this.gaveUp) {
      this.gaveUp = true;
      void this.tell('power-cycle-given-up', {
        ...this.about({ silent: spent.silent, count: most_per_day }),
        next_ms: Math.round(spent.next_ms),
      });
    } else if (this.gaveUp && (wish.wish === 'cycle' || this.allWell)) {
      this.gaveUp = false;
      this.keep();
    }
    if (wish.wish !== 'cycle' || this.world.boards.has(relay) || signal.aborted) return;
    this.start(() => this.alone(() => this.cycle(wish, signal)));
  }

  /** One at a time on a relay board. */
  private async alone(work: () => Promise<void>): Promise<void> {
    const { boards } = this.world;
    const { relay } = this.plan.config;
    boards.add(relay);
    await work().finally(() => boards.delete(relay));
  }

  private async cycle(
    { silent, silent_ms }: Extract<SupplyWish, { readonly wish: 'cycle' }>,
    signal: AbortSignal,
  ): Promise<void> {
    const { config, cut } = this.plan;
    const { boot, up } = this.world.clock.now();
    const off_until = { boot, up: up + config.off_s * 1000 + CUT_MS };
    const cycle = { silent, count: this.rule.begin(this.now()), off_until };
    const about = this.about(cycle);
    const plan = { off_ms: config.off_s * 1000, timing: cut.timing };
    const begun = { ...about, cause: 'silent', silent_ms: Math.round(silent_ms), ...plan };
    // Not before it is certain that it will be remembered.
    if (!(await this.count(cycle, begun, signal))) return;
    const outcome = await this.carryOut(silent, signal);
    if (outcome.outcome === 'failed') this.rule.takeBack();
    this.under = undefined;
    // A disk that stalls does not keep the gateway from ending.
    await unlessAborted(this.tell('power-cycle-ended', { ...about, ...outcome }), signal).catch(() => {});
  }

  private async count(cycle: Cycle, begun: JsonObject, signal: AbortSignal): Promise<boolean> {
    this.under = cycle;
    const stored = unlessAborted(this.tell('power-cycle-started', begun), signal);
    if (await stored.catch(() => false)) return true;
    this.under = undefined;
    this.rule.takeBack();
    const why = 'the store does not take the record of it, so it could not be counted';
    this.uncounted = { why, until_up: this.now().up + COUNT_AGAIN_MS };
    return false;
  }

  /** Why it must not be cut now, whatever its units do. */
  private get forbidden(): string | undefined {
    const { id: supply, relay, channel } = this.plan.config;
    if (this.world.feedsLock(relay, channel)) {
      const { message, remedy } = new Fault('supply.feeds-lock', { supply, relay, channel });
      return `${message}. ${remedy}`;
    }
    const worked = [...this.fedIds(), relay].find((id) => this.world.inMaintenance(id));
    if (worked !== undefined) return `${worked} is in maintenance: somebody works at it`;
    const { uncounted } = this;
    return uncounted && uncounted.until_up > this.now().up ? uncounted.why : undefined;
  }

  /** Cut, wait, give, and hear whether it helped. */
  private async carryOut(
    silent: readonly string[],
    signal: AbortSignal,
  ): Promise<JsonObject & { readonly outcome: string }> {
    const { config } = this.plan;
    const { clock } = this.world;
    const cutting = await this.feed.cut(signal);
    const moved = cutting.result !== 'failed' || cutting.facts.evidence !== undefined;
    const told = { cut: cutting.result, ...pick(cutting.facts, ['fault', 'text']) };
    if (signal.aborted) return { outcome: 'interrupted', ...told };
    try {
      if (moved) {
        const off_ms = Number(cutting.facts.effective_ms ?? config.off_s * 1000);
        await clock.sleep(`${config.id} is cut`, off_ms, signal);
        await this.give(signal);
      }
      this.rule.powered(clock.now().up);
      if (cutting.result === 'failed') return { outcome: 'failed', ...told };
      for (const { config: fed } of this.plan.fed) this.world.host(fed.id)?.powered();
      const answering = await this.awaitAnswers(silent, signal);
      const back = answering.length;
      const helped = back === 0 ? 'still-silent' : back < silent.length ? 'partly-back' : 'back';
      // Who answers again may have done so for another reason.
      return { outcome: cutting.result === 'done' ? helped : 'unknown', ...told, answering };
    } catch (error) {
      if (signal.aborted) return { outcome: 'interrupted', ...told };
      throw error;
    }
  }

  /** Those of them that answer, as soon as all do or it has taken too long. */
  private async awaitAnswers(silent: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    const { clock } = this.world;
    const slowest_ms = Math.max(
      ...this.plan.fed.map(({ config, driver }) => config.poll_ms ?? driver.poll_ms.default),
    );
    const until_up = clock.now().up + this.warm_up_ms + FOUND_MS + 2 * slowest_ms;
    for (;;) {
      const answering = silent.filter((id) => this.world.host(id)?.condition === 'well');
      if (answering.length === silent.length || clock.now().up >= until_up) return answering;
      await clock.sleep(`${this.plan.config.id} has power again`, 1000, signal);
    }
  }

  /** The supply is off, and nobody of this run has wanted that. */
  private async giveBack(why: 'start' | 'relay-was-off', signal: AbortSignal): Promise<void> {
    // A unit that is to lose its charge needs all of that time, whoever restarts meanwhile.
    const left_ms = this.offUntil_up - this.now().up;
    if (left_ms > 0) await this.world.clock.sleep(`${this.plan.config.id} is still cut`, left_ms, signal);
    await this.give(signal);
    if (signal.aborted) return;
    this.rule.powered(this.now().up);
    for (const { config } of this.plan.fed) this.world.host(config.id)?.powered();
    const { channel, id: supply } = this.plan.config;
    void this.tell('supply-restored', { supply, channel, devices: this.fedIds(), because: why });
  }

  private async give(signal: AbortSignal): Promise<void> {
    await this.feed.give(signal, (evidence) => this.show('supply-off', this.fedIds(), evidence));
    this.show('supply-off', [], '');
  }

  private fedIds(): readonly string[] {
    return this.plan.fed.map(({ config }) => config.id);
  }

  private about({ silent, count }: Cycle): JsonObject {
    const { id: supply, channel, most_per_day } = this.plan.config;
    return { supply, channel, devices: this.fedIds(), silent, count, most_per_day };
  }

  /** With what must not be forgotten, in one piece. */
  private tell(name: string, fields: JsonObject): Promise<boolean> {
    const subject = this.plan.config.relay;
    this.world.log.info({ relay: subject, event: name, ...fields }, 'supply of silent devices');
    const stamp = this.world.clock.now();
    return this.world.tell({ kind: 'event', lane: 'a', subject, name, fields, stamp }, [this.kept()]);
  }

  /** The fact holds for these devices, and for no other one of this supply. */
  private show(code: FactCode, devices: readonly string[], evidence: string): void {
    const key = JSON.stringify([devices, evidence]);
    if ((this.raised.get(code) ?? NOBODY) === (devices.length ? key : NOBODY)) return;
    this.raised.set(code, devices.length ? key : NOBODY);
    for (const id of this.fedIds()) {
      if (devices.includes(id)) this.world.health.raise(code, id, evidence);
      else this.world.health.clear(code, id);
    }
  }

  private kept(): StateWrite {
    const [owner, name] = this.place;
    const past = this.rule.counted(this.now());
    return {
      owner,
      name,
      value: keepSupply({ past, known: [...this.known], left: this.under, gave_up: this.gaveUp }),
    };
  }
}

const NOBODY = '';

const pick = (facts: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(names.flatMap((name) => (facts[name] === undefined ? [] : [[name, facts[name]]])));
