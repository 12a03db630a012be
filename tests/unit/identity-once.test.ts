import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { machineId, openIdentity } from '../../src/identity/index.ts';
import { isId } from '../../src/model/index.ts';
import { tempFolder } from '../support/temp.ts';

const open = (folder: string, configured?: string) => openIdentity(folder, { configured, randomBytes });

describe('the identity of a gateway', () => {
  it('is made at the first start and is the same ever after', () => {
    const folder = join(tempFolder(), 'state', 'here');
    const first = open(folder);
    const again = open(folder);
    expect(first.gateway).toMatch(/^gl-[a-z2-7]{10}$/);
    expect(isId(first.gateway)).toBe(true);
    expect(again).toEqual(first);
    expect(readdirSync(folder).sort()).toEqual(['credential.key', 'gateway-id', 'gateway.key']);
  });

  it('is another one on every gateway', () => {
    const ids = Array.from({ length: 20 }, () => open(tempFolder()).gateway);
    expect(new Set(ids).size).toBe(20);
  });

  it('has an Ed25519 key that only its owner can read', () => {
    const { key_file } = open(tempFolder());
    expect(statSync(key_file).mode & 0o777).toBe(0o600);
    expect(createPrivateKey(readFileSync(key_file)).asymmetricKeyType).toBe('ed25519');
  });

  it('has a key of 32 bytes for card numbers, which is its own and only its owner can read', () => {
    const folder = tempFolder();
    const { credential_key } = open(folder);
    expect(credential_key).toHaveLength(32);
    expect(credential_key).not.toEqual(open(tempFolder()).credential_key);
    expect(statSync(join(folder, 'credential.key')).mode & 0o777).toBe(0o600);
  });

  it('does not start with a key for card numbers that is damaged, or that others can read', () => {
    const folder = tempFolder();
    open(folder);
    const file = join(folder, 'credential.key');
    chmodSync(file, 0o644);
    expect(() => open(folder)).toThrow(expect.objectContaining({ code: 'identity.exposed' }));
    chmodSync(file, 0o600);
    writeFileSync(file, 'abc');
    expect(() => open(folder)).toThrow(expect.objectContaining({ code: 'identity.damaged' }));
  });

  it('is the configured one where the site says so, also beside a made one, also beside a damaged one', () => {
    const folder = tempFolder();
    const made = open(folder).gateway;
    expect(open(folder, 'north-gate').gateway).toBe('north-gate');
    expect(open(folder).gateway).toBe(made);
    writeFileSync(join(folder, 'gateway-id'), '');
    expect(open(folder, 'north-gate').gateway).toBe('north-gate');
  });
});

describe('a power cut while it is made', () => {
  it('before the rename leaves nothing that counts, and what it leaves is removed', () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'gateway-id.4711'), 'gl-ha');
    writeFileSync(join(folder, 'gateway.key.4711'), '-----BEGIN PRI', { mode: 0o600 });
    writeFileSync(join(folder, 'gateway.key.old'), 'mine');

    const { gateway } = open(folder);

    expect(gateway).toMatch(/^gl-[a-z2-7]{10}$/);
    expect(readdirSync(folder).sort()).toEqual([
      'credential.key',
      'gateway-id',
      'gateway.key',
      'gateway.key.old',
    ]);
  });

  it('between id and key keeps the id', () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'gateway-id'), 'gl-aaaaaaaaaa\n');
    expect(open(folder).gateway).toBe('gl-aaaaaaaaaa');
    expect(existsSync(join(folder, 'gateway.key'))).toBe(true);
  });

  it('of a process of the same number does not stop the next one', () => {
    const folder = tempFolder();
    writeFileSync(join(folder, `gateway-id.${process.pid}`), 'gl-ha');
    writeFileSync(join(folder, `gateway.key.${process.pid}`), '', { mode: 0o644 });
    const { gateway, key_file } = open(folder);
    expect(gateway).toMatch(/^gl-[a-z2-7]{10}$/);
    expect(statSync(key_file).mode & 0o777).toBe(0o600);
  });
});

describe('a damaged identity', () => {
  it.each([
    ['empty', ''],
    ['cut off by zeros', '\0\0\0\0'],
    ['not a name', 'Gate 7!'],
    ['endless', 'x'.repeat(100_000)],
  ])('that is %s is told with its file, and nothing is made over it', (_, text) => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'gateway-id'), text);
    let thrown: unknown;
    try {
      open(folder);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'identity.damaged', facts: { file: join(folder, 'gateway-id') } });
    expect(String(thrown).length).toBeLessThan(400);
    expect(readFileSync(join(folder, 'gateway-id'), 'utf8')).toBe(text);
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  it.each([
    ['nothing', ''],
    ['a key cut short', '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw'],
    ['a key of another kind', String(rsa.export({ format: 'pem', type: 'pkcs8' }))],
  ])('whose key is %s is told, and the key is not quoted', (_, text) => {
    const folder = tempFolder();
    const key = join(folder, 'gateway.key');
    writeFileSync(key, text, { mode: 0o600 });
    expect(() => open(folder)).toThrow(expect.objectContaining({ code: 'identity.damaged' }));
    expect(() => open(folder)).toThrow(/no Ed25519 key/);
    expect(() => open(folder)).not.toThrow(/BEGIN/);
  });

  it('whose key others may read is refused with the mode and what to do', () => {
    const folder = tempFolder();
    const { key_file } = open(folder);
    chmodSync(key_file, 0o640);
    expect(() => open(folder)).toThrow(/mode 640/);
  });

  it('whose folder cannot be used is told as that', () => {
    const file = join(tempFolder(), 'file');
    writeFileSync(file, '');
    expect(() => open(join(file, 'state'))).toThrow(expect.objectContaining({ code: 'identity.folder' }));
  });
});

describe('the machine', () => {
  it('is known by its board, else by its system, else not', () => {
    const files = (given: Record<string, string>) => (path: string) => given[path];
    const serial = { '/proc/device-tree/serial-number': '10000000abcdef\0' };
    const system = { '/etc/machine-id': 'feedbeef\n' };
    expect(machineId(files({ ...serial, ...system }))).toBe('10000000abcdef');
    expect(machineId(files(system))).toBe('feedbeef');
    expect(machineId(files({ ...system, '/proc/device-tree/serial-number': '\0' }))).toBe('feedbeef');
    expect(machineId(files({}))).toBe('unknown');
  });
});
