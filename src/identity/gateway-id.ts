import { generateKeyPairSync } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../faults/index.ts';
import { isId } from '../model/index.ts';

/** Who this gateway is. Both are made at the first start and stay in the state folder; the key never leaves it. */
export interface Identity {
  readonly gateway: string;
  /** Path of the Ed25519 key (PKCS 8, PEM, mode 0600) that signs audit heads and reports. */
  readonly key_file: string;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/** `configured` wins over the id made at the first start. Faults: identity.damaged, identity.exposed. */
export function openIdentity(
  state_dir: string,
  options: { readonly configured: string | undefined; readonly randomBytes: (count: number) => Uint8Array },
): Identity {
  mkdirSync(state_dir, { recursive: true });
  const id_file = join(state_dir, 'gateway-id');
  const key_file = join(state_dir, 'gateway.key');
  const made = makeOnce(id_file, 0o644, () => `gl-${letters(options.randomBytes(10))}\n`).trim();
  if (!isId(made)) throw new Fault('identity.damaged', { file: id_file, got: made });
  const key = makeOnce(key_file, 0o600, () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  });
  if (!key.includes('PRIVATE KEY'))
    throw new Fault('identity.damaged', { file: key_file, got: 'no PEM key' });
  const mode = statSync(key_file).mode & 0o077;
  if (mode !== 0) throw new Fault('identity.exposed', { file: key_file, mode: (mode | 0o600).toString(8) });
  return { gateway: options.configured ?? made, key_file };
}

const letters = (bytes: Uint8Array): string => [...bytes].map((byte) => LETTERS[byte & 31]).join('');

/** The text of a file, made whole or not at all when it is not there: a power cut leaves no half a key. */
function makeOnce(file: string, mode: number, make: () => string): string {
  if (!existsSync(file)) {
    const fresh = `${file}.${process.pid}`;
    writeFileSync(fresh, make(), { mode, flush: true });
    try {
      linkSync(fresh, file);
    } catch (error) {
      if (!existsSync(file)) throw error;
    }
    rmSync(fresh);
  }
  return readFileSync(file, 'utf8');
}

/** What tells one machine from another: the board's serial number, else the installed system's id. */
export function machineId(readText: (path: string) => string | undefined): string {
  const serial = readText('/proc/device-tree/serial-number')?.replace(/\0/g, '').trim();
  return serial || readText('/etc/machine-id')?.trim() || 'unknown';
}
