import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Signing } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import { openJws, publicHalf, signJws } from './jws.ts';

/** For platforms and trials: the gateway itself signs with its own key only. */
export const signing: Signing = {
  fresh: () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    return { pem, public_key: publicHalf(privateKey) };
  },
  publicHalf: (pem) => publicHalf(keyIn(pem)),
  opened: (jws, { public_key, kind }) => {
    const opened = openJws(jws);
    const sound = typeof opened === 'object' && opened.kind === kind && opened.signedBy(public_key);
    return sound ? opened.payload : undefined;
  },
  sign: (payload, { pem, kid, kind }) => signJws(payload, { key: keyIn(pem), kid, kind }),
};

function keyIn(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Said below, without a word of what it holds.
  }
  throw new Fault('trust.no-key', {});
}
