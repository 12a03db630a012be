import type { Command, JsonObject, Millis, Outcome, OutcomeResult, Stamp } from '../model/index.ts';

/** What a message on …/cmd says. Nothing of it is to be believed before its signature is verified. */
export interface CommandClaims extends Command {
  readonly gateway?: string;
  /** Nonce of the newest beat that its issuer had seen. */
  readonly beat?: string;
  readonly issued_ms?: number;
}

/** Progress, then exactly one outcome. */
export interface CommandReport {
  readonly id: string;
  readonly result: OutcomeResult | 'accepted' | 'actuated';
  readonly facts: JsonObject;
}

/** A command that came down, and the way to say how it goes. */
export interface IncomingCommand {
  readonly claims: CommandClaims;
  /** The claims as they were signed; undefined: they came in clear. */
  readonly jws: string | undefined;
  /** Whoever has gone meanwhile finds the outcome among the records. Never rejects. */
  answer(report: CommandReport): Promise<void>;
}

/** How a command came. */
export interface CommandContext {
  readonly uplink: string;
  readonly received: Stamp;
  /** The broker had kept it: it says nothing about today. */
  readonly retained: boolean;
  /** Nonces of the last three beats of this connection, newest first. */
  readonly beats: readonly string[];
}

/** Something that can be told to do something: a device, a door. */
export interface CommandTarget {
  /** Throws Fault command.unknown or command.bad-args. */
  check(name: string, args: JsonObject): CheckedCommand;
  /** At once and once. Rejects only when the signal aborted before anything was sent. `actuated`: it has moved, and evidence is waited for. */
  act(name: string, args: JsonObject, how: CommandHow): Promise<Outcome>;
}

export interface CommandHow {
  readonly signal: AbortSignal;
  readonly actuated: () => void;
  /** The id of the command, and who wants it: the issuer, `local:pi`. */
  readonly ref: string;
  readonly by: string;
  /** What a rule follows: an alarm, a decision of a door. */
  readonly cause?: string;
  /** The uplink that it came by; left out: from this machine. */
  readonly uplink?: string;
  /** Nobody waits for it: it goes behind all other commands on its wire. */
  readonly behind?: true;
}

export interface CheckedCommand {
  /** It moves something in the world. What does not (a unit's own settings) is commissioning: allowed only by name. */
  readonly actuates: boolean;
  /** Who alone moves it, such as the door that owns the relay. */
  readonly owner?: string;
}

/** A wish from this machine: the command line or the console. Its user is the issuer, whom the socket has let in. */
export interface LocalWish {
  readonly target: string;
  readonly name: string;
  readonly args: JsonObject;
  readonly user: string;
  readonly reason?: string | undefined;
  readonly ttl_ms?: Millis | undefined;
}

/** What a rule of this site wants: like a wish, but nobody waits for it, and what a door owns it never moves. */
export type RuleWish = Pick<LocalWish, 'target' | 'name' | 'args'> & {
  readonly rule: string;
  /** The alarm it raised, or the decision it follows. */
  readonly cause?: string | undefined;
};

/** Who may command what; part of the site file. */
export interface CommandIssuer {
  readonly name: string;
  readonly kids: readonly string[];
  readonly may: readonly { readonly targets: readonly string[]; readonly commands: readonly string[] }[];
}

export interface CommandRules {
  readonly issuers: readonly CommandIssuer[];
  /** Uplinks that may command at all. */
  readonly uplinks: readonly string[];
  /** Targets that may be told without a signature, such as lamps and signs. */
  readonly unsigned: readonly string[];
  /** Commands of one issuer in a minute; half of them at once. */
  readonly per_minute: number;
}
