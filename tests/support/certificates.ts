import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of PEM files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  readonly ca: string;
  readonly text: () => string;
  issue(name: string, options?: IssueOptions): Certificate;
}

export interface IssueOptions {
  /** Host names and addresses it is good for. */
  readonly hosts?: readonly string[];
  /** Its days are over, or have not begun. */
  readonly when?: 'now' | 'past' | 'future';
}

/** A certificate authority of this test's own, in `folder`. */
export function makeAuthority(folder: string, name = 'ca'): Authority {
  const ca = join(folder, `${name}.pem`);
  const ca_key = join(folder, `${name}.key`);
  openssl([
    'req',
    '-x509',
    ...NEW_KEY,
    '-keyout',
    ca_key,
    '-out',
    ca,
    '-days',
    '3650',
    '-subj',
    `/CN=${name}`,
  ]);
  return {
    ca,
    text: () => readFileSync(ca, 'utf8'),
    issue: (leaf, { hosts = ['127.0.0.1', 'localhost'], when = 'now' } = {}) => {
      const [cert, key, request, extensions] = ['pem', 'key', 'csr', 'ext'].map((end) =>
        join(folder, `${leaf}.${end}`),
      );
      if (!cert || !key || !request || !extensions) throw new Error('four names were made above');
      const names = hosts.map((host) => (/^[\d.]+$/.test(host) ? `IP:${host}` : `DNS:${host}`));
      writeFileSync(extensions, `subjectAltName=${names.join(',')}\n`);
      openssl(['req', '-new', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', `/CN=${leaf}`]);
      sign({ folder, ca, ca_key, request, cert, extensions, when });
      return { cert, key };
    },
  };
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-batch'];
const SPANS = {
  now: ['20200101000000Z', '20991231000000Z'],
  past: ['20200101000000Z', '20210101000000Z'],
  future: ['20900101000000Z', '20991231000000Z'],
} as const;

/** `openssl ca` is the one that lets both dates be set. */
function sign(files: {
  readonly folder: string;
  readonly ca: string;
  readonly ca_key: string;
  readonly request: string;
  readonly cert: string;
  readonly extensions: string;
  readonly when: keyof typeof SPANS;
}): void {
  const config = join(files.folder, 'ca.conf');
  const index = join(files.folder, 'index.txt');
  writeFileSync(index, '');
  writeFileSync(`${index}.attr`, 'unique_subject = no\n');
  writeFileSync(
    config,
    `[ca]\ndefault_ca=x\n[x]\ndatabase=${index}\nnew_certs_dir=${files.folder}\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n`,
  );
  const [from, to] = SPANS[files.when];
  const dates = ['-startdate', from, '-enddate', to];
  const signer = ['-cert', files.ca, '-keyfile', files.ca_key, '-extfile', files.extensions];
  openssl([
    'ca',
    '-batch',
    '-notext',
    '-config',
    config,
    ...signer,
    ...dates,
    '-in',
    files.request,
    '-out',
    files.cert,
  ]);
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', [...args], { stdio: 'pipe' });
}
