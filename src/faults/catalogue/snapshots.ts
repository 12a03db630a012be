import type { FaultSpecs } from './spec.ts';

export const snapshotFaults = {
  'snapshots.no-file': {
    means: '{device} says that it is done, and gave no picture',
    remedy: 'Look at the unit; its driver may not fit it.',
    retry: 'later',
  },
  'snapshots.not-taken': {
    means: '{device} gave no picture: {reason}',
    remedy: 'Check that the unit answers; the outcome of the command tells more.',
    retry: 'later',
  },
  'snapshots.too-large': {
    means: 'The picture has {bytes} bytes; {most} is the most that is kept',
    remedy: 'Set the unit to a smaller picture, or raise snapshots.quota_mb.',
    retry: 'never',
  },
  'snapshots.busy': {
    means: '{waiting} pictures wait for the disk already; this one was not kept',
    remedy: 'Check the card for wear; let rules take fewer pictures at once.',
    retry: 'soon',
  },
  'snapshots.disk': {
    means: 'The folder of pictures {folder} cannot be used: {reason}',
    remedy: 'Check free space, a read-only remount and I/O errors in the kernel log.',
    retry: 'later',
  },
  'snapshots.unknown': {
    means: 'There is no snapshot {id}',
    remedy: 'List them with gatelodge snapshots; the oldest ones make room for new ones.',
    retry: 'never',
  },
  'snapshots.evicted': {
    means: 'The snapshot {id} had to make room for newer ones',
    remedy: 'Ask earlier, or raise snapshots.quota_mb.',
    retry: 'never',
  },
  'snapshots.dropped': {
    means: 'The uplink {uplink} may not have pictures',
    remedy: 'Write privacy: { image: keep } for this uplink, if its platform may have them.',
    retry: 'never',
  },
  'snapshots.no-platform': {
    means: 'Pictures are sent to the platform that asks for them; this was asked here',
    remedy: 'Save it to a file with gatelodge snapshots save.',
    retry: 'never',
  },
  'snapshots.offset': {
    means: 'The picture {id} has {bytes} bytes; it was asked for from {from} on',
    remedy: 'Ask from the first byte that is missing.',
    retry: 'never',
  },
  'snapshots.sending': {
    means: '{waiting} pictures are on their way already',
    remedy: 'Ask again when some of them have come.',
    retry: 'soon',
  },
  'snapshots.damaged': {
    means: 'The picture {id} on the disk is not what was written',
    remedy: 'Check the card for wear; take the picture again.',
    retry: 'never',
  },
  'snapshots.closed': {
    means: 'Pictures are not kept any more',
    remedy: 'The gateway is stopping or has been given a new configuration.',
    retry: 'never',
  },
} as const satisfies FaultSpecs;
