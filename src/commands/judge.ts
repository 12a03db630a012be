import type {
  CheckedCommand,
  CommandClaims,
  CommandContext,
  CommandIssuer,
  CommandRules,
  CommandTarget,
  Trust,
  WallClock,
} from '../contracts/index.ts';
import { isFault } from '../faults/index.ts';
import type { JsonObject, Millis } from '../model/index.ts';

/** Clocks of two places that are both set differ by no more. */
const SKEW_MS: Millis = 5000;

export interface JudgeWorld {
  readonly gateway: string;
  readonly wall: WallClock;
  readonly trust: Trust;
  readonly rules: CommandRules;
  /** Throws Fault device.unknown, or what keeps it from being used. */
  readonly target: (id: string) => CommandTarget;
  /** Whether this run of the gateway ever gave out this nonce. */
  readonly gaveOut: (beat: string) => boolean;
}

/** Why a command is refused; `reason` is one word. */
export type Refusal = JsonObject & { readonly reason: string };

interface Message {
  readonly claims: CommandClaims;
  readonly jws: string | undefined;
}

export interface Authentic {
  readonly issuer: CommandIssuer | undefined;
}

/** Whether it is from whom it says it is. Only then its id counts: an id that anybody may burn is of no use. */
export function authenticity(
  { claims, jws }: Message,
  { trust, rules, gateway }: JudgeWorld,
): Authentic | Refusal {
  if (jws === undefined) {
    if (!rules.unsigned.includes(claims.target)) return { reason: 'unsigned' };
    return claims.gateway === undefined || claims.gateway === gateway
      ? { issuer: undefined }
      : { reason: 'wrong-gateway' };
  }
  try {
    const { kid } = trust.verify(jws, 'gl-cmd');
    const issuer = rules.issuers.find(({ kids }) => kids.includes(kid));
    if (!issuer || issuer.name !== claims.issuer) return { reason: 'wrong-issuer', kid };
    // One that is meant for another gateway is true, but nothing that was given to this one.
    return claims.gateway === gateway ? { issuer } : { reason: 'wrong-gateway' };
  } catch (error) {
    if (!isFault(error, 'trust.refused')) throw error;
    return { reason: String(error.facts.reason), kid: error.facts.kid ?? '' };
  }
}

/** Why an authentic command is not done now; undefined: nothing speaks against it. */
export function untimely(
  { claims, jws }: Message,
  { uplink, retained, beats }: CommandContext,
  { rules, wall, gaveOut }: JudgeWorld,
): Refusal | undefined {
  if (retained) return { reason: 'retained' };
  if (!rules.uplinks.includes(uplink)) return { reason: 'uplink-may-not-command', uplink };
  if (claims.beat === undefined) return { reason: 'no-beat' };
  if (jws !== undefined && claims.issued_ms === undefined) return { reason: 'no-issued-at' };
  if (!beats.includes(claims.beat))
    return { reason: 'stale', ...(!gaveOut(claims.beat) && { after_restart: true }) };
  return untimelyByClock(claims, wall);
}

/** A clock that is not set knows nothing of this; the beat has spoken already. */
function untimelyByClock({ issued_ms, ttl_ms }: CommandClaims, wall: WallClock): Refusal | undefined {
  const { unix_ms, state } = wall.read();
  if (issued_ms === undefined || state === 'unsynced') return undefined;
  if (unix_ms > issued_ms + ttl_ms + SKEW_MS)
    return { reason: 'issued-too-long-ago', ms: Math.round(unix_ms - issued_ms) };
  return issued_ms > unix_ms + SKEW_MS ? { reason: 'issued-in-the-future' } : undefined;
}

/** What is to be done, checked; or why it is not. `issuer` undefined: nobody's rules but those of the target apply. */
export function permission(
  { target: id, name, args }: Pick<CommandClaims, 'target' | 'name' | 'args'>,
  issuer: CommandIssuer | undefined,
  world: Pick<JudgeWorld, 'target'>,
): { readonly target: CommandTarget; readonly checked: CheckedCommand } | Refusal {
  if (issuer && !issuer.may.some(({ targets }) => allows(targets, id)))
    return { reason: 'not-permitted', target: id };
  const target = world.target(id);
  const checked = target.check(name, args);
  if (
    issuer &&
    !issuer.may.some((may) => allows(may.targets, id) && allowsCommand(may.commands, name, checked))
  )
    return { reason: 'not-permitted', name };
  return { target, checked };
}

const allows = (list: readonly string[], word: string): boolean => list.includes('*') || list.includes(word);

/** `*` stands for all that moves something. A unit's own settings must be named: to change its address by mistake takes it off the bus. */
const allowsCommand = (list: readonly string[], name: string, { actuates }: CheckedCommand): boolean =>
  list.includes(name) || (actuates && list.includes('*'));
