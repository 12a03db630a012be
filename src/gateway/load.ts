import type { CheckedLoad } from '../config/index.ts';
import type { Clock, HealthSink, LoadPart, Log, StateWrite } from '../contracts/index.ts';
import type { LoadStatus } from '../control/index.ts';
import type { DeviceHost } from '../devices/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import type { EventEntry, JsonObject, LoadCommand, Millis, Outcome, Reading } from '../model/index.ts';
import { type LoadNow, LoadRelay, type LoadWanted, LoadWill, type ToldResult } from '../rules/index.ts';
import { loadState, loadStatus } from './load-view.ts';

export interface LoadWorld {
  readonly clock: Clock;
  readonly health: HealthSink;
  readonly log: Log;
  /** undefined: it could not be opened. */
  readonly host: (id: string) => Pick<DeviceHost, 'act'> | undefined;
  /** Whether it is stored now, with what is kept of it. */
  readonly tell: (event: EventEntry, kept: readonly StateWrite[]) => Promise<boolean>;
  readonly keep: (write: StateWrite) => void;
  /** The time, and what the schedule says; `edge`: also when it changes next. */
  readonly now: (edge?: 'edge') => LoadNow;
  /** Whoever watches. */
  readonly show: (load: LoadStatus) => void;
  /** Something has changed: it wants to be looked at. */
  readonly wake: () => void;
}

/** A relay with what is known of it. */
export interface LoadMember {
  readonly part: LoadPart;
  readonly rule: LoadRelay;
  busy: boolean;
  /** It was told as disobedient. */
  wrong: boolean;
}

interface Waiting {
  readonly word: number;
  readonly end: (outcome: Outcome) => void;
}

/** One load: whose word counts, and its relays one after the other. Its orders go behind every other command on their wires. */
export class Load {
  readonly id: string;
  private readonly load: CheckedLoad;
  private readonly world: LoadWorld;
  private readonly members: readonly LoadMember[];
  private readonly signal: AbortSignal;
  private readonly waiting = new Set<Waiting>();
  private will = new LoadWill();
  private wanted: LoadWanted = { on: undefined, by: 'time-unknown' };
  private since_up: Millis;
  private readonly begun_up: Millis;
  private free_up: Millis = Number.NEGATIVE_INFINITY;
  /** Counts what was said by hand: a newer word ends the wait for an older one. */
  private word = 0;
  private said: string | undefined;
  private saidWord = '';
  private kept: string;
  private shown = '';

  constructor(load: CheckedLoad, world: LoadWorld, signal: AbortSignal) {
    this.id = load.plan.id;
    this.load = load;
    this.world = world;
    this.signal = signal;
    this.begun_up = world.clock.now().up;
    this.since_up = this.begun_up;
    this.kept = JSON.stringify(this.will.kept);
    this.members = load.plan.parts.map((part) => ({
      ...{ part, rule: new LoadRelay(part.shown !== undefined) },
      ...{ busy: false, wrong: false },
    }));
  }

  /** What an earlier run kept. What was said since then is newer. */
  recall(kept: JsonObject | undefined): void {
    if (kept === undefined || this.word > 0) return;
    this.will = new LoadWill(kept);
    this.kept = JSON.stringify(this.will.kept);
  }

  /** When it wants to be looked at; Infinity: when something comes. */
  get due_up(): Millis {
    const relays = this.members.map(({ rule, busy }) =>
      busy ? Number.POSITIVE_INFINITY : Math.max(rule.due_up, this.free_up),
    );
    return Math.min(this.will.ends_up, ...relays);
  }

  look(): void {
    const now = this.world.now();
    this.wanted = this.will.wanted(now);
    for (const { rule } of this.members) rule.wish(this.wanted.on);
    for (const member of this.members) {
      if (now.up < this.free_up) break;
      const on = member.busy ? undefined : member.rule.due(now.up);
      if (on === undefined) continue;
      this.free_up = now.up + this.load.plan.stagger_ms;
      void this.switch(member, on);
    }
    this.report();
  }

  /** A look of a board, or of the switch at the place. */
  sense({ device, point, value, quality, stamp }: Reading): void {
    const known = typeof value === 'boolean' && (quality === 'good' || quality === 'simulated');
    for (const { part, rule } of this.members) {
      if (part.device !== device || part.shown?.point !== point) continue;
      const before = `${rule.on} ${rule.wrong}`;
      rule.see(known ? value === part.shown.on : undefined, stamp.up);
      if (before !== `${rule.on} ${rule.wrong}`) this.world.wake();
    }
    const { by_hand, by_hand_ms: lasts_ms } = this.load.plan;
    if (!by_hand || !known || by_hand.device !== device || by_hand.point !== point) return;
    const { type, inverted } = by_hand;
    const lit = this.members.some(({ rule }) => rule.on === true);
    const before = JSON.stringify(this.will.kept);
    this.will.feel(value !== inverted, { type, lasts_ms, lit }, this.world.now('edge'));
    if (before === JSON.stringify(this.will.kept)) return;
    this.word += 1;
    this.world.wake();
  }

  /** Its board came back, or went away. */
  heard(device: string, up: boolean): void {
    for (const { part, rule } of this.members) {
      if (part.device !== device) continue;
      // Its readings come before the word that it is back.
      if (up || part.shown) rule.back();
      if (!up) rule.see(undefined, this.world.clock.now().up);
      this.world.wake();
    }
  }

  /** Resolves when all of it is so, when something newer was said, or with what is so when the signal aborts. */
  command(
    name: LoadCommand,
    { who, for_ms }: { readonly who: string; readonly for_ms?: Millis },
    signal: AbortSignal,
  ): Promise<Outcome> {
    this.will.command(name, { who, ...(for_ms !== undefined && { for_ms }) }, this.world.now());
    this.word += 1;
    const { word } = this;
    return new Promise((resolve) => {
      const leave = () => one.end({ result: 'unconfirmed', facts: { ...this.facts(), evidence: 'not-yet' } });
      const one: Waiting = {
        word,
        end: (outcome) => {
          this.waiting.delete(one);
          signal.removeEventListener('abort', leave);
          resolve(outcome);
        },
      };
      this.waiting.add(one);
      signal.addEventListener('abort', leave, { once: true });
      if (signal.aborted) leave();
      this.world.wake();
    });
  }

  /** Nobody waits any longer. */
  leave(): void {
    for (const one of [...this.waiting])
      one.end({ result: 'unconfirmed', facts: { ...this.facts(), evidence: 'stopped' } });
  }

  view(): LoadStatus {
    const { will, wanted, members, since_up } = this;
    return loadStatus(this.load.config, { will, wanted, members, since_up, now: this.world.now('edge') });
  }

  private async switch(member: LoadMember, on: boolean): Promise<void> {
    member.busy = true;
    const result = await this.tellBoard(member.part, on);
    member.busy = false;
    member.rule.told(on, result, this.world.clock.now().up);
    this.world.wake();
  }

  /** A door that wants the wire goes first: then nothing was sent. */
  private async tellBoard({ device, on: turnOn, off }: LoadPart, on: boolean): Promise<ToldResult> {
    const { name, args } = on ? turnOn : off;
    const { log, host } = this.world;
    try {
      const board = host(device);
      if (!board) throw new Fault('device.closed', { device });
      const { result, facts } = await board.act(name, args, { signal: this.signal, priority: 'field' });
      if (facts.fault === 'device.made-way') return 'made-way';
      if (result !== 'done')
        log.warn({ load: this.id, device, ...args, result, ...facts }, 'a relay of a load did not obey');
      return result;
    } catch (error) {
      if (!this.signal.aborted)
        log.warn({ load: this.id, device, ...args, fault: asFault(error) }, 'a relay of a load did not obey');
      return 'failed';
    }
  }

  private report(): void {
    const text = JSON.stringify(this.will.kept);
    const kept =
      text === this.kept ? [] : [{ owner: 'loads', name: this.id, value: JSON.parse(text) as JsonObject }];
    this.kept = text;
    this.tellWrong();
    const facts = this.facts();
    const said = JSON.stringify(facts);
    const word = JSON.stringify(this.wanted);
    if (said !== this.said && (word !== this.saidWord || !this.isMoving) && !this.isStarting) {
      this.said = said;
      this.saidWord = word;
      this.since_up = this.world.clock.now().up;
      void this.tell('load', { lane: 'b', fields: facts, kept });
      this.world.show(this.view());
    } else for (const write of kept) this.world.keep(write);
    this.settle();
  }

  /** Relays go one after the other: what stands in between is not worth a record. */
  private get isMoving(): boolean {
    return this.members.some(({ rule, wrong }) => rule.on !== undefined && !rule.right && !wrong);
  }

  /** Its boards have not been looked at yet. */
  private get isStarting(): boolean {
    const unseen = this.members.some(({ rule, part }) => part.shown && rule.on === undefined);
    return this.said === undefined && unseen && this.world.clock.now().up < this.begun_up + START_MS;
  }

  /** Once when it begins and once when it ends. A relay that is not seen has not become right. */
  private tellWrong(): void {
    for (const member of this.members) {
      const { part, rule } = member;
      const wrong = rule.wrong || (member.wrong && !(rule.right && rule.on !== undefined));
      if (wrong === member.wrong) continue;
      member.wrong = wrong;
      const { device, channel } = part;
      const wanted = { wanted: this.wanted.on ? 'on' : 'off' };
      const fields = { device, channel, ...(wrong && wanted) };
      void this.tell(wrong ? 'load-disagrees' : 'load-agrees', { lane: 'a', fields, kept: [] });
    }
    const evidence = this.members
      .filter(({ wrong }) => wrong)
      .map(({ part }) => `relay ${part.channel} of ${part.device}`)
      .join(', ');
    if (evidence === this.shown) return;
    this.shown = evidence;
    if (evidence === '') this.world.health.clear('load-disagrees', this.id);
    else this.world.health.raise('load-disagrees', this.id, evidence);
  }

  private settle(): void {
    const done = this.members.every(({ rule }) => rule.right);
    const seen = this.members.every(({ part }) => part.shown);
    for (const one of [...this.waiting]) {
      if (one.word !== this.word)
        one.end({ result: 'unconfirmed', facts: { ...this.facts(), evidence: 'superseded' } });
      else if (done)
        one.end({
          result: seen && this.wanted.on !== undefined ? 'confirmed' : 'done',
          facts: this.facts(),
        });
    }
  }

  private facts(): JsonObject {
    const { on, by, who } = this.wanted;
    const away = this.members.filter(({ rule }) => rule.on === undefined).map(({ part }) => nameOf(part));
    return {
      state: loadState(this.members),
      wanted: on === undefined ? 'unknown' : on ? 'on' : 'off',
      by,
      ...(who !== undefined && { who }),
      ...(away.length > 0 && { not_seen: away }),
    };
  }

  private tell(
    name: string,
    {
      lane,
      fields,
      kept,
    }: { readonly lane: 'a' | 'b'; readonly fields: JsonObject; readonly kept: readonly StateWrite[] },
  ): Promise<boolean> {
    const stamp = this.world.clock.now();
    return this.world.tell({ kind: 'event', lane, subject: this.id, name, fields, stamp }, kept);
  }
}

/** Boards are heard of by then, or are away. */
const START_MS: Millis = 30_000;

const nameOf = ({ device, channel }: LoadPart): string => `${device} ${channel}`;
