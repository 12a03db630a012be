import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../faults/index.ts';
import { isId } from '../model/index.ts';
import { publicHalf } from './jws.ts';
import { makeOnce } from './make-once.ts';

/** Who this gateway is. Both are made at the first start and stay in the state folder; the key never leaves it. */
export interface Identity {
  readonly gateway: string;
  /** Path of the Ed25519 key (PKCS 8, PEM, mode 0600) that signs audit heads and reports. */
  readonly key_file: string;
  /** Its public half: 32 bytes, base64url. */
  readonly public_key: string;
  /** 32 bytes (file `credential.key`, hex, mode 0600): card numbers and PINs are kept as HMACs under it. */
  readonly credential_key: Uint8Array;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/** `configured` wins over the id made at the first start. Faults: identity.folder, identity.damaged, identity.exposed. */
export function openIdentity(
  state_dir: string,
  options: { readonly configured: string | undefined; readonly randomBytes: (count: number) => Uint8Array },
): Identity {
  const key_file = join(state_dir, 'gateway.key');
  const credential_file = join(state_dir, 'credential.key');
  const made = inFolder(state_dir, () => ({
    id: options.configured ?? makeOnce(idFile(state_dir), 0o644, () => freshId(options.randomBytes)).trim(),
    key: makeOnce(key_file, 0o600, freshKey),
    credential: makeOnce(credential_file, 0o600, () => `${randomBytes(32).toString('hex')}\n`).trim(),
  }));
  if (!isId(made.id)) throw new Fault('identity.damaged', { file: idFile(state_dir), got: glimpse(made.id) });
  for (const file of [key_file, credential_file]) {
    const mode = statSync(file).mode & 0o777;
    if (mode & 0o077) throw new Fault('identity.exposed', { file, mode: mode.toString(8) });
  }
  if (!isEd25519(made.key))
    throw new Fault('identity.damaged', { file: key_file, got: 'something that is no Ed25519 key' });
  if (!/^[0-9a-f]{64}$/.test(made.credential))
    throw new Fault('identity.damaged', {
      file: credential_file,
      got: 'something that is no key of 32 bytes',
    });
  return {
    gateway: made.id,
    key_file,
    public_key: publicHalf(createPrivateKey(made.key)),
    credential_key: Buffer.from(made.credential, 'hex'),
  };
}

const idFile = (state_dir: string): string => join(state_dir, 'gateway-id');

const freshId = (randomBytes: (count: number) => Uint8Array): string =>
  `gl-${[...randomBytes(10)].map((byte) => LETTERS[byte & 31]).join('')}\n`;

const freshKey = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

/** Enough of a damaged text to know it again. */
const glimpse = (text: string): string => (text === '' ? 'nothing' : JSON.stringify(text.slice(0, 60)));

function isEd25519(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'ed25519';
  } catch {
    return false;
  }
}

function inFolder<T>(folder: string, work: () => T): T {
  try {
    mkdirSync(folder, { recursive: true });
    return work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Fault('identity.folder', { folder, reason }, { cause: error });
  }
}

/** What tells one machine from another: the board's serial number, else the installed system's id. */
export function machineId(readText: (path: string) => string | undefined): string {
  const serial = readText('/proc/device-tree/serial-number')?.replace(/\0/g, '').trim();
  return serial || readText('/etc/machine-id')?.trim() || 'unknown';
}
