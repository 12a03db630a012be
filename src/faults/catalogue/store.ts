import type { FaultSpecs } from './spec.ts';

export const storeFaults = {
  'store.closed': {
    means: 'The store is closed',
    remedy: 'The gateway is stopping.',
    retry: 'never',
  },
  'store.failed': {
    means: 'The store cannot be written: {reason}',
    remedy: 'Check free space, who owns the folder, a read-only remount and I/O errors in the kernel log.',
    retry: 'later',
  },
  'store.full-memory': {
    means: 'The disk has been stalled so long that the memory queue is full ({pending} records)',
    remedy: 'Check the card.',
    retry: 'later',
  },
  'store.full': {
    means:
      'The store is full of records that matter more than these of lane {lane}, and no uplink takes them',
    remedy: 'Restore the uplink, or raise store.quota_mb if the card has room.',
    retry: 'later',
  },
  'store.sqlite-version': {
    means: 'SQLite {got} has a bug that can lose data; at least {expected} is needed',
    remedy: 'Reinstall so that better-sqlite3 12.8 or newer is used.',
    retry: 'never',
  },
  'store.not-durable': {
    means: 'SQLite reads back synchronous={got}; FULL (2) is needed',
    remedy: 'Report it: without FULL a power cut loses accepted records.',
    retry: 'never',
  },
  'store.in-use': {
    means: 'The store {file} is in use by another process',
    remedy: 'Stop the other gateway; only one may write a store.',
    retry: 'never',
  },
  'store.newer-schema': {
    means: 'The store {file} has schema {got}; this version knows up to {expected}',
    remedy: 'Install the newer version again; nothing was changed in the file.',
    retry: 'never',
  },
} as const satisfies FaultSpecs;
