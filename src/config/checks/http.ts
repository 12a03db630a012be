import { asFault } from '../../faults/index.ts';
import { errorAt, type Finding, type Path, warningAt } from '../problems.ts';
import type { BusConfig, SiteConfig } from '../schema.ts';
import { isReference, resolveText } from '../secrets.ts';
import { certificateProblem, PEM, type Secrets, unresolved } from './uplinks.ts';

export type HttpBusConfig = Extract<BusConfig, { type: 'http' }>;

/** TCP port of a bus that has one. */
export const portOf = (bus: Extract<BusConfig, { host: string }>): number =>
  bus.port ?? (bus.type === 'http' && bus.scheme === 'https' ? 443 : 80);

/** Nothing but a name or an address (of version 6 too). */
export const isHost = (text: string): boolean =>
  /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(text) ||
  /^[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*$/.test(text);

/** Buses of http: a host and nothing else, no secret in the clear, nothing half given, and references that lead somewhere. */
export function checkHttp({ buses }: SiteConfig, secrets: Secrets | undefined): Finding[] {
  return buses.flatMap((bus, index) => {
    if (bus.type !== 'http') return [];
    const path = ['buses', index];
    const written = [...hostFindings(bus, path), ...loginFindings(bus, path), ...trustFindings(bus, path)];
    return written.some(({ severity }) => severity === 'error') || !secrets
      ? written
      : [...written, ...resolvedFindings(bus, path, secrets)];
  });
}

/** What stands there may be a whole address with user and password: it is not repeated. */
function hostFindings({ id, host }: HttpBusConfig, path: Path): Finding[] {
  if (isHost(host)) return [];
  return [
    errorAt(
      [...path, 'host'],
      `host of ${id} is more than a name or an address`,
      'Write the name or address alone. User, password and port have options of their own, and a path belongs to the driver.',
    ),
  ];
}

function loginFindings({ id, user, password, auth, scheme }: HttpBusConfig, path: Path): Finding[] {
  if (user === undefined && password === undefined) return [];
  if (password === undefined)
    return [errorAt([...path, 'user'], 'user is given without password', 'Add password, or leave user out.')];
  if (!isReference(password)) {
    const file = `/etc/gatelodge/${id}.password`;
    return [
      errorAt(
        [...path, 'password'],
        'password stands here in the clear',
        `Put it into ${file} (mode 0600) and write \${file:${file}}.`,
      ),
    ];
  }
  if (user === undefined)
    return [
      errorAt([...path, 'password'], 'password is given without user', 'Add user, or leave password out.'),
    ];
  if (auth === 'basic' && scheme === 'http')
    return [
      warningAt(
        [...path, 'auth'],
        'the password goes over the network in the clear',
        'Switch the unit to digest, or write scheme: https, unless this network is your own.',
      ),
    ];
  return [];
}

function trustFindings({ scheme, ca, fingerprint }: HttpBusConfig, path: Path): Finding[] {
  const unused =
    scheme === 'http' ? (ca !== undefined ? 'ca' : fingerprint !== undefined && 'fingerprint') : false;
  if (unused)
    return [
      errorAt(
        [...path, unused],
        `${unused} is given, and there is no TLS`,
        'Write scheme: https, or leave it out.',
      ),
    ];
  if (ca !== undefined && fingerprint !== undefined)
    return [
      errorAt(
        [...path, 'fingerprint'],
        'both ca and fingerprint are given; a pinned certificate needs no authority',
        'Leave one of the two out.',
      ),
    ];
  if (ca === undefined || isReference(ca)) return [];
  const wrong = certificateProblem(ca);
  return wrong ? [errorAt([...path, 'ca'], `ca ${wrong}`, PEM)] : [];
}

function resolvedFindings(bus: HttpBusConfig, path: Path, secrets: Secrets): Finding[] {
  return (['password', 'ca'] as const).flatMap((name): Finding[] => {
    const text = bus[name];
    if (text === undefined || !isReference(text)) return [];
    const at = [...path, name];
    try {
      const value = resolveText(text, secrets);
      const wrong = name === 'ca' ? certificateProblem(value) : undefined;
      return wrong ? [errorAt(at, `ca (${text}) ${wrong}`, PEM)] : [];
    } catch (error) {
      return [unresolved(name, String(asFault(error).facts.reason), { text, path: at, here: secrets.here })];
    }
  });
}
