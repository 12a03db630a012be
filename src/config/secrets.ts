import { Fault } from '../faults/index.ts';

const REFERENCE = /^\$\{(env|file):([^}]+)\}$/;

export const isReference = (text: string): boolean => REFERENCE.test(text);

/** Options that hold secrets; what is written there is not shown. */
export const SECRETS: readonly string[] = ['password', 'key', 'old_key'];

/** Where references lead: the environment, and files. */
export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readText: (path: string) => string | undefined;
}

/** The value behind `${env:NAME}` or `${file:PATH}`; any other text stands for itself. Fault config.secret-missing. */
export function resolveText(text: string, sources: SecretSources): string {
  const [, kind, name = ''] = REFERENCE.exec(text) ?? [];
  if (!kind) return text;
  const value = kind === 'env' ? sources.env[name] : sources.readText(name);
  if (value !== undefined && value.trim() !== '')
    return kind === 'file' ? value.replace(/\r?\n$/, '') : value;
  const reason =
    kind === 'env' ? `the variable ${name} is not set` : `the file ${name} cannot be read or is empty`;
  throw new Fault('config.secret-missing', { reference: text, reason });
}
