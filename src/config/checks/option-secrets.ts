import { asFault } from '../../faults/index.ts';
import { errorAt, type Finding, warningAt } from '../problems.ts';
import type { SiteConfig } from '../schema.ts';
import { isReference, resolveText, SECRETS } from '../secrets.ts';
import type { Secrets } from './uplinks.ts';

/** Options of drivers that are secrets: never written in the site file, and on the machine that runs the site they must lead somewhere. */
export function checkOptionSecrets({ devices }: SiteConfig, secrets: Secrets | undefined): Finding[] {
  return devices.flatMap(({ id, options }, index) =>
    SECRETS.flatMap((name): Finding[] => {
      const text = options[name];
      if (typeof text !== 'string' || text === '') return [];
      const path = ['devices', index, 'options', name];
      if (!isReference(text)) {
        const file = `/etc/gatelodge/${id}.${name}`;
        return [
          errorAt(
            path,
            `${name} stands here in the clear`,
            `Put it into ${file} (mode 0600) and write \${file:${file}}.`,
          ),
        ];
      }
      try {
        if (secrets) resolveText(text, secrets);
        return [];
      } catch (error) {
        const tell = secrets?.here ? errorAt : warningAt;
        const reason = String(asFault(error).facts.reason);
        return [tell(path, `${name} leads nowhere: ${reason}`, 'Put it where the reference leads.')];
      }
    }),
  );
}
