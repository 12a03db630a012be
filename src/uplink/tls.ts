import { Fault } from '../faults/index.ts';

/** Why a TLS connection is not trusted, by the codes of Node and OpenSSL. */
const TRUST: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host',
  HOSTNAME_MISMATCH: 'the certificate is for another host',
  UNABLE_TO_GET_ISSUER_CERT: 'the certificate is of an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate is of an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate is of an unknown authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate is of an unknown authority',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is of an unknown authority',
  CERT_UNTRUSTED: 'the certificate is of an unknown authority',
  CERT_REVOKED: 'the certificate was revoked',
  INVALID_CA: 'a certificate of the chain may not sign others',
  INVALID_PURPOSE: 'the certificate is not for a server',
  PATH_LENGTH_EXCEEDED: 'the certificate chain is too long',
  CERT_SIGNATURE_FAILURE: 'the signature of the certificate is wrong',
  CRL_HAS_EXPIRED: 'the revocation list has expired',
};
const EARLY = new Set(['CERT_NOT_YET_VALID', 'CRL_NOT_YET_VALID']);

/** A failed handshake as a fault with the code in its facts, or undefined when the error is not of TLS. */
export function tlsFault(code: string, text: string, url: string): Fault | undefined {
  const say = (reason: string) => new Fault('uplink.tls', { url, reason, tls: code });
  if (EARLY.has(code)) return say('the certificate is not valid yet');
  const reason = TRUST[code];
  if (reason) return say(reason);
  // An alert is the broker's word about us.
  if (/ALERT_(BAD_CERT|CERT|UNKNOWN_CA|UNSUPPORTED_CERT|ACCESS|NO_CERT)|CERTIFICATE_REQUIRED/.test(code)) {
    return say(`the broker does not accept our certificate: ${text}`);
  }
  // Node reports what OpenSSL said in the middle of a write as a protocol error of the system.
  if (code === 'EPROTO') return say(/SSL routines:[^:]*:([^:\n]+)/.exec(text)?.[1] ?? text);
  return /^ERR_(SSL|TLS|OSSL)_/.test(code) ? say(text) : undefined;
}

/**
 * A certificate that is not valid yet while nobody has set the clock is a fault of its own: the time will come and it is tried again;
 * nothing is trusted meanwhile.
 */
export function judgeByClock(fault: Fault, clockSet: boolean): Fault {
  const early = fault.code === 'uplink.tls' && EARLY.has(String(fault.facts.tls));
  if (!early || clockSet) return fault;
  return new Fault('uplink.clock-not-set', fault.facts, { cause: fault });
}
