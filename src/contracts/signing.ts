import type { Json } from '../model/index.ts';
import type { OwnKind, SignedKind } from './trust.ts';

/** Keys and signatures for the platform's side. A private key is PKCS 8 PEM of an Ed25519 key. */
export interface Signing {
  fresh(): { readonly pem: string; readonly public_key: string };
  /** The public half, as it stands in a site file. Throws Fault trust.no-key. */
  publicHalf(pem: string): string;
  /** What a JWS of this kind says, if that key (32 bytes, base64url) signed it. */
  opened(
    jws: string,
    by: { readonly public_key: string; readonly kind: SignedKind | OwnKind },
  ): Json | undefined;
  /** A JWS in compact form. Throws Fault trust.no-key. */
  sign(
    payload: Json,
    by: { readonly pem: string; readonly kid: string; readonly kind: SignedKind | OwnKind },
  ): string;
}
