import type { Json } from '../model/index.ts';

/** What a signature is given for: `typ` of its header (contract, Keys). */
export type SignedKind = 'gl-cmd' | 'gl-list' | 'gl-config' | 'gl-visit';

/** What a gateway signs itself. */
export type OwnKind = 'gl-audit';

/** Who may sign what: roots configuration and trust, issuers commands, lists credential lists and visitor tokens. */
export type TrustRole = 'roots' | 'issuers' | 'lists';

/** A public key that the site file trusts. */
export interface TrustedKey {
  readonly kid: string;
  /** Ed25519 public key: 32 bytes in base64url, as `x` of a JWK (RFC 8037). */
  readonly key: string;
  /** Unix ms; it counts for nothing before or from then on. */
  readonly from_ms?: number | undefined;
  readonly until_ms?: number | undefined;
}

export interface Verified {
  readonly kid: string;
  readonly payload: Json;
}

/** The keys of the site file. */
export interface Trust {
  /**
   * The payload of a JWS in compact form (RFC 7515) with EdDSA (RFC 8037) that a key of the role signed for this kind. Throws Fault
   * trust.refused; its fact `reason` is one word of `TrustRefusal`.
   */
  verify(jws: string, kind: SignedKind): Verified;
}

export type TrustRefusal =
  | 'malformed'
  | 'wrong-algorithm'
  | 'wrong-kind'
  | 'unknown-key'
  | 'key-not-yet-valid'
  | 'key-no-longer-valid'
  | 'bad-signature';
