import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { asFault } from '../../faults/index.ts';
import { wrongUrl } from '../broker-url.ts';
import { errorAt, type Finding, type Path, warningAt } from '../problems.ts';
import type { SiteConfig, UplinkConfig } from '../schema.ts';
import { isReference, resolveText, type SecretSources } from '../secrets.ts';

/** Where references lead on this machine; `here`: this is the machine that is to run the site, so they must lead somewhere. */
export interface Secrets extends SecretSources {
  readonly here: boolean;
}

/** Uplinks: nothing secret in the clear, nothing half given, and references that lead somewhere. */
export function checkUplinks({ uplinks }: SiteConfig, secrets: Secrets | undefined): Finding[] {
  return uplinks.flatMap((uplink, index) => {
    const path = ['uplinks', index];
    const written = [...plainFindings(uplink, path), ...pairFindings(uplink, path)];
    return written.length || !secrets ? written : resolvedFindings(uplink, path, secrets);
  });
}

const SECRET = ['password', 'ca', 'cert', 'key'] as const;
const REFERABLE = ['url', 'username', ...SECRET] as const;

const PATH = /^[./~]\S*$/;

/** What stands in the file itself. */
function plainFindings(uplink: UplinkConfig, path: Path): Finding[] {
  return REFERABLE.flatMap((name): Finding[] => {
    const text = uplink[name];
    if (text === undefined) return [];
    const at = [...path, name];
    if (name === 'url' && !isReference(text)) {
      const wrong = wrongUrl(text);
      return wrong ? [errorAt(at, wrong.message, wrong.remedy)] : [];
    }
    if (isReference(text)) {
      const file = /^\$\{file:(.*)\}$/.exec(text)?.[1];
      if (file === undefined || file.startsWith('/')) return [];
      const remedy = `Write it from the root: \${file:/etc/gatelodge/${file.split('/').at(-1)}}.`;
      return [
        errorAt(at, `${name} names the file ${file}; which folder that is in depends on the start`, remedy),
      ];
    }
    if (text.startsWith('${'))
      return [
        errorAt(
          at,
          `${name} is no reference that is known`,
          `Write \${env:NAME} or \${file:/path}, in one piece.`,
        ),
      ];
    if (name === 'ca' || name === 'cert' || name === 'key') {
      if (PATH.test(text))
        return [errorAt(at, `${name} is a path; a reference is expected`, `Did you mean \${file:${text}}?`)];
    }
    if (name === 'password' || name === 'key') {
      const file = `/etc/gatelodge/${uplink.id}.${name}`;
      return [
        errorAt(
          at,
          `${name} stands here in the clear`,
          `Put it into ${file} (mode 0600) and write \${file:${file}}.`,
        ),
      ];
    }
    return [];
  });
}

/** Options that mean something only together. */
function pairFindings(uplink: UplinkConfig, path: Path): Finding[] {
  const { url, username, password, ca, cert, key } = uplink;
  const findings: Finding[] = [];
  const lonely = (name: 'password' | 'cert' | 'key', other: string) =>
    findings.push(
      errorAt([...path, name], `${name} is given without ${other}`, `Add ${other}, or leave ${name} out.`),
    );
  if (password !== undefined && username === undefined) lonely('password', 'username');
  if (cert !== undefined && key === undefined) lonely('cert', 'key');
  if (key !== undefined && cert === undefined) lonely('key', 'cert');
  if (url.startsWith('mqtt://')) {
    const unused = (['ca', 'cert', 'key'] as const).filter((name) => uplink[name] !== undefined);
    if (unused.length)
      findings.push(
        errorAt(
          [...path, 'url'],
          `url is without TLS, so ${unused.join(', ')} would not be used`,
          'Write mqtts://, or leave them out.',
        ),
      );
    else if (password !== undefined)
      findings.push(
        warningAt(
          [...path, 'url'],
          'url is without TLS: the password goes over the network in the clear',
          'Write mqtts:// unless this network is your own.',
        ),
      );
  }
  if (ca !== undefined && !isReference(ca) && !PATH.test(ca)) {
    const wrong = certificateProblem(ca);
    if (wrong) findings.push(errorAt([...path, 'ca'], `ca ${wrong}`, PEM));
  }
  return findings;
}

export const PEM = 'Give it in PEM form: -----BEGIN CERTIFICATE----- and what follows.';

/** What the references lead to. */
function resolvedFindings(uplink: UplinkConfig, path: Path, secrets: Secrets): Finding[] {
  const values: Partial<Record<(typeof REFERABLE)[number], string>> = {};
  const findings = REFERABLE.flatMap((name): Finding[] => {
    const text = uplink[name];
    if (text === undefined || !isReference(text)) return [];
    const at = [...path, name];
    try {
      const value = resolveText(text, secrets);
      values[name] = value;
      return valueFindings(name, value, { text, path: at });
    } catch (error) {
      return [unresolved(name, String(asFault(error).facts.reason), { text, path: at, here: secrets.here })];
    }
  });
  const { cert, key } = values;
  if (findings.length || cert === undefined || key === undefined || belongTogether(cert, key))
    return findings;
  const remedy = 'Give the key that the certificate was made with; openssl pkey -pubout shows whose it is.';
  return [errorAt([...path, 'key'], 'key is not that of cert', remedy)];
}

function valueFindings(
  name: (typeof REFERABLE)[number],
  value: string,
  { text, path }: { readonly text: string; readonly path: Path },
): Finding[] {
  if (name === 'url') {
    const wrong = wrongUrl(value);
    return wrong ? [errorAt(path, `${text} leads to no broker: ${wrong.message}`, wrong.remedy)] : [];
  }
  if (name === 'ca' || name === 'cert') {
    const wrong = certificateProblem(value);
    return wrong ? [errorAt(path, `${name} (${text}) ${wrong}`, PEM)] : [];
  }
  if (name !== 'key' || privateKey(value)) return [];
  return [
    errorAt(
      path,
      `key (${text}) holds no private key that can be read`,
      'Give it in PEM form without a passphrase: -----BEGIN PRIVATE KEY----- and what follows.',
    ),
  ];
}

export function unresolved(
  name: string,
  reason: string,
  { text, path, here }: { readonly text: string; readonly path: Path; readonly here: boolean },
): Finding {
  if (!here)
    return warningAt(
      path,
      `${name} cannot be resolved on this machine: ${reason}`,
      'It must be there where the gateway runs (check --here looks for it).',
    );
  const remedy = text.startsWith('${env:')
    ? 'Set the variable in the environment of the gateway.'
    : 'Create the file, readable for the gateway alone (mode 0600).';
  return errorAt(path, `${name} cannot be resolved: ${reason}`, remedy);
}

function privateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function belongTogether(cert: string, key: string): boolean {
  const secret = privateKey(key);
  return secret !== undefined && new X509Certificate(cert).checkPrivateKey(secret);
}

/** Why a text is no certificate; undefined when it is. */
export function certificateProblem(pem: string): string | undefined {
  try {
    new X509Certificate(pem);
    return undefined;
  } catch {
    return pem.includes('-----BEGIN CERTIFICATE-----')
      ? 'holds a certificate that is damaged'
      : 'holds no certificate';
  }
}
