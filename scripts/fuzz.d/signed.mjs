// A signer and a judge of another make for what is signed: RFC 7515 over Ed25519, by the platform's own library, and nothing of ours.
import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';

export function keyPair(kid) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { kid, privateKey, publicKey, x: publicKey.export({ format: 'jwk' }).x };
}

const encode = (value) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

export function compact(payload, { kid, privateKey }, header = {}) {
  const text = `${encode({ alg: 'EdDSA', kid, ...header })}.${encode(payload)}`;
  return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
}

/** What it says, if one of these keys has signed it for that purpose; undefined: nothing that counts. */
export function opened(text, typ, keys) {
  const parts = text.split('.');
  if (parts.length !== 3 || parts.some((part) => !/^[\w-]+$/.test(part))) return undefined;
  const bytes = parts.map((part) => Buffer.from(part, 'base64url'));
  if (bytes.some((one, at) => one.toString('base64url') !== parts[at])) return undefined;
  try {
    const header = JSON.parse(bytes[0]);
    if (header.alg !== 'EdDSA' || header.typ !== typ || 'crit' in header || 'b64' in header) return undefined;
    const key = keys.find(({ kid }) => kid === header.kid);
    const by = key && createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key.x }, format: 'jwk' });
    if (!by || !verify(null, Buffer.from(`${parts[0]}.${parts[1]}`), by, bytes[2])) return undefined;
    return { kid: header.kid, payload: JSON.parse(bytes[1]) };
  } catch {
    return undefined;
  }
}

/** Values that stand where something else should. */
const STRANGE = [
  null,
  undefined,
  true,
  -1,
  0,
  0.5,
  1e300,
  '',
  'x',
  'x'.repeat(200),
  [],
  {},
  [null],
  ['x', 7],
  '__proto__',
];

/** Now and then something in it is taken out, or is something strange. */
export function bent(random, value, chance = 6) {
  if (random.below(chance)) return value;
  const copy = structuredClone(value);
  const places = [];
  const walk = (at) => {
    for (const key of Object.keys(at)) {
      places.push([at, key]);
      if (typeof at[key] === 'object' && at[key] !== null) walk(at[key]);
    }
  };
  walk(copy);
  const [at, key] = random.pick(places);
  if (random.below(3) === 0) Reflect.deleteProperty(at, key);
  else at[key] = random.pick(STRANGE);
  return copy;
}
