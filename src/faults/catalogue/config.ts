import type { FaultSpecs } from './spec.ts';

export const configFaults = {
  'config.unreadable': {
    means: 'The file {file} cannot be read: {reason}',
    remedy: 'Check the path and its permissions.',
    retry: 'never',
  },
  'config.refused': {
    means: 'The site file {file} is not accepted: {problems}',
    remedy: 'Mend what is named; gatelodge check {file} shows it all.',
    retry: 'never',
  },
  'sign.refused': {
    means: 'Nothing was signed: {problems}',
    remedy: 'Mend what is named, and do it again.',
    retry: 'never',
  },
  'config.profile': {
    means: 'The profile {file} cannot be read: {reason}',
    remedy: 'Mend it; drivers/register-map/README.md shows how one is written.',
    retry: 'never',
  },
  'config.secret-missing': {
    means: 'The secret {reference} cannot be resolved: {reason}',
    remedy: 'Set the environment variable, or create the file with mode 0600.',
    retry: 'never',
  },
} as const satisfies FaultSpecs;
