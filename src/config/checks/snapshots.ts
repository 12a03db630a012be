import { LARGEST_FILE, SNAPSHOTS } from '../../model/index.ts';
import { errorAt, type Finding, warningAt } from '../problems.ts';
import type { SiteConfig } from '../schema.ts';
import type { CheckedDevice } from './device.ts';

const MB = 1024 * 1024;

/** Whether pictures have room, and their name to themselves. */
export function checkSnapshots(site: SiteConfig, devices: readonly CheckedDevice[]): readonly Finding[] {
  const taken = (['devices', 'derived', 'doors'] as const).flatMap((list) =>
    site[list].flatMap(({ id }, index) =>
      id === SNAPSHOTS
        ? [
            errorAt(
              [list, index, 'id'],
              `the id ${SNAPSHOTS} is taken: platforms ask for kept pictures by it`,
              'Give it another id.',
            ),
          ]
        : [],
    ),
  );
  const camera = devices.find(({ driver }) =>
    Object.values(driver.commands).some(({ gives }) => gives === 'file'),
  );
  const { quota_mb } = site.snapshots;
  // The largest that is kept, with its label.
  const least = LARGEST_FILE / MB + 1;
  if (!camera || quota_mb >= least) return taken;
  return [
    ...taken,
    warningAt(
      ['snapshots', 'quota_mb'],
      `snapshots.quota_mb is ${quota_mb}; one picture of ${camera.config.id} may have ${LARGEST_FILE / MB} MB, and would not be kept`,
      `Write ${least} or more; 64 is usual.`,
    ),
  ];
}
