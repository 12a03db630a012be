import type { BusSettings } from '../buses/index.ts';
import { type BusConfig, portOf, resolveText, type SecretSources } from '../config/index.ts';
import { asFault } from '../faults/index.ts';

type HttpConfig = Extract<BusConfig, { type: 'http' }>;

/** A bus of http with its secrets. Those that lead nowhere are the trouble of that bus alone. */
export function httpSettings(bus: HttpConfig, sources: SecretSources): BusSettings {
  const { user, password, ca, fingerprint, ...rest } = bus;
  const plain = { ...rest, port: portOf(bus), fingerprint };
  try {
    return {
      ...plain,
      ca: ca === undefined ? undefined : resolveText(ca, sources),
      login:
        user === undefined || password === undefined
          ? undefined
          : { user, password: resolveText(password, sources) },
    };
  } catch (error) {
    return { ...plain, trouble: asFault(error) };
  }
}
