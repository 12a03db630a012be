import type { Lane } from '../model/index.ts';

/** Contract, Topics. `{site}` and `{gateway}` are filled in. */
export const DEFAULT_PREFIX = 'gl/1/{site}/{gateway}';

export interface Topics {
  readonly status: string;
  readonly beat: string;
  readonly digest: string;
  readonly health: string;
  readonly ack: string;
  readonly cmd: string;
  readonly result: string;
  readonly access: string;
  readonly accessState: string;
  readonly inventory: (page: number) => string;
  readonly file: (id: string) => string;
  readonly lane: (lane: Lane) => string;
}

/** The topics of one gateway. */
export function topicsOf(prefix: string, who: { readonly site: string; readonly gateway: string }): Topics {
  const root = prefix.replaceAll('{site}', who.site).replaceAll('{gateway}', who.gateway);
  return {
    status: `${root}/status`,
    beat: `${root}/beat`,
    digest: `${root}/digest`,
    health: `${root}/health`,
    ack: `${root}/ack`,
    cmd: `${root}/cmd`,
    result: `${root}/cmd/result`,
    access: `${root}/access`,
    accessState: `${root}/access/state`,
    file: (id) => `${root}/file/${id}`,
    inventory: (page) => `${root}/inventory/${page}`,
    lane: (lane) => `${root}/${lane}`,
  };
}

export interface Heard {
  readonly site: string;
  readonly gateway: string;
  /** What follows the prefix: `status`, `a`, `inventory/0`, … */
  readonly rest: string;
}

/** The platform's side: filters for what all gateways send up, and whose a topic is. */
export function topicsOfAll(prefix: string): {
  readonly filters: readonly string[];
  readonly whose: (topic: string) => Heard | undefined;
} {
  const levels = prefix.split('/');
  const any = levels.map((level) => (/\{\w+\}/.test(level) ? '+' : level)).join('/');
  const up = [
    'status',
    'beat',
    'inventory/+',
    'a',
    'b',
    'c',
    'digest',
    'health',
    'cmd/result',
    'access/state',
    'file/+',
  ];
  const whose = (topic: string): Heard | undefined => {
    const parts = topic.split('/');
    const found = { site: '', gateway: '' };
    for (const [index, level] of levels.entries()) {
      const part = parts[index];
      if (part === undefined) return undefined;
      if (level === '{site}') found.site = part;
      else if (level === '{gateway}') found.gateway = part;
      else if (level !== part) return undefined;
    }
    return { ...found, rest: parts.slice(levels.length).join('/') };
  };
  return { filters: up.map((rest) => `${any}/${rest}`), whose };
}

/** Why a prefix cannot be used, or undefined. Each placeholder must be a level of its own, else the platform cannot take a topic apart. */
export function faultOfPrefix(prefix: string): string | undefined {
  if (prefix === '' || prefix.startsWith('/') || prefix.endsWith('/'))
    return 'it begins or ends with a slash';
  if (/[+#\0]/.test(prefix)) return 'it holds a wildcard';
  if (prefix.startsWith('$')) return 'topics that begin with $ belong to the broker';
  const levels = prefix.split('/');
  if (!levels.includes('{gateway}')) return 'it has no level {gateway}';
  const odd = levels.find((level) => /[{}]/.test(level) && level !== '{gateway}' && level !== '{site}');
  return odd === undefined ? undefined : `its level ${odd} is not {site} or {gateway}`;
}
