/** What commands from afar name to have a kept file sent: no device or door has this id. */
export const SNAPSHOTS = 'snapshots';

/** Larger than this no file of a device is kept, in bytes. */
export const LARGEST_FILE = 8 * 1024 * 1024;

const plain = (about: string) => ({ about, privacy: 'plain' }) as const;
const id = plain('Of the snapshot, fixed before it is taken (UUIDv7).');

/** What the gateway tells of a picture that a device was told to take; the picture itself is of class image, and never part of a record. */
export const SNAPSHOT_EVENTS = {
  snapshot: {
    about: 'It was told to take a picture.',
    lane: 'a',
    fields: {
      id,
      ref: plain('What it follows from: an alarm of a rule, a decision of a door, else the command.'),
      command: plain('Id of the command.'),
      by: { about: 'Who ordered it.', privacy: 'identifier' },
    },
  },
  'snapshot-kept': {
    about: 'The picture is on the disk, and a power cut does not lose it.',
    lane: 'a',
    fields: { id, type: plain('Its media type.'), bytes: plain('Its size.'), sha256: plain('Of its bytes.') },
  },
  'snapshot-failed': {
    about: 'There is no such picture, and will be none.',
    lane: 'a',
    fields: { id, fault: plain('Code of what went wrong.'), text: plain('In words.') },
  },
} as const;

export type SnapshotEventName = keyof typeof SNAPSHOT_EVENTS;
