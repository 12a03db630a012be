import { createHash } from 'node:crypto';
import type { HttpUser } from '../contracts/index.ts';
import { concat } from './bytes.ts';
import { xmlEscaped } from './xml.ts';

const OASIS = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';

/** Base64(SHA-1(nonce, created, password)): the password digest of a WS-Security UsernameToken (profile 1.0). */
export const passwordDigest = (nonce: Uint8Array, created: string, password: string): string =>
  createHash('sha1')
    .update(concat(nonce, Buffer.from(`${created}${password}`, 'utf8')))
    .digest('base64');

/** The header of a SOAP message that shows who asks, without the password itself. `created` is in the time of whoever reads it. */
export function usernameToken(
  { user, password }: HttpUser,
  { nonce, created }: { readonly nonce: Uint8Array; readonly created: string },
): string {
  const digest = passwordDigest(nonce, created, password);
  const base64 = Buffer.from(nonce).toString('base64');
  return [
    `<wsse:Security xmlns:wsse="${OASIS}-wssecurity-secext-1.0.xsd" xmlns:wsu="${OASIS}-wssecurity-utility-1.0.xsd">`,
    `<wsse:UsernameToken><wsse:Username>${xmlEscaped(user)}</wsse:Username>`,
    `<wsse:Password Type="${OASIS}-username-token-profile-1.0#PasswordDigest">${digest}</wsse:Password>`,
    `<wsse:Nonce EncodingType="${OASIS}-soap-message-security-1.0#Base64Binary">${base64}</wsse:Nonce>`,
    `<wsu:Created>${created}</wsu:Created></wsse:UsernameToken></wsse:Security>`,
  ].join('');
}
