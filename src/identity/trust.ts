import type {
  SignedKind,
  Trust,
  TrustedKey,
  TrustRefusal,
  TrustRole,
  WallClock,
} from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import { openJws } from './jws.ts';

const ROLE_OF = {
  'gl-cmd': 'issuers',
  'gl-list': 'lists',
  'gl-visit': 'lists',
  'gl-config': 'roots',
} as const satisfies Record<SignedKind, TrustRole>;

/** The public keys of a site file. Two keys of one role may overlap while one takes the place of the other. */
export function openTrust(keys: Readonly<Record<TrustRole, readonly TrustedKey[]>>, wall: WallClock): Trust {
  return {
    verify: (jws, kind) => {
      const refuse = (reason: TrustRefusal, kid = '') => new Fault('trust.refused', { kind, reason, kid });
      const opened = openJws(jws);
      if (typeof opened === 'string') throw refuse(opened);
      const { kid, payload } = opened;
      if (opened.kind !== kind) throw refuse('wrong-kind', kid);
      const key = keys[ROLE_OF[kind]].find((one) => one.kid === kid);
      if (!key) throw refuse('unknown-key', kid);
      if (!opened.signedBy(key.key)) throw refuse('bad-signature', kid);
      const untimely = validity(key, wall);
      if (untimely) throw refuse(untimely, kid);
      return { kid, payload };
    },
  };
}

/** A clock that was never set is behind, if anything: that a key is not valid yet cannot be told by it, that it is so no longer can. */
function validity(
  { from_ms = 0, until_ms = Number.POSITIVE_INFINITY }: TrustedKey,
  wall: WallClock,
): TrustRefusal | undefined {
  const { unix_ms, state } = wall.read();
  if (unix_ms >= until_ms) return 'key-no-longer-valid';
  return unix_ms < from_ms && state !== 'unsynced' ? 'key-not-yet-valid' : undefined;
}
