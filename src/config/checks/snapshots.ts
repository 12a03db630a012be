import { LARGEST_FILE, SNAPSHOTS } from '../../model/index.ts';
import { errorAt, type Finding, warningAt } from '../problems.ts';
import type { SiteConfig } from '../schema.ts';
import type { CheckedDevice } from './device.ts';

const MB = 1024 * 1024;

/** Whether pictures have room, and their name to themselves. */
export function checkSnapshots(site: SiteConfig, devices: readonly CheckedDevice[]): readonly Finding[] {
  return [...takenIds(site), ...mutePlatforms(site), ...narrowRing(site, devices)];
}

function takenIds(site: SiteConfig): readonly Finding[] {
  return (['devices', 'derived', 'doors', 'loads'] as const).flatMap((list) =>
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
}

function mutePlatforms({ uplinks }: SiteConfig): readonly Finding[] {
  return uplinks.flatMap(({ id, privacy, commands }, index) =>
    privacy.image === 'keep' && !commands
      ? [
          warningAt(
            ['uplinks', index, 'privacy', 'image'],
            `${id} may have pictures, but may send no commands, and they come only when they are asked for`,
            'Write commands: true for it, and permit send of snapshots to an issuer under trust.',
          ),
        ]
      : [],
  );
}

function narrowRing({ snapshots }: SiteConfig, devices: readonly CheckedDevice[]): readonly Finding[] {
  const camera = devices.find(({ driver }) =>
    Object.values(driver.commands).some(({ gives }) => gives === 'file'),
  );
  const { quota_mb } = snapshots;
  // The largest that is kept, with its label.
  const least = LARGEST_FILE / MB + 1;
  if (!camera || quota_mb >= least) return [];
  return [
    warningAt(
      ['snapshots', 'quota_mb'],
      `snapshots.quota_mb is ${quota_mb}; one picture of ${camera.config.id} may have ${LARGEST_FILE / MB} MB, and would not be kept`,
      `Write ${least} or more; 64 is usual.`,
    ),
  ];
}
