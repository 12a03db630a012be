import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { OwnKind, SignedKind, TrustRefusal } from '../contracts/index.ts';
import type { Json } from '../model/index.ts';

/**
 * JWS in compact form (RFC 7515) with EdDSA over Ed25519 (RFC 8037), and nothing else of JOSE. Signatures are checked on the spot, by no thread of a
 * pool: behind a disk that stalls a door must not wait for one.
 */
export interface OpenedJws {
  readonly kid: string;
  readonly kind: string;
  readonly payload: Json;
  /** Whether this key (32 bytes, base64url) signed it. */
  signedBy(key: string): boolean;
}

const SIGNATURE_BYTES = 64;

/** What it says, not yet whether that is true. A word of refusal when it cannot be of ours. */
export function openJws(text: string): OpenedJws | Extract<TrustRefusal, 'malformed' | 'wrong-algorithm'> {
  const parts = text.split('.').map(bytesOf);
  const [head, body, signature] = parts;
  if (parts.length !== 3 || !head || !body || !signature) return 'malformed';
  const header = objectIn(head);
  const payload = jsonIn(body);
  if (!header || payload === undefined) return 'malformed';
  const { alg, kid, typ } = header;
  if (alg !== 'EdDSA') return 'wrong-algorithm';
  // Whatever else the header wants to be understood, it is not.
  if (typeof kid !== 'string' || typeof typ !== 'string' || 'crit' in header || 'b64' in header)
    return 'malformed';
  const signed = Buffer.from(text.slice(0, text.lastIndexOf('.')));
  const signedBy = (key: string): boolean =>
    signature.length === SIGNATURE_BYTES && verify(null, signed, publicKey(key), signature);
  return { kid, kind: typ, payload, signedBy };
}

/** A compact JWS over this payload. */
export function signJws(
  payload: Json,
  { key, kid, kind }: { readonly key: KeyObject; readonly kid: string; readonly kind: SignedKind | OwnKind },
): string {
  const text = [{ alg: 'EdDSA', kid, typ: kind }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`;
}

/** The raw public half, as it stands in a site file. */
export function publicHalf(key: KeyObject): string {
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return String(x);
}

const publicKey = (x: string): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });

/** Only as an encoder would have written it: otherwise several texts would be one signature. */
function bytesOf(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return text !== '' && bytes.toString('base64url') === text ? bytes : undefined;
}

function jsonIn(bytes: Buffer): Json | undefined {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function objectIn(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  const value = jsonIn(bytes);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}
